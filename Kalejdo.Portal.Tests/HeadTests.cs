using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests;

/// <summary>HEAD says of every address what GET does, without a body: link checkers and monitors ask so.</summary>
public class HeadTests(PortalFixture portal)
{
    public static TheoryData<string> Addresses =>
    [
        .. Pages.Open, .. Pages.Trial, Pages.Missing, PortalUrls.Error(403), PortalUrls.Error(500), PortalUrls.Mail("x"), PortalUrls.MailFrame("x"),
        PortalUrls.Overview, PortalUrls.Download, PortalUrls.EraseEverything, PortalUrls.Desk, PortalUrls.DownloadEverything, PortalUrls.SignOut, PortalUrls.Language,
        PortalUrls.Case("x"), PortalUrls.Receipt("x"), PortalUrls.UndoErasure("x"), PortalUrls.NotMyAddressCode, PortalUrls.NotMyAddressLink("x"), "/mark.svg",
    ];

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Answers_as_get_does(string address)
    {
        using var client = portal.Client();
        using var get = await client.GetAsync(address, TestContext.Current.CancellationToken);
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, address), TestContext.Current.CancellationToken);

        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(get.Headers.Location, head.Headers.Location);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(get.Headers.GetValues("Content-Security-Policy"), head.Headers.GetValues("Content-Security-Policy"));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
