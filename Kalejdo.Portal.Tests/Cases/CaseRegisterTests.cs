using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Cases;

public class CaseRegisterTests
{
    [Fact]
    public async Task A_new_case_is_received_numbered_and_dated()
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        var opened = await CaseRegister.OpenAsync(db, CaseType.Erasure, 7, store.Now, Cancellation);
        await db.SaveChangesAsync(Cancellation);

        Assert.Equal((CaseStatus.Received, new DateOnly(2026, 4, 2)), (opened.Status, opened.DueOn));
        Assert.Equal("Erasure Received 2026-04-02", await db.Database
            .SqlQuery<string>($"SELECT type || ' ' || status || ' ' || due_on AS \"Value\" FROM cases WHERE number = {opened.Number}")
            .SingleAsync(Cancellation));
    }

    [Fact]
    public void Numbers_carry_the_swedish_year_and_no_letter_that_is_misread()
    {
        var newYear = new DateTime(2026, 12, 31, 23, 30, 0, DateTimeKind.Utc);

        var numbers = Enumerable.Range(0, 500).Select(_ => CaseRegister.NewNumber(newYear)).ToList();

        Assert.All(numbers, number => Assert.Matches("^K-2027-[2-9BCDFGHJKMNPQRSTWXZ]{6}$", number));
        Assert.True(numbers.Distinct().Count() > 495);
    }
}

[OnPostgres]
public sealed class CaseRegisterOnPostgresTests : CaseRegisterTests;
