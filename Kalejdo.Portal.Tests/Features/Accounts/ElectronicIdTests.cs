using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

[OnPostgres]
public sealed class ElectronicIdOnPostgresTests(OpenIdPortal openId) : ElectronicIdTests(openId);

/// <summary>OpenID Connect against providers that lie; <c>ElectronicIdJourneyTests</c> has a real one.</summary>
public class ElectronicIdTests(OpenIdPortal openId) : IClassFixture<OpenIdPortal>
{
    private const string Key = OpenIdPortal.Key;
    private const string StaffKey = OpenIdPortal.StaffKey;
    private readonly AccountPortal portal = openId.Portal;
    private readonly OpenIdProviderUnderTest provider = openId.Provider;
    private readonly OpenIdProviderUnderTest employer = openId.Employer;

    [Fact]
    public async Task It_is_added_signs_in_and_is_removed()
    {
        var subscriber = new DemoSubscriber(21);
        using var browser = await portal.SignedInAsync(subscriber);
        var question = await LeaveAsync(browser, PortalUrls.ElectronicIds);
        var asked = QueryHelpers.ParseQuery(new Uri(question).Query);
        Assert.StartsWith($"{provider.Issuer}/authorize?", question, StringComparison.Ordinal);
        Assert.Equal(("code", "openid", "query", "S256", "login", "0", "loa3", "sv", OpenIdProviderUnderTest.ClientId, $"http://localhost:5080{PortalUrls.OpenIdCallback(Key)}"), (
            asked["response_type"].ToString(), asked["scope"].ToString(), asked["response_mode"].ToString(), asked["code_challenge_method"].ToString(), asked["prompt"].ToString(),
            asked["max_age"].ToString(), asked["acr_values"].ToString(), asked["ui_locales"].ToString(), asked["client_id"].ToString(), asked["redirect_uri"].ToString()));
        Assert.Equal($"{PortalUrls.ElectronicIds}?klart=ny", await ReturnAsync(browser, provider.Answer(question, "abc-1", claims: Strong)));
        Assert.Contains("E-leg", await browser.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);
        Assert.Equal([(provider.Issuer, "abc-1", Key)], await portal.StoreAsync(async db =>
            (await db.UserLogins.Where(row => row.ProviderKey == "abc-1").ToListAsync(Cancellation)).Select(row => (row.LoginProvider, row.ProviderKey, row.ProviderDisplayName)).ToList()));

        using var other = portal.Browser();
        var signIn = await LeaveAsync(other, PortalUrls.SignInFrom(PortalUrls.Erase));
        Assert.DoesNotContain("prompt=", signIn, StringComparison.Ordinal);
        Assert.Equal(PortalUrls.Erase, await ReturnAsync(other, provider.Answer(signIn, "abc-1", claims: Strong)));
        Assert.Contains(subscriber.OwnEmail, await other.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);
        using (var fresh = await other.GetAsync(PortalUrls.Download, Cancellation))
        {
            Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);
        }

        Assert.Equal([nameof(NewDeviceLetter), nameof(FactorChangedLetter), nameof(NewDeviceLetter)], (await portal.AllMailsAsync(subscriber.OwnEmail)).Select(mail => mail.Letter));

        var id = Regex.Match(await browser.PageAsync(PortalUrls.ElectronicIds), "name=\"Chosen\" value=\"([0-9a-f]{32})\"").Groups[1].Value;
        using var missing = await browser.FillInAsync(PortalUrls.ElectronicIds, "remove", ("Chosen", new string('0', 32)));
        Assert.Equal(HttpStatusCode.OK, missing.StatusCode);
        using var removed = await browser.FillInAsync(PortalUrls.ElectronicIds, "remove", ("Chosen", id));
        Assert.Equal($"{PortalUrls.ElectronicIds}?klart=borta", removed.Headers.Location?.PathOf());
        Assert.True(await IsSignedInAsync(browser));
        Assert.False(await IsSignedInAsync(other));
        await LeadsToAsync(ElectronicIdProblem.Unlinked, other, await SignInAsync(other, "abc-1"));
        Assert.Equal(["Ett nytt sätt att logga in", "Ett sätt att logga in är borttaget"], (await portal.MailsAsync(subscriber.OwnEmail)).Select(mail =>
            Regex.Match(mail.Text, "(?m)^Ett (nytt )?sätt att logga in( är borttaget)?").Value));
        Assert.Equal(["account.electronic-id-added", "account.electronic-id-removed"], await EventsAsync(subscriber.OwnEmail));
    }

    [Fact]
    public async Task What_is_not_as_it_must_be_signs_nobody_in()
    {
        await LinkedAsync(new DemoSubscriber(22), "abc-2");
        using var another = RSA.Create(2048);
        var shared = new SigningCredentials(new SymmetricSecurityKey(SHA256.HashData(Encoding.UTF8.GetBytes(OpenIdProviderUnderTest.Secret))), SecurityAlgorithms.HmacSha256);
        var anothers = new SigningCredentials(new RsaSecurityKey(another) { KeyId = "first" }, SecurityAlgorithms.RsaSha256);
        var strangers = new SigningCredentials(new RsaSecurityKey(another) { KeyId = "unknown" }, SecurityAlgorithms.RsaSha256);
        var now = portal.Time.GetUtcNow();
        var wrong = new Dictionary<string, (Action<Dictionary<string, object>> Claims, Func<string, string>? Forge)>
        {
            ["nonce"] = (told => told["nonce"] = "another", null),
            ["no nonce"] = (told => told.Remove("nonce"), null),
            ["audience"] = (told => told["aud"] = "another", null),
            ["issuer"] = (told => told["iss"] = employer.Issuer, null),
            ["expired"] = (told => told["exp"] = now.AddMinutes(-2).ToUnixTimeSeconds(), null),
            ["never expires"] = (told => told.Remove("exp"), null),
            ["not yet"] = (told => told["nbf"] = now.AddMinutes(2).ToUnixTimeSeconds(), null),
            ["from the future"] = (told => told["auth_time"] = now.AddMinutes(2).ToUnixTimeSeconds(), null),
            ["no subject"] = (told => told.Remove("sub"), null),
            ["long subject"] = (told => told["sub"] = new string('a', 256), null),
            ["personal number"] = (told => told["sub"] = "19121212-1212", null),
            ["weak"] = (told => told["acr"] = "loa1", null),
            ["alg none"] = (_ => { }, token => Resigned(token, null)),
            ["shared secret"] = (_ => { }, token => Resigned(token, shared)),
            ["another key"] = (_ => { }, token => Resigned(token, anothers)),
            ["a stranger's key"] = (_ => { }, token => Resigned(token, strangers)),
            ["cut off"] = (_ => { }, token => token[..^10]),
            ["no token"] = (_ => { }, _ => "rubbish"),
        };
        using var browser = portal.Browser();
        foreach (var (name, (claims, forge)) in wrong)
        {
            var question = await LeaveAsync(browser, PortalUrls.SignIn);
            var answer = await ReturnAsync(browser, provider.Answer(question, "abc-2", claims: told =>
            {
                Strong(told);
                claims(told);
            }, forge: forge));
            Assert.Equal((name, PortalUrls.ElectronicIdProblem(nameof(ElectronicIdProblem.Refused), PortalUrls.SignInFrom(PortalUrls.Overview))), (name, answer));
            Assert.False(await IsSignedInAsync(browser), name);
        }

        Assert.Equal(PortalUrls.Overview, await SignInAsync(browser, "abc-2"));

        static string Resigned(string token, SigningCredentials? by) => OpenIdProviderUnderTest.Sign(
            new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(token).Claims.ToDictionary(claim => claim.Type, claim => long.TryParse(claim.Value, out var number) ? number : (object)claim.Value), by);
    }

    [Fact]
    public async Task An_answer_counts_once_in_its_own_browser_and_from_its_own_provider()
    {
        await LinkedAsync(new DemoSubscriber(23), "abc-3");
        using var browser = portal.Browser();
        using var other = portal.Browser();
        var gone = PortalUrls.ElectronicIdProblem(nameof(ElectronicIdProblem.Gone), PortalUrls.SignIn);
        var refused = PortalUrls.ElectronicIdProblem(nameof(ElectronicIdProblem.Refused), PortalUrls.SignInFrom(PortalUrls.Overview));

        // Another browser's (a link that somebody was tricked into), and one that nothing was asked for.
        var question = await LeaveAsync(browser, PortalUrls.SignIn);
        var answer = provider.Answer(question, "abc-3", claims: Strong);
        Assert.Equal(gone, await ReturnAsync(other, answer));
        await LeaveAsync(other, PortalUrls.SignIn);
        Assert.Equal(gone, await ReturnAsync(other, answer));

        Assert.Equal(PortalUrls.Overview, await ReturnAsync(browser, answer));
        Assert.Equal(gone, await ReturnAsync(browser, answer));

        // The code of an answer before, with the state of a new question.
        var code = Regex.Match(answer, "code=([^&]+)").Groups[1].Value;
        var again = provider.Answer(await LeaveAsync(other, PortalUrls.SignIn), "abc-3", claims: Strong);
        Assert.Equal(refused, await ReturnAsync(other, Regex.Replace(again, "code=[^&]+", $"code={code}")));

        // Somebody else's fresh code, put into one's own answer: the verifier is another.
        var victims = provider.Answer(await LeaveAsync(browser, PortalUrls.SignIn), "abc-3", claims: Strong);
        var own = provider.Answer(await LeaveAsync(other, PortalUrls.SignIn), "abc-9", claims: Strong);
        Assert.Equal(refused, await ReturnAsync(other, Regex.Replace(own, "code=[^&]+", Regex.Match(victims, "code=[^&]+").Value)));

        // Mixed up: the other provider's name, or none where it promises to say it; its callback address.
        foreach (var mixed in new[] { $"&iss={Uri.EscapeDataString(employer.Issuer)}", "" })
        {
            var asked = provider.TokensAsked;
            var honest = provider.Answer(await LeaveAsync(other, PortalUrls.SignIn), "abc-3", claims: Strong);
            Assert.Equal(refused, await ReturnAsync(other, Regex.Replace(honest, "&iss=.*", mixed)));
            Assert.Equal(asked, provider.TokensAsked);
        }

        Assert.Equal(gone, await ReturnAsync(other, provider.Answer(await LeaveAsync(other, PortalUrls.SignIn), "abc-3", claims: Strong), StaffKey));
        var late = provider.Answer(await LeaveAsync(other, PortalUrls.SignIn), "abc-3", claims: Strong);
        portal.Time.Advance(OpenIdRequests.Validity + TimeSpan.FromSeconds(1));
        Assert.Equal(gone, await ReturnAsync(other, late));
        Assert.False(await IsSignedInAsync(other));
        using var unknown = await other.GetAsync(PortalUrls.OpenIdCallback("finns-inte"), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Only_a_posted_form_leads_to_the_provider()
    {
        using var browser = portal.Browser();
        using var shown = await browser.GetAsync(PortalUrls.SignIn, Cancellation);
        var page = await shown.PageAsync();
        Assert.Contains("Logga in med E-leg", page, StringComparison.Ordinal);
        Assert.Contains("Logga in med Jobbkontot", page, StringComparison.Ordinal);
        Assert.DoesNotContain("e-legitimation", string.Join(' ', shown.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : []), StringComparison.Ordinal);
        Assert.Contains("form-action 'self'", shown.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.EndsWith("form-action 'self'", shown.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);

        using var forged = await browser.PostFormAsync(PortalUrls.SignIn, ElectronicIdForm.FormName, null, ("Provider", Key));
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        using var stranger = await browser.FillInAsync(PortalUrls.SignIn, ElectronicIdForm.FormName, ("Provider", "finns-inte"));
        Assert.Contains("svarar inte", Html.Errors(await stranger.PageAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_is_not_known_is_told_how_and_gets_no_account()
    {
        using var browser = portal.Browser();
        var before = await portal.StoreAsync(db => db.Users.CountAsync(Cancellation));
        var page = await LeadsToAsync(ElectronicIdProblem.Unlinked, browser, await SignInAsync(browser, "nobody"));
        Assert.Contains("under Mitt konto", page, StringComparison.Ordinal);
        Assert.Equal(before, await portal.StoreAsync(db => db.Users.CountAsync(Cancellation)));

        // The same words where there is an account that is locked, and at the provider of others.
        await LinkedAsync(new DemoSubscriber(24), "abc-4");
        await portal.StoreAsync(db => db.Users.Where(row => row.Email == new DemoSubscriber(24).OwnEmail)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.LockoutEnd, portal.Time.GetUtcNow().AddDays(1)), Cancellation));
        Assert.Equal(page, await LeadsToAsync(ElectronicIdProblem.Unlinked, browser, await SignInAsync(browser, "abc-4")));
        await AddStaffsAsync(StaffRoles.Auditor, "abc-5", provider.Issuer);
        Assert.Equal(page, await LeadsToAsync(ElectronicIdProblem.Unlinked, browser, await SignInAsync(browser, "abc-5")));
    }

    [Fact]
    public async Task A_provider_that_is_down_or_another_breaks_nothing()
    {
        using var browser = portal.Browser();
        var question = await LeaveAsync(browser, PortalUrls.SignIn);
        provider.IsBroken = true;
        await LeadsToAsync(ElectronicIdProblem.Down, browser, await ReturnAsync(browser, provider.Answer(question, "abc", claims: Strong)));

        // What was known of it is looked up anew.
        portal.Time.Advance(TimeSpan.FromHours(2));
        await IsDownAsync(Key);
        provider.IsBroken = false;
        await LeaveAsync(browser, PortalUrls.SignIn);
        employer.ClaimedIssuer = provider.Issuer;
        await IsDownAsync(StaffKey);
        employer.ClaimedIssuer = null;
        await LeaveAsync(browser, PortalUrls.SignIn, StaffKey);

        async Task IsDownAsync(string key)
        {
            using var left = await browser.FillInAsync(PortalUrls.SignIn, ElectronicIdForm.FormName, ("Provider", key));
            Assert.Contains("svarar inte", Html.Errors(await left.PageAsync()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Whoever_cancels_comes_back_to_where_they_were()
    {
        using var browser = portal.Browser();
        foreach (var (error, problem) in new[] { ("access_denied", ElectronicIdProblem.Cancelled), ("server_error", ElectronicIdProblem.Refused) })
        {
            var question = await LeaveAsync(browser, PortalUrls.SignInFrom(PortalUrls.Erase));
            var state = QueryHelpers.ParseQuery(new Uri(question).Query)["state"];
            var page = await LeadsToAsync(problem, browser, await ReturnAsync(browser, $"?error={error}&state={state}&iss={Uri.EscapeDataString(provider.Issuer)}"));
            Assert.Contains(PortalUrls.SignInFrom(PortalUrls.Erase), Html.Links(page));
        }
    }

    [Fact]
    public async Task New_keys_of_the_provider_are_fetched_at_the_first_sign_in()
    {
        await LinkedAsync(new DemoSubscriber(25), "abc-6");
        using var browser = portal.Browser();
        portal.Time.Advance(TimeSpan.FromSeconds(30));
        provider.Rotate();
        Assert.Equal(PortalUrls.Overview, await SignInAsync(browser, "abc-6"));

        // But not at every token of a stranger.
        provider.Rotate();
        await LeadsToAsync(ElectronicIdProblem.Refused, browser, await SignInAsync(browser, "abc-6"));
        portal.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(PortalUrls.Overview, await SignInAsync(browser, "abc-6"));
    }

    [Fact]
    public async Task It_is_fresh_authentication_of_its_own_account_alone_and_only_if_it_was_a_moment_ago()
    {
        await LinkedAsync(new DemoSubscriber(26), "abc-7");
        using var mine = await LinkedAsync(new DemoSubscriber(41), "abc-8");
        portal.Time.Advance(TimeSpan.FromMinutes(6));
        var confirm = PortalUrls.ConfirmFrom(PortalUrls.Download);

        var question = await LeaveAsync(mine, confirm);
        Assert.Contains("prompt=login", question, StringComparison.Ordinal);
        Assert.Contains("max_age=0", question, StringComparison.Ordinal);
        await LeadsToAsync(ElectronicIdProblem.Anothers, mine, await ReturnAsync(mine, provider.Answer(question, "abc-7", claims: Strong)));
        await LeadsToAsync(ElectronicIdProblem.Anothers, mine, await ReturnAsync(mine, provider.Answer(await LeaveAsync(mine, confirm), "nobody", claims: Strong)));
        await LeadsToAsync(ElectronicIdProblem.Refused, mine, await ReturnAsync(mine, provider.Answer(await LeaveAsync(mine, confirm), "abc-8", ago: TimeSpan.FromMinutes(6), claims: Strong)));
        await LeadsToAsync(ElectronicIdProblem.Refused, mine, await ReturnAsync(mine, provider.Answer(await LeaveAsync(mine, confirm), "abc-8", claims: told =>
        {
            Strong(told);
            told.Remove("auth_time");
        })));
        using (var stale = await mine.GetAsync(PortalUrls.Download, Cancellation))
        {
            Assert.Equal(confirm, stale.Headers.Location?.PathOf());
        }

        Assert.Equal(PortalUrls.Download, await ReturnAsync(mine, provider.Answer(await LeaveAsync(mine, confirm), "abc-8", claims: Strong)));
        using (var fresh = await mine.GetAsync(PortalUrls.Download, Cancellation))
        {
            Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);
        }

        // What another account has is not added, nor what was proven long ago.
        await LeadsToAsync(ElectronicIdProblem.Taken, mine, await ReturnAsync(mine, provider.Answer(await LeaveAsync(mine, PortalUrls.ElectronicIds), "abc-7", claims: Strong)));
        await LeadsToAsync(ElectronicIdProblem.Refused, mine, await ReturnAsync(mine, provider.Answer(await LeaveAsync(mine, PortalUrls.ElectronicIds), "abc-10", ago: TimeSpan.FromMinutes(6), claims: Strong)));

        // Signed out meanwhile.
        var left = await LeaveAsync(mine, PortalUrls.ElectronicIds);
        using var ended = await mine.FillInAsync(PortalUrls.Sessions, "everywhere");
        await LeadsToAsync(ElectronicIdProblem.Gone, mine, await ReturnAsync(mine, provider.Answer(left, "abc-10", claims: Strong)));
        Assert.Equal(0, await portal.StoreAsync(db => db.UserLogins.CountAsync(row => row.ProviderKey == "abc-10", Cancellation)));
    }

    [Fact]
    public async Task A_login_at_the_provider_an_hour_ago_signs_in_but_is_not_fresh()
    {
        await LinkedAsync(new DemoSubscriber(28), "abc-11");
        using var browser = portal.Browser();
        Assert.Equal(PortalUrls.Overview, await SignInAsync(browser, "abc-11", ago: TimeSpan.FromHours(1)));
        using var stale = await browser.GetAsync(PortalUrls.Download, Cancellation);
        Assert.Equal(PortalUrls.ConfirmFrom(PortalUrls.Download), stale.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task A_code_is_asked_for_where_the_provider_does_not_vouch_for_both_factors()
    {
        var address = await AddStaffsAsync(StaffRoles.CaseWorker, "anna", employer.Issuer);
        using var browser = portal.Browser();
        Assert.Equal(PortalUrls.SignInCodeFrom(PortalUrls.Overview), await SignInAsync(browser, "anna", staff: true));
        Assert.False(await IsSignedInAsync(browser));
        using var entered = await browser.EnterAsync(await SignedIn.FactorCodeAsync(portal.Services, address));
        Assert.Equal(PortalUrls.Overview, entered.Headers.Location?.PathOf());
        Assert.Equal("Ärenden", Html.Heading(await browser.PageAsync(PortalUrls.Desk)));

        using var strong = portal.Browser();
        Assert.Equal(PortalUrls.Overview, await SignInAsync(strong, "anna", staff: true, amr: ["pwd", "mfa"]));
        Assert.Equal("Ärenden", Html.Heading(await strong.PageAsync(PortalUrls.Desk)));
        Assert.Equal("Arbetskonto", Html.Heading(await strong.PageAsync(PortalUrls.ElectronicIds)));
        Assert.DoesNotContain("E-leg", await strong.PageAsync(PortalUrls.ElectronicIds), StringComparison.Ordinal);

        // To confirm, alone it does not do: password and code would be more.
        portal.Time.Advance(TimeSpan.FromMinutes(6));
        var confirm = PortalUrls.ConfirmFrom(PortalUrls.Invite);
        var question = await LeaveAsync(strong, confirm, StaffKey);
        await LeadsToAsync(ElectronicIdProblem.OneFactor, strong, await ReturnAsync(strong, employer.Answer(question, "anna"), StaffKey));
        question = await LeaveAsync(strong, confirm, StaffKey);
        Assert.Equal(PortalUrls.Invite, await ReturnAsync(strong, employer.Answer(question, "anna", claims: told => told["amr"] = new[] { "mfa" }), StaffKey));
    }

    [Fact]
    public async Task Whoever_of_staff_is_invited_anew_has_none_any_more()
    {
        var address = await AddStaffsAsync(StaffRoles.Auditor, "bo", employer.Issuer);
        var id = await portal.StoreAsync(db => db.Users.Where(row => row.Email == address).Select(row => row.Id).SingleAsync(Cancellation));
        using var browser = portal.Browser();
        Assert.Equal(PortalUrls.Overview, await SignInAsync(browser, "bo", staff: true, amr: ["mfa"]));
        await portal.Services.GetRequiredService<Kalejdo.Portal.Features.Staff.Personnel.Personnel>().InviteAgainAsync(id, "staff:prov", Cancellation);
        Assert.False(await IsSignedInAsync(browser));
        await LeadsToAsync(ElectronicIdProblem.Unlinked, browser, await SignInAsync(browser, "bo", staff: true, amr: ["mfa"]));
    }

    [Fact]
    public void Settings_are_looked_at_before_the_start()
    {
        var options = new OpenIdOptions
        {
            Providers =
            [
                new() { Key = "Bank ID", Authority = "http://exempel.se", ClientSecretFile = "/finns/inte", Prompt = "none", Scopes = ["openid profile"] },
                new() { Key = "freja", Name = new() { Sv = "Freja", En = "Freja" }, Authority = "https://exempel.se/a", ClientId = "x", ClientSecret = "y" },
                new() { Key = "freja", Name = new() { Sv = "Freja", En = "Freja" }, Authority = "https://exempel.se/b", ClientId = "x", ClientSecret = "y" },
            ],
        };
        var flaws = new OpenIdOptions.Validator().Validate(null, options).FailureMessage;
        foreach (var flaw in new[] { "Key must", "Name:Sv", "Authority must", "ClientId must", "ClientSecretFile names no file", "Scopes and AcrValues", "Prompt must" })
        {
            Assert.Contains($"OpenIdConnect:Providers:0:{flaw}", flaws, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("Providers:1", flaws, StringComparison.Ordinal);
        Assert.Contains("two Providers have the Key freja", flaws, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("191212121212", true)]
    [InlineData("121212-1212", true)]
    [InlineData("19701063-2391", true)]
    [InlineData("191212121213", false)]
    [InlineData("191213121212", false)]
    [InlineData("a91212121212", false)]
    public void Personal_numbers_are_told_from_other_subjects(string subject, bool personal) => Assert.Equal(personal, PersonalNumbers.LooksLike(subject));

    private Task<List<string>> EventsAsync(string address) => portal.StoreAsync(async db =>
    {
        var id = await db.Users.Where(row => row.Email == address).Select(row => row.Id).SingleAsync(Cancellation);
        var number = await portal.Services.GetRequiredService<AuditTrail>().FindNumberAsync(db, $"account:{id}", Cancellation);
        return await db.AuditEntries.Where(row => row.Subject == number && row.Event.StartsWith("account.electronic-id")).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation);
    });

    private static void Strong(Dictionary<string, object> told) => told["acr"] = "loa3";

    /// <summary>A subscriber's browser, with the electronic ID added.</summary>
    private async Task<HttpClient> LinkedAsync(DemoSubscriber subscriber, string subject)
    {
        var browser = await portal.SignedInAsync(subscriber);
        Assert.Equal($"{PortalUrls.ElectronicIds}?klart=ny", await ReturnAsync(browser, provider.Answer(await LeaveAsync(browser, PortalUrls.ElectronicIds), subject, claims: Strong)));
        return browser;
    }

    private async Task<string> AddStaffsAsync(string role, string subject, string issuer)
    {
        var address = $"{subject}@personal.exempel.se";
        await SignedIn.CreateStaffAsync(portal.Services, address, role);
        await SignedIn.FactorCodeAsync(portal.Services, address);
        return await portal.StoreAsync(async db =>
        {
            var account = await db.Users.SingleAsync(row => row.Email == address, Cancellation);
            db.UserLogins.Add(new() { LoginProvider = issuer, ProviderKey = subject, ProviderDisplayName = StaffKey, UserId = account.Id });
            await db.SaveChangesAsync(Cancellation);
            return address;
        });
    }

    /// <returns>Where it leads in the end.</returns>
    private async Task<string?> SignInAsync(HttpClient browser, string subject, TimeSpan? ago = null, bool staff = false, string[]? amr = null)
    {
        var (key, asked) = staff ? (StaffKey, employer) : (Key, provider);
        return await ReturnAsync(browser, asked.Answer(await LeaveAsync(browser, PortalUrls.SignIn, key), subject, ago, told =>
        {
            Strong(told);
            if (amr is not null)
            {
                told["amr"] = amr;
            }
        }), key);
    }

    /// <returns>The address at the provider that the page leads to, by itself and by its button.</returns>
    private static async Task<string> LeaveAsync(HttpClient browser, string page, string key = Key)
    {
        using var left = await browser.FillInAsync(page, ElectronicIdForm.FormName, ("Provider", key));
        Assert.Equal(HttpStatusCode.OK, left.StatusCode);
        var shown = await left.PageAsync();
        var refresh = WebUtility.HtmlDecode(Regex.Match(shown, "<meta http-equiv=\"refresh\" content=\"0;url=([^\"]+)\"").Groups[1].Value);
        Assert.Contains(refresh, Html.Links(shown));
        return refresh;
    }

    private static async Task<string?> ReturnAsync(HttpClient browser, string answer, string key = Key)
    {
        using var returned = await browser.GetAsync(PortalUrls.OpenIdCallback(key) + answer, Cancellation);
        Assert.Equal(HttpStatusCode.Redirect, returned.StatusCode);
        return returned.Headers.Location?.PathOf();
    }

    /// <returns>The page that says so.</returns>
    private static async Task<string> LeadsToAsync(ElectronicIdProblem problem, HttpClient browser, string? address)
    {
        Assert.StartsWith($"{PortalUrls.ElectronicIdAnswer}?svar={problem.ToString().ToLowerInvariant()}&", address, StringComparison.Ordinal);
        return Html.WithoutTokens(await browser.PageAsync(address!));
    }
}
