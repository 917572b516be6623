using System.Globalization;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>What a subject costs grows with the subject alone: no large table is read whole, and statements and temporary tables do not grow with a history.</summary>
public sealed class ScalingTests
{
    private const int Others = 20_000;
    private static readonly string[] s_large = ["customer", "address", "profile", "viewing", "fault"];
    private const string Anna = "anna@exempel.se";

    private static readonly string s_map = Dataset(
        Collection("customer", "kind: k, on_erasure: delete", Key(), Identity(), Personal("name"), To("address_id", "address.id")),
        Collection("address", "kind: k, on_erasure: delete", Key(), Personal("street")),
        Collection("profile", "kind: k, on_erasure: delete", Key(), From("customer_id", "customer.id"), Personal("name")),
        Collection("viewing", "kind: k, on_erasure: delete", Key(), From("profile_id", "profile.id"), To("channel_id", "channel.id"), Personal("programme")),
        Collection("fault", "kind: k, on_erasure: anonymise", Key(), From("customer_id", "customer.id"), Personal("reporter")),
        Collection("channel", "kind: k", Key(), Plain("name"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n";

    [Theory, EveryEngine]
    public async Task No_large_table_is_read_whole_to_show_or_erase_a_subject(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql(provider, history: 40), s_map);
        await using var located = await Located.LocateAsync(shop.Databases.All[0], Email(Anna), write: true, Cancellation);
        foreach (var collection in located.Collections)
        {
            await foreach (var _ in new LocatedCollection(located, collection).RowsAsync(Cancellation))
            {
            }
        }

        var disposal = new Disposal(located, shop.Databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22));
        var plan = Assert.IsType<ErasureOutcome.Done>(await disposal.PlanAsync(Cancellation));
        Assert.Equal(["address delete 1", "channel shared 3", "customer delete 1", "fault anonymise 2", "profile delete 2", "viewing delete 80"], Texts(plan.Steps));
        List<string> statements = [.. located.Session.Sent];
        // What the execution would send, asked for before it is sent.
        foreach (var collection in located.Collections)
        {
            statements.Add($"DELETE FROM {Dialect.Name(collection.Table)} AS t WHERE {disposal.Chosen(collection, ErasureAction.Delete)}");
        }

        foreach (var statement in statements.Where(s => s.StartsWith("SELECT", StringComparison.Ordinal) || s.StartsWith("INSERT", StringComparison.Ordinal) || s.StartsWith("UPDATE", StringComparison.Ordinal) || s.StartsWith("DELETE", StringComparison.Ordinal)))
        {
            var steps = await located.Session.ReadAsync($"{(provider == Provider.Sqlite ? "EXPLAIN QUERY PLAN" : "EXPLAIN")} {statement}", row => row.GetString(provider == Provider.Sqlite ? 3 : 0), Cancellation);
            foreach (var step in steps)
            {
                Assert.False(ReadsWhole(provider, statement, step), $"{step.Trim()} in\n{statement}\n{string.Join('\n', steps)}");
            }
        }
    }

    [Theory, EveryEngine]
    public async Task A_history_takes_the_statements_of_a_short_one_and_is_listed_nowhere(Provider provider)
    {
        var (statements, listed) = (new List<int>(), new List<long>());
        foreach (var history in new[] { 4, 2_000 })
        {
            await using var shop = await CreateAsync(provider, Sql(provider, history), s_map);
            await using var located = await Located.LocateAsync(shop.Databases.All[0], Email(Anna), write: true, Cancellation);
            var marks = 0L;
            foreach (var kept in located.Kept)
            {
                marks += (await located.Session.ReadAsync($"SELECT count(*) FROM {Located.Marks(kept)}", r => r.GetInt64(0), Cancellation))[0];
            }

            listed.Add(marks);
            var erased = Assert.IsType<ErasureOutcome.Done>(await new Disposal(located, shop.Databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).ExecuteAsync(Cancellation));
            Assert.Contains($"viewing delete {2 * history}", Texts(erased.Steps));
            statements.Add(located.Session.Statements);
        }

        Assert.Equal(statements[0], statements[1]);
        Assert.Equal(listed[0], listed[1]);
    }

    /// <summary>Tables other than the subject's own marks and the few channels; SQLite names them by their aliases.</summary>
    private static bool ReadsWhole(Provider provider, string statement, string step)
    {
        var scan = provider == Provider.Sqlite ? "SCAN " : "Seq Scan on ";
        if (!step.TrimStart(' ', '-', '>').StartsWith(scan, StringComparison.Ordinal))
        {
            return false;
        }

        var what = step.Split(scan)[1].Split(' ')[0];
        string[] tables = provider == Provider.Sqlite
            ? [.. Regex.Matches(statement, $"\"main\"\\.\"(\\w+)\" AS {Regex.Escape(what)}\\b", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(m => m.Groups[1].Value), .. s_large.Where(what.Equals)]
            : [what];
        return tables.Intersect(s_large).Any();
    }

    private static string Sql(Provider provider, int history)
    {
        var numbers = provider == Provider.Sqlite
            ? string.Create(CultureInfo.InvariantCulture, $"(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {Others}) SELECT n FROM s)")
            : string.Create(CultureInfo.InvariantCulture, $"(SELECT generate_series(1, {Others}) AS n)");
        var expression = provider == Provider.Sqlite ? "lower(trim(email))" : "lower(btrim(email))";
        return string.Create(CultureInfo.InvariantCulture, $"""
            CREATE TABLE channel (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO channel VALUES (1, 'a'), (2, 'b'), (3, 'c');
            CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT); INSERT INTO address SELECT n, 'x' FROM {numbers} AS s;
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, address_id INTEGER REFERENCES address (id));
            INSERT INTO customer SELECT n, CASE n WHEN 1 THEN 'anna@exempel.se' ELSE 'x' || n || '@exempel.se' END, 'x', n FROM {numbers} AS s;
            CREATE TABLE profile (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id), name TEXT); INSERT INTO profile SELECT n, CASE WHEN n <= 2 THEN 1 ELSE n END, 'x' FROM {numbers} AS s;
            CREATE TABLE viewing (id INTEGER PRIMARY KEY, profile_id INTEGER NOT NULL REFERENCES profile (id), channel_id INTEGER REFERENCES channel (id), programme TEXT);
            INSERT INTO viewing SELECT n, CASE WHEN n <= {2 * history} THEN 1 + n % 2 ELSE 3 + n % {Others - 2} END, 1 + n % 3, 'x' FROM {numbers} AS s;
            CREATE TABLE fault (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), reporter TEXT); INSERT INTO fault SELECT n, CASE WHEN n <= 2 THEN 1 ELSE n END, 'x' FROM {numbers} AS s;
            CREATE INDEX customer_email ON customer ({expression}); CREATE INDEX customer_address ON customer (address_id); CREATE INDEX profile_customer ON profile (customer_id);
            CREATE INDEX viewing_profile ON viewing (profile_id); CREATE INDEX viewing_channel ON viewing (channel_id); CREATE INDEX fault_customer ON fault (customer_id);
            ANALYZE;
            """);
    }
}
