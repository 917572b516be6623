using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>A draft of any database can be read again, fits the database and gives nothing but warnings.</summary>
public sealed class MapDraftTests
{
    private const string Shop = """
        CREATE TABLE kund (id INTEGER PRIMARY KEY, "e-post" VARCHAR(200) NOT NULL, "fullständigt namn" TEXT, "Födelsedatum" DATE NOT NULL, saldo NUMERIC(10,2), aktiv BOOLEAN, skapad TIMESTAMP);
        CREATE TABLE order_line (order_no INTEGER NOT NULL, line INTEGER NOT NULL, kund_id INTEGER NOT NULL REFERENCES kund (id), PRIMARY KEY (order_no, line));
        CREATE TABLE remark (order_no INTEGER, line INTEGER, body TEXT, FOREIGN KEY (order_no, line) REFERENCES order_line (order_no, line));
        CREATE TABLE region (id INTEGER PRIMARY KEY, code TEXT);
        ALTER TABLE kund ADD region_id INTEGER REFERENCES region (id);
        """;

    [Theory, EveryEngine]
    public async Task A_draft_says_what_the_database_knows_and_guesses_the_rest(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, Shop);
        var draft = await DraftAsync(shop);
        var map = Read(shop, draft, out var problems);

        Assert.Empty(problems);
        Assert.Equal(["kund", "order_line", "region", "remark"], map.Collections.Select(c => c.Name));
        Assert.Equal(["id", "e-post", "fullständigt namn", "Födelsedatum", "saldo", "aktiv", "skapad", "region_id"], map.Find("shop", "kund")!.Fields.Select(f => f.Name));
        Assert.Equal(["order_no", "line"], map.Find("shop", "order_line")!.Fields.Where(f => f.PrimaryKey).Select(f => f.Name));
        Assert.Equal(["string", "string", null, "float", "boolean", null, "integer"], map.Find("shop", "kund")!.Fields.Skip(1).Select(f => f.DataType));
        var email = map.Find("shop", "kund")!.Find("e-post")!;
        Assert.Equal(("email", 200, MaskingStrategy.Random), (email.Identity, email.Length, email.Masking!.Strategy));
        // A day that cannot be emptied is overwritten by another.
        Assert.Equal((MaskingStrategy.Rewrite, "1900-01-01"), (map.Find("shop", "kund")!.Find("Födelsedatum")!.Masking!.Strategy, map.Find("shop", "kund")!.Find("Födelsedatum")!.Masking!.Value));
        Assert.Equal(["order_line.order_no", "order_line.line"], map.Find("shop", "remark")!.Fields.SelectMany(f => f.References).Select(r => $"{r.Collection}.{r.Field}"));
        Assert.Single(map.Find("shop", "remark")!.Fields.SelectMany(f => f.References).Select(r => r.Group).Distinct(), group => group is not null);
        // Away from where people are found.
        Assert.Equal(Direction.From, Assert.Single(map.Find("shop", "order_line")!.Find("kund_id")!.References).Direction);
        Assert.Equal(Direction.To, Assert.Single(map.Find("shop", "kund")!.Find("region_id")!.References).Direction);
        Assert.Equal(provider == Provider.Sqlite ? null : shop.SchemaName, map.Datasets.Single().Schema);
        Assert.False(map.Datasets.Single().Annotated);
        Assert.Contains("# The foreign key kund_id has no index: CREATE INDEX … ON order_line (kund_id)", draft, StringComparison.Ordinal);
        Assert.Contains("# The table has no primary key", draft, StringComparison.Ordinal);
        Assert.Contains("data_categories: [user.contact.email] # guess", draft, StringComparison.Ordinal);
        Assert.Contains("identity: email # guess", draft, StringComparison.Ordinal);
        Assert.Contains("# portal: {label: {sv: …, en: …}}", draft, StringComparison.Ordinal);
        Assert.DoesNotContain("\t", draft, StringComparison.Ordinal);
        Assert.Equal(draft, await DraftAsync(shop));
    }

    [Theory, EveryEngine]
    public async Task Names_cannot_break_out_of_a_draft(Provider provider)
    {
        string[] names =
        [
            "null", "Yes", "~", "123", "1e3", "-", "- a", "a: b", "a #b", "#", "'", "''", "\"", "\\", "\"\"; DROP TABLE kund; --", "{x}", "[x]", "*x", "&x", "!x", "%x", "@x", "`x`", "|", ">", "? x", "<<", "=",
            "a\nname: b", "a\r\nb", "a\tb", "\u001b[31m", "a\u2028b", "a\u0085b", "\ufeffa", "name ", " name", "räksmörgås", "名前", "😀", "a.b", "portal", "dataset", new string('x', 63), " ", "\n",
        ];
        await using var shop = await UnmappedAsync(provider, string.Concat(names.Select((name, i) =>
            $"CREATE TABLE {Quoted(name)} ({Quoted(name)} INTEGER PRIMARY KEY, {Quoted("e-post " + name)[..^1].TrimEnd()}\" TEXT NOT NULL, parent INTEGER REFERENCES {Quoted(name)} ({Quoted(name)}));")));
        var draft = await DraftAsync(shop);
        var map = Read(shop, draft, out var problems);

        Assert.All(problems, p => Assert.Contains("has a dot", p, StringComparison.Ordinal));
        var readable = names.Where(n => !string.IsNullOrWhiteSpace(n)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(readable, map.Collections.Select(c => c.Name));
        Assert.All(map.Collections, c => Assert.Equal(c.Name, c.Fields[0].Name));
        Assert.All(map.Collections, c => Assert.Equal(c.Name.Contains('.', StringComparison.Ordinal) ? 0 : 1, c.Find("parent")!.References.Count));
        Assert.DoesNotContain(await CheckAsync(shop, map), p => p.Severity == Severity.Error);
    }

    [Theory, EveryEngine]
    public async Task The_check_has_nothing_against_a_draft_but_warnings(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, Shop + """
            CREATE TABLE besök (epost VARCHAR(100) PRIMARY KEY, antal INTEGER NOT NULL);
            CREATE TABLE konto (id INTEGER PRIMARY KEY, kundnummer INTEGER NOT NULL UNIQUE, mobil NUMERIC(12) NOT NULL, password_hash TEXT NOT NULL, username VARCHAR(10) NOT NULL UNIQUE);
            """ + (provider == Provider.Sqlite ? "CREATE TABLE bild (id INTEGER PRIMARY KEY, foto BLOB NOT NULL);" : """
            CREATE TYPE kön AS ENUM ('k', 'm');
            CREATE TABLE bild (id uuid PRIMARY KEY, foto bytea NOT NULL, kön kön NOT NULL, phones text[] NOT NULL, note jsonb NOT NULL, address_id integer GENERATED ALWAYS AS IDENTITY, ip inet NOT NULL, "namn" char(3) NOT NULL);
            """));
        var map = Read(shop, await DraftAsync(shop), out var problems);

        Assert.Empty(problems);
        Assert.DoesNotContain(await CheckAsync(shop, map), p => p.Severity == Severity.Error);
        // What allows no mask goes with its row.
        Assert.Equal(["bild", "konto"], map.Collections.Where(c => c.OnErasure == OnErasure.Delete).Select(c => c.Name));
        Assert.Empty(MapUpdate.Find([(map.Datasets, await SchemaAsync(shop))]));
    }

    [Theory, EveryEngine]
    public async Task A_person_can_be_seen_and_erased_with_a_draft_as_it_is(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, Shop + """
            INSERT INTO region VALUES (1, 'Sthlm');
            INSERT INTO kund VALUES (1, 'Åsa@Exempel.example', 'Åsa', '1970-01-01', 5, NULL, NULL, 1), (2, 'bo@exempel.example', 'Bo', '1980-01-01', 5, NULL, NULL, 1);
            INSERT INTO order_line VALUES (7, 1, 1), (8, 1, 2);
            INSERT INTO remark VALUES (7, 1, 'ring åsa'), (8, 1, 'ring bo');
            """);
        await shop.MapAsync(await DraftAsync(shop));

        Assert.Equal(["ring åsa"], await shop.SeenAsync("åsa@exempel.example", "remark", "body"));
        await shop.EraseAsync("åsa@exempel.example");
        Assert.DoesNotContain("åsa", await shop.DumpAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["ring bo"], await shop.SeenAsync("bo@exempel.example", "remark", "body"));
    }

    [Fact]
    public async Task Every_schema_becomes_a_dataset_with_its_namespace()
    {
        await using var shop = await UnmappedAsync(Provider.Postgresql, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            """);
        var (main, second, odd) = (shop.SchemaName!, $"{shop.SchemaName}_sales", $"{shop.SchemaName} Märklig");
        await shop.SqlAsync($"""CREATE SCHEMA {second}; CREATE TABLE {second}.customer (id INTEGER PRIMARY KEY REFERENCES customer (id), note TEXT); CREATE SCHEMA "{odd}"; CREATE TABLE "{odd}".t (id INTEGER PRIMARY KEY);""");
        var map = Read(shop, MapDraft.Write("shop", await SchemaAsync(shop), [main, second, odd]), out var problems);

        Assert.Empty(problems);
        Assert.Equal([("shop", main), ("shop.2", odd), ($"shop_{second}", second)], map.Datasets.Select(d => (d.Key, d.Schema!)));
        Assert.Equal(("shop", "customer", "id"), Assert.Single(map.Find($"shop_{second}", "customer")!.Find("id")!.References.Select(r => (r.Dataset, r.Collection, r.Field))));
        Assert.DoesNotContain(await CheckAsync(shop, map), p => p.Message.Contains("foreign key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("email", "user.contact.email")]
    [InlineData("E-post", "user.contact.email")]
    [InlineData("KundEpostAdress", "user.contact.email")]
    [InlineData("contact_email_2", "user.contact.email")]
    [InlineData("telefonnummer", "user.contact.phone_number")]
    [InlineData("MobilNr", "user.contact.phone_number")]
    [InlineData("phone", "user.contact.phone_number")]
    [InlineData("Namn", "user.name")]
    [InlineData("förnamn", "user.name")]
    [InlineData("last_name", "user.name")]
    [InlineData("lastName", "user.name")]
    [InlineData("username", "user.account.username")]
    [InlineData("adress", "user.contact.address")]
    [InlineData("street_address", "user.contact.address.street")]
    [InlineData("postnummer", "user.contact.address.postal_code")]
    [InlineData("ort", "user.contact.address.city")]
    [InlineData("personnummer", "user.government_id")]
    [InlineData("ssn", "user.government_id")]
    [InlineData("födelsedatum", "user.demographic.date_of_birth")]
    [InlineData("fodelsedag", "user.demographic.date_of_birth")]
    [InlineData("birth_date", "user.demographic.date_of_birth")]
    [InlineData("kön", "user.demographic.gender")]
    [InlineData("ålder", "user.demographic.age_range")]
    [InlineData("ip", "user.device.ip_address")]
    [InlineData("last_login_ip", "user.device.ip_address")]
    [InlineData("lösenord_hash", "user.authorization.credentials")]
    [InlineData("kundnummer", "user.unique_id")]
    [InlineData("anteckningar", "user.content")]
    [InlineData("id", "system.operations")]
    [InlineData("zipped", "system.operations")]
    [InlineData("sort_order", "system.operations")]
    [InlineData("description_id", "system.operations")]
    [InlineData("shipped_at", "system.operations")]
    [InlineData("postponed", "system.operations")]
    [InlineData("", "system.operations")]
    [InlineData("名前", "system.operations")]
    public void Names_in_Swedish_and_English_are_guessed_by_whole_words(string column, string category) => Assert.Equal(category, CategoryGuess.Of(column).Category);

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static async Task<DatabaseSchema> SchemaAsync(MappedDatabaseUnderTest shop) => (await Databases.ReadSchemaAsync(shop.Source, Cancellation)).Schema!;

    private static async Task<string> DraftAsync(MappedDatabaseUnderTest shop) => MapDraft.Write("shop", await SchemaAsync(shop), shop.SchemaName is { } schema ? [schema] : []);

    private static Map Read(MappedDatabaseUnderTest shop, string draft, out List<string> problems)
    {
        File.WriteAllText(shop.MapFile, draft);
        var (map, found) = MapReader.Read([shop.MapFile]);
        problems = [.. found.Select(p => p.ToString())];
        return map;
    }

    private static async Task<IReadOnlyList<MapProblem>> CheckAsync(MappedDatabaseUnderTest shop, Map map) => MapCheck.Run(map, [(map.Datasets, await SchemaAsync(shop))]);
}
