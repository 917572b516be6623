using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>Whatever maps, identities, keys and values hold, they are names and values, never SQL: tried on every door of the engine.</summary>
public sealed class InjectionTests
{
    private const string Anna = "anna@exempel.se";

    /// <summary>Ends a text, a name, a statement or a comment; a parameter's name; another dialect's quotes.</summary>
    private static readonly string[] s_hostile =
        ["'; DROP TABLE decoy; --", "\"; DROP TABLE decoy; --", "x') OR ('1'='1", "\\'; DROP TABLE decoy; --", "@p0", "*/ DROP TABLE decoy; /*", "$$; DROP TABLE decoy; $$", "]; DROP TABLE decoy; --", "`; DROP TABLE decoy; --", "%_", "{0}", "?"];

    [Theory, EveryEngine]
    public async Task Names_of_a_map_are_only_names(Provider provider)
    {
        foreach (var name in s_hostile)
        {
            var (table, column) = (Dialect.Quote($"t {name}"), Dialect.Quote($"c {name}"));
            await using var shop = await CreateAsync(provider, $"""
                CREATE TABLE decoy (id INTEGER PRIMARY KEY); INSERT INTO decoy VALUES (1);
                CREATE TABLE {table} ({column} TEXT PRIMARY KEY, email TEXT, "p {name.Replace("\"", "\"\"", StringComparison.Ordinal)}" TEXT, day DATE);
                CREATE UNIQUE INDEX ux_odd ON {table} (lower("p {name.Replace("\"", "\"\"", StringComparison.Ordinal)}"));
                CREATE TABLE child (id INTEGER PRIMARY KEY, parent TEXT REFERENCES {table} ({column}), note TEXT, day DATE);
                INSERT INTO {table} VALUES ('k1', '{Anna}', 'Anna', '2026-01-01'), ('k2', 'bo@exempel.se', 'Bo', '2026-01-01');
                INSERT INTO child VALUES (1, 'k1', 'a', '2026-01-01'), (2, 'k2', 'b', '2026-01-01');
                """, Dataset(
                Collection($"t {name}", "", Key($"c {name}"), Identity(), Masked($"p {name}", "string_rewrite", $"rewrite_value: '{name.Replace("'", "''", StringComparison.Ordinal)}'"), Plain("day")),
                // A reference cannot name what has a dot; it can name this.
                Collection("child", "kind: k, on_erasure: delete", Key(), Plain("parent", $"references: [{{dataset: shop, field: '{$"t {name}.c {name}".Replace("'", "''", StringComparison.Ordinal)}', direction: from}}]"), Personal("note"))) + "portal: {kinds: [{key: k}]}\n");

            Assert.Equal(["a"], await shop.SeenAsync(Anna, "child", "note"));
            Assert.Equal(["child delete 1", $"t {name} anonymise 1"], await shop.EraseAsync(Anna));
            Assert.Equal([name, "Bo"], await shop.ColumnAsync($"SELECT \"p {name.Replace("\"", "\"\"", StringComparison.Ordinal)}\" FROM {table} ORDER BY {column}"));
            Assert.Equal(["1"], await shop.ColumnAsync("SELECT count(*) FROM decoy"));
        }
    }

    [Theory, EveryEngine]
    public async Task Identities_keys_conditions_and_corrections_are_only_values(Provider provider)
    {
        string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
        var rows = string.Join(", ", s_hostile.Select((value, i) => $"({Text(value)}, 1, {Text(value)}, 'öppen')"));
        await using var shop = await CreateAsync(provider, $"""
            CREATE TABLE decoy (id INTEGER PRIMARY KEY); INSERT INTO decoy VALUES (1);
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT); INSERT INTO customer VALUES (1, '{Anna}', 'Anna'), (2, 'bo@exempel.se', 'Bo');
            CREATE TABLE note (code TEXT PRIMARY KEY, customer_id INTEGER, body TEXT, state TEXT);
            INSERT INTO note VALUES {rows}, ('plain', 2, 'Bos', 'öppen');
            CREATE TABLE reply (id INTEGER PRIMARY KEY, note_code TEXT, body TEXT);
            INSERT INTO reply VALUES {string.Join(", ", s_hostile.Select((value, i) => $"({i + 1}, {Text(value)}, 'svar')"))}, (100, 'plain', 'svar');
            """, Dataset(
            Collection("customer", "kind: k, on_erasure: delete", Key(), Identity(), Personal("name", portal: "correct: {rule: text}")),
            Collection("note", $"kind: k, on_erasure: retain, retain: {{rule: 'open', from: state, equals: [{string.Join(", ", s_hostile.Select(Text))}]}}", Key("code"), From("customer_id", "customer.id"), Personal("body"), Plain("state")),
            Collection("reply", "kind: k, on_erasure: delete", Key(), From("note_code", "note.code"), Personal("body"))) + "portal:\n  kinds: [{key: k}]\n  retention: {open: {ground: {sv: a, en: b}, counted_from: condition}}\n");
        var before = await shop.DumpAsync();

        foreach (var value in s_hostile)
        {
            Assert.Empty(await shop.SeenAsync(value, "customer", "id"));
            Assert.Empty(await shop.PlanAsync(value));
            // A row of somebody's own, found by its key; and the same key asked for by somebody else.
            var row = new ErasureScope([], [new RowKey("shop.note", new Dictionary<string, string> { ["code"] = value })]);
            Assert.Equal(["note delete 1", "reply delete 1"], await shop.PlanAsync(Email(Anna), row));
            Assert.Empty(await shop.PlanAsync(Email("bo@exempel.se"), row));
            Assert.IsType<RectificationOutcome.Stale>(await new Rectification(shop.Databases).CorrectAsync(Email(Anna), "shop.customer.name", null, value, "x", Cancellation));
        }
        Assert.Equal(before, await shop.DumpAsync());

        foreach (var (old, value) in s_hostile.Prepend("Anna").Zip(s_hostile))
        {
            Assert.Equal(new RectificationOutcome.Corrected(1), await new Rectification(shop.Databases).CorrectAsync(Email(Anna), "shop.customer.name", null, old, value, Cancellation));
        }
        Assert.Equal([s_hostile[^1], "Bo"], await shop.ColumnAsync("SELECT name FROM customer ORDER BY id"));
        await shop.SqlAsync($"UPDATE note SET state = {Text(s_hostile[0])} WHERE code = {Text(s_hostile[1])}");
        Assert.Equal(["customer reduce 1", $"note delete {s_hostile.Length - 1}", "note retain 1 open", $"reply delete {s_hostile.Length}"], await shop.EraseAsync(Anna));
        Assert.Equal(["plain"], await shop.ColumnAsync("SELECT code FROM note WHERE customer_id = 2"));
        Assert.Equal(["1"], await shop.ColumnAsync("SELECT count(*) FROM decoy"));
    }
}
