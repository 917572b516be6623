using System.Data;
using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;
using Npgsql;

namespace Kalejdo.Portal.Rights;

internal sealed class PostgresDialect : Dialect
{
    public override string Join => "JOIN";

    public override string CreateTemporaryTable(string name, string columns, string? primaryKey) =>
        $"CREATE TEMPORARY TABLE {name} ({columns}{(primaryKey is null ? "" : $", PRIMARY KEY ({primaryKey})")}) ON COMMIT DROP";

    public override string DeferForeignKeys => "SET CONSTRAINTS ALL DEFERRED";

    public override async Task<DbConnection> OpenAsync(Source source, bool write, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(source.ConnectionString);
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

    public override Task<DatabaseSchema> ReadSchemaAsync(DbConnection connection, CancellationToken cancellationToken) => PostgresSchema.ReadAsync(connection, cancellationToken);

    public override string KeyType(Table table, string key) => key == table.RowId ? "tid" : table.Find(key)!.TypeName;

    public override (string Expression, object Value)? Comparable(string parameter, string value, Column column) =>
        // PostgreSQL compares like with like only, and an impossible value is an error rather than no match.
        !Fits(value, column.Type) ? null
        : column.Type == ColumnType.Text ? (parameter, value)
        : ($"CAST(CAST({parameter} AS text) AS {column.TypeName})", value);

    public override string Fold(string expression) => $"lower(btrim({expression}))";

    public override string AsText(string expression) => $"CAST({expression} AS text)";

    public override string Selected(string expression, Column column) => column.Type switch
    {
        ColumnType.Decimal => $"CAST(CAST({expression} AS numeric) AS text)",
        ColumnType.Other => $"CAST({expression} AS text)",
        _ => expression,
    };

    public override string Contains(string text, string parameter) => $"strpos({text}, {parameter}) > 0";

    public override string IsTrue(string expression, Column column) => column.Type == ColumnType.Boolean ? $"({expression} IS TRUE)" : $"(coalesce({expression}, 0) <> 0)";

    public override string OnOrAfter(string expression, Column column, string parameter) => $"{expression} >= {parameter}";

    public override object OnOrAfterValue(DateOnly day, Column column) => column switch
    {
        { Type: ColumnType.Date } => day,
        { TypeName: "timestamp with time zone" } => DateTime.SpecifyKind(StartOf(day), DateTimeKind.Utc),
        _ => DateTime.SpecifyKind(StartOf(day), DateTimeKind.Unspecified),
    };

    public override string Day(string expression, Column column) => column switch
    {
        { Type: ColumnType.Date } => $"to_char({expression}, 'YYYY-MM-DD')",
        { TypeName: "timestamp with time zone" } => $"to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')",
        _ => $"to_char({expression}, 'YYYY-MM-DD HH24:MI:SS')",
    };

    public override string RandomText(int length) =>
        // 32 hex digits a UUID, of which 30 are random.
        $"left({string.Join(" || ", Enumerable.Repeat("replace(gen_random_uuid()::text, '-', '')", (length + 31) / 32))}, {length.ToString(CultureInfo.InvariantCulture)})";

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
        PostgresException { SqlState: ['2', '3', ..] } e => $"a rule of the database forbids it ({string.Join(", ", new[] { e.TableName, e.ColumnName, e.ConstraintName }.OfType<string>())})",
        PostgresException e => $"PostgreSQL answers with error {e.SqlState}",
        _ => "the server cannot be reached",
    };
}
