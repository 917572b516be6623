using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>Why an erasure cannot be carried out is told to staff, at its case, whether it shows in the plan or in the doing.</summary>
public sealed class RefusedErasureTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private Erasures Erasures => portal.Services.GetRequiredService<Erasures>();

    [Fact]
    public async Task What_the_plan_refuses_is_answered_by_staff_and_has_no_receipt_of_an_erasure()
    {
        var number = await portal.Services.GetRequiredService<ErasureRecords>().RefuseAsync(
            new ErasureRequest([Of(8)], ErasureScope.Everything, "operator:test"), [new Refusal("the column must be unique", "kalejdo.subscriber.full_name")], Cancellation);

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var desk = await staff.PageAsync(PortalUrls.DeskCase(number));
        Assert.All(["Raderingen gick inte att genomföra", "kalejdo.subscriber.full_name"], text => Assert.Contains(text, desk, StringComparison.Ordinal));
        using var answered = await staff.PostFormAsync(
            PortalUrls.DeskCase(number), "answer", Html.AntiforgeryToken(desk), ("Version", Regex.Match(desk, "name=\"Version\" value=\"(\\d+)\"").Groups[1].Value), ("Words", "Vi har raderat för hand."));
        Assert.Equal(HttpStatusCode.Redirect, answered.StatusCode);

        var token = portal.Services.GetRequiredService<CaseLinks>().Of(number);
        using var person = portal.Browser();
        var page = await person.PageAsync(PortalUrls.Case(token));
        Assert.Contains("Vi har raderat för hand.", page, StringComparison.Ordinal);
        Assert.Contains(PortalUrls.Answer(token), Html.Links(page));
        Assert.DoesNotContain("/kvitto/", page, StringComparison.Ordinal);
        using var receipt = await person.GetAsync(PortalUrls.Receipt(token), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, receipt.StatusCode);
        using var file = await person.PostFormAsync(PortalUrls.ReceiptFile(token), "", Html.AntiforgeryToken(page));
        Assert.Equal(HttpStatusCode.NotFound, file.StatusCode);
    }

    [Fact]
    public async Task What_stops_it_half_way_stands_at_the_case_until_it_went_on()
    {
        var (begun, _) = await Erasures.BeginAsync(new ErasureRequest([Of(24)], ErasureScope.OfKinds(["viewing_history"]), "operator:test"), Cancellation);
        await portal.KalejdoAsync("CREATE TRIGGER stay BEFORE DELETE ON viewing_history BEGIN SELECT RAISE(IGNORE); END; SELECT 1");
        var stopped = Assert.IsType<ErasureResult.Unfinished>(await Erasures.FinishAsync(begun!, new Progress<string>(), Cancellation));

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var desk = await staff.PageAsync(PortalUrls.DeskCase(stopped.Case));
        Assert.All(["Portalen försöker igen", "kalejdo.viewing_history", "a trigger"], text => Assert.Contains(text, desk, StringComparison.Ordinal));
        Assert.Equal(CaseStatus.InProgress, await portal.StoreAsync(db => db.Cases.Where(row => row.Number == stopped.Case).Select(row => row.Status).SingleAsync(Cancellation)));

        await portal.KalejdoAsync("DROP TRIGGER stay; SELECT 1");
        Assert.Equal([stopped.Case], await Erasures.ResumeAsync(new Progress<string>(), Cancellation));
        Assert.DoesNotContain("Raderingen gick inte", await staff.PageAsync(PortalUrls.DeskCase(stopped.Case)), StringComparison.Ordinal);
        using var person = portal.Browser();
        Assert.Equal("Kvitto på ditt ärende", Html.Heading(await person.PageAsync(PortalUrls.Receipt(portal.Services.GetRequiredService<CaseLinks>().Of(stopped.Case)))));
    }

    private static Identity Of(int subscriber) => new("customer_number", new DemoSubscriber(subscriber).CustomerNumber);
}
