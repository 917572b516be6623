using System.Data.Common;
using System.Globalization;

namespace Kalejdo.Portal.DataMap;

/// <summary>Reads a SQLite database's schema.</summary>
public static class SqliteSchema
{
    /// <summary>Reads the tables of every attached database; main's are the default schema.</summary>
    public static async Task<DatabaseSchema> ReadAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(connection,
            "SELECT schema, name, type, wr FROM pragma_table_list WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND schema <> 'temp'",
            r => (Schema: r.GetString(0), Name: r.GetString(1), View: r.GetString(2) == "view", WithoutRowId: r.GetInt64(3) == 1), cancellationToken);
        var tables = new List<Table>();
        foreach (var (schema, name, view, withoutRowId) in rows)
        {
            var columns = await ReadAsync(connection,
                $"SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo({Literal(name)}, {Literal(schema)}) WHERE hidden <> 1",
                r => (Name: r.GetString(0), Type: r.GetString(1), NotNull: r.GetInt64(2) != 0, Key: r.GetInt64(3), Generated: r.GetInt64(4) >= 2), cancellationToken);
            var key = columns.Where(c => c.Key > 0).OrderBy(c => c.Key).Select(c => c.Name).ToList();
            tables.Add(new Table(
                schema, name, schema == "main", true, view,
                withoutRowId || view ? [] : [.. new[] { "rowid", "_rowid_", "oid" }.Where(r => columns.All(c => !c.Name.Equals(r, StringComparison.OrdinalIgnoreCase))).Take(1)],
                // An INTEGER PRIMARY KEY and the keys of WITHOUT ROWID tables cannot be null although SQLite does not say so.
                [.. columns.Select(c => new Column(c.Name, c.Type, TypeOf(c.Type), c.NotNull || (c.Key > 0 && (withoutRowId || (key.Count == 1 && IsInteger(c.Type)))), LengthOf(c.Type), c.Generated))],
                key,
                await ForeignKeysAsync(connection, schema, name, cancellationToken),
                await IndexesAsync(connection, schema, name, cancellationToken),
                await TriggersAsync(connection, schema, name, cancellationToken))
            {
                Checks = view ? [] : await ChecksAsync(connection, schema, name, cancellationToken),
            });
        }
        return new DatabaseSchema([.. tables.Select(t => WithReferencedNames(t, tables))]);
    }

    private static async Task<IReadOnlyList<ForeignKey>> ForeignKeysAsync(DbConnection connection, string schema, string table, CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(connection,
            $"SELECT id, \"table\", \"from\", \"to\", on_delete, on_update FROM pragma_foreign_key_list({Literal(table)}, {Literal(schema)}) ORDER BY id, seq",
            r => (Id: r.GetInt64(0), Table: r.GetString(1), From: r.GetString(2), To: r.IsDBNull(3) ? null : r.GetString(3), OnDelete: r.GetString(4), OnUpdate: r.GetString(5)), cancellationToken);
        return [.. rows.GroupBy(r => r.Id).Select(g => new ForeignKey(
            $"{table}_fk{g.Key}", schema, g.First().Table, [.. g.Select(r => r.From)],
            g.All(r => r.To is not null) ? [.. g.Select(r => r.To!)] : [], g.First().OnDelete, true) { OnUpdate = g.First().OnUpdate })];
    }

    private static async Task<IReadOnlyList<CheckRule>> ChecksAsync(DbConnection connection, string schema, string table, CancellationToken cancellationToken)
    {
        var statements = await ReadAsync(connection,
            $"SELECT sql FROM {Quote(schema)}.sqlite_master WHERE type = 'table' AND name = {Literal(table)}", r => r.GetString(0), cancellationToken);
        var checks = new List<CheckRule>();
        foreach (var check in statements.SelectMany(SqliteStatement.Checks))
        {
            if (await IsReadAsync(connection, schema, table, "1", check.Condition, cancellationToken))
            {
                checks.Add(check);
            }
        }
        return checks;
    }

    /// <summary>Whether SQLite understands what was cut out of its statements; what it does not is left to SQLite itself.</summary>
    private static async Task<bool> IsReadAsync(DbConnection connection, string schema, string table, string expressions, string? condition, CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(connection, $"SELECT {expressions} FROM {Quote(schema)}.{Quote(table)} AS standing WHERE {condition ?? "1"} LIMIT 0", _ => 0, cancellationToken);
            return true;
        }
        catch (DbException)
        {
            return false;
        }
    }

    private static async Task<IReadOnlyList<string>> TriggersAsync(DbConnection connection, string schema, string table, CancellationToken cancellationToken)
    {
        var triggers = await ReadAsync(connection,
            $"SELECT name, sql FROM {Quote(schema)}.sqlite_master WHERE type = 'trigger' AND tbl_name = {Literal(table)} COLLATE NOCASE ORDER BY name",
            r => (Name: r.GetString(0), Sql: r.GetString(1)), cancellationToken);
        return [.. triggers.Where(t => !TriggerBody.OnlyRaisesInSqlite(t.Sql)).Select(t => t.Name)];
    }

    private static async Task<IReadOnlyList<TableIndex>> IndexesAsync(DbConnection connection, string schema, string table, CancellationToken cancellationToken)
    {
        var indexes = await ReadAsync(connection,
            $"SELECT l.name, l.\"unique\", l.partial, coalesce(m.sql, '') FROM pragma_index_list({Literal(table)}, {Literal(schema)}) l LEFT JOIN {Quote(schema)}.sqlite_master m ON m.type = 'index' AND m.name = l.name",
            r => (Name: r.GetString(0), Unique: r.GetInt64(1) == 1, Partial: r.GetInt64(2) == 1, Sql: r.GetString(3)), cancellationToken);
        var result = new List<TableIndex>();
        foreach (var (name, unique, partial, sql) in indexes)
        {
            var columns = await ReadAsync(connection, $"SELECT name FROM pragma_index_info({Literal(name)}, {Literal(schema)}) ORDER BY seqno", r => r.IsDBNull(0) ? null : r.GetString(0), cancellationToken);
            IReadOnlyList<string> keys = [.. columns.OfType<string>().Select(Quote)];
            string? predicate = null;
            if (unique && (partial || keys.Count < columns.Count))
            {
                (keys, predicate) = SqliteStatement.Index(sql);
                keys = keys.Count == columns.Count && await IsReadAsync(connection, schema, table, string.Join(", ", keys), predicate, cancellationToken) ? keys : [];
            }
            result.Add(new TableIndex(name, unique, partial, columns, sql) { Keys = keys, Predicate = predicate });
        }
        return result;
    }

    /// <summary>Foreign keys may name their target in another case, and leave out its primary key.</summary>
    private static Table WithReferencedNames(Table table, List<Table> tables) => table with
    {
        ForeignKeys = [.. table.ForeignKeys.Select(key =>
        {
            var target = tables.FirstOrDefault(t => t.Schema == key.Schema && t.Name.Equals(key.Table, StringComparison.OrdinalIgnoreCase));
            return target is null ? key : key with
            {
                Table = target.Name,
                Columns = [.. key.Columns.Select(c => table.Find(c)?.Name ?? c)],
                ReferencedColumns = key.ReferencedColumns.Count == 0 ? target.PrimaryKey : [.. key.ReferencedColumns.Select(c => target.Find(c)?.Name ?? c)],
            };
        })],
    };

    private static bool IsInteger(string type) => type.Equals("INTEGER", StringComparison.OrdinalIgnoreCase);

    private static ColumnType TypeOf(string declared)
    {
        var type = declared.ToUpperInvariant();
        (string Part, ColumnType Type)[] parts =
        [
            ("BOOL", ColumnType.Boolean), ("DATETIME", ColumnType.Instant), ("TIMESTAMP", ColumnType.Instant), ("INTERVAL", ColumnType.Other), ("DATE", ColumnType.Date),
            ("TIME", ColumnType.Time), ("INT", ColumnType.Integer), ("CHAR", ColumnType.Text), ("CLOB", ColumnType.Text), ("TEXT", ColumnType.Text),
            ("BLOB", ColumnType.Binary), ("DEC", ColumnType.Decimal), ("NUMERIC", ColumnType.Decimal), ("MONEY", ColumnType.Decimal),
            ("REAL", ColumnType.Real), ("FLOA", ColumnType.Real), ("DOUB", ColumnType.Real),
        ];
        return parts.Where(p => type.Contains(p.Part, StringComparison.Ordinal)).Select(p => p.Type).FirstOrDefault(ColumnType.Other);
    }

    private static int? LengthOf(string declared) =>
        // SQLite itself does not hold to it; values that do can be copied to engines which do.
        declared.Contains("CHAR", StringComparison.OrdinalIgnoreCase) && declared.IndexOf('(') is > 0 and var open && declared.IndexOf(')') is var close && close > open
        && int.TryParse(declared.AsSpan(open + 1, close - open - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;

    private static async Task<List<T>> ReadAsync<T>(DbConnection connection, string sql, Func<DbDataReader, T> row, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(row(reader));
        }
        return rows;
    }

    // Table-valued pragmas take their arguments only as literals inside joins; names come from the database itself.
    private static string Literal(string name) => $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
