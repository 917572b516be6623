using System.Text.Json;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Values that came from another database, in a temporary table of this one, to be compared with some columns of a collection.</summary>
internal sealed class Carried
{
    /// <summary>So many values travel at once: neither memory nor a statement grows with the subject.</summary>
    private const int Batch = 5000;

    private readonly Session session;
    private readonly Dialect sql;
    private readonly string name;
    private readonly IReadOnlyList<Column> columns;
    private readonly string parameter;

    private Carried(MappedDatabase database, Session session, string name, IReadOnlyList<Column> columns)
    {
        (this.session, sql, this.name, this.columns) = (session, database.Dialect, name, columns);
        parameter = session.Parameter("[]");
    }

    /// <summary>Makes the table.</summary>
    public static async Task<Carried> CreateAsync(
        MappedDatabase database, Session session, string name, MappedCollection collection, IReadOnlyList<string> columns, CancellationToken cancellationToken)
    {
        var carried = new Carried(database, session, name, [.. columns.Select(c => collection.Table.Find(c)!)]);
        var typed = string.Join(", ", carried.columns.Select((c, i) => $"c{i} {carried.sql.CarriedType(c)} NOT NULL"));
        await session.CreateAsync(new TemporaryTable(name, $"{typed}, listed integer NOT NULL, since integer NOT NULL", carried.Plain()), cancellationToken);
        return carried;
    }

    /// <summary>The table under an alias.</summary>
    public string From(string alias) => $"{name} AS {alias}";

    /// <summary>The condition that a row <paramref name="row"/> of the collection holds the values of a carried one.</summary>
    public string Joined(string carried, string row) => string.Join(" AND ", columns.Select(
        (c, i) => $"{sql.Comparable($"{row}.{Dialect.Quote(c.Name)}", c)} = {carried}.c{i}"));

    /// <summary>The condition that the values of a row are among the carried ones.</summary>
    public string Among(string row) => $"EXISTS (SELECT 1 FROM {From("cv")} WHERE {Joined("cv", row)})";

    public Task<int> ClearAsync(CancellationToken cancellationToken) => session.ExecuteAsync($"DELETE FROM {name}", cancellationToken);

    /// <summary>The carried values for which a condition holds (alias <c>cv</c>), as text.</summary>
    public IAsyncEnumerable<string[]> WhereAsync(string condition, CancellationToken cancellationToken) => Texts.ReadAsync(
        session, $"SELECT {string.Join(", ", columns.Select((_, i) => sql.AsText($"cv.c{i}")))}, {sql.AsText("cv.listed")} FROM {From("cv")} WHERE {condition}", cancellationToken);

    /// <summary>Takes in values (and whether they may be listed, last), in batches; those that it has, and those that the columns cannot hold, are left out.</summary>
    /// <returns>How many were new.</returns>
    public async Task<int> AddAsync(IAsyncEnumerable<string[]> values, int since, CancellationToken cancellationToken)
    {
        var (batch, added) = (new List<string[]>(), 0);
        await foreach (var value in values.WithCancellation(cancellationToken))
        {
            if (columns.Select((c, i) => sql.CanHold(value[i], c)).All(fits => fits))
            {
                batch.Add(value);
            }
            if (batch.Count == Batch)
            {
                added += await AddAsync(batch, since, cancellationToken);
                batch.Clear();
            }
        }
        return batch.Count == 0 ? added : added + await AddAsync(batch, since, cancellationToken);
    }

    private Task<int> AddAsync(List<string[]> batch, int since, CancellationToken cancellationToken)
    {
        session.Set(parameter, JsonSerializer.Serialize(batch));
        var values = string.Join(", ", columns.Select((c, i) => sql.Carried(sql.Element(i), c)));
        return session.ExecuteAsync(
            $"INSERT INTO {name} ({Plain()}, listed, since) SELECT {values}, CAST({sql.Element(columns.Count)} AS integer), {since} FROM {sql.Elements(parameter)} WHERE 1 = 1 ON CONFLICT DO NOTHING", cancellationToken);
    }

    private string Plain() => string.Join(", ", columns.Select((_, i) => $"c{i}"));
}

/// <summary>Reads rows of text.</summary>
internal static class Texts
{
    public static async IAsyncEnumerable<string[]> ReadAsync(
        Session session, string query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = await session.StreamAsync(query, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var row = new string[reader.FieldCount];
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = reader.GetString(i);
            }
            yield return row;
        }
    }
}
