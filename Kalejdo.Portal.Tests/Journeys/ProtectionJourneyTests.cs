using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Features.Protection;
using Kalejdo.Portal.Features.Staff.AddressDesk;
using Kalejdo.Portal.Features.Staff.Subscriber;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>A protected identity from the mark to its end, what its person sees meanwhile, and the addresses that staff look at.</summary>
public sealed class ProtectionJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sv", ColorScheme.Light, 390, 41)]
    [InlineData("en", ColorScheme.Dark, 1280, 44)]
    public async Task Marked_closed_refused_lifted_and_frozen(string language, ColorScheme scheme, int width, int subscriber)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        var demo = new DemoSubscriber(subscriber);
        await SignedIn.CreateAccountAsync(portal.Services, demo, language);
        await using var one = await browser.PersonAsync(language, scheme, width);
        var person = new Walk(await one.NewPageAsync(), portal.Address, $"skydd-{language}", scripts: true);
        await SignInAsync(person, demo);
        await person.SeesAsync(MyDataText.OverviewTitle);

        await using var two = await browser.PersonAsync(language, scheme, width);
        var staff = new Walk(await two.NewPageAsync(), portal.Address, $"skydd-personal-{language}", scripts: true);
        await staff.SignInAsStaffAsync(portal.Services, language == "sv" ? DemoAccounts.CaseWorker : DemoAccounts.Administrator);
        await FindAsync(staff, demo);
        await staff.FollowAsync(MyDataText.StaffProtect);
        await staff.SeesAsync(ProtectionText.Title);
        await staff.PressAsync(ProtectionText.MarkButton);
        await staff.IsToldAsync(ProtectionText.ReasonMissing);
        await staff.Page.Locator("#skal").SelectOptionAsync("SecrecyMarking");
        await staff.PressAsync(ProtectionText.MarkButton);
        await staff.ComesToAsync(ProtectionText.Saved);
        await staff.FollowAsync(ProtectionText.Back);
        await staff.ComesToAsync(MyDataText.ProtectedText);
        await staff.PressAsync(MyDataText.ProtectedShow);
        await staff.FollowAddressAsync("/contact_details");
        await staff.ComesToAsync(demo.Phone!);

        // The page that stood open leads nowhere any more.
        await person.OpenAsync(PortalUrls.MyData);
        await person.SeesAsync(AccountsText.SignInTitle);
        await SignInAsync(person, demo);
        await person.SeesAsync(ProtectionText.ClosedTitle);

        // Nor does an account that has still to be linked come to it.
        await StoreAsync(db => db.AccountLinks.Where(link => db.Users.Any(row => row.Id == link.AccountId && row.Email == demo.OwnEmail)).ExecuteDeleteAsync(Cancellation));
        await LinkAsync(person, demo);
        await person.IsToldAsync(AccountsText.LinkWrong);

        await FindAsync(staff, demo);
        await staff.FollowAsync(MyDataText.StaffProtect);
        await staff.Page.Locator("#slut").SelectOptionAsync("protection-ended");
        await staff.PressAsync(ProtectionText.LiftButton);
        await staff.ComesToAsync(ProtectionText.Opened);
        await LinkAsync(person, demo);
        await person.SeesAsync(AccountsText.LinkDoneTitle);

        await person.OpenAsync(PortalUrls.MyAccount);
        await person.FollowAsync(AccountsText.AccountFreezeLink);
        await person.SeesAsync(ProtectionText.FreezeTitle);
        await person.PressAsync(ProtectionText.FreezeTitle);
        await person.SeesAsync(ProtectionText.ClosedTitle);

        await AddAddressAsync();
        foreach (var part in Enum.GetValues<AddressPart>())
        {
            await staff.OpenAsync(new AddressFilter(part, All: false).Address());
            await staff.SeesAsync(AddressText.Title);
        }
        person.AssertGood();
        staff.AssertGood();
    }

    private static async Task SignInAsync(Walk person, DemoSubscriber demo)
    {
        await person.OpenAsync(PortalUrls.SignIn);
        await person.WriteAsync(AccountsText.Name, demo.OwnEmail);
        await person.WriteAsync(AccountsText.Password, SignedIn.Password);
        await person.PressAsync(AccountsText.SignInTitle);
    }

    private static async Task LinkAsync(Walk person, DemoSubscriber demo)
    {
        await person.OpenAsync(PortalUrls.Link);
        await person.WriteAsync(AccountsText.Proof, demo.CustomerNumber);
        await person.PressAsync(AccountsText.LinkAct);
    }

    private static async Task FindAsync(Walk staff, DemoSubscriber demo)
    {
        await staff.OpenAsync(PortalUrls.FindSubscriber);
        await staff.Page.Locator("#syfte").SelectOptionAsync("purpose-contact");
        await staff.WriteAsync(SubscriberText.Value, demo.CustomerNumber);
        await staff.PressAsync(SubscriberText.Act);
        await staff.ComesToAsync(SubscriberText.Hits);
        await staff.FollowAddressAsync(PortalUrls.FindSubscriber + "/");
        await staff.ReadsAsync(MyDataText.StaffLead);
    }

    private Task AddAddressAsync() => StoreAsync(async db =>
    {
        var (now, keys) = (portal.Time.GetUtcNow().UtcDateTime, portal.Services.GetRequiredService<PortalKeys>());
        var address = $"{Guid.NewGuid():N}@exempel.se";
        var hash = MailLink.HashAddress(keys, address);
        await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
        var subject = await portal.Services.GetRequiredService<AuditTrail>().NumberOfAsync(db, $"address:{hash}", Cancellation);
        var about = await CaseRegister.OpenAsync(db, CaseType.Disavowal, subject, now.AddHours(-2.9), Cancellation);
        // Staff's, so that no job of the portal's goes on with it.
        about.Take(db, CaseStep.HandedToStaff, now, "address-left");
        db.Incidents.Add(Incident.Of(about.Number, now.AddHours(-2.9)));
        db.AddressHolds.Add(new AddressHold { CaseNumber = about.Number, AddressHash = hash, SealedPayload = [], CreatedAt = now.AddHours(-2.9), EndsAt = now.AddDays(14), DetachedAt = now });
        db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.UndoDisavowal, address, now, TimeSpan.FromDays(14), out _, about.Number));
        db.BlockedAddresses.Add(new BlockedAddress { AddressHash = hash, BlockedAt = now, ExpiresAt = now.AddDays(365) });
        await db.SaveChangesAsync(Cancellation);
        await transaction.CommitAsync(Cancellation);
        return 0;
    });

    private async Task StoreAsync(Func<PortalDbContext, Task<int>> change)
    {
        await using var scope = portal.Services.CreateAsyncScope();
        await change(scope.ServiceProvider.GetRequiredService<PortalDbContext>());
    }
}
