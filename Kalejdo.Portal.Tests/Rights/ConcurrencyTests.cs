using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>Other programs go on writing while a subject is erased: what comes for the subject is erased or told of, and never lost sight of.</summary>
public sealed class ConcurrencyTests
{
    private const string Delete = "masking_strategy_override: {strategy: delete}";
    private static readonly IReadOnlyList<Identity> s_anna = Email("anna@exempel.se");

    private static readonly string s_map = Dataset(
        CollectionWith("customer", "", Delete, Key(), Identity()),
        CollectionWith("login", "", Delete, Key(), From("customer_id", "customer.id"), Identity(), Personal("device")));

    [Theory, EveryEngine]
    public async Task What_a_busy_writer_adds_is_erased_or_told_of(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se');
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER, email TEXT, device TEXT);
            """, s_map);
        if (provider == Provider.Sqlite)
        {
            await shop.SqlAsync("PRAGMA journal_mode = wal");
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var (written, some, more) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        var writer = Task.Run(WriteAsync, Cancellation);
        await some.Task.WaitAsync(Cancellation);

        var erased = 0L;
        foreach (var _ in Enumerable.Range(0, 5))
        {
            // A row that changes under its hands is a refusal that can be tried again.
            erased += await shop.Erasure.ExecuteAsync("shop", s_anna, ErasureScope.Everything, Cancellation) is ErasureOutcome.Done done ? Rows(done, "login") : 0;
        }

        more.TrySetResult();
        await writer;

        var left = await shop.ColumnAsync("SELECT count(*) FROM login WHERE email = 'anna@exempel.se'");
        Assert.Equal(written, erased + long.Parse(left[0], CultureInfo.InvariantCulture));
        Assert.True(erased > 0);
        Assert.Equal(left[0], (await shop.Erasure.LeftAsync(s_anna, ErasureScope.Everything, Cancellation))?.ToString(CultureInfo.InvariantCulture));
        await shop.EraseAsync(s_anna);
        Assert.Equal(["0"], await shop.ColumnAsync("SELECT count(*) FROM login WHERE email = 'anna@exempel.se'"));

        // Writes until the erasures are over, and a little longer.
        async Task WriteAsync()
        {
            await using var connection = await shop.ConnectAsync();
            for (var after = 0; after < 5; after += more.Task.IsCompleted ? 1 : 0)
            {
                await using var command = connection.CreateCommand();
                command.CommandText = string.Create(CultureInfo.InvariantCulture, $"INSERT INTO login VALUES ({written + 1}, 1, 'anna@exempel.se', 'x')");
                await command.ExecuteNonQueryAsync(Cancellation);
                if (++written == 20)
                {
                    some.SetResult();
                }
            }
        }
    }

    [Theory, EveryEngine]
    public async Task A_row_that_comes_after_the_plan_is_told_of(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se');
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER, email TEXT, device TEXT); INSERT INTO login VALUES (1, 1, 'anna@exempel.se', 'x');
            """, s_map);
        await using (var located = await Located.LocateAsync(shop.Databases.All[0], s_anna, write: true, Cancellation))
        {
            var inserted = Task.Run(() => shop.SqlAsync("INSERT INTO login VALUES (2, 1, 'anna@exempel.se', 'x')"), Cancellation);
            if (provider == Provider.Postgresql)
            {
                // SQLite lets the writer wait for the end.
                await inserted;
            }

            var done = Assert.IsType<ErasureOutcome.Done>(await new Disposal(located, shop.Databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).ExecuteAsync(Cancellation));
            Assert.Equal(1, Rows(done, "login"));
            await located.DisposeAsync();
            await inserted;
        }

        Assert.Equal(1, await shop.Erasure.LeftAsync(s_anna, ErasureScope.Everything, Cancellation));
        Assert.Equal(["login delete 1"], await shop.EraseAsync(s_anna));
    }

    [Fact]
    public async Task A_child_that_comes_for_a_row_that_goes_refuses_the_whole_and_goes_with_it_the_next_time()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se');
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), email TEXT, device TEXT); INSERT INTO login VALUES (1, 1, 'anna@exempel.se', 'x');
            """, s_map);
        await using (var located = await Located.LocateAsync(shop.Databases.All[0], s_anna, write: true, Cancellation))
        {
            await shop.SqlAsync("INSERT INTO login VALUES (2, 1, NULL, 'x')");
            var clash = await Assert.ThrowsAnyAsync<DbException>(() => new Disposal(located, shop.Databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).ExecuteAsync(Cancellation));
            Assert.NotEmpty(located.Database.Dialect.Explain(clash));
        }

        Assert.Equal(["1", "2"], await shop.ColumnAsync("SELECT id FROM login ORDER BY id"));
        Assert.Equal(["customer delete 1", "login delete 2"], await shop.EraseAsync(s_anna));
    }

    private static long Rows(ErasureOutcome.Done done, string collection) => done.Steps.Where(s => s.Changes && s.Collection == $"shop.{collection}").Sum(s => s.Rows);
}
