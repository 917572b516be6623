using System.Data.Common;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.DataMap;

/// <summary>Reads a PostgreSQL database's schema.</summary>
public static partial class PostgresSchema
{
    /// <summary>Reads the tables, partitioned tables and views of every schema but the system's; the search path's first is the default.</summary>
    public static async Task<DatabaseSchema> ReadAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        const string Ours = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'";
        var tables = await ReadAsync(connection,
            $"SELECT c.oid, n.nspname, c.relname, c.relkind IN ('v', 'm'), n.nspname = current_schema() FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND {Ours} ORDER BY 2, 3",
            r => (Oid: (uint)r.GetValue(0), Schema: r.GetString(1), Name: r.GetString(2), View: r.GetBoolean(3), Default: r.GetBoolean(4)), cancellationToken);
        var columns = (await ReadAsync(connection,
            $"SELECT c.oid, a.attname, CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END, t.typcategory::text, a.attnotnull OR t.typnotnull, a.attgenerated <> '' OR a.attidentity = 'a', CASE WHEN format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), NULL) IN ('character varying', 'character') AND greatest(a.atttypmod, t.typtypmod) > 4 THEN greatest(a.atttypmod, t.typtypmod) - 4 END FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {Ours} ORDER BY c.oid, a.attnum",
            r => (Table: (uint)r.GetValue(0), Column: new Column(r.GetString(1), r.GetString(2), TypeOf(r.GetString(2), r.GetString(3)), r.GetBoolean(4), r.IsDBNull(6) ? null : r.GetInt32(6), r.GetBoolean(5))), cancellationToken)).ToLookup(c => c.Table, c => c.Column);
        var keys = (await ReadAsync(connection,
            // A key that was given to a partition alone counts for the whole table; what partitions inherit is told once.
            $"SELECT coalesce(pg_partition_root(k.conrelid)::oid, k.conrelid), k.contype::text, k.conname, coalesce(fn.nspname, ''), coalesce(f.relname, ''), ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o), ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, o) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.o), k.confdeltype::text, k.condeferrable, k.confupdtype::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class f ON f.oid = coalesce(pg_partition_root(k.confrelid)::oid, k.confrelid) LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace WHERE (k.contype = 'f' AND k.conparentid = 0 OR k.contype = 'p' AND NOT c.relispartition) AND {Ours} ORDER BY k.conname, k.oid",
            r => (Table: (uint)r.GetValue(0), Primary: r.GetString(1) == "p", Name: r.GetString(2), Schema: r.GetString(3), Target: r.GetString(4), Columns: (string[])r.GetValue(5), Referenced: (string[])r.GetValue(6), OnDelete: r.GetString(7), Deferrable: r.GetBoolean(8), OnUpdate: r.GetString(9)), cancellationToken)).ToLookup(k => k.Table);
        var indexes = (await ReadAsync(connection,
            $"SELECT i.indrelid, x.relname, i.indisunique, i.indpred IS NOT NULL, ARRAY(SELECT (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = u.n AND u.n > 0) FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(n, o) WHERE u.o <= i.indnkeyatts ORDER BY u.o), pg_get_indexdef(i.indexrelid), ARRAY(SELECT pg_get_indexdef(i.indexrelid, o, false) FROM generate_series(1, i.indnkeyatts) AS o ORDER BY o), pg_get_expr(i.indpred, i.indrelid) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {Ours}",
            r => (Table: (uint)r.GetValue(0), Index: new TableIndex(r.GetString(1), r.GetBoolean(2), r.GetBoolean(3), (string?[])r.GetValue(4), r.GetString(5)) { Keys = (string[])r.GetValue(6), Predicate = r.IsDBNull(7) ? null : r.GetString(7) }), cancellationToken)).ToLookup(i => i.Table, i => i.Index);
        var checks = (await ReadAsync(connection,
            // A domain's speak of VALUE.
            $"SELECT k.conrelid, k.conname, pg_get_expr(k.conbin, k.conrelid), NULL FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'c' AND {Ours} UNION ALL SELECT a.attrelid, k.conname, pg_get_expr(k.conbin, 0), quote_ident(a.attname) FROM pg_constraint k JOIN pg_attribute a ON a.atttypid = k.contypid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'c' AND k.contypid <> 0 AND {Ours} ORDER BY 2",
            r => (Table: (uint)r.GetValue(0), Check: new CheckRule(r.GetString(1), r.IsDBNull(3) ? r.GetString(2) : OfDomain().Replace(r.GetString(2), m => m.Value == "VALUE" ? r.GetString(3) : m.Value))), cancellationToken)).ToLookup(k => k.Table, k => k.Check);
        var triggers = (await ReadAsync(connection,
            "SELECT coalesce(pg_partition_root(t.tgrelid)::oid, t.tgrelid), t.tgname, l.lanname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang WHERE NOT t.tgisinternal AND t.tgparentid = 0 UNION ALL SELECT coalesce(pg_partition_root(ev_class)::oid, ev_class), rulename, 'rule', '' FROM pg_rewrite WHERE rulename <> '_RETURN' ORDER BY 2",
            r => (Table: (uint)r.GetValue(0), Name: r.GetString(1), OnlyRaises: TriggerBody.OnlyRaisesInPostgres(r.GetString(2), r.GetString(3))), cancellationToken))
            .Where(t => !t.OnlyRaises).ToLookup(t => t.Table, t => t.Name);

        return new DatabaseSchema([.. tables.Select(t =>
        {
            var primary = keys[t.Oid].FirstOrDefault(k => k.Primary).Columns ?? [];
            // A row's place changes whenever it is written, so what is unique and never null is better.
            var unique = indexes[t.Oid].FirstOrDefault(i => i.Unique && !i.Partial && i.Columns.All(c => columns[t.Oid].Any(column => column.Name == c && column.NotNull)));
            return new Table(
                t.Schema, t.Name, t.Default, IgnoreCase: false, t.View, primary.Length > 0 || t.View ? [] : unique is not null ? [.. unique.Columns.OfType<string>()] : ["tableoid", "ctid"], [.. columns[t.Oid]], primary,
                [.. keys[t.Oid].Where(k => !k.Primary).DistinctBy(k => (k.Schema, k.Target, string.Join('\0', k.Columns), string.Join('\0', k.Referenced), k.OnDelete)).Select(k => new ForeignKey(k.Name, k.Schema, k.Target, k.Columns, k.Referenced, Action(k.OnDelete), k.Deferrable) { OnUpdate = Action(k.OnUpdate) })],
                [.. indexes[t.Oid]], [.. triggers[t.Oid].Distinct()])
            {
                Checks = [.. checks[t.Oid]],
            };
        })]);
    }

    private static string Action(string code) => code switch { "r" => "RESTRICT", "c" => "CASCADE", "n" => "SET NULL", "d" => "SET DEFAULT", _ => "NO ACTION" };

    private static ColumnType TypeOf(string name, string category) => name switch
    {
        // An array of dates is no date.
        _ when category == "A" => ColumnType.Other,
        "smallint" or "integer" or "bigint" => ColumnType.Integer,
        "real" or "double precision" => ColumnType.Real,
        "money" => ColumnType.Decimal,
        "date" => ColumnType.Date,
        "bytea" => ColumnType.Binary,
        _ when name.StartsWith("numeric", StringComparison.Ordinal) => ColumnType.Decimal,
        _ when name.StartsWith("timestamp", StringComparison.Ordinal) => ColumnType.Instant,
        _ when name.StartsWith("time", StringComparison.Ordinal) => ColumnType.Time,
        _ when category == "B" => ColumnType.Boolean,
        _ when category == "S" => ColumnType.Text,
        _ => ColumnType.Other,
    };

    [GeneratedRegex("'([^']|'')*'|\"([^\"]|\"\")*\"|\\bVALUE\\b", RegexOptions.ExplicitCapture)]
    private static partial Regex OfDomain();

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
}
