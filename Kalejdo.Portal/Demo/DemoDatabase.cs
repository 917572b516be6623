using System.Data;
using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Kalejdo.Portal.Demo;

/// <param name="Subscribers">How many subscribers.</param>
/// <param name="Today">The day that everything is counted back from.</param>
/// <param name="History">How many viewings the first subscriber's own profile has; a modest number where null.</param>
public sealed record SeedOptions(int Subscribers, DateOnly Today, int? History = null);

public abstract record SeedResult;

/// <param name="RowsOfTables">Rows written, by table.</param>
public sealed record Seeded(IReadOnlyDictionary<string, long> RowsOfTables) : SeedResult
{
    /// <summary>A few people worth trying the portal with, of those that were written.</summary>
    public required IReadOnlyList<DemoSubscriber> Worthwhile { get; init; }
}

/// <summary>The database holds subscribers already; nothing was changed.</summary>
public sealed record AlreadyFilled(long Subscribers) : SeedResult;

/// <summary>Kalejdo's own database as a demonstration: the schema, and invented people. Same options, same rows, on every machine.</summary>
public static class DemoDatabase
{
    // "KDEM", in the header of an SQLite file; no table of ours in a database of Kalejdo's.
    private const int SqliteMark = 0x4B44454D;
    private const string PostgresMark = "Kalejdo.Portal demonstration";
    private const int RowsHeld = 20_000;
    private const int SubscribersBetweenReports = 1_000;

    private static readonly DemoCase[] WorthwhileCases =
        [DemoCase.Complete, DemoCase.SharedAddress, DemoCase.MistypedEmail, DemoCase.SecondAgreement, DemoCase.EndedAndSettled, DemoCase.EndedOwing, DemoCase.Company, DemoCase.Dispute, DemoCase.LargeHousehold];

    /// <summary>Creates the schema where there is none and fills it, all in one transaction.</summary>
    public static async Task<SeedResult> SeedAsync(DbConnection connection, SeedOptions options, IProgress<string>? progress, CancellationToken ct)
    {
        if (connection.State != ConnectionState.Open)
        {
            await connection.OpenAsync(ct);
        }

        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await HasSchemaAsync(connection, transaction, ct))
        {
            await ExecuteAsync(connection, transaction, Schema(connection), ct);
        }

        var existing = Convert.ToInt64(await ExecuteAsync(connection, transaction, "SELECT count(*) FROM subscriber", ct), CultureInfo.InvariantCulture);
        if (existing > 0)
        {
            return new AlreadyFilled(existing);
        }

        var tables = new SeedTables();
        var rows = new SeedRows(tables, options.Today);
        rows.AddCommon();
        for (var number = 1; number <= options.Subscribers; number++)
        {
            await rows.AddSubscriberAsync(number, number == 1 ? options.History : null, FlushIfManyAsync);
            if (number % SubscribersBetweenReports == 0)
            {
                progress?.Report($"{number} of {options.Subscribers} subscribers");
            }
        }

        await FlushAsync();
        if (connection is NpgsqlConnection)
        {
            await GoOnNumberingAsync(connection, transaction, tables, ct);
        }

        await ExecuteAsync(connection, transaction, connection is NpgsqlConnection
            ? $"COMMENT ON TABLE subscriber IS '{PostgresMark}'"
            : string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {SqliteMark}"), ct);
        await transaction.CommitAsync(ct);
        return new Seeded(tables.ParentsFirst.ToDictionary(table => table.Name, table => table.Count))
        {
            Worthwhile = [.. WorthwhileCases.Select(situation => new DemoSubscriber((int)situation)).Where(subscriber => subscriber.Number <= options.Subscribers)],
        };

        async ValueTask FlushIfManyAsync()
        {
            ct.ThrowIfCancellationRequested();
            if (tables.ParentsFirst.Sum(table => table.Waiting) >= RowsHeld)
            {
                await FlushAsync();
            }
        }

        async Task FlushAsync()
        {
            foreach (var table in tables.ParentsFirst)
            {
                await table.FlushAsync(connection, transaction, ct);
            }
        }
    }

    /// <summary>Whether the database was filled here: it bears the mark of it.</summary>
    public static async Task<bool> IsDemonstrationAsync(DbConnection connection, CancellationToken ct) =>
        connection is NpgsqlConnection
            ? await ExecuteAsync(connection, null, "SELECT obj_description(to_regclass('subscriber'), 'pg_class')", ct) is PostgresMark
            : await ExecuteAsync(connection, null, "PRAGMA application_id", ct) is (long)SqliteMark;

    /// <summary>Whether the subscriber still stands there as seeded, and so can sign in or be linked.</summary>
    public static async Task<bool> HoldsAsync(DbConnection connection, DemoSubscriber subscriber, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(subscriber);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM subscriber WHERE customer_number = @number AND email = @email";
        foreach (var (name, value) in new[] { ("@number", subscriber.CustomerNumber), ("@email", subscriber.Email) })
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, (object?)value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture) == 1;
    }

    private static async Task<bool> HasSchemaAsync(DbConnection connection, DbTransaction transaction, CancellationToken ct) =>
        await ExecuteAsync(connection, transaction, connection is NpgsqlConnection
            ? "SELECT to_regclass('subscriber')::text"
            : "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'subscriber'", ct) is string;

    private static string Schema(DbConnection connection)
    {
        var name = connection is NpgsqlConnection ? "kalejdo.postgresql.sql" : "kalejdo.sqlite.sql";
        using var script = typeof(DemoDatabase).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The program was built without {name}.");
        using var reader = new StreamReader(script);
        return reader.ReadToEnd();
    }

    // Rows came with their ids, so PostgreSQL has handed out none itself.
    private static async Task GoOnNumberingAsync(DbConnection connection, DbTransaction transaction, SeedTables tables, CancellationToken ct)
    {
        foreach (var table in tables.ParentsFirst.Where(table => table.NumbersItsRows && table.Count > 0))
        {
            await ExecuteAsync(connection, transaction, string.Create(CultureInfo.InvariantCulture, $"SELECT setval(pg_get_serial_sequence('{table.Name}', 'id'), {table.Count})"), ct);
        }
    }

    private static async Task<object?> ExecuteAsync(DbConnection connection, DbTransaction? transaction, string text, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = text;
        return await command.ExecuteScalarAsync(ct);
    }
}
