using System.Text.RegularExpressions;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Tests.Features.NotMyAddress;

/// <summary>An address that its owner had blocked gets nothing from us until the block ends or is lifted.</summary>
public sealed partial class BlockedAddressTests : IAsyncDisposable
{
    private const string Address = "vilse@exempel.se";
    private readonly SignedInPortal portal = new(listens: false, blocking: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Off_until_it_is_switched_on()
    {
        await using var ordinary = new SignedInPortal();
        using var owner = ordinary.Client(null);
        var link = await ProveAsync(ordinary, owner);

        Assert.DoesNotContain("Spärra adressen", await owner.PageAsync(link), StringComparison.Ordinal);
        await SendAsync(owner, link, "choice", ("choice", "ta-bort"), ("block", "true"));

        await using var db = ordinary.Store();
        Assert.False(await db.BlockedAddresses.AnyAsync(Cancellation));
    }

    [Fact]
    public async Task A_link_alone_blocks_nothing_as_it_may_have_been_passed_on()
    {
        using var owner = portal.Client(null);
        var link = await ProveAsync(portal, owner);
        using var stranger = portal.Client(null);

        var asked = await SendAsync(stranger, link, "choice", ("choice", "ta-bort"), ("block", "true"));

        Assert.Equal("Visa att brevlådan är din", Html.Heading(asked));
        await using (var db = portal.Store())
        {
            Assert.False(await db.BlockedAddresses.AnyAsync(Cancellation));
            Assert.False(await db.Cases.AnyAsync(Cancellation));
        }
        // With the code that came to the mailbox it is what was wished for, block and all.
        var code = SixDigits().Match((await portal.LettersAsync())[^1].Text).Value;
        Assert.Equal("Din adress är borttagen", Html.Heading(await SendAsync(stranger, link, "code", ("code", code), ("wish", "ta-bort"), ("withBlock", "true"))));
        await using var after = portal.Store();
        Assert.True(await after.BlockedAddresses.AnyAsync(Cancellation));
    }

    [Fact]
    public async Task It_is_a_keyed_hash_that_is_explained_and_ends_by_itself()
    {
        using var owner = portal.Client(null);
        var link = await ProveAsync(portal, owner);
        var page = await owner.PageAsync(link);
        Assert.Contains("Spärra adressen också", page, StringComparison.Ordinal);
        Assert.Contains("kontrollsumma av adressen, inte adressen själv", page, StringComparison.Ordinal);
        await SendAsync(owner, link, "choice", ("choice", "ta-bort"), ("block", "true"));

        await using (var db = portal.Store())
        {
            var row = await db.BlockedAddresses.SingleAsync(Cancellation);
            Assert.Matches("^[0-9a-f]{64}$", row.AddressHash);
            Assert.Equal(portal.Time.GetUtcNow().UtcDateTime.AddDays(365), row.ExpiresAt);
            Assert.Contains("disavowal.blocked", await db.AuditEntries.Select(entry => entry.Event).ToListAsync(Cancellation));
        }
        // The receipt arrives all the same; from then on nothing.
        Assert.Equal(nameof(AddressRemovedLetter), (await portal.LettersAsync())[^1].Letter);
        await RegisterAsync(0);
        portal.Time.Advance(TimeSpan.FromDays(365));
        await RegisterAsync(1);
    }

    [Fact]
    public async Task Its_owner_lifts_it_with_a_code_and_nobody_else_does()
    {
        using var owner = portal.Client(null);
        await SendAsync(owner, await ProveAsync(portal, owner), "choice", ("choice", "ta-bort"), ("block", "true"));
        portal.Time.Advance(TimeSpan.FromHours(2));
        var link = await ProveAsync(portal, owner);
        Assert.Contains("Spärrad till", await owner.PageAsync(link), StringComparison.Ordinal);

        using var stranger = portal.Client(null);
        Assert.Equal("Visa att brevlådan är din", Html.Heading(await SendAsync(stranger, link, "choice", ("choice", "hav-sparr"))));
        await RegisterAsync(0);
        Assert.Equal("Spärren är hävd", Html.Heading(await SendAsync(owner, link, "choice", ("choice", "hav-sparr"))));

        await using var db = portal.Store();
        Assert.False(await db.BlockedAddresses.AnyAsync(Cancellation));
        Assert.Equal(nameof(AddressUnblockedLetter), (await portal.LettersAsync())[^1].Letter);
        portal.Time.Advance(TimeSpan.FromHours(2));
        await RegisterAsync(1);
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    /// <summary>The page says the same, whether a code is mailed or not.</summary>
    private async Task RegisterAsync(int letters)
    {
        using var somebody = portal.Client(null);
        using var answer = await PostAsync(somebody, PortalUrls.Register, "register", ("Posted.Address", Address));
        Assert.Equal(PortalUrls.RegisterCode, answer.Headers.Location?.PathOf());
        Assert.Equal(letters, (await portal.LettersAsync()).Count(letter => letter.Letter == nameof(RegistrationCodeLetter)));
    }

    private static async Task<string> ProveAsync(SignedInPortal portal, HttpClient browser)
    {
        await SendAsync(browser, PortalUrls.NotMyAddress, "address", ("address", Address));
        using var right = await PostAsync(browser, PortalUrls.NotMyAddressCode, "code", ("code", SixDigits().Match((await portal.LettersAsync())[^1].Text).Value));
        return right.Headers.Location!.PathOf();
    }

    private static async Task<string> SendAsync(HttpClient browser, string address, string form, params (string Name, string Value)[] fields)
    {
        using var answer = await PostAsync(browser, address, form, fields);
        return await answer.PageAsync();
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient browser, string address, string form, params (string Name, string Value)[] fields)
    {
        var token = Html.AntiforgeryToken(await browser.PageAsync(address));
        return await browser.PostAsync(new Uri(address, UriKind.Relative), new FormUrlEncodedContent(
            [new("_handler", form), new("__RequestVerificationToken", token), .. fields.Select(f => KeyValuePair.Create(f.Name, f.Value))]), Cancellation);
    }

    [GeneratedRegex("^[0-9]{6}$", RegexOptions.Multiline)]
    private static partial Regex SixDigits();
}
