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
using Radzen;
using Radzen.Blazor;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>The queue where it is live: it pages in the database, sees what others do, and asks for the role at each callback.</summary>
public sealed class CaseQueueTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task A_page_is_read_in_the_database_and_sorted_there()
    {
        var numbers = await CasesAsync(60);
        await using var desk = await DeskAsync(StaffRoles.CaseWorker);
        var queue = desk.Context.Render<CaseQueue>(with => with.Add(one => one.Query, ""));
        var grid = queue.FindComponent<RadzenDataGrid<DeskCase>>();
        Assert.Equal(60, grid.Instance.Count);
        Assert.Equal(numbers.Take(25), grid.Instance.Data!.Select(row => row.Number));

        await queue.InvokeAsync(() => grid.Instance.GoToPage(2));
        Assert.Equal(numbers.Skip(50), grid.Instance.Data!.Select(row => row.Number));

        await queue.InvokeAsync(() => grid.Instance.LoadData.InvokeAsync(new LoadDataArgs { Skip = 0, Top = 25, Sorts = [new() { Property = nameof(DeskCase.DueOn), SortOrder = SortOrder.Descending }] }));
        Assert.Equal(numbers[^1], queue.FindComponent<RadzenDataGrid<DeskCase>>().Instance.Data!.First().Number);
    }

    [Fact]
    public async Task What_a_colleague_does_is_shown_and_said()
    {
        var numbers = await CasesAsync(3);
        await using var desk = await DeskAsync(StaffRoles.CaseWorker);
        var queue = desk.Context.Render<CaseQueue>(with => with.Add(one => one.Query, ""));
        await queue.InvokeAsync(queue.Instance.FollowAsync);
        Assert.Empty(queue.Find("[data-live]").TextContent.Trim());

        await portal.Services.GetRequiredService<DeskSteps>().TakeAsync(new WantedStep(numbers[1], CaseStep.Begun, CaseParty.Staff, "staff:other"), Cancellation);
        await queue.InvokeAsync(queue.Instance.FollowAsync);
        Assert.Contains(numbers[1], queue.Find("[data-live]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(numbers[0], queue.Find("[data-live]").TextContent, StringComparison.Ordinal);
        Assert.Equal(CaseStatus.InProgress, queue.FindComponent<RadzenDataGrid<DeskCase>>().Instance.Data!.Single(row => row.Number == numbers[1]).Status);
    }

    [Fact]
    public async Task Whose_role_is_taken_away_is_refused_at_the_next_callback_and_it_is_on_record()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(StaffRoles.CaseWorker);
        var queue = desk.Context.Render<CaseQueue>(with => with.Add(one => one.Query, ""));
        var leaving = desk.Context.Services.GetRequiredService<BunitNavigationManager>();
        Assert.Empty(leaving.History);

        await portal.Services.GetRequiredService<Personnel>().ChangeRolesAsync(desk.AccountId, [StaffRoles.Auditor], "staff:other", Cancellation);
        var before = await RefusalsAsync();
        await queue.InvokeAsync(() => queue.FindComponent<RadzenDataGrid<DeskCase>>().Instance.LoadData.InvokeAsync(new LoadDataArgs { Skip = 0, Top = 25 }));
        var left = Assert.Single(leaving.History);
        Assert.True(left.Options.ForceLoad);
        Assert.Equal(PortalUrls.Desk, left.Uri);
        Assert.Equal(before + 1, await RefusalsAsync());
    }

    [Fact]
    public async Task Nobody_who_is_not_staff_is_shown_anything_by_whatever_way_they_came_here()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(role: null);
        var queue = desk.Context.Render<CaseQueue>(with => with.Add(one => one.Query, ""));
        Assert.Empty(queue.FindComponents<RadzenDataGrid<DeskCase>>());
        Assert.Single(desk.Context.Services.GetRequiredService<BunitNavigationManager>().History);
    }

    [Fact]
    public async Task A_desk_that_nobody_sits_at_is_left()
    {
        await CasesAsync(1);
        await using var desk = await DeskAsync(StaffRoles.Auditor);
        var queue = desk.Context.Render<CaseQueue>(with => with.Add(one => one.Query, ""));
        portal.Time.Advance(StaffCircuit.Idle + TimeSpan.FromMinutes(1));
        await queue.InvokeAsync(queue.Instance.FollowAsync);
        Assert.True(Assert.Single(desk.Context.Services.GetRequiredService<BunitNavigationManager>().History).Options.ForceLoad);
    }

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
    private async Task<Desk> DeskAsync(string? role)
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
        var context = new BunitContext();
        context.JSInterop.Mode = JSRuntimeMode.Loose;
        context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        foreach (var service in new[] { typeof(DeskCases), typeof(AuditTrail), typeof(IDbContextFactory<PortalDbContext>), typeof(TimeProvider) })
        {
            context.Services.AddSingleton(service, portal.Services.GetRequiredService(service));
        }
        context.Services.AddSingleton(portal.Services.GetRequiredService<IOptions<Microsoft.AspNetCore.Identity.IdentityOptions>>());
        context.Services.AddScoped<AuthenticationStateProvider>(_ => new Signed(account));
        context.Services.AddScoped<StaffCircuit>();
        context.Services.AddRadzenComponents();
        return new Desk(context, account.Id);
    }

    private sealed record Desk(BunitContext Context, string AccountId) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Context.DisposeAsync();
    }

    private sealed class Signed(Account account) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, account.Id), new("AspNet.Identity.SecurityStamp", account.SecurityStamp!),
                new(CurrentSubject.MethodClaim, CurrentSubject.SecondFactor),
            ],
            "test"))));
    }
}
