using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Cases;

/// <summary>Which step leads from where to where, who may take it, and what it does to the clock.</summary>
public partial class CaseStepsTests
{
    [Fact]
    public async Task Lead_where_the_table_says_or_change_nothing()
    {
        await using var store = await CreateAsync();
        foreach (var (step, status, who) in
            from step in Enum.GetValues<CaseStep>().Except([CaseStep.Received]) from status in Enum.GetValues<CaseStatus>() from who in Enum.GetValues<CaseParty>() select (step, status, who))
        {
            var rule = CaseSteps.Rules.Single(one => one.Step == step);
            await using var db = store.Open();
            var asked = await OpenAsync(db, "2026-03-02T09:30:00Z", status);
            var before = (asked.Status, asked.DueOn, asked.ClosedAt, asked.ReasonCode, asked.Version);

            var result = CaseSteps.Take(db, asked, step, who, store.Now, "code");

            if (!rule.By.Contains(who))
            {
                Assert.IsType<StepResult.NotTheirs>(result);
            }
            else if (!rule.From.Contains(status) || (step, status) is (CaseStep.Withdrawn, CaseStatus.PartlyDone))
            {
                Assert.Equal(new StepResult.OutOfOrder(status), result);
            }
            else
            {
                Assert.IsType<StepResult.Taken>(result);
                await db.SaveChangesAsync(Cancellation);
                Assert.Equal((rule.To ?? status, before.Version + 1), (asked.Status, asked.Version));
                Assert.Equal(asked.Status is CaseStatus.Done or CaseStatus.Refused or CaseStatus.Withdrawn or CaseStatus.Expired, asked.ClosedAt is not null);
                var last = await db.CaseEvents.Where(row => row.CaseNumber == asked.Number).OrderByDescending(row => row.Id).FirstAsync(Cancellation);
                Assert.Equal((step, who, store.Now), (last.Step, last.By, last.At));
                continue;
            }
            Assert.Equal(before, (asked.Status, asked.DueOn, asked.ClosedAt, asked.ReasonCode, asked.Version));
            Assert.DoesNotContain(db.ChangeTracker.Entries<CaseEvent>(), entry => entry.State == EntityState.Added);
        }
    }

    [Fact]
    public async Task What_is_being_erased_is_not_withdrawn()
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        foreach (var (type, status, possible) in ((CaseType, CaseStatus, bool)[])[
            (CaseType.Erasure, CaseStatus.InProgress, false), (CaseType.Disavowal, CaseStatus.InProgress, false), (CaseType.Objection, CaseStatus.InProgress, true),
            (CaseType.Erasure, CaseStatus.PartlyDone, false), (CaseType.Disavowal, CaseStatus.PartlyDone, true)])
        {
            var asked = await OpenAsync(db, "2026-03-02T09:30:00Z", status, type);
            Assert.Equal(possible, CaseSteps.Try(asked, CaseStep.Withdrawn, CaseParty.Person, store.Now) is StepResult.Taken);
        }
    }

    [Theory]
    // Received, taken on, by months: the new day, or too late.
    [InlineData("2026-03-02T09:30:00Z", "2026-04-02T21:59:00Z", 2, "2026-06-02")]
    [InlineData("2026-03-02T09:30:00Z", "2026-04-02T22:00:00Z", 2, null)]
    [InlineData("2026-01-31T12:00:00Z", "2026-02-28T22:59:00Z", 1, "2026-03-31")]
    [InlineData("2026-01-31T12:00:00Z", "2026-02-28T23:00:00Z", 1, null)]
    [InlineData("2028-01-31T12:00:00Z", "2028-02-29T12:00:00Z", 1, "2028-03-31")]
    [InlineData("2025-11-30T12:00:00Z", "2025-12-30T12:00:00Z", 2, "2026-02-28")]
    [InlineData("2027-11-29T12:00:00Z", "2027-12-01T12:00:00Z", 2, "2028-02-29")]
    // Between the last Sundays of March and of October Sweden is two hours ahead.
    [InlineData("2026-09-30T21:59:00Z", "2026-10-30T22:59:00Z", 1, "2026-11-30")]
    [InlineData("2026-09-30T22:00:00Z", "2026-11-01T22:59:00Z", 1, "2026-12-01")]
    [InlineData("2026-09-30T22:00:00Z", "2026-11-01T23:00:00Z", 1, null)]
    public async Task Is_extended_once_within_the_first_month(string received, string on, int months, string? due)
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        var asked = await OpenAsync(db, received);
        var first = asked.DueOn;

        var result = CaseSteps.Take(db, asked, CaseStep.Extended, CaseParty.Staff, Utc(on), months: months);

        if (due is null)
        {
            Assert.Equal(new StepResult.TooLate(first, Already: false), result);
            Assert.Equal(first, asked.DueOn);
            return;
        }
        Assert.Equal(Day(due), asked.DueOn);
        Assert.Equal(new StepResult.TooLate(first, Already: true), CaseSteps.Take(db, asked, CaseStep.Extended, CaseParty.Staff, Utc(on)));
        Assert.Equal(Day(due), asked.DueOn);
    }

    [Theory]
    // Received, identification asked for, answered: stopped or not, and the day to answer by then.
    [InlineData("2026-03-02T09:30:00Z", "2026-03-04T09:00:00Z", "2026-03-14T09:00:00Z", true, "2026-04-12")]
    [InlineData("2026-03-02T09:30:00Z", "2026-03-04T09:00:00Z", "2026-03-04T20:00:00Z", true, "2026-04-02")]
    // A night counts as a day, however short: midnight in Stockholm.
    [InlineData("2026-03-02T09:30:00Z", "2026-03-04T22:30:00Z", "2026-03-04T23:30:00Z", true, "2026-04-03")]
    // Over the night of 28 to 29 March, which has an hour less.
    [InlineData("2026-03-27T09:30:00Z", "2026-03-28T22:30:00Z", "2026-03-29T21:59:00Z", true, "2026-04-28")]
    [InlineData("2026-03-27T09:30:00Z", "2026-03-28T22:30:00Z", "2026-03-29T22:00:00Z", true, "2026-04-29")]
    // The eighth day is not without delay: the clock goes on.
    [InlineData("2026-03-02T09:30:00Z", "2026-03-09T22:59:00Z", "2026-03-19T09:00:00Z", true, "2026-04-12")]
    [InlineData("2026-03-02T09:30:00Z", "2026-03-09T23:00:00Z", "2026-03-19T09:00:00Z", false, "2026-04-02")]
    [InlineData("2028-01-31T12:00:00Z", "2028-02-01T12:00:00Z", "2028-02-02T12:00:00Z", true, "2028-03-01")]
    public async Task Stands_still_while_identification_is_asked_for_without_delay(string received, string on, string answered, bool stops, string due)
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        var asked = await OpenAsync(db, received);

        Assert.IsType<StepResult.Taken>(CaseSteps.Take(db, asked, CaseStep.IdentificationAsked, CaseParty.Staff, Utc(on)));
        Assert.Equal((stops ? Utc(on) : null, (DateOnly?)DueDate.DayOf(Utc(on)).AddDays(30)), (asked.StoppedAt, asked.WaitsUntil));
        // What the person writes meanwhile is no proof of who they are.
        Assert.IsType<StepResult.Taken>(CaseSteps.Take(db, asked, CaseStep.WordsAdded, CaseParty.Person, Utc(on)));
        Assert.Equal((CaseStatus.WaitingForYou, stops), (asked.Status, asked.StoppedAt is not null));
        Assert.IsType<StepResult.Taken>(CaseSteps.Take(db, asked, CaseStep.Identified, CaseParty.Person, Utc(answered)));

        Assert.Equal((CaseStatus.InProgress, Day(due), null, null), (asked.Status, asked.DueOn, asked.StoppedAt, asked.WaitsUntil));
    }

    [Fact]
    public async Task The_first_month_is_longer_by_the_days_it_stood_still_and_so_is_the_extension()
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        var asked = await OpenAsync(db, "2026-03-02T09:30:00Z");
        CaseSteps.Take(db, asked, CaseStep.IdentificationAsked, CaseParty.Staff, Utc("2026-03-03T09:00:00Z"));
        Assert.Equal(new StepResult.OutOfOrder(CaseStatus.WaitingForYou), CaseSteps.Take(db, asked, CaseStep.Extended, CaseParty.Staff, Utc("2026-03-04T09:00:00Z")));
        CaseSteps.Take(db, asked, CaseStep.Identified, CaseParty.Person, Utc("2026-03-13T09:00:00Z"));

        Assert.Equal(Day("2026-04-12"), asked.DueOn);
        Assert.IsType<StepResult.Taken>(CaseSteps.Take(db, asked, CaseStep.Extended, CaseParty.Staff, Utc("2026-04-12T21:00:00Z"), months: 2));
        Assert.Equal(Day("2026-06-12"), asked.DueOn);
    }

    [Fact]
    public async Task Whoever_saves_over_somebody_elses_step_is_refused_even_where_it_changed_nothing_else()
    {
        await using var store = await CreateAsync();
        await using (var db = store.Open())
        {
            await OpenAsync(db, "2026-03-02T09:30:00Z");
        }
        await using var mine = store.Open();
        await using var theirs = store.Open();
        var (here, there) = (await mine.Cases.SingleAsync(Cancellation), await theirs.Cases.SingleAsync(Cancellation));
        CaseSteps.Take(theirs, there, CaseStep.WordsAdded, CaseParty.Person, store.Now);
        await theirs.SaveChangesAsync(Cancellation);

        CaseSteps.Take(mine, here, CaseStep.Done, CaseParty.Staff, store.Now);
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => mine.SaveChangesAsync(Cancellation));
    }

    [Fact]
    public void Nobody_else_sets_a_status()
    {
        var setters = Directory.EnumerateFiles(Source, "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".razor" && !file.Contains("/obj/", StringComparison.Ordinal) && !file.EndsWith("CaseSteps.cs", StringComparison.Ordinal) && !file.EndsWith("CaseRegister.cs", StringComparison.Ordinal))
            .Where(file => StatusIsSet().IsMatch(File.ReadAllText(file)));
        Assert.Empty(setters);
    }

    [Fact]
    public void The_table_of_the_documentation_is_the_table_of_the_code()
    {
        var documented = File.ReadLines(Path.Combine(Source, "../docs/cases.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Trim('|', ' ').Split('|').Select(cell => cell.Trim()).ToArray())
            .Select(cells => $"{cells[0]}: {cells[1]} → {cells[2]} by {cells[3]}");
        var known = CaseSteps.Rules.Select(rule => $"`{rule.Step}`: {string.Join(", ", rule.From)} → {rule.To?.ToString() ?? "as before"} by {string.Join(", ", rule.By)}");
        Assert.Equal(known, documented);
    }

    private static string Source { get; } = Path.Combine(FolderOf(), "../../Kalejdo.Portal");

    private static string FolderOf([System.Runtime.CompilerServices.CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    private static async Task<Case> OpenAsync(PortalDbContext db, string received, CaseStatus status = CaseStatus.Received, CaseType type = CaseType.Objection)
    {
        var asked = await CaseRegister.OpenAsync(db, type, 7, Utc(received), Cancellation);
        asked.Status = status;
        await db.SaveChangesAsync(Cancellation);
        return asked;
    }

    private static DateTime Utc(string instant) => DateTime.Parse(instant, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);

    private static DateOnly Day(string day) => DateOnly.Parse(day, CultureInfo.InvariantCulture);

    [System.Text.RegularExpressions.GeneratedRegex(@"\.Status\s*=\s*[^=>]|\(\w+\.Status,[^)]*\)\s*=\s*[^=]")]
    private static partial System.Text.RegularExpressions.Regex StatusIsSet();
}

[OnPostgres]
public sealed class CaseStepsOnPostgresTests : CaseStepsTests;
