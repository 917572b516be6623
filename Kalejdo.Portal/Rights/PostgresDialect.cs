using System.Data;
using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;
using Npgsql;

namespace Kalejdo.Portal.Rights;

internal sealed class PostgresDialect : Dialect
{
    public override string Join => "JOIN";

    public override string CreateTemporaryTable(TemporaryTable table, bool forTransaction) =>
        $"CREATE TEMPORARY TABLE {table.Name} ({table.Columns}{(table.PrimaryKey is null ? "" : $", PRIMARY KEY ({table.PrimaryKey})")}){(forTransaction ? " ON COMMIT DROP" : "")}";

    public override bool Keeps(Source source, bool write) => new NpgsqlConnectionStringBuilder(source.ConnectionString).Pooling;

    public override object? Stamp(Source source) => null;

    public override string DeferForeignKeys => "SET CONSTRAINTS ALL DEFERRED";

    public override string CheckForeignKeys => "SET CONSTRAINTS ALL IMMEDIATE";

    // A server that was restarted, or a database that was restored, has ended it.
    public override async Task<bool> IsAliveAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1";
            return await command.ExecuteScalarAsync(cancellationToken) is 1;
        }
        catch (DbException)
        {
            return false;
        }
    }

    public override async Task<DbConnection> OpenAsync(Source source, bool write, CancellationToken cancellationToken)
    {
        // As on SQLite: whoever waits this long for another program's lock gives up and says so. Part of opening, not a round trip more.
        var settings = new NpgsqlConnectionStringBuilder(source.ConnectionString);
        settings.Options = $"{settings.Options} -c lock_timeout=5s".TrimStart();
        if (settings.Pooling)
        {
            // To plan the statements of a small subject takes longer than to carry them out.
            settings.MaxAutoPrepare = Math.Max(settings.MaxAutoPrepare, 500);
            settings.AutoPrepareMinUsages = 2;
            settings.NoResetOnClose = false;
        }
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // One snapshot for all statements; a row that somebody else changes meanwhile fails the transaction instead of being missed.
    public override async Task<DbTransaction> BeginAsync(DbConnection connection, bool write, CancellationToken cancellationToken) =>
        await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

    // PostgreSQL knows nothing of the size of temporary tables and, in doubt, reads the large tables whole. What has no index is read so all the same.
    // To forbid sorting too would read somebody's million rows in their index's order, but everybody's for the sake of a few (measured: 30 times slower).
    public override string? SmallSetsLead =>
        "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)";

    public override Task<DatabaseSchema> ReadSchemaAsync(DbConnection connection, CancellationToken cancellationToken) => PostgresSchema.ReadAsync(connection, cancellationToken);

    public override string KeyType(Table table, string key) => table.Find(key)?.TypeName ?? (key == "ctid" ? "tid" : "oid");

    // PostgreSQL compares like with like only, and an impossible value is an error rather than no match: so numbers are compared in the
    // widest type of their family (which uses the same indexes), and what has no family as text.
    public override string? Equal(string expression, string parameter, string value, Column column) => column switch
    {
        { Type: ColumnType.Text } => $"{expression} = {parameter}",
        { TypeName: "uuid" } => Guid.TryParse(value, out _) ? $"{expression} = {Cast(parameter, "uuid")}" : null,
        { Type: ColumnType.Other } => $"{AsText(expression)} = {parameter}",
        _ when !Fits(value, column.Type) => null,
        { Type: ColumnType.Integer } => $"{expression} = {Cast(parameter, "bigint")}",
        { Type: ColumnType.Decimal, TypeName: not "money" } => $"{expression} = {Cast(parameter, "numeric")}",
        _ => $"{expression} = {Cast(parameter, column.TypeName)}",
    };

    public override string? Written(string parameter, string value, Column column) =>
        !Fits(value, column.Type) ? null : column.Type == ColumnType.Text ? parameter : Cast(parameter, column.TypeName);

    public override string Typed(string value, Column column) => $"CAST({value} AS {column.TypeName})";

    private static string Cast(string parameter, string type) => $"CAST(CAST({parameter} AS text) AS {type})";

    public override string Fold(string expression) => $"lower(btrim({expression}))";

    public override string AsText(string expression) => $"CAST({expression} AS text)";

    public override string CarriedType(Column column) => column switch
    {
        { Type: ColumnType.Text } or { Type: ColumnType.Binary } => "text",
        { TypeName: "uuid" } => "uuid",
        { Type: ColumnType.Other } => "text",
        { Type: ColumnType.Integer } => "bigint",
        { Type: ColumnType.Decimal, TypeName: not "money" } => "numeric",
        _ => column.TypeName,
    };

    public override string Carried(string text, Column column) => $"CAST({text} AS {CarriedType(column)})";

    public override string Comparable(string expression, Column column) => CarriedType(column) == "text" && column.Type != ColumnType.Text ? AsText(expression) : expression;

    // PostgreSQL knows no NUL character.
    public override bool CanHold(string value, Column column) =>
        !value.Contains('\0', StringComparison.Ordinal) && (column.TypeName == "uuid" ? Guid.TryParse(value, out _) : column.Type == ColumnType.Binary || Fits(value, column.Type));

    public override string Elements(string parameter) => $"jsonb_array_elements(CAST({parameter} AS jsonb)) AS e(value)";

    public override string Element(int place) => $"(e.value ->> {place.ToString(CultureInfo.InvariantCulture)})";

    public override string Selected(string expression, Column column) => column.Type switch
    {
        ColumnType.Decimal => $"CAST(CAST({expression} AS numeric) AS text)",
        // Times with a zone too: ADO.NET would give them a day.
        ColumnType.Other or ColumnType.Time => $"CAST({expression} AS text)",
        _ => expression,
    };

    public override string Contains(string text, string parameter) => $"strpos({text}, {parameter}) > 0";

    public override string IsTrue(string expression, Column column) => column.Type == ColumnType.Boolean ? $"({expression} IS TRUE)" : $"(coalesce({expression}, 0) <> 0)";

    public override string OnOrAfter(string expression, Column column, string parameter) => $"{expression} >= {parameter}";

    public override object OnOrAfterValue(DateOnly day, Column column) => column switch
    {
        { Type: ColumnType.Date } => day,
        { Zoned: true } => DateTime.SpecifyKind(StartOf(day), DateTimeKind.Utc),
        _ => DateTime.SpecifyKind(StartOf(day), DateTimeKind.Unspecified),
    };

    public override string Day(string expression, Column column) => column switch
    {
        { Type: ColumnType.Date } => $"to_char({expression}, 'YYYY-MM-DD')",
        { Zoned: true } => $"to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')",
        _ => $"to_char({expression}, 'YYYY-MM-DD HH24:MI:SS')",
    };

    public override string RandomText(int length) =>
        // 32 hex digits a UUID, of which 30 are random.
        $"translate(left({string.Join(" || ", Enumerable.Repeat("replace(gen_random_uuid()::text, '-', '')", (length + 31) / 32))}, {length.ToString(CultureInfo.InvariantCulture)}), '0123456789abcdef', '{RandomLetters}')";

    public override string ConsistsOf(string expression, string letters) => $"translate({expression}, '{letters}', '') = ''";

    public override string Sha256(string expression) => $"encode(sha256(convert_to({expression}, 'UTF8')), 'hex')";

    public override string HmacSha256(string expression, string innerKeyParameter, string outerKeyParameter) =>
        $"encode(sha256({outerKeyParameter} || sha256({innerKeyParameter} || convert_to({expression}, 'UTF8'))), 'hex')";

    public override async Task<bool> OverwriteAsync(Source source, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(source, write: true, cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "VACUUM";
        await command.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    public override string Explain(DbException exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } =>
            "another program changed the same rows at the same time; try again",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } e => $"the database user lacks a right there ({e.MessageText})",
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } => "it refuses the user name or password",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => "there is no such database on the server",
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => "it cannot be written",
        // Table, column and constraint only: detail and message may quote values.
        PostgresException { SqlState: ['2', '3', ..] } e => $"a rule of the database forbids it ({string.Join(", ", new[] { e.TableName, e.ColumnName, e.ConstraintName }.OfType<string>())}): {Words(e)}",
        PostgresException e => $"PostgreSQL answers with error {e.SqlState}",
        _ => "the server cannot be reached",
    };

    // Data that does not fit, a rule that is broken, types that do not go together.
    public override bool IsAboutValues(DbException exception) => exception is PostgresException { SqlState: ['2', '2' or '3', ..] or ['4', '2', ..] } and not PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege };

    public override BrokenRule? Broken(DbException exception) => (exception as PostgresException)?.SqlState switch
    {
        PostgresErrorCodes.UniqueViolation => BrokenRule.Unique,
        PostgresErrorCodes.ForeignKeyViolation => BrokenRule.Reference,
        PostgresErrorCodes.NotNullViolation => BrokenRule.NotNull,
        PostgresErrorCodes.CheckViolation => BrokenRule.Check,
        _ => null,
    };
}
