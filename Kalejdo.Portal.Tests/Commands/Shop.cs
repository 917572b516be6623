using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Commands;

/// <summary>A database that is not Kalejdo's, with a map of its own, in a folder of its own.</summary>
public sealed class Shop : IDisposable
{
    public const string Map = """
        portal:
          kinds:
            - key: purchases
              label: {sv: Köp, en: Purchases}
            - key: words
              label: {sv: Recensioner, en: Reviews}
          retention:
            books: {ground: {sv: bokföringslagen, en: the Accounting Act}, keep: P7Y, counted_from: end_of_calendar_year}
        dataset:
          - fides_key: shop
            name: Shop
            collections:
              - name: customer
                portal: {kind: purchases, on_erasure: delete}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
                  - {name: loyalty, data_categories: [user.unique_id], fides_meta: {identity: loyalty}}
                  - {name: name, data_categories: [user.name], portal: {label: {sv: Namn, en: Name}, correct: {rule: name}}}
              - name: purchase
                portal: {kind: purchases, on_erasure: retain, retain: {rule: books, from: bought_on}}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: customer_id, data_categories: [system.operations], fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}}
                  - {name: amount, data_categories: [user.financial]}
                  - {name: bought_on, data_categories: [user.financial], fides_meta: {masking_strategy_override: {strategy: preserve}}}
                  - {name: gift, data_categories: [user.financial]}
                  - {name: weight, data_categories: [user.financial]}
                  - {name: photo, data_categories: [user.content]}
              - name: review
                portal: {kind: words, on_erasure: delete, newest_first: written_at}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: customer_id, data_categories: [system.operations], fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}}
                  - {name: text, data_categories: [user.content]}
                  - {name: written_at, data_categories: [user.content]}
              - name: visit
                portal: {kind: words, on_erasure: delete}
                fields:
                  - {name: email, data_categories: [user.contact.email], fides_meta: {primary_key: true, identity: email}}
                  - {name: times, data_categories: [user.behavior]}
        """;

    private const string Tables = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, loyalty TEXT, name TEXT, internal_note TEXT);
        CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id), amount NUMERIC(10,2), bought_on DATE, gift BOOLEAN, weight REAL, photo BLOB);
        CREATE TABLE review (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), text TEXT, written_at DATETIME);
        CREATE TABLE visit (email TEXT PRIMARY KEY NOT NULL, times INTEGER);
        INSERT INTO customer VALUES (1, 'Åke@Exempel.example', 'L-1', 'Åke Öberg', 'hidden'), (2, 'bo@exempel.example', 'L-2', 'Bo', 'hidden'), (3, NULL, 'L-3', 'Åke igen', 'hidden');
        INSERT INTO purchase VALUES (1, 1, 199.5, '2026-03-04', 1, 0.25, x'00FF10'), (2, 2, 20, '2026-03-05', 0, 2.0, NULL);
        INSERT INTO review VALUES (1, 1, '=HYPERLINK("http://x.example";"klicka")', '2026-01-02 03:04:05'), (2, 3, 'räksmörgås; "gott"', '2026-02-03 04:05:06'), (3, 2, 'Bo tycker', '2026-02-03 04:05:06');
        INSERT INTO visit VALUES ('åke@exempel.example', 7);
        """;

    public Shop(string map = Map)
    {
        File.WriteAllText(MapFile, map);
        foreach (var statement in Tables.Split(";\n"))
        {
            Execute(statement);
        }
    }

    private bool readOnly;

    public string Folder { get; } = Directory.CreateTempSubdirectory("portal-shop-").FullName;

    public string DatabaseFile => Path.Combine(Folder, "shop.db");

    public string MapFile => Path.Combine(Folder, "shop.yml");

    public string[] Explicit => ["--map", MapFile, "--source", $"shop=sqlite:{DatabaseFile}"];

    public async Task<PortalRun> RunAsync(params string[] arguments)
    {
        await using var started = PortalProcess.Start(Folder, readOnly && Environment.IsPrivilegedProcess, [], [.. arguments, .. Explicit]);
        return await started.EndAsync();
    }

    /// <summary>Nobody may write the file or its folder, but read both.</summary>
    public void MakeReadOnly()
    {
        readOnly = true;
        foreach (var file in Directory.GetFiles(Folder))
        {
            SetMode(file, (UnixFileMode)0b100_100_100);
        }
        SetMode(Folder, (UnixFileMode)0b101_101_101);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    public void Execute(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        connection.Open();
        return connection;
    }

    public string Dump() => Dumps.Of(DatabaseFile);

    public void Dispose()
    {
        SetMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.Delete(Folder, recursive: true);
    }
}
