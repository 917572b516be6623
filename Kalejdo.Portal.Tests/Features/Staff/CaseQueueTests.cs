using System.Security.Claims;
using Bunit;
using Bunit.TestDoubles;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Personnel;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>The queue where it is live: it sees what others do, and asks for the role at each callback.</summary>
public class CaseQueueTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task What_a_colleague_does_is_shown_and_said()
    {
        var numbers = await CasesAsync(3);
        await using var desk = await DeskAsync(StaffRoles.CaseWorker);
        var queue = Queue(desk);
        await queue.InvokeAsync(queue.Instance.FollowAsync);
        Assert.Empty(queue.Find("[data-live]").TextContent.Trim());

        await portal.Services.GetRequiredService<DeskSteps>().TakeAsync(new WantedStep(numbers[1], CaseStep.Begun, CaseParty.Staff, "staff:other"), Cancellation);
        await queue.InvokeAsync(queue.Instance.FollowAsync);
        Assert.Contains(numbers[1], queue.Find("[data-live]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(numbers[0], queue.Find("[data-live]").TextContent, StringComparison.Ordinal);
        Assert.Contains("Pågår", queue.FindAll("tbody tr").Single(row => row.TextContent.Contains(numbers[1], StringComparison.Ordinal)).TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_looks_again_by_itself_however_long_the_first_look_took()
    {
        var number = Assert.Single(await CasesAsync(1));
        var clock = new Clockwork(portal.Time);
        await using var desk = await DeskAsync(StaffRoles.CaseWorker, clock);
        var queue = Queue(desk);
        await portal.Services.GetRequiredService<DeskSteps>().TakeAsync(new WantedStep(number, CaseStep.Begun, CaseParty.Staff, "staff:other"), Cancellation);
        await queue.InvokeAsync(() => clock.Tick());
        queue.WaitForAssertion(() => Assert.Contains(number, queue.Find("[data-live]").TextContent, StringComparison.Ordinal), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Whose_role_is_taken_away_is_led_out_of_the_open_page()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(StaffRoles.CaseWorker);
        var queue = Queue(desk);
        var leaving = desk.Context.Services.GetRequiredService<BunitNavigationManager>();
        Assert.Empty(leaving.History);

        await portal.Services.GetRequiredService<Personnel>().ChangeRolesAsync(desk.AccountId, [StaffRoles.Auditor], "staff:other", Cancellation);
        await queue.InvokeAsync(queue.Instance.FollowAsync);
        var left = Assert.Single(leaving.History);
        Assert.True(left.Options.ForceLoad);
        Assert.Equal(PortalUrls.Desk, left.Uri);
    }

    [Fact]
    public async Task Nobody_who_is_not_staff_is_shown_anything_by_whatever_way_they_came_here()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(role: null);
        var before = await RefusalsAsync();
        var queue = Queue(desk);
        Assert.Empty(queue.FindAll("table"));
        Assert.Equal(before + 1, await RefusalsAsync());
        Assert.Single(desk.Context.Services.GetRequiredService<BunitNavigationManager>().History);
    }

    [Fact]
    public async Task A_desk_that_nobody_sits_at_is_left()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(StaffRoles.Auditor);
        var queue = Queue(desk);
        portal.Time.Advance(StaffCircuit.Idle + TimeSpan.FromMinutes(1));
        await queue.InvokeAsync(queue.Instance.FollowAsync);
        Assert.True(Assert.Single(desk.Context.Services.GetRequiredService<BunitNavigationManager>().History).Options.ForceLoad);
    }

    [Fact]
    public async Task A_session_that_was_ended_elsewhere_is_shown_nothing()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(StaffRoles.CaseWorker);
        await portal.StoreAsync(db => db.SignInSessions.Where(row => row.AccountId == desk.AccountId).ExecuteDeleteAsync(Cancellation));
        Assert.Empty(Queue(desk).FindAll("table"));
    }

    [Fact]
    public async Task Who_takes_a_case_has_it_and_the_second_of_two_is_told()
    {
        var number = Assert.Single(await CasesAsync(1));
        await using var first = await DeskAsync(StaffRoles.CaseWorker);
        await using var second = await DeskAsync(StaffRoles.Administrator);
        var (one, other) = (Queue(first), Queue(second));
        await one.Find("tbody button").ClickAsync(new());
        Assert.Contains("Släpp", one.Find("tbody button").TextContent, StringComparison.Ordinal);
        await other.Find("tbody button").ClickAsync(new());
        Assert.Contains("Någon annan hann före", other.Find("[data-live]").TextContent, StringComparison.Ordinal);
        Assert.Contains($"{first.AccountId}", await HolderAsync(number), StringComparison.Ordinal);
        Assert.Empty(other.FindAll("tbody button"));

        await one.Find("tbody button").ClickAsync(new());
        Assert.Null(await HolderAsync(number));
        Assert.Equal(["case.assigned", "case.released"], await portal.StoreAsync(db => db.AuditEntries.Where(row => row.CaseNumber == number).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task An_auditor_looks_and_can_take_nothing()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(StaffRoles.Auditor);
        var queue = Queue(desk);
        Assert.Single(queue.FindAll("tbody tr"));
        Assert.Empty(queue.FindAll("button"));
        Assert.Null(await desk.Context.Services.GetRequiredService<StaffCircuit>().ActAsync(StaffRoles.Workers, Cancellation));
    }

    [Fact]
    public async Task Two_who_have_a_case_open_see_each_other_and_what_was_changed()
    {
        var number = Assert.Single(await CasesAsync(1));
        await using var first = await DeskAsync(StaffRoles.CaseWorker);
        await using var second = await DeskAsync(StaffRoles.CaseWorker);
        var (one, other) = (Open(first, number), Open(second, number));
        one.WaitForAssertion(() => Assert.NotNull(one.Find("[data-live]")));
        await one.InvokeAsync(one.Instance.FollowAsync);
        await other.InvokeAsync(other.Instance.FollowAsync);
        Assert.Contains(first.Name, other.Markup, StringComparison.Ordinal);
        await one.InvokeAsync(one.Instance.FollowAsync);
        Assert.Contains(second.Name, one.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("Någon har ändrat", one.Markup, StringComparison.Ordinal);

        await portal.Services.GetRequiredService<DeskSteps>().TakeAsync(new WantedStep(number, CaseStep.Begun, CaseParty.Staff, "staff:other"), Cancellation);
        await one.InvokeAsync(one.Instance.FollowAsync);
        Assert.Contains("Någon har ändrat", one.Markup, StringComparison.Ordinal);

        // Whose connection broke is forgotten after a while.
        portal.Time.Advance(CaseLooks.Validity + TimeSpan.FromSeconds(1));
        await one.InvokeAsync(one.Instance.FollowAsync);
        Assert.DoesNotContain(second.Name, one.Markup, StringComparison.Ordinal);
    }

    /// <summary>As soon as it shows something, or has led away.</summary>
    private static IRenderedComponent<CaseQueue> Queue(Desk desk)
    {
        var leaving = desk.Context.Services.GetRequiredService<BunitNavigationManager>();
        var queue = desk.Context.Render<CaseQueue>(with => with.Add(one => one.Query, ""));
        queue.WaitForState(() => queue.Markup.Length > 0 || leaving.History.Count > 0, TimeSpan.FromSeconds(20));
        return queue;
    }

    private static IRenderedComponent<AlsoOpen> Open(Desk desk, string number) =>
        desk.Context.Render<AlsoOpen>(with => with.Add(one => one.CaseNumber, number).Add(one => one.Version, 0));

    private Task<string?> HolderAsync(string number) => portal.StoreAsync(db => db.CaseAssignments.Where(row => row.CaseNumber == number).Select(row => row.AccountId).SingleOrDefaultAsync(Cancellation));

    private Task<int> RefusalsAsync() => portal.StoreAsync(db => db.AuditEntries.CountAsync(row => row.Event == "staff.act-refused", Cancellation));

    /// <returns>The numbers, the most urgent first; there are no others.</returns>
    private Task<List<string>> CasesAsync(int count) => portal.StoreAsync(async db =>
    {
        await db.Cases.ExecuteDeleteAsync(Cancellation);
        var (today, now) = (SwedishDays.Today(portal.Time), portal.Time.GetUtcNow().UtcDateTime);
        var numbers = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var added = await CaseRegister.OpenAsync(db, CaseType.Access, 1, now.AddDays(-3), Cancellation);
            added.DueOn = today.AddDays(i);
            numbers.Add(added.Number);
        }
        await db.SaveChangesAsync(Cancellation);
        return numbers;
    });

    /// <summary>A live connection of somebody's, with the portal's own services behind it.</summary>
    private async Task<Desk> DeskAsync(string? role, TimeProvider? clock = null)
    {
        var address = $"{Guid.NewGuid():N}@personal.exempel.se";
        if (role is null)
        {
            await SignedIn.CreateStaffAsync(portal.Services, address, StaffRoles.Auditor);
            await portal.StoreAsync(async db => await db.UserRoles.Where(given => db.Users.Any(row => row.Id == given.UserId && row.Email == address)).ExecuteDeleteAsync(Cancellation));
        }
        else
        {
            await SignedIn.CreateStaffAsync(portal.Services, address, role);
            // Somebody is left who may administer.
            await SignedIn.CreateStaffAsync(portal.Services, "kvar@personal.exempel.se", StaffRoles.Administrator);
        }
        var account = await portal.StoreAsync(db => db.Users.AsNoTracking().SingleAsync(row => row.Email == address, Cancellation));
        await portal.StoreAsync(db =>
        {
            db.SignInSessions.Add(new SignInSession { Id = account.Id, AccountId = account.Id, Stamp = account.SecurityStamp!, Device = "", StartedAt = portal.Time.GetUtcNow().UtcDateTime });
            return db.SaveChangesAsync(Cancellation);
        });
        var context = new BunitContext();
        context.JSInterop.Mode = JSRuntimeMode.Loose;
        foreach (var service in new[] { typeof(DeskCases), typeof(Assignments), typeof(CaseLooks), typeof(AuditTrail), typeof(IDbContextFactory<PortalDbContext>) })
        {
            context.Services.AddSingleton(service, portal.Services.GetRequiredService(service));
        }
        context.Services.AddSingleton<TimeProvider>(clock ?? portal.Time);
        context.Services.AddSingleton(portal.Services.GetRequiredService<IOptions<Microsoft.AspNetCore.Identity.IdentityOptions>>());
        context.Services.AddScoped<AuthenticationStateProvider>(_ => new Signed(account));
        context.Services.AddScoped<StaffCircuit>();
        context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return new Desk(context, account.Id, address);
    }

    /// <summary>Whose timers run out when they are told to.</summary>
    private sealed class Clockwork(TimeProvider time) : TimeProvider
    {
        private readonly List<Action> timers = [];

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            timers.Add(() => callback(state));
            return time.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public void Tick() => timers.ForEach(run => run());
    }

    private sealed record Desk(BunitContext Context, string AccountId, string Name) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Context.DisposeAsync();
    }

    private sealed class Signed(Account account) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, account.Id), new("AspNet.Identity.SecurityStamp", account.SecurityStamp!),
                new(CurrentSubject.SessionClaim, account.Id), new(CurrentSubject.MethodClaim, CurrentSubject.SecondFactor),
            ],
            "test"))));
    }
}

[OnPostgres]
public sealed class CaseQueueOnPostgresTests(AccountPortal portal) : CaseQueueTests(portal);
