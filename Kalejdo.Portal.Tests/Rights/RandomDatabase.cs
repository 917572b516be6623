using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>A random reference of a random table.</summary>
/// <param name="Direction">0 from, 1 to, 2 both ways.</param>
/// <param name="NotNull">In all of its columns.</param>
internal sealed record RandomReference(int Parent, int Direction, bool Enforced, bool NotNull, int OnDelete);

/// <param name="Place">The database in which the table lies, where there are two.</param>
/// <param name="Key">0 and 2 a key, 1 none but a unique column, 3 a key of two columns, to which references lead by both.</param>
/// <param name="Identity">Whether the table has an e-mail column.</param>
/// <param name="Number">Whether the table has a second identity, a customer number.</param>
/// <param name="Erasure">0 what Fides means, 1 delete, 2 anonymise, 3 retain.</param>
internal sealed record RandomTable(int Place, int Key, bool Identity, bool Number, int Erasure, int Mask, IReadOnlyList<RandomReference> References, IReadOnlyList<IReadOnlyList<int>> Rows);

/// <summary>A small random schema with its map and rows, at times over two databases. Tables refer to earlier ones, or to themselves.</summary>
internal sealed record RandomDatabase(IReadOnlyList<RandomTable> Tables)
{
    public const int People = 3;

    private static readonly string[] s_onDelete = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"];

    public static string Email(int person) => string.Create(CultureInfo.InvariantCulture, $"person{person}@exempel.se");

    public static string Number(int person) => string.Create(CultureInfo.InvariantCulture, $"K{person}");

    public static Gen<RandomDatabase> Generator { get; } =
        from count in Gen.Choose(2, 5)
        from places in Gen.Frequency((3, Gen.Constant(1)), (2, Gen.Constant(2)))
        from tables in Gen.CollectToList(Enumerable.Range(0, count), number => Table(number, places))
        select new RandomDatabase([.. tables]);

    private static Gen<RandomTable> Table(int number, int places) =>
        from place in Gen.Choose(0, number == 0 ? 0 : places - 1)
        from key in Gen.Choose(0, 3)
        from identity in number == 0 ? Gen.Constant(true) : Gen.Frequency((1, Gen.Constant(true)), (2, Gen.Constant(false)))
        from customer in Gen.Frequency((1, Gen.Constant(true)), (3, Gen.Constant(false)))
        from erasure in Gen.Frequency((3, Gen.Constant(0)), (4, Gen.Constant(1)), (2, Gen.Constant(2)), (1, Gen.Constant(3)))
        from mask in Gen.Choose(0, 3)
        from references in Gen.Choose(number == 0 ? 0 : 1, number == 0 ? 1 : 3).SelectMany(n => Gen.ListOf(Reference(number), n))
        from rows in Gen.Choose(0, 6).SelectMany(n => Gen.ListOf(Gen.ListOf(Gen.Choose(0, 9), references.Count + 3), n))
        select new RandomTable(place, key, identity, customer, erasure, mask, [.. references], [.. rows.Select(row => (IReadOnlyList<int>)[.. row])]);

    // A first row could not refer to itself by a key that it has not yet.
    private static Gen<RandomReference> Reference(int table) =>
        from parent in Gen.Choose(0, table)
        from direction in Gen.Frequency((5, Gen.Constant(0)), (3, Gen.Constant(1)), (1, Gen.Constant(2)))
        from enforced in Gen.Elements(true, true, false)
        from notNull in Gen.Elements(true, false, false)
        from onDelete in Gen.Choose(0, 3)
        select new RandomReference(parent, direction, enforced, notNull && parent != table, notNull && onDelete == 3 ? 0 : onDelete);

    /// <summary>The dataset of a place.</summary>
    public static string Dataset(int place) => place == 0 ? "one" : "two";

    /// <summary>How many databases there are.</summary>
    public int Places => Tables.Max(t => t.Place) + 1;

    public string Sql(int place) => string.Concat(Tables.Select((table, number) =>
    {
        if (table.Place != place)
        {
            return "";
        }

        var references = string.Concat(table.References.Select((r, i) => $", r{i} INTEGER{(r.NotNull ? " NOT NULL" : "")}{(Composite(r) ? $", p{i} INTEGER{(r.NotNull ? " NOT NULL" : "")}" : "")}"))
            + string.Concat(table.References.Select((r, i) => (r, i)).Where(x => x.r.Enforced && Tables[x.r.Parent].Place == place).Select(x =>
                $", FOREIGN KEY (r{x.i}{(Composite(x.r) ? $", p{x.i}" : "")}) REFERENCES t{x.r.Parent} (id{(Composite(x.r) ? ", part" : "")}) ON DELETE {s_onDelete[x.r.OnDelete]}"));
        var id = table.Key switch { 0 => "id INTEGER PRIMARY KEY", 1 => "id INTEGER NOT NULL UNIQUE", 2 => "id INTEGER NOT NULL PRIMARY KEY", _ => "id INTEGER NOT NULL, part INTEGER NOT NULL" };
        var create = $"CREATE TABLE t{number} ({id}{(table.Identity ? ", email TEXT" : "")}{(table.Number ? ", number TEXT" : "")}, name TEXT, kept DATE{references}{(table.Key == 3 ? ", PRIMARY KEY (id, part)" : "")});\n";
        var rows = string.Join(", ", table.Rows.Select((row, i) => (Row: row, Id: i + 1)).Where(r => Holds(number, r.Id)).Select(r => string.Create(CultureInfo.InvariantCulture,
            $"({r.Id}{(table.Key == 3 ? $", {PartOf(r.Id)}" : "")}{(table.Identity ? r.Row[0] < People ? $", '{Email(r.Row[0])}'" : ", NULL" : "")}{(table.Number ? NumberIn(table, r.Row) is { } person ? $", '{Number(person)}'" : ", NULL" : "")}, 'name {number} {r.Id}', '{(r.Row[1] < 5 ? "2026-01-01" : "2000-01-01")}'{string.Concat(table.References.Select((x, k) => Target(number, r.Id, k) is { } target ? $", {target}{(Composite(x) ? $", {PartOf(target)}" : "")}" : Composite(x) ? ", NULL, NULL" : ", NULL"))})")));
        return create + (rows == "" ? "" : $"INSERT INTO t{number} VALUES {rows};\n");
    }));

    /// <summary>A row that bears two identities bears one person's.</summary>
    private static int? NumberIn(RandomTable table, IReadOnlyList<int> row) => row[^1] >= People ? null : table.Identity && row[0] < People ? row[0] : row[^1];

    /// <summary>Whether a row tells that an address and a number are the same person's.</summary>
    public bool TellsBoth(int person) => Tables.Select((table, number) => (table, number)).Any(t => t.table.Identity && t.table.Number
        && t.table.Rows.Select((row, i) => (row, i)).Any(r => r.row[0] == person && NumberIn(t.table, r.row) == person && Holds(t.number, r.i + 1)));

    private bool Composite(RandomReference reference) => Tables[reference.Parent].Key == 3;

    private static int PartOf(int id) => id % 2;

    /// <summary>A row whose reference must not be null exists only if it can refer to something.</summary>
    private bool Holds(int table, int id) => Tables[table].References.Select((r, k) => !r.NotNull || Target(table, id, k) is not null).All(held => held);

    private int? Target(int table, int id, int reference)
    {
        var (row, r) = (Tables[table].Rows[id - 1], Tables[table].References[reference]);
        var candidates = r.Parent == table
            ? Enumerable.Range(1, id).Where(i => i == id || Holds(table, i)).ToList()
            : Enumerable.Range(1, Tables[r.Parent].Rows.Count).Where(i => Holds(r.Parent, i)).ToList();
        return candidates.Count == 0 || (!r.NotNull && row[reference + 2] > 7) ? null : candidates[row[reference + 2] % candidates.Count];
    }

    public string Map => string.Concat(Enumerable.Range(0, Places).Select(MapOf)) + MapText.Retention("seven_years: {ground: {sv: lag, en: law}, keep: P7Y, counted_from: date}") + "  kinds: [{key: k, label: {sv: k, en: k}}]\n";

    private string MapOf(int place) => MapText.DatasetOf(Dataset(place), "", [.. Tables.Select((table, number) => (table, number)).Where(t => t.table.Place == place).Select(t =>
    {
        var (table, number) = t;
        var name = table.Mask switch
        {
            0 => MapText.Personal("name"),
            1 => MapText.Masked("name", "string_rewrite"),
            2 => MapText.Masked("name", "random_string_rewrite"),
            _ => MapText.Masked("name", "hash"),
        };
        string[] fields =
        [
            table.Key == 1 ? MapText.Plain("id") : MapText.Key(), .. table.Key == 3 ? [MapText.Key("part")] : Array.Empty<string>(),
            .. table.Identity ? [MapText.Identity()] : Array.Empty<string>(), .. table.Number ? [MapText.Identity("number")] : Array.Empty<string>(), name, MapText.Plain("kept"),
            .. table.References.SelectMany((r, i) => Composite(r) ? [Refers(r, i, "r", "id", $"both{i}"), Refers(r, i, "p", "part", $"both{i}")] : new[] { Refers(r, i, "r", "id", null) }),
        ];
        return MapText.Collection($"t{number}", table.Erasure switch
        {
            0 => "",
            1 => "kind: k, on_erasure: delete",
            2 => "kind: k, on_erasure: anonymise",
            _ => "kind: k, on_erasure: retain, retain: {rule: seven_years, from: kept}",
        }, fields);
    })]).Replace("dataset:\n", place == 0 ? "dataset:\n" : "", StringComparison.Ordinal);

    private string Refers(RandomReference reference, int place, string column, string target, string? group) => MapText.Plain(
        $"{column}{place}", MapText.Reference($"t{reference.Parent}.{target}", reference.Direction switch { 0 => "from", 1 => "to", _ => null }, Dataset(Tables[reference.Parent].Place), group));

    public override string ToString() => $"\n{string.Concat(Enumerable.Range(0, Places).Select(place => $"-- {Dataset(place)}\n{Sql(place)}"))}\n{Map}";
}
