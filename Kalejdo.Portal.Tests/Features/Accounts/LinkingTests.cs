using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public class LinkingTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task The_number_alone_is_not_enough_where_Kalejdo_had_not_verified_the_address()
    {
        var subscriber = new DemoSubscriber(20 + (int)DemoCase.NeverVerified);
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, subscriber.OwnEmail);

        Assert.Contains("kunde inte kopplas", await RefusalAsync(browser, subscriber.CustomerNumber), StringComparison.Ordinal);
        using var linked = await LinkAsync(browser, $"{subscriber.BoxCode[..3]} {subscriber.BoxCode[3..].ToLowerInvariant()}");
        Assert.Equal(PortalUrls.LinkDone, linked.Headers.Location?.PathOf());

        // The address finds nothing by itself: Kalejdo never knew it to be this person's.
        Assert.Equal([(CurrentSubject.CustomerNumber, LinkProof.Code)], await LinksOfAsync(subscriber.OwnEmail));
    }

    [Fact]
    public async Task Somebody_elses_number_or_code_opens_nothing()
    {
        var (subscriber, other) = (new DemoSubscriber(24), new DemoSubscriber(44));
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, subscriber.OwnEmail);
        foreach (var proof in new[] { other.CustomerNumber, other.BoxCode, other.AppCode })
        {
            Assert.Contains("kunde inte kopplas", await RefusalAsync(browser, proof), StringComparison.Ordinal);
        }

        Assert.Empty(await LinksOfAsync(subscriber.OwnEmail));
    }

    [Fact]
    public async Task Whose_address_stands_by_mistake_in_anothers_agreement_does_not_get_it()
    {
        var (owner, mistaken) = (new DemoSubscriber(24 + 20), new DemoSubscriber(25 + 20));
        Assert.Equal((DemoCase.MistypedEmail, owner.OwnEmail), (mistaken.Case, mistaken.Email));
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, owner.OwnEmail);
        Assert.Contains("kunde inte kopplas", await RefusalAsync(browser, mistaken.CustomerNumber), StringComparison.Ordinal);

        using var linked = await LinkAsync(browser, owner.CustomerNumber);
        Assert.Equal(
            [(CurrentSubject.CustomerNumber, LinkProof.CustomerNumber), (CurrentSubject.Email, LinkProof.Mailbox)],
            await LinksOfAsync(owner.OwnEmail));
    }

    [Fact]
    public async Task Two_agreements_are_linked_one_by_one_and_only_then_the_address_counts()
    {
        var (first, second) = (new DemoSubscriber(20 + (int)DemoCase.FirstAgreement), new DemoSubscriber(20 + (int)DemoCase.SecondAgreement));
        Assert.Equal(first.OwnEmail, second.Email);
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, first.OwnEmail);

        using var one = await LinkAsync(browser, first.CustomerNumber);
        Assert.Equal([CurrentSubject.CustomerNumber], (await LinksOfAsync(first.OwnEmail)).Select(link => link.Name));
        using var other = await LinkAsync(browser, second.CustomerNumber);
        Assert.Equal(PortalUrls.LinkDone, other.Headers.Location?.PathOf());
        Assert.Equal(
            [CurrentSubject.CustomerNumber, CurrentSubject.CustomerNumber, CurrentSubject.Email],
            (await LinksOfAsync(first.OwnEmail)).Select(link => link.Name));

        Assert.Contains("redan kopplat", await RefusalAsync(browser, first.CustomerNumber), StringComparison.Ordinal);
        Assert.Equal(2, (await portal.MailsAsync(first.OwnEmail)).Count(mail => mail.Letter == "LinkedLetter"));
    }

    [Fact]
    public async Task Protected_identity_is_refused_as_a_wrong_number_is()
    {
        var subscriber = new DemoSubscriber(20 + (int)DemoCase.ProtectedIdentity);
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, subscriber.OwnEmail);
        using var refused = await LinkAsync(browser, subscriber.CustomerNumber);

        var page = await refused.PageAsync();
        Assert.Contains("Det gick inte att koppla kontot", Html.Errors(page), StringComparison.Ordinal);
        Assert.DoesNotContain("skydd", page, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(await LinksOfAsync(subscriber.OwnEmail));
        Assert.Contains("protected_identity", await portal.StoreAsync(db => db.AuditEntries.Where(row => row.Event == "account.link-refused").Select(row => row.ReasonCode).ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task Who_is_protected_afterwards_is_served_by_people_from_then_on()
    {
        var subscriber = new DemoSubscriber(28);
        using var browser = await portal.SignedInAsync(subscriber);
        using var before = await browser.GetAsync(PortalUrls.LinkDone, Cancellation);
        Assert.True(before.IsSuccessStatusCode);

        await portal.KalejdoAsync($"UPDATE subscriber SET protected_identity = true WHERE customer_number = '{subscriber.CustomerNumber}'");
        using var after = await browser.GetAsync(PortalUrls.LinkDone, Cancellation);
        Assert.Equal(PortalUrls.SelfServiceClosed, after.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task Five_wrong_tries_a_day_end_in_one_case_for_staff()
    {
        var subscriber = new DemoSubscriber(37);
        // Other tests of this portal may have come to a case of their own.
        var earlier = await portal.StoreAsync(db => db.Cases.Select(row => row.Number).ToListAsync(Cancellation));
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, subscriber.OwnEmail);
        for (var i = 0; i < 5; i++)
        {
            Assert.Contains("kunde inte kopplas", await RefusalAsync(browser, $"ABC234{i + 2}"), StringComparison.Ordinal);
        }

        foreach (var proof in new[] { subscriber.CustomerNumber, subscriber.BoxCode })
        {
            Assert.Contains("för många försök i dag", await RefusalAsync(browser, proof), StringComparison.Ordinal);
        }

        var opened = Assert.Single(await portal.StoreAsync(db => db.Cases.Where(row => row.Type == CaseType.Linking && !earlier.Contains(row.Number)).ToListAsync(Cancellation)));
        Assert.Equal(("too_many_tries", CaseStatus.Received), (opened.ReasonCode, opened.Status));
        Assert.Equal(1, await portal.StoreAsync(db => db.AuditEntries.CountAsync(row => row.CaseNumber == opened.Number, Cancellation)));

        portal.Time.Advance(TimeSpan.FromDays(1));
        using var session = portal.Browser();
        using var signedIn = await session.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        using var tomorrow = await LinkAsync(session, subscriber.CustomerNumber);
        Assert.Equal(PortalUrls.LinkDone, tomorrow.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task A_subscriber_aimed_at_from_many_accounts_is_guarded_too()
    {
        var aimedAt = new DemoSubscriber(57);
        for (var i = 0; i < 5; i++)
        {
            using var stranger = portal.Browser();
            await portal.RegisterAsync(stranger, $"framling{i}@exempel.se");
            Assert.Contains("kunde inte kopplas", await RefusalAsync(stranger, aimedAt.CustomerNumber), StringComparison.Ordinal);
        }

        using var sixth = portal.Browser();
        await portal.RegisterAsync(sixth, "framling6@exempel.se");
        Assert.Contains("för många försök i dag", await RefusalAsync(sixth, aimedAt.CustomerNumber), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Linking_ends_the_other_sessions_and_is_told_to_everybody_concerned()
    {
        var subscriber = new DemoSubscriber(48);
        using var here = portal.Browser();
        using var there = portal.Browser();
        await portal.RegisterAsync(here, subscriber.OwnEmail);
        using var signedIn = await there.SignInAsync(subscriber.OwnEmail, SignedIn.Password);

        // Another account had this agreement before.
        const string Before = "gammalt.konto@exempel.se";
        using var old = portal.Browser();
        await portal.RegisterAsync(old, Before);
        await portal.StoreAsync(async db =>
        {
            var account = await db.Users.SingleAsync(row => row.Email == Before, Cancellation);
            db.AccountLinks.Add(AccountLink.Of(
                portal.Services.GetRequiredService<PortalKeys>(), account.Id, CurrentSubject.CustomerNumber, subscriber.CustomerNumber, LinkProof.Code, portal.Time.GetUtcNow().UtcDateTime));
            return await db.SaveChangesAsync(Cancellation);
        });

        using var linked = await LinkAsync(here, subscriber.CustomerNumber);
        Assert.True(await IsSignedInAsync(here));
        Assert.False(await IsSignedInAsync(there));
        Assert.Contains(await portal.MailsAsync(Before), mail => mail.Letter == "LinkedLetter");
        Assert.Contains(await portal.MailsAsync(subscriber.OwnEmail), mail => mail.Letter == "LinkedLetter");
    }

    [Fact]
    public async Task Posted_twice_it_is_linked_once()
    {
        var subscriber = new DemoSubscriber(68);
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, subscriber.OwnEmail);
        using var shown = await browser.GetAsync(PortalUrls.Link, Cancellation);
        var token = Html.AntiforgeryToken(await shown.PageAsync());
        await Task.WhenAll(
            browser.PostFormAsync(PortalUrls.Link, "link", token, ("Posted.Proof", subscriber.CustomerNumber)),
            browser.PostFormAsync(PortalUrls.Link, "link", token, ("Posted.Proof", subscriber.CustomerNumber)));

        Assert.Equal(2, (await LinksOfAsync(subscriber.OwnEmail)).Count);
        Assert.Single(await portal.MailsAsync(subscriber.OwnEmail), mail => mail.Letter == "LinkedLetter");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" - ")]
    [InlineData("12345678901234567890123456789012345678901")]
    public async Task Nothing_to_go_by_is_no_try(string? proof)
    {
        using var browser = await portal.SignedInAsync(new DemoSubscriber(88));
        using var answer = await browser.FillInAsync(PortalUrls.Link, "link", ("Posted.Proof", proof));
        Assert.Contains("Skriv kundnumret eller koden", Html.Errors(await answer.PageAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("' OR '1'='1")]
    [InlineData("1\u00072345678")]
    public async Task Odd_input_is_just_wrong(string proof)
    {
        portal.Time.Advance(TimeSpan.FromDays(1));
        using var browser = await portal.SignedInAsync(new DemoSubscriber(88));
        Assert.Contains("kunde inte kopplas", await RefusalAsync(browser, proof), StringComparison.Ordinal);
    }

    private static async Task<string> RefusalAsync(HttpClient browser, string proof)
    {
        using var answer = await LinkAsync(browser, proof);
        return Html.Errors(await answer.PageAsync()).Replace("Det gick inte att koppla kontot med det du skrev", "kunde inte kopplas", StringComparison.Ordinal);
    }

    private Task<List<(string Name, LinkProof Proof)>> LinksOfAsync(string address) => portal.StoreAsync(async db =>
    {
        var links = await db.AccountLinks.Where(link => db.Users.Any(row => row.Id == link.AccountId && row.Email == address)).OrderBy(link => link.Id).ToListAsync(Cancellation);
        return links.Select(link => (link.IdentityName, link.Proof)).ToList();
    });
}
