using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Correction;

/// <summary>Who still reads the old mailbox takes a change of address back, which opens nobody's data.</summary>
public sealed class AddressObjectionTests : IAsyncDisposable
{
    private const int Somebody = 21;
    private const string Wanted = "inkraktare@exempel.se";
    private readonly SignedInPortal portal = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Old => new DemoSubscriber(Somebody).OwnEmail;

    [Fact]
    public async Task The_old_mailboxs_link_takes_the_change_back_everywhere_and_shuts_everybody_out()
    {
        var account = await portal.AccountAsync(Somebody);
        var before = await portal.DumpAsync();
        var link = await ChangeAsync(account);
        var changed = await portal.DumpAsync();
        Assert.NotEqual(before, changed);
        using var nobody = portal.Client(null);

        // Scanners open links and press the first button.
        var page = await nobody.PageAsync(link);
        Assert.Equal("Stoppa ändringen av din e-postadress", Html.Heading(page));
        Assert.DoesNotContain(" checked", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Wanted, page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Välj om ändringen ska stoppas", await (await nobody.SubmitAsync(link, page)).PageAsync(), StringComparison.Ordinal);
        Assert.Equal("Ändringen står kvar", Html.Heading(await (await nobody.SubmitAsync(link, page, ("Choice", "behall"))).PageAsync()));
        Assert.Equal(changed, await portal.DumpAsync());

        var done = await (await nobody.SubmitAsync(link, page, ("Choice", "stoppa"))).PageAsync();

        Assert.Equal("Ändringen är stoppad", Html.Heading(done));
        Assert.Equal(before, await portal.DumpAsync());
        await using var db = portal.Store();
        var after = await db.Users.SingleAsync(u => u.Id == account, Cancellation);
        Assert.Equal((Old, true, null), (after.Email, after.EmailConfirmed, after.PasswordHash));
        var keys = portal.Services.GetRequiredService<PortalKeys>();
        Assert.Equal(Old.ToLowerInvariant(), (await db.AccountLinks.SingleAsync(l => l.AccountId == account && l.IdentityName == "email", Cancellation)).Value(keys));
        var stopped = await db.Cases.OrderByDescending(c => c.ReceivedAt).ThenByDescending(c => c.Version).FirstAsync(c => done.Contains(c.Number), Cancellation);
        Assert.Equal(CaseStatus.WaitingForRecipients, stopped.Status);
        Assert.Equal([(nameof(CorrectedLetter), Old), (nameof(AddressReplacedLetter), Wanted)], (await portal.LettersAsync(stopped.Number)).Select(l => (l.Letter, l.Address)));

        Assert.Equal("Ändringen är redan stoppad", Html.Heading(await nobody.PageAsync(link)));
        Assert.Equal("Ändringen är redan stoppad", Html.Heading(await (await nobody.SubmitAsync(link, page, ("Choice", "stoppa"))).PageAsync()));
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task Nothing_is_taken_back_where_the_address_has_a_new_account_or_the_link_is_old_or_altered()
    {
        var account = await portal.AccountAsync(Somebody);
        var link = await ChangeAsync(account);
        var changed = await portal.DumpAsync();
        using var nobody = portal.Client(null);
        var page = await nobody.PageAsync(link);
        await using (var db = portal.Store())
        {
            db.Users.Add(new Account("sv", DateTime.UnixEpoch) { Email = Old, NormalizedEmail = Old.ToUpperInvariant(), EmailConfirmed = true });
            await db.SaveChangesAsync(Cancellation);
        }
        Assert.Equal("Vi kan inte stoppa ändringen automatiskt", Html.Heading(await (await nobody.SubmitAsync(link, page, ("Choice", "stoppa"))).PageAsync()));
        Assert.Equal("Länken gäller inte längre", Html.Heading(await nobody.PageAsync(link[..^1])));
        portal.Time.Advance(TimeSpan.FromDays(31));
        Assert.Equal("Länken gäller inte längre", Html.Heading(await nobody.PageAsync(link)));
        Assert.Equal(changed, await portal.DumpAsync());
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    /// <returns>The link in the letter to the old address.</returns>
    private async Task<string> ChangeAsync(string account)
    {
        using var client = portal.Client(account);
        var id = await portal.ScalarAsync<string>($"SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(Somebody).CustomerNumber}'");
        var address = PortalUrls.Correct(portal.Services.GetRequiredService<RowLinks>().Of(account, new RowKey("kalejdo.subscriber", new Dictionary<string, string> { ["id"] = id })), "email");
        var confirm = (await client.SubmitAsync(address, await client.PageAsync(address), ("New", Wanted))).Headers.Location!.PathOf();
        var code = Regex.Match((await portal.LettersAsync()).Last(l => l.Letter == nameof(ConfirmAddressLetter)).Text, @"\b\d{3} ?\d{3}\b").Value;
        var done = await client.SubmitAsync(confirm, await client.PageAsync(confirm), ("Code", code));
        Assert.Equal("Uppgiften är rättad", Html.Heading(await client.PageAsync(done.Headers.Location!.PathOf())));
        var told = (await portal.LettersAsync()).Single(l => l.Letter == nameof(AddressReplacedLetter));
        Assert.Equal(Old, told.Address, ignoreCase: true);
        return new Uri(told.Text.Split().Single(word => word.Contains("/angra-adress/", StringComparison.Ordinal))).PathAndQuery;
    }
}
