using System.Data.Common;
using Npgsql;

namespace Kalejdo.Portal.Demo;

/// <summary>Rows of one table on their way into the database.</summary>
internal sealed class SeedTable(string name, params string[] columns)
{
    private readonly List<object?[]> _rows = [];

    public string Name => name;

    public long Count { get; private set; }

    public int Waiting => _rows.Count;

    public bool NumbersItsRows => columns[0] == "id";

    public void Add(params object?[] row)
    {
        _rows.Add(row);
        Count++;
    }

    public long AddNumbered(params object?[] rest)
    {
        var id = Count + 1;
        Add([id, .. rest]);
        return id;
    }

    public async Task FlushAsync(DbConnection connection, DbTransaction transaction, CancellationToken ct)
    {
        if (_rows.Count == 0)
        {
            return;
        }

        if (connection is NpgsqlConnection postgres)
        {
            await CopyAsync(postgres, ct);
        }
        else
        {
            await InsertAsync(connection, transaction, ct);
        }

        _rows.Clear();
    }

    private async Task CopyAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            $"COPY {name} ({string.Join(", ", columns)}) FROM STDIN (FORMAT BINARY)", ct);
        foreach (var row in _rows)
        {
            await copy.WriteRowAsync(ct, row);
        }

        await copy.CompleteAsync(ct);
    }

    private async Task InsertAsync(DbConnection connection, DbTransaction transaction, CancellationToken ct)
    {
        await using var insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = $"INSERT INTO {name} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => "@" + column))})";
        foreach (var column in columns)
        {
            var parameter = insert.CreateParameter();
            parameter.ParameterName = "@" + column;
            insert.Parameters.Add(parameter);
        }

        foreach (var row in _rows)
        {
            ct.ThrowIfCancellationRequested();
            for (var i = 0; i < row.Length; i++)
            {
                insert.Parameters[i].Value = row[i] ?? DBNull.Value;
            }

            await insert.ExecuteNonQueryAsync(ct);
        }
    }
}
