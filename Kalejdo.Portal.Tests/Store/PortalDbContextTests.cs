using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Store;

public class PortalDbContextTests
{
    [Fact]
    public async Task Instants_come_back_as_utc_and_can_be_compared()
    {
        await using var store = await CreateAsync();
        await using (var db = store.Open())
        {
            var opened = await CaseRegister.OpenAsync(db, CaseType.Access, 1, store.Now, Cancellation);
            opened.ClosedAt = store.Now.AddMicroseconds(1);
            await db.SaveChangesAsync(Cancellation);
        }

        await using var reading = store.Open();
        var now = store.Now;
        var read = await reading.Cases.SingleAsync(row => row.ReceivedAt <= now && row.ClosedAt > now, Cancellation);
        Assert.Equal((now, DateTimeKind.Utc), (read.ReceivedAt, read.ReceivedAt.Kind));
        Assert.Equal((now.AddMicroseconds(1), DateTimeKind.Utc), (read.ClosedAt!.Value, read.ClosedAt.Value.Kind));
    }

    [Theory]
    [InlineData(DateTimeKind.Local)]
    [InlineData(DateTimeKind.Unspecified)]
    public async Task Other_instants_are_refused(DateTimeKind kind)
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        var opened = await CaseRegister.OpenAsync(db, CaseType.Access, 1, store.Now, Cancellation);
        opened.ClosedAt = new DateTime(2026, 1, 1, 0, 0, 0, kind);

        var refused = await Record.ExceptionAsync(() => db.SaveChangesAsync(Cancellation));

        Assert.IsType<ArgumentException>(refused!.GetBaseException());
    }

    [Fact]
    public async Task Who_saves_over_anothers_change_is_refused()
    {
        await using var store = await CreateAsync();
        string number;
        await using (var db = store.Open())
        {
            number = (await CaseRegister.OpenAsync(db, CaseType.Erasure, 1, store.Now, Cancellation)).Number;
            await db.SaveChangesAsync(Cancellation);
        }

        await using var one = store.Open();
        await using var other = store.Open();
        (await one.Cases.SingleAsync(row => row.Number == number, Cancellation)).Status = CaseStatus.Withdrawn;
        (await other.Cases.SingleAsync(row => row.Number == number, Cancellation)).Status = CaseStatus.InProgress;
        await one.SaveChangesAsync(Cancellation);

        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => other.SaveChangesAsync(Cancellation));
    }

    [Fact]
    public async Task The_scoped_context_and_the_factory_are_the_providers()
    {
        await using var store = await CreateAsync();
        await using var scope = store.Services.CreateAsyncScope();

        var provider = store.IsPostgres ? typeof(PostgresPortalDbContext) : typeof(SqlitePortalDbContext);
        Assert.Same(scope.ServiceProvider.GetRequiredService(provider), scope.ServiceProvider.GetRequiredService<PortalDbContext>());
        await using var made = store.Open();
        Assert.IsType(provider, made);
    }

    [Fact]
    public async Task An_erasures_intent_stands_or_falls_as_one()
    {
        await using var store = await CreateAsync();
        await WriteAsync(commit: false);
        await WriteAsync(commit: true);

        await using var db = store.Open();
        Assert.Equal(1, await db.Cases.CountAsync(Cancellation));
        Assert.Equal(1, await db.Ledger.CountAsync(Cancellation));
        Assert.Equal(1, await db.AuditEntries.CountAsync(Cancellation));
        Assert.Equal(1, await db.AuditPeople.CountAsync(Cancellation));
        Assert.Equal(1, await db.WorkingSets.CountAsync(Cancellation));

        async Task WriteAsync(bool commit)
        {
            await using var writing = store.Open();
            await using var transaction = await writing.Database.BeginTransactionAsync(Cancellation);
            var subject = await store.Audit.NumberOfAsync(writing, "account:17", Cancellation);
            var erasure = await CaseRegister.OpenAsync(writing, CaseType.Erasure, subject, store.Now, Cancellation);
            writing.Ledger.Add(LedgerEntry.Intended(store.Keys, erasure.Number, "email", "kund@example.se", null, store.Now));
            writing.WorkingSets.Add(new WorkingSet { CaseNumber = erasure.Number, Payload = [1], CreatedAt = store.Now });
            await store.Audit.AppendAsync(writing, new("erasure.intended") { Subject = subject, Actor = subject, CaseNumber = erasure.Number }, Cancellation);
            if (commit)
            {
                await transaction.CommitAsync(Cancellation);
            }
        }
    }
}

[OnPostgres]
public sealed class PortalDbContextOnPostgresTests : PortalDbContextTests;
