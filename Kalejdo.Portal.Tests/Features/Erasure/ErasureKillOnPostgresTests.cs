using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>The short form of <see cref="ErasureKillTests"/>, with the portal's store and Kalejdo's database on PostgreSQL.</summary>
public sealed class ErasureKillOnPostgresTests : IDisposable
{
    private static readonly Identity[] Somebody = [new("email", "asa.sjoberg@post.example")];
    private static readonly DateOnly Today = new(2026, 11, 22);
    private readonly string folder = Directory.CreateTempSubdirectory("portal-kill-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Interrupted_after_any_step_it_is_resumed_to_the_same_end()
    {
        var (erased, steps, closing) = await UndisturbedAsync();
        for (var step = 1; step <= steps; step++)
        {
            await using var store = await PostgresDatabase.PortalAsync();
            await using var kalejdo = await PostgresDatabase.KalejdoAsync(30, Today);
            await using (var killed = await StartAsync(store, kalejdo))
            {
                await Assert.ThrowsAsync<Killed>(() => EraseAsync(killed, new Steps(step)));
            }
            await using var next = await StartAsync(store, kalejdo);
            var closed = await next.Services.GetRequiredService<Erasures>().ResumeAsync(new Steps(), Cancellation);

            // Told of its closing, it was closed already.
            Assert.Equal(step >= closing ? 0 : 1, closed.Count);
            Assert.Equal(erased, await CountsAsync(kalejdo));
            await AssertEvidenceAsync(next);
        }
    }

    [Fact]
    public async Task Killed_as_a_process_the_next_start_finishes_it()
    {
        var (erased, _, _) = await UndisturbedAsync();
        await using var store = await PostgresDatabase.PortalAsync();
        await using var kalejdo = await PostgresDatabase.KalejdoAsync(30, Today);
        string[] settings = [.. Settings(store, kalejdo).Select(setting => setting.Replace("--", "", StringComparison.Ordinal).Replace(":", "__", StringComparison.Ordinal).Replace("postgresql__", "postgresql:", StringComparison.Ordinal))];
        await using (var erasing = PortalProcess.Start(folder, asNobody: false, settings, "erase", "--identity", $"email={Somebody[0].Value}"))
        {
            await erasing.SaysAsync("intent recorded");
            await erasing.KillAsync();
        }
        await using var resuming = PortalProcess.Start(folder, asNobody: false, settings, "erase", "--identity", "email=ingen@post.example");
        var run = await resuming.EndAsync();

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(erased, await CountsAsync(kalejdo));
        await using var portal = await StartAsync(store, kalejdo);
        await AssertEvidenceAsync(portal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<(string Erased, int Steps, int Closing)> UndisturbedAsync()
    {
        await using var store = await PostgresDatabase.PortalAsync();
        await using var kalejdo = await PostgresDatabase.KalejdoAsync(30, Today);
        await using var portal = await StartAsync(store, kalejdo);
        var before = await CountsAsync(kalejdo);
        var steps = new Steps();
        await EraseAsync(portal, steps);
        var erased = await CountsAsync(kalejdo);
        Assert.NotEqual(before, erased);
        return (erased, steps.Told, steps.Closing);
    }

    private static async Task EraseAsync(WebApplication portal, Steps steps) =>
        Assert.IsType<ErasureResult.Erased>(await portal.Services.GetRequiredService<Erasures>().EraseAsync(Somebody, ErasureScope.Everything, "operator:test", steps, Cancellation));

    private static async Task AssertEvidenceAsync(WebApplication portal)
    {
        await using var db = await portal.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(Cancellation);
        Assert.Empty(await db.WorkingSets.ToListAsync(Cancellation));
        var closed = Assert.Single(await db.Cases.AsNoTracking().ToListAsync(Cancellation));
        Assert.Equal(await db.RecipientNotices.AnyAsync(Cancellation) ? CaseStatus.WaitingForRecipients : CaseStatus.Done, closed.Status);
        Assert.Equal(["erasure.intended", "erasure.done"], await db.AuditEntries.OrderBy(a => a.Sequence).Select(a => a.Event).ToListAsync(Cancellation));
        Assert.Equal([LedgerEvent.Intended, LedgerEvent.Completed], await db.Ledger.OrderBy(l => l.Id).Select(l => l.Event).ToListAsync(Cancellation));
        Assert.IsType<AuditVerdict.Intact>(await portal.Services.GetRequiredService<AuditTrail>().VerifyAsync(db, Cancellation));
        // What is kept is remembered once, whenever the kill came.
        Assert.NotEmpty(await db.RetainedRows.ToListAsync(Cancellation));
    }

    private static IEnumerable<string> Settings(PostgresDatabase store, PostgresDatabase kalejdo) =>
        ["--Store:Provider=postgresql", $"--Store:ConnectionString={store.Connection}", $"--DataMap:Sources:kalejdo=postgresql:{kalejdo.Connection}"];

    private async Task<WebApplication> StartAsync(PostgresDatabase store, PostgresDatabase kalejdo)
    {
        var portal = Portal.Build([$"--DataRoot={folder}", "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None", .. Settings(store, kalejdo)]);
        await PortalStore.MigrateAsync(portal.Services, Cancellation);
        return portal;
    }

    /// <summary>Rows a table, and what still finds somebody.</summary>
    private static async Task<string> CountsAsync(PostgresDatabase kalejdo)
    {
        await using var connection = new NpgsqlConnection(kalejdo.Connection);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(
            "SELECT string_agg(t.name || (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n, coalesce(sum(hashtext(regexp_replace(x::text, ''[g-v]{16,20}'', ''*'', ''g''))::bigint), 0) AS h FROM ' || t.name || ' AS x', false, true, '')))[1]::text || (xpath('/row/h/text()', query_to_xml('SELECT count(*) AS n, coalesce(sum(hashtext(regexp_replace(x::text, ''[g-v]{16,20}'', ''*'', ''g''))::bigint), 0) AS h FROM ' || t.name || ' AS x', false, true, '')))[1]::text, ' ' ORDER BY t.name) FROM (SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public') AS t",
            connection);
        return (string)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private sealed class Killed : Exception;

    private sealed class Steps(int killedAt = 0) : IProgress<string>
    {
        public int Told { get; private set; }

        /// <summary>The step after which there is nothing to resume.</summary>
        public int Closing { get; private set; }

        public void Report(string value)
        {
            Told++;
            Closing = value.EndsWith(": closed", StringComparison.Ordinal) ? Told : Closing;
            if (Told == killedAt)
            {
                throw new Killed();
            }
        }
    }
}
