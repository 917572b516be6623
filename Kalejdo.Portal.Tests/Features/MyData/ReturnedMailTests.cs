using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.MyData;

public sealed class ReturnedMailTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Swedish = "Våra mejl når dig inte";

    [Fact]
    public async Task Whose_mail_comes_back_is_told_until_one_arrives_or_the_mark_is_old_and_nobody_else_is()
    {
        var (gone, neighbour) = (new DemoSubscriber(61), new DemoSubscriber(41));
        using var person = await portal.SignedInAsync(gone);
        using var other = await portal.SignedInAsync(neighbour);
        Assert.DoesNotContain(Swedish, await person.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);

        await MarkAsync(gone.OwnEmail);
        var page = await person.PageAsync(PortalUrls.Overview);
        Assert.Contains(Swedish, page, StringComparison.Ordinal);
        Assert.Contains(PortalUrls.Kind("contact_details"), Html.Links(page));
        Assert.DoesNotContain(Swedish, await other.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);
        using var english = portal.Browser("en");
        using var signedIn = await english.SignInAsync(gone.OwnEmail, SignedIn.Password);
        Assert.Contains("Our mail does not reach you", await english.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);

        portal.Time.Advance(BouncedAddress.Validity);
        using var later = await portal.SignedInAsync(gone);
        Assert.DoesNotContain(Swedish, await later.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);
    }

    private Task<bool> MarkAsync(string address) => portal.StoreAsync(async db =>
    {
        await Undeliverable.MarkAsync(db, MailLink.HashAddress(portal.Services.GetRequiredService<PortalKeys>(), address), "smtp-550-5.1.1", portal.Time.GetUtcNow().UtcDateTime);
        return true;
    });
}
