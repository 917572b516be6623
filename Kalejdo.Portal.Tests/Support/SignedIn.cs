using System.Net;
using System.Security.Cryptography;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>
/// Signs subscribers of the demonstration in, through the sign-in page itself. A subscriber is an account once per portal: take a number that no
/// other test class changes, or sign the same one in again.
/// </summary>
internal static class SignedIn
{
    public const string Password = "tre små grisar i skogen";

    private static readonly SemaphoreSlim Creating = new(1);

    /// <summary>A client with the cookies of a linked subscriber who has just signed in (so <c>Fresh</c> too).</summary>
    public static Task<HttpClient> SignedInAsync(this PortalFixture portal, DemoSubscriber subscriber, string language = "sv") =>
        SignedInAsync(portal.InMemory, subscriber, language);

    public static async Task<HttpClient> SignedInAsync(WebApplicationFactory<Program> portal, DemoSubscriber subscriber, string language = "sv")
    {
        await CreateAccountAsync(portal.Services, subscriber);
        var client = PortalFixture.Client(portal, language);
        using var response = await client.SignInAsync(subscriber.OwnEmail, Password);
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(PortalUrls.Overview, response.Headers.Location?.PathOf());
        return client;
    }

    /// <summary>A browser of a linked subscriber, on the overview.</summary>
    public static async Task<IPage> SignedInAsync(this IBrowserContext browser, PortalFixture portal, DemoSubscriber subscriber)
    {
        await CreateAccountAsync(portal.ListeningServices, subscriber);
        var page = await browser.NewPageAsync();
        await page.GotoAsync(new Uri(portal.Address, PortalUrls.SignIn).ToString());
        await page.Locator("#namn").FillAsync(subscriber.OwnEmail);
        await page.Locator("#losenord").FillAsync(Password);
        await page.Locator("main form button:not([type=button])").First.ClickAsync();
        await page.WaitForURLAsync(new Uri(portal.Address, PortalUrls.Overview).ToString());
        return page;
    }

    /// <summary>The linked account, if it is not there yet.</summary>
    /// <param name="language">Of its mails.</param>
    public static async Task CreateAccountAsync(IServiceProvider services, DemoSubscriber subscriber, string language = "sv")
    {
        await Creating.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await using var scope = services.CreateAsyncScope();
            var users = scope.ServiceProvider.GetRequiredService<Microsoft.AspNetCore.Identity.UserManager<Kalejdo.Portal.Store.Account>>();
            if (await users.FindByEmailAsync(subscriber.OwnEmail) is null)
            {
                await DemoAccounts.CreateAsync(scope.ServiceProvider, subscriber, Password, TestContext.Current.CancellationToken);
                if (language != "sv")
                {
                    var account = (await users.FindByEmailAsync(subscriber.OwnEmail))!;
                    account.Language = language;
                    await users.UpdateAsync(account);
                }
            }
        }
        finally
        {
            Creating.Release();
        }
    }

    /// <summary>Somebody of staff who has just signed in.</summary>
    internal static async Task<HttpClient> StaffAsync(AccountPortal portal, string role, string language = "sv")
    {
        var address = $"{role}@personal.exempel.se";
        await CreateStaffAsync(portal.Services, address, role);
        var client = portal.Browser(language);
        var code = await FactorCodeAsync(portal.Services, address);
        using var answer = await client.SignInAsync(address, Password);
        Assert.Equal(PortalUrls.SignInCode, answer.Headers.Location?.PathOf());
        using var entered = await client.EnterAsync(code);
        Assert.Equal(PortalUrls.Overview, entered.Headers.Location?.PathOf());
        return client;
    }

    /// <summary>The code of the account's authenticator app right now; it is set up in the store if need be, and none was used yet.</summary>
    public static async Task<string> FactorCodeAsync(IServiceProvider services, string address)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var scope = services.CreateAsyncScope();
        var (db, keys) = (scope.ServiceProvider.GetRequiredService<PortalDbContext>(), scope.ServiceProvider.GetRequiredService<PortalKeys>());
        var now = scope.ServiceProvider.GetRequiredService<TimeProvider>().GetUtcNow();
        var account = await db.Users.SingleAsync(row => row.Email == address, ct);
        var factor = await db.SecondFactors.SingleOrDefaultAsync(row => row.AccountId == account.Id, ct);
        if (factor is null)
        {
            factor = SecondFactor.Of(keys, account.Id, RandomNumberGenerator.GetBytes(AuthenticatorCodes.KeyBytes), 0, now.UtcDateTime);
            db.SecondFactors.Add(factor);
        }

        factor.LastStep = 0;
        await db.SaveChangesAsync(ct);
        return AuthenticatorCodes.Of(factor.Key(keys), AuthenticatorCodes.StepOf(now));
    }

    /// <summary>The key of an authenticator app, from what its page shows.</summary>
    public static byte[] FactorKey(string shown)
    {
        var bits = string.Concat(shown.Where(char.IsAsciiLetterOrDigit).Select(sign => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(sign, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. bits.Chunk(8).Where(eight => eight.Length == 8).Select(eight => Convert.ToByte(new string(eight), 2))];
    }

    /// <summary>The second step of a sign-in.</summary>
    public static Task<HttpResponseMessage> EnterAsync(this HttpClient client, string code, string address = PortalUrls.SignInCode) =>
        client.FillInAsync(address, "sign-in-code", ("Posted.Code", code));

    /// <summary>An account of staff, if it is not there yet.</summary>
    public static async Task CreateStaffAsync(IServiceProvider services, string address, string role)
    {
        await Creating.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await using var scope = services.CreateAsyncScope();
            var users = scope.ServiceProvider.GetRequiredService<Microsoft.AspNetCore.Identity.UserManager<Kalejdo.Portal.Store.Account>>();
            if (await users.FindByEmailAsync(address) is null)
            {
                await DemoAccounts.CreateStaffAsync(scope.ServiceProvider, address, role, Password, TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            Creating.Release();
        }
    }

    public static Task<HttpResponseMessage> SignInAsync(this HttpClient client, string name, string password, string address = PortalUrls.SignIn) =>
        client.FillInAsync(address, "sign-in", ("Posted.Name", name), ("Posted.Password", password));

    /// <summary>Opens the page and posts its form of that name, with its real antiforgery token.</summary>
    public static async Task<HttpResponseMessage> FillInAsync(this HttpClient client, string address, string form, params (string Name, string? Value)[] fields)
    {
        using var shown = await client.GetAsync(address, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        return await client.PostFormAsync(address, form, Html.AntiforgeryToken(await shown.PageAsync()), fields);
    }

    public static async Task<HttpResponseMessage> PostFormAsync(this HttpClient client, string address, string form, string? token, params (string Name, string? Value)[] fields)
    {
        var all = fields.Where(field => field.Value is not null).ToDictionary(field => field.Name, field => field.Value!);
        all["_handler"] = form;
        if (token is not null)
        {
            all["__RequestVerificationToken"] = token;
        }

        using var content = new FormUrlEncodedContent(all);
        return await client.PostAsync(address, content, TestContext.Current.CancellationToken);
    }

    /// <summary>Blazor redirects to absolute addresses, others to local ones.</summary>
    public static string PathOf(this Uri location) => location.IsAbsoluteUri ? location.PathAndQuery : location.OriginalString;
}
