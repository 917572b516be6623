using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Hostile;

/// <summary>Whatever names something of another person, in an address, a query or a form, opens nothing and changes nothing of theirs.</summary>
public sealed class AnothersIdentifiersTests : IAsyncLifetime
{
    private static readonly DemoSubscriber Owner = new(34);
    private static readonly DemoSubscriber Stranger = new(36);
    private static readonly string[] Secrets = [Owner.FullName, Owner.OwnEmail, Owner.CustomerNumber, Owner.Phone!];

    private readonly AccountPortal portal = new();
    private readonly Dictionary<string, HttpClient> strangers = [];
    private HttpClient owner = null!;
    private IReadOnlyList<string> routes = [];
    private Doors owners = null!;

    public async ValueTask InitializeAsync()
    {
        routes = Doors.RoutesOf(portal.Services);
        owner = await portal.SignedInAsync(Owner);
        foreach (var kind in new[] { "Objection", "Other" })
        {
            using var asked = await owner.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", kind), ("Words", "Ett ärende."));
            Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        }

        // Somewhere else too, so that there is a session to end.
        using var elsewhere = await portal.SignedInAsync(Owner);
        owners = await Doors.OfAsync(owner, routes, PortalUrls.Overview, PortalUrls.EraseEverything, PortalUrls.Download);
        strangers["nobody"] = portal.Browser();
        strangers["another subscriber"] = await portal.SignedInAsync(Stranger);
        foreach (var role in StaffRoles.All)
        {
            strangers[role] = await SignedIn.StaffAsync(portal, role);
        }
    }

    public ValueTask DisposeAsync()
    {
        owner.Dispose();
        strangers.Values.ToList().ForEach(browser => browser.Dispose());
        return portal.DisposeAsync();
    }

    [Fact]
    public async Task In_an_address_open_nothing()
    {
        var before = await OwnersAsync();
        foreach (var (who, browser) in strangers)
        {
            foreach (var page in owners.Pages)
            {
                await OpensNothingAsync(who, browser, page);
            }
        }

        Assert.Equal(before, await OwnersAsync());
    }

    [Fact]
    public async Task In_the_query_of_every_page_show_nothing()
    {
        var stranger = strangers["another subscriber"];
        var (number, account) = await NumbersAsync();
        string[] values = [Owner.CustomerNumber, Owner.OwnEmail, number, account, .. Particulars(owners.Pages).Take(3)];
        var doors = await Doors.OfAsync(stranger, routes, PortalUrls.Overview);
        foreach (var page in doors.Pages)
        {
            var query = string.Join('&', new[] { "id", "sida", "del", "slag", "till", "kund", "arende", "konto", "epost", "rad", "fore", "urval" }.Select((name, i) => $"{name}={Uri.EscapeDataString(values[i % values.Length])}"));
            using var answer = await stranger.GetAsync(new Uri($"{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}", UriKind.Relative), Cancellation);
            // Links lead on to where they were to lead: what the stranger sent stands there again.
            HidesSecrets(page, (await answer.PageAsync()).Replace(Uri.EscapeDataString(query), "", StringComparison.Ordinal), [Owner.FullName, Owner.Phone!]);
        }
    }

    [Fact]
    public async Task In_forms_change_nothing_of_the_owners()
    {
        var (before, kalejdo) = (await OwnersAsync(), (await portal.Data.DumpAsync()).Where(IsOwners).ToList());
        Assert.NotEmpty(kalejdo);
        var heard = 0;
        foreach (var (who, browser) in strangers)
        {
            using var shown = await browser.GetAsync(PortalUrls.Home, Cancellation);
            var token = Html.AntiforgeryToken(await shown.PageAsync());
            // Signing out is for everybody, and would be the end of the test.
            foreach (var form in owners.Forms.Where(form => form.Address != PortalUrls.SignOut && form.Name != "everywhere"))
            {
                var fields = form.Parts.Where(part => part.Name is not "__RequestVerificationToken").Select(part => KeyValuePair.Create(part.Name, part.Values.Last(value => value.Length > 0 || part.Values.All(one => one.Length == 0))));
                using var content = new FormUrlEncodedContent([.. fields, new("__RequestVerificationToken", token)]);
                using var answer = await browser.PostAsync(new Uri(form.Address, UriKind.Relative), content, Cancellation);
                Assert.True((int)answer.StatusCode < 500, $"{who}: {form.Address} {(int)answer.StatusCode}");
                heard += answer.StatusCode == HttpStatusCode.BadRequest ? 0 : 1;
                HidesSecrets($"{who}: {form.Page} {form.Name}", await answer.PageAsync(), Secrets);
            }
        }

        // The forms were refused by the pages, not for their antiforgery token.
        Assert.True(heard > strangers.Count * owners.Forms.Count / 2, $"{heard}");
        Assert.Equal(kalejdo, (await portal.Data.DumpAsync()).Where(IsOwners));
        // What the owner was about to erase is not erased of the stranger instead.
        Assert.Equal(1, await portal.KalejdoAsync($"SELECT count(*) FROM subscriber WHERE customer_number = '{Stranger.CustomerNumber}' AND email = '{Stranger.OwnEmail}'"));
        Assert.Equal(before, await OwnersAsync());
    }

    [Fact]
    public async Task Of_a_look_with_a_purpose_serve_nobody_else()
    {
        using var looking = portal.Browser();
        var (address, role) = ("annan@personal.exempel.se", StaffRoles.CaseWorker);
        await SignedIn.CreateStaffAsync(portal.Services, address, role);
        var code = await SignedIn.FactorCodeAsync(portal.Services, address);
        using var password = await looking.SignInAsync(address, SignedIn.Password);
        using var entered = await looking.EnterAsync(code);
        using var found = await looking.FillInAsync(
            PortalUrls.FindSubscriber, "find-subscriber", ("Posted.Purpose", "purpose-contact"), ("Posted.Case", ""), ("Posted.By", "CustomerNumber"), ("Posted.Value", Owner.CustomerNumber));
        var pass = Html.Links(await found.PageAsync()).First(link => link.StartsWith(PortalUrls.FindSubscriber + "/", StringComparison.Ordinal));
        var pages = (await Doors.OfAsync(looking, routes, pass)).Pages.Where(page => page.StartsWith(pass, StringComparison.Ordinal)).ToList();
        Assert.True(pages.Count > 3);

        foreach (var (who, browser) in strangers)
        {
            foreach (var page in pages)
            {
                await OpensNothingAsync(who, browser, page);
            }
        }
    }

    private static async Task OpensNothingAsync(string who, HttpClient browser, string page)
    {
        using var answer = await browser.GetAsync(new Uri(page, UriKind.Relative), Cancellation);
        Assert.True((int)answer.StatusCode < 500, $"{who}: {page}");
        HidesSecrets($"{who}: {page}", await answer.PageAsync(), Secrets);
        if (Particulars([page]).Any())
        {
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden or HttpStatusCode.Redirect, $"{who}: {page} {(int)answer.StatusCode}");
        }
    }

    private static void HidesSecrets(string where, string page, string[] secrets) =>
        Assert.All(secrets, secret => Assert.False(page.Contains(secret, StringComparison.OrdinalIgnoreCase), $"{where} shows {secret}"));

    /// <summary>Row tokens and case numbers.</summary>
    private static IEnumerable<string> Particulars(IEnumerable<string> pages) =>
        pages.SelectMany(page => page.Split('?')[0].Split('/')).Where(part => part.Length > 30 || part.StartsWith("K-20", StringComparison.Ordinal)).Distinct();

    private static bool IsOwners(string row) => Secrets.Any(secret => row.Contains(secret, StringComparison.Ordinal));

    private async Task<(string Case, string Account)> NumbersAsync()
    {
        var account = await portal.StoreAsync(db => db.Users.Where(row => row.Email == Owner.OwnEmail).Select(row => row.Id).SingleAsync(Cancellation));
        return (Particulars(owners.Pages).First(part => part.StartsWith("K-20", StringComparison.Ordinal)), account);
    }

    /// <summary>What the portal keeps of the owner: account, sessions, cases, and what was asked for.</summary>
    private async Task<List<string>> OwnersAsync()
    {
        var (_, account) = await NumbersAsync();
        var cases = Particulars(owners.Pages).Where(part => part.StartsWith("K-20", StringComparison.Ordinal)).ToList();
        var rows = Dumps.Of(Path.Combine(portal.Data.Folder, "var", "portal.db"), table => !table.StartsWith("audit_", StringComparison.Ordinal)).Split('\n')
            .Where(row => row.Contains(account, StringComparison.Ordinal) || cases.Exists(number => row.Contains(number, StringComparison.Ordinal))).ToList();
        Assert.True(cases.Count >= 2 && rows.Count > 5);
        return rows;
    }
}
