using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.Personnel;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

public class PersonnelTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Chosen = "sju små dvärgar i gruvan";

    [Fact]
    public async Task Who_is_invited_chooses_a_password_sets_the_second_factor_up_and_works()
    {
        const string Address = "nina.ny@personal.exempel.se";
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var invited = await InviteAsync(administrator, "Nina Ny", Address, StaffRoles.CaseWorker);
        var person = invited.Headers.Location!.PathOf();
        Assert.StartsWith(PortalUrls.Personnel + "/", person, StringComparison.Ordinal);
        Assert.Contains("Inbjudan är skickad", await administrator.PageAsync(person), StringComparison.Ordinal);
        Assert.Contains("Inbjuden", await administrator.PageAsync(PortalUrls.Personnel), StringComparison.Ordinal);

        var link = await LinkAsync(Address);
        using var browser = portal.Browser();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            Assert.Contains(Address, await browser.PageAsync(link), StringComparison.Ordinal);
        }

        using var weak = await browser.FillInAsync(link, "invitation", ("Posted.Password", "kort"));
        Assert.Contains("minst 12 tecken", Html.Errors(await weak.PageAsync()), StringComparison.Ordinal);
        using var accepted = await browser.FillInAsync(link, "invitation", ("Posted.Password", Chosen));
        var setUp = PortalUrls.SecondFactorFrom(PortalUrls.Desk);
        Assert.Equal(setUp, accepted.Headers.Location?.PathOf());
        using var early = await browser.GetAsync(PortalUrls.Desk, Cancellation);
        Assert.Equal(setUp, early.Headers.Location?.PathOf());
        await SetUpAsync(browser, setUp);
        Assert.Equal("Ärenden", Html.Heading(await browser.PageAsync(PortalUrls.Desk)));

        using var other = portal.Browser();
        Assert.Equal("Länken gäller inte längre", Html.Heading(await other.PageAsync(link)));
        using var burnt = await other.FillInAsync(link, "invitation", ("Posted.Password", "en helt annan fras"));
        Assert.Equal(HttpStatusCode.OK, burnt.StatusCode);
        using var signedIn = await other.SignInAsync(Address, Chosen);
        Assert.Equal(PortalUrls.SignInCode, signedIn.Headers.Location?.PathOf());
        Assert.Equal(["staff.invited case-worker", "account.invitation-accepted ", "account.factor-on "], await EventsAsync(Address));
    }

    [Fact]
    public async Task An_invitation_lasts_three_days_and_a_new_one_takes_its_place()
    {
        const string Address = "sent@personal.exempel.se";
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var invited = await InviteAsync(administrator, "Sena Sent", Address, StaffRoles.Auditor);
        var first = await LinkAsync(Address);
        using var again = await administrator.FillInAsync(invited.Headers.Location!.PathOf(), "again");
        var second = await LinkAsync(Address);
        Assert.NotEqual(first, second);
        using var browser = portal.Browser();
        Assert.Equal("Länken gäller inte längre", Html.Heading(await browser.PageAsync(first)));
        Assert.Equal("Välj ett lösenord", Html.Heading(await browser.PageAsync(second)));
        portal.Time.Advance(TimeSpan.FromHours(Personnel.HoursValid));
        Assert.Equal("Länken gäller inte längre", Html.Heading(await browser.PageAsync(second)));
        Assert.Equal("Länken gäller inte längre", Html.Heading(await browser.PageAsync(PortalUrls.Invitation("finns-inte"))));
    }

    [Theory]
    [InlineData("", "kim@personal.exempel.se", "case-worker", "Skriv personens namn")]
    [InlineData("Kim", "kim", "case-worker", "Skriv hela e-postadressen")]
    [InlineData("Kim", "kim@personal.exempel.se", null, "Välj minst en roll")]
    [InlineData("Kim", "kim@personal.exempel.se", "root", "Välj minst en roll")]
    [InlineData("Kim", "asa.sjoberg@post.example", "case-worker", "har redan ett konto")]
    [InlineData("Kim", "ADMINISTRATOR@personal.exempel.se", "case-worker", "har redan ett konto")]
    public async Task What_is_wrong_with_an_invitation_stands_beside_its_field(string name, string address, string? role, string error)
    {
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var before = await portal.StoreAsync(db => db.Users.CountAsync(Cancellation));
        using var answer = await InviteAsync(administrator, name, address, role);
        Assert.Contains(error, Html.Errors(await answer.PageAsync()), StringComparison.Ordinal);
        Assert.Equal(before, await portal.StoreAsync(db => db.Users.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task A_role_that_is_taken_away_ends_the_session_and_what_it_opened()
    {
        const string Address = "byter@personal.exempel.se";
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var worker = await StaffAsync(Address, StaffRoles.Administrator);
        var person = PortalUrls.Person(await IdAsync(Address));
        Assert.Equal("Bjud in personal", Html.Heading(await worker.PageAsync(PortalUrls.Invite)));

        using var none = await administrator.FillInAsync(person, "roles");
        Assert.Contains("Välj minst en roll", Html.Errors(await none.PageAsync()), StringComparison.Ordinal);
        using var changed = await administrator.FillInAsync(person, "roles", ("roll", StaffRoles.Auditor));
        Assert.Contains("Granskare", await administrator.PageAsync(changed.Headers.Location!.PathOf()), StringComparison.Ordinal);
        using var ended = await worker.GetAsync(PortalUrls.Invite, Cancellation);
        Assert.Equal(PortalUrls.SignInFrom(PortalUrls.Invite), ended.Headers.Location?.PathOf());

        using var auditor = await StaffAsync(Address, StaffRoles.Auditor);
        var list = await auditor.PageAsync(PortalUrls.Personnel);
        Assert.Contains(Address, list, StringComparison.Ordinal);
        Assert.DoesNotContain(PortalUrls.Invite, Html.Links(list));
        Assert.DoesNotContain(person, Html.Links(list));
        foreach (var page in new[] { PortalUrls.Invite, person })
        {
            using var refused = await auditor.GetAsync(page, Cancellation);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        using var posted = await auditor.PostFormAsync(person, "roles", Html.AntiforgeryToken(list), ("roll", StaffRoles.Administrator));
        Assert.Equal(HttpStatusCode.Forbidden, posted.StatusCode);
        Assert.Equal("staff.roles-changed auditor", (await EventsAsync(Address))[^1]);
    }

    [Fact]
    public async Task Who_is_locked_out_is_signed_out_and_not_told_from_a_wrong_password()
    {
        const string Address = "slutat@personal.exempel.se";
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var worker = await StaffAsync(Address, StaffRoles.CaseWorker);
        var person = PortalUrls.Person(await IdAsync(Address));
        using var locked = await administrator.FillInAsync(person, "lock");
        Assert.Contains("Spärrad", await administrator.PageAsync(person), StringComparison.Ordinal);
        Assert.False(await IsSignedInAsync(worker));
        using var browser = portal.Browser();
        using var right = await browser.SignInAsync(Address, SignedIn.Password);
        using var wrong = await browser.SignInAsync(Address, Chosen);
        Assert.Equal(Html.WithoutTokens(await wrong.PageAsync()), Html.WithoutTokens(await right.PageAsync()));

        using var unlocked = await administrator.FillInAsync(person, "unlock");
        using var back = await StaffAsync(Address, StaffRoles.CaseWorker);
        Assert.True(await IsSignedInAsync(back));
        using var signedOut = await administrator.FillInAsync(person, "sign-out");
        Assert.False(await IsSignedInAsync(back));
        Assert.Equal(["staff.locked ", "staff.unlocked ", "staff.signed-out "], await EventsAsync(Address));
    }

    [Fact]
    public async Task Who_lost_the_telephone_is_invited_again_and_the_old_ones_open_nothing()
    {
        const string Address = "tappat@personal.exempel.se";
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var worker = await StaffAsync(Address, StaffRoles.CaseWorker);
        using var again = await administrator.FillInAsync(PortalUrls.Person(await IdAsync(Address)), "again");
        var code = CodeOn(await again.PageAsync());
        Assert.DoesNotContain(code, await administrator.PageAsync(PortalUrls.Person(await IdAsync(Address))), StringComparison.Ordinal);
        Assert.False(await IsSignedInAsync(worker));
        using var browser = portal.Browser();
        using var old = await browser.SignInAsync(Address, SignedIn.Password);
        Assert.Contains("stämmer inte", Html.Errors(await old.PageAsync()), StringComparison.Ordinal);
        Assert.False(await portal.StoreAsync(db => db.SecondFactors.AnyAsync(row => db.Users.Any(user => user.Id == row.AccountId && user.Email == Address), Cancellation)));

        // Its mailbox alone is not enough: neither letter nor link holds the code.
        var link = await LinkAsync(Address);
        Assert.DoesNotContain(await portal.MailsAsync(Address), mail => mail.Text.Replace(" ", "", StringComparison.Ordinal).Contains(code.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal));
        foreach (var (typed, error) in new (string?, string)[] { (null, "Skriv koden"), ("00000000", "Koden stämmer inte"), (code[..4], "Koden stämmer inte") })
        {
            using var refused = await browser.FillInAsync(link, "invitation", ("Posted.Password", Chosen), ("Posted.Code", typed));
            Assert.Contains(error, Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
        }

        using var accepted = await browser.FillInAsync(link, "invitation", ("Posted.Password", Chosen), ("Posted.Code", code));
        await SetUpAsync(browser, PortalUrls.SecondFactor);
        Assert.Equal("Ärenden", Html.Heading(await browser.PageAsync(PortalUrls.Desk)));
    }

    [Fact]
    public async Task Five_wrong_codes_end_a_new_invitation()
    {
        const string Address = "gissad@personal.exempel.se";
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        await SignedIn.CreateStaffAsync(portal.Services, Address, StaffRoles.CaseWorker);
        using var again = await administrator.FillInAsync(PortalUrls.Person(await IdAsync(Address)), "again");
        var code = CodeOn(await again.PageAsync());
        var (link, wrong) = (await LinkAsync(Address), code.StartsWith("0000", StringComparison.Ordinal) ? "11111111" : "00000000");
        using var browser = portal.Browser();
        for (var i = 0; i < 5; i++)
        {
            using var refused = await browser.FillInAsync(link, "invitation", ("Posted.Password", Chosen), ("Posted.Code", wrong));
            Assert.NotEqual("", Html.Errors(await refused.PageAsync()));
        }

        using var right = await browser.FillInAsync(link, "invitation", ("Posted.Password", Chosen), ("Posted.Code", code));
        Assert.Equal("Länken gäller inte längre", Html.Heading(await right.PageAsync()));
        Assert.Equal(PersonState.Invited, (await portal.Services.GetRequiredService<Personnel>().FindAsync(await IdAsync(Address), Cancellation))!.State);
    }

    [Fact]
    public async Task Whose_account_an_administrator_changes_is_told()
    {
        const string Address = "far.veta@personal.exempel.se";
        await SignedIn.CreateStaffAsync(portal.Services, Address, StaffRoles.CaseWorker);
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var person = PortalUrls.Person(await IdAsync(Address));
        foreach (var form in new[] { "roles", "sign-out", "lock", "unlock" })
        {
            using var done = await administrator.FillInAsync(person, form, ("roll", StaffRoles.Auditor));
            Assert.NotNull(done.Headers.Location);
        }

        var mails = await portal.MailsAsync(Address);
        Assert.Equal(Enumerable.Repeat(nameof(StaffChangedLetter), 4), mails.Select(mail => mail.Letter));
        foreach (var (mail, says) in mails.Zip(["Dina roller är ändrade", "Du är utloggad på alla enheter", "Ditt konto är spärrat", "Spärren av ditt konto är hävd"]))
        {
            Assert.Contains(says, mail.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nobody_changes_their_own_account_and_the_last_administrator_stays()
    {
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var id = await IdAsync($"{StaffRoles.Administrator}@personal.exempel.se");
        var page = await administrator.PageAsync(PortalUrls.Person(id));
        Assert.Contains("ditt eget konto", page, StringComparison.Ordinal);
        foreach (var form in new[] { "lock", "roles", "again", "sign-out" })
        {
            using var answer = await administrator.PostFormAsync(PortalUrls.Person(id), form, Html.AntiforgeryToken(page), ("roll", StaffRoles.Auditor));
            Assert.Null(answer.Headers.Location);
        }

        Assert.True(await IsSignedInAsync(administrator));
        var personnel = portal.Services.GetRequiredService<Personnel>();
        foreach (var other in (await personnel.ListAsync(Cancellation)).Where(other => other.Id != id && other is { State: PersonState.Active } && other.Roles.Contains(StaffRoles.Administrator)))
        {
            Assert.IsType<PersonnelAnswer.Done>(await personnel.LockAsync(other.Id, "staff:prov", Cancellation));
        }

        Assert.IsType<PersonnelAnswer.LastAdministrator>(await personnel.LockAsync(id, "staff:prov", Cancellation));
        Assert.IsType<PersonnelAnswer.LastAdministrator>(await personnel.ChangeRolesAsync(id, [StaffRoles.Auditor], "staff:prov", Cancellation));
        Assert.True(await IsSignedInAsync(administrator));
        Assert.Equal([StaffRoles.Administrator], (await personnel.FindAsync(id, Cancellation))!.Roles);
    }

    [Fact]
    public async Task An_account_that_is_not_staffs_is_none_here()
    {
        var subscriber = new DemoSubscriber(41);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        foreach (var id in new[] { await IdAsync(subscriber.OwnEmail), "finns-inte" })
        {
            using var answer = await administrator.GetAsync(PortalUrls.Person(id), Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            using var posted = await administrator.PostFormAsync(PortalUrls.Person(id), "lock", Html.AntiforgeryToken(await administrator.PageAsync(PortalUrls.Personnel)));
            Assert.NotEqual(HttpStatusCode.Redirect, posted.StatusCode);
        }

        using var browser = await portal.SignedInAsync(subscriber);
        Assert.True(await IsSignedInAsync(browser));
        using var refused = await browser.GetAsync(PortalUrls.Personnel, Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    private static string CodeOn(string page) => Regex.Match(page, "<span class=\"reference\">([0-9]{4} [0-9]{4})</span>").Groups[1].Value is { Length: 9 } code
        ? code
        : throw new InvalidOperationException("No code is shown.");

    private static Task<HttpResponseMessage> InviteAsync(HttpClient administrator, string name, string address, string? role) =>
        administrator.FillInAsync(PortalUrls.Invite, "invite", ("namn", name), ("epost", address), ("roll", role));

    private async Task<HttpClient> StaffAsync(string address, string role)
    {
        await SignedIn.CreateStaffAsync(portal.Services, address, role);
        var browser = portal.Browser();
        var code = await SignedIn.FactorCodeAsync(portal.Services, address);
        using var password = await browser.SignInAsync(address, SignedIn.Password);
        using var entered = await browser.EnterAsync(code);
        Assert.Equal(PortalUrls.Overview, entered.Headers.Location?.PathOf());
        return browser;
    }

    private async Task SetUpAsync(HttpClient browser, string address)
    {
        var key = SignedIn.FactorKey(Regex.Match(await browser.PageAsync(address), "<span class=\"reference\">([A-Z2-7 ]{39})</span>").Groups[1].Value);
        using var done = await browser.FillInAsync(address, "factor-on", ("Posted.Code", AuthenticatorCodes.Of(key, AuthenticatorCodes.StepOf(portal.Time.GetUtcNow()))));
        Assert.Contains("reservkod", await done.PageAsync(), StringComparison.Ordinal);
    }

    private async Task<string> LinkAsync(string address) =>
        new Uri(Regex.Match((await portal.MailsAsync(address)).Last(mail => mail.Letter == nameof(InvitationLetter)).Text, @"https?://\S+/inbjudan/\S+").Value).AbsolutePath;

    private Task<string> IdAsync(string address) => portal.StoreAsync(db => db.Users.Where(row => row.Email == address).Select(row => row.Id).SingleAsync(Cancellation));

    private async Task<List<string>> EventsAsync(string address)
    {
        var number = await portal.StoreAsync(async db => await portal.Services.GetRequiredService<Kalejdo.Portal.Audit.AuditTrail>()
            .FindNumberAsync(db, $"account:{await db.Users.Where(row => row.Email == address).Select(row => row.Id).SingleAsync(Cancellation)}", Cancellation));
        return await portal.StoreAsync(db => db.AuditEntries.Where(row => row.Subject == number && !row.Event.StartsWith("account.sign") && row.Event != "page.refused").OrderBy(row => row.Sequence).Select(row => $"{row.Event} {row.ReasonCode}").ToListAsync(Cancellation));
    }
}
