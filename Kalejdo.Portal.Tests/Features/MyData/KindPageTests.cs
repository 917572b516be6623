using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Features.MyData;

public sealed class KindPageTests(SignedInPortal portal) : IClassFixture<SignedInPortal>
{
    [Theory]
    [InlineData("sv", "Dina kontaktuppgifter", "Kundnummer")]
    [InlineData("en", "Your contact details", "Customer number")]
    public async Task Shows_values_in_words(string language, string heading, string label)
    {
        using var client = portal.Client(await portal.AccountAsync(1), language);
        var page = await client.PageAsync(PortalUrls.Kind("contact_details"));

        Assert.Equal(heading, Html.Heading(page));
        Assert.Contains(label, page, StringComparison.Ordinal);
        Assert.Contains(new DemoSubscriber(1).CustomerNumber, page, StringComparison.Ordinal);
        Assert.Contains(new DemoSubscriber(1).FullName, page, StringComparison.Ordinal);
    }
}
