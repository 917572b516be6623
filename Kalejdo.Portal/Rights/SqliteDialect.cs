using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.DataMap;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Rights;

internal sealed class SqliteDialect : Dialect
{
    private const int BusySeconds = 5;

    // Not one of SQLite's own codes: a setting without which nothing may be changed was not taken.
    private const int SettingRefused = -1;

    public override string Join => "CROSS JOIN";

    // Its joins keep the order in which they are written.
    public override string? SmallSetsLead => null;

    public override string CreateTemporaryTable(TemporaryTable table, bool forTransaction) => table.PrimaryKey is null
        ? $"CREATE TEMPORARY TABLE {table.Name} ({table.Columns})"
        : $"CREATE TEMPORARY TABLE {table.Name} ({table.Columns}, PRIMARY KEY ({table.PrimaryKey})) WITHOUT ROWID";

    // Whoever writes must be sure to write to the file that is there now.
    public override bool Keeps(Source source, bool write) =>
        !write && new SqliteConnectionStringBuilder(source.ConnectionString) is { Pooling: true, Mode: not SqliteOpenMode.Memory };

    // An open connection would not notice that its file was replaced, or written by other means (a restored backup).
    public override object? Stamp(Source source) =>
        new FileInfo(new SqliteConnectionStringBuilder(source.ConnectionString).DataSource) is { Exists: true } file ? (file.CreationTimeUtc, file.LastWriteTimeUtc, file.Length) : null;

    public override string DeferForeignKeys => "PRAGMA defer_foreign_keys = ON";

    // A query that changes nothing: keys that were put off are checked when the transaction ends.
    public override string CheckForeignKeys => "SELECT 1";

    public override Task<bool> IsAliveAsync(DbConnection connection, CancellationToken cancellationToken) => Task.FromResult(true);

    public override async Task<DbConnection> OpenAsync(Source source, bool write, CancellationToken cancellationToken)
    {
        var settings = new SqliteConnectionStringBuilder(source.ConnectionString)
        {
            // The driver's pool would keep temporary tables, and a hold on the WAL.
            Pooling = false,
            DefaultTimeout = BusySeconds,
        };
        if (settings.Mode != SqliteOpenMode.Memory)
        {
            settings.Mode = write ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly;
        }
        var connection = new SqliteConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await SetAsync(connection, "busy_timeout", BusySeconds * 1000L, cancellationToken);
            await SetAsync(connection, "foreign_keys", 1L, cancellationToken);
            await SetAsync(connection, "temp_store", 2L, cancellationToken);
            if (write)
            {
                await SetAsync(connection, "secure_delete", 1L, cancellationToken);
                await SetAsync(connection, "journal_mode", "wal", cancellationToken);
            }
            connection.CreateFunction("portal_fold", (string? text) => text?.Trim().ToLowerInvariant(), isDeterministic: true);
            connection.CreateFunction("portal_random", (int length) => RandomNumberGenerator.GetString(RandomLetters, length));
            connection.CreateFunction("portal_sha256", (string? text) => text is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), isDeterministic: true);
            connection.CreateFunction("portal_hmac", (string? text, byte[] inner, byte[] outer) => text is null ? null : Hmac(text, inner, outer), isDeterministic: true);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override async Task<DbTransaction> BeginAsync(DbConnection connection, bool write, CancellationToken cancellationToken) =>
        // Not deferred: BEGIN IMMEDIATE, so that a reader never turns into a writer half-way.
        await Task.FromResult(((SqliteConnection)connection).BeginTransaction(deferred: !write));

    public override Task<DatabaseSchema> ReadSchemaAsync(DbConnection connection, CancellationToken cancellationToken) => SqliteSchema.ReadAsync(connection, cancellationToken);

    // Without the column's own affinity a comparison with it would use no index. https://sqlite.org/datatype3.html#determination_of_column_affinity
    public override string KeyType(Table table, string key) => table.Find(key)?.TypeName.ToUpperInvariant() switch
    {
        null => "INTEGER",
        var type when type.Contains("INT", StringComparison.Ordinal) => "INTEGER",
        var type when type.Contains("CHAR", StringComparison.Ordinal) || type.Contains("CLOB", StringComparison.Ordinal) || type.Contains("TEXT", StringComparison.Ordinal) => "TEXT",
        "" => "BLOB",
        var type when type.Contains("BLOB", StringComparison.Ordinal) => "BLOB",
        var type when type.Contains("REAL", StringComparison.Ordinal) || type.Contains("FLOA", StringComparison.Ordinal) || type.Contains("DOUB", StringComparison.Ordinal) => "REAL",
        _ => "NUMERIC",
    };

    // SQLite columns hold what was written, whatever their type; the column's affinity converts the parameter.
    public override string? Equal(string expression, string parameter, string value, Column column) => $"{expression} = {Written(parameter, value, column)}";

    public override string? Written(string parameter, string value, Column column) =>
        column.Type == ColumnType.Boolean && bool.TryParse(value, out var flag) ? flag ? "1" : "0" : parameter;

    // Of what fits alone: a cast makes a number of any text, where the column's affinity would leave it.
    public override string Typed(string value, Column column) => column.Type switch
    {
        ColumnType.Integer or ColumnType.Decimal or ColumnType.Boolean => $"CAST({value} AS NUMERIC)",
        ColumnType.Real => $"CAST({value} AS REAL)",
        _ => value,
    };

    public override string Fold(string expression) => $"portal_fold({expression})";

    public override string AsText(string expression) => $"CAST({expression} AS TEXT)";

    public override string CarriedType(Column column) => column.Type switch
    {
        ColumnType.Integer or ColumnType.Boolean => "INTEGER",
        ColumnType.Decimal => "NUMERIC",
        ColumnType.Real => "REAL",
        _ => "TEXT",
    };

    // The table's affinity does it.
    public override string Carried(string text, Column column) => text;

    // A column without a type of its own holds numbers as numbers, which no text equals.
    public override string Comparable(string expression, Column column) => column.Type is ColumnType.Other or ColumnType.Binary ? AsText(expression) : expression;

    public override bool CanHold(string value, Column column) => true;

    public override string Elements(string parameter) => $"json_each({parameter}) AS e";

    public override string Element(int place) => $"json_extract(e.value, '$[{place.ToString(CultureInfo.InvariantCulture)}]')";

    public override string Selected(string expression, Column column) => expression;

    public override string Contains(string text, string parameter) => $"instr({text}, {parameter}) > 0";

    public override string IsTrue(string expression, Column column) => $"(coalesce({expression}, 0) NOT IN (0, 'false', 'f', 'no', ''))";

    public override string OnOrAfter(string expression, Column column, string parameter) => column.Type == ColumnType.Text
        ? $"coalesce({Comparison(expression, column)}, '9999') >= CASE WHEN length({expression}) = 10 THEN substr({parameter}, 1, 10) ELSE substr({parameter}, 12) END"
        : $"coalesce({Comparison(expression, column)}, '9999') >= {parameter}";

    public override object OnOrAfterValue(DateOnly day, Column column) => column.Type switch
    {
        ColumnType.Instant => Instant(day),
        // Whether a text is a day or an instant (Entity Framework writes both so) each row tells.
        ColumnType.Text => $"{Day(day)}|{Instant(day)}",
        _ => Day(day),
    };

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Instant(DateOnly day) => StartOf(day).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    // Whether it is a day or an instant only its text tells, so instants are cut to Swedish days by the caller.
    public override string Day(string expression, Column column) => Comparison(expression, column);

    public override string RandomText(int length) => $"portal_random({length})";

    public override string ConsistsOf(string expression, string letters) => $"{expression} NOT GLOB '*[^{letters}]*'";

    public override string Sha256(string expression) => $"portal_sha256({expression})";

    public override string HmacSha256(string expression, string innerKeyParameter, string outerKeyParameter) =>
        $"portal_hmac({expression}, {innerKeyParameter}, {outerKeyParameter})";

    public override async Task<bool> OverwriteAsync(Source source, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(source, write: true, cancellationToken);
            // secure_delete leaves traces in pages that were moved or cut; VACUUM writes the file anew, and the WAL still holds the old pages.
            // The new file is put together in a temporary one (of what is left), not in memory.
            await ExecuteAsync(connection, "PRAGMA temp_store = 1", cancellationToken);
            await ExecuteAsync(connection, "VACUUM", cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken) && reader.GetInt64(0) == 0;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED)
        {
            return false;
        }
    }

    public override string Explain(DbException exception) => (exception as SqliteException)?.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => "another program has locked it; try again when that one is done",
        SQLitePCL.raw.SQLITE_READONLY => "it cannot be written; check the rights of the file and its folder",
        SQLitePCL.raw.SQLITE_CANTOPEN => "its file cannot be opened; check that it exists and may be read (and written, with its folder, to change anything)",
        SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT => "its file is damaged or is not a SQLite database",
        SQLitePCL.raw.SQLITE_FULL => "the disk is full",
        SQLitePCL.raw.SQLITE_CONSTRAINT => $"a rule of the database forbids it ({Constraint((SqliteException)exception)}): {Words(exception)}",
        SettingRefused => exception.Message,
        var code => $"SQLite answers with error {code}",
    };

    public override bool IsAboutValues(DbException exception) =>
        exception is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_MISMATCH };

    public override BrokenRule? Broken(DbException exception) => (exception as SqliteException)?.SqliteExtendedErrorCode switch
    {
        SQLitePCL.raw.SQLITE_CONSTRAINT_UNIQUE or SQLitePCL.raw.SQLITE_CONSTRAINT_PRIMARYKEY => BrokenRule.Unique,
        SQLitePCL.raw.SQLITE_CONSTRAINT_FOREIGNKEY => BrokenRule.Reference,
        SQLitePCL.raw.SQLITE_CONSTRAINT_NOTNULL => BrokenRule.NotNull,
        SQLitePCL.raw.SQLITE_CONSTRAINT_CHECK => BrokenRule.Check,
        _ => null,
    };

    // SQLite names table and column of a constraint, never a value.
    private static string Constraint(SqliteException e) => e.Message.Split('\'') is [_, var detail, ..] ? detail : "constraint";

    private static string Comparison(string expression, Column column) => column.Type switch
    {
        ColumnType.Instant => $"datetime({expression})",
        ColumnType.Text => $"CASE WHEN length({expression}) = 10 THEN date({expression}) ELSE datetime({expression}) END",
        _ => $"date({expression})",
    };

    private static string Hmac(string text, byte[] inner, byte[] outer) =>
        Convert.ToHexStringLower(SHA256.HashData([.. outer, .. SHA256.HashData([.. inner, .. Encoding.UTF8.GetBytes(text)])]));

    private static async Task SetAsync(DbConnection connection, string pragma, object wanted, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, $"PRAGMA {pragma} = {wanted}", cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {pragma}";
        var got = await command.ExecuteScalarAsync(cancellationToken);
        if (!Equals(got, wanted) && !(pragma == "journal_mode" && Equals(got, "memory")))
        {
            throw new SqliteException($"SQLite would not set {pragma} to {wanted}; it is {got}.", SettingRefused);
        }
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
