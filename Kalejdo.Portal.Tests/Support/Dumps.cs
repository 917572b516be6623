using System.Text;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A SQLite file's rows as text, in a fixed order, to compare before with after.</summary>
public static class Dumps
{
    public static string Of(string file, Func<string, bool>? tables = null)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        var text = new StringBuilder();
        foreach (var table in Rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").Where(t => tables?.Invoke(t) ?? true))
        {
            text.Append("== ").AppendLine(table).AppendJoin('\n', Rows(connection, $"SELECT * FROM \"{table}\"").Order(StringComparer.Ordinal)).AppendLine();
        }
        return text.ToString();
    }

    public static IReadOnlyList<string> Query(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        return Rows(connection, sql);
    }

    private static List<string> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : reader.GetValue(i).ToString())));
        }
        return rows;
    }
}
