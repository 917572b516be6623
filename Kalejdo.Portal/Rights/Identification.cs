using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>By what a subject is looked for.</summary>
/// <param name="Rows">Rows that are the subject's, though no identity leads to them (any more): found by their keys.</param>
internal sealed record Sought(IReadOnlyList<Identity> Identities, IReadOnlyList<RowKey> Rows)
{
    /// <summary>How many ways lead from it straight to a collection.</summary>
    public int WaysTo(MappedCollection collection) =>
        collection.Collection.Fields.Count(f => Identities.Any(i => i.Name == f.Identity)) + (Rows.Any(r => r.Collection == collection.Collection.Id) ? 1 : 0);
}

/// <summary>By which values rows of one database say whose they are: the verified identities, and what the rows found by them say besides.</summary>
internal sealed class Identification(MappedDatabase database, Session session, Sought sought)
{
    private const string Known = "known_identity";
    private readonly Dictionary<(MappedCollection, Field, string), string?> matches = [];
    private string? nameParameter;

    private Dialect Sql => database.Dialect;

    /// <summary>The fields in which an identity may stand, each with the condition that row <c>t</c> holds it there.</summary>
    public IEnumerable<(Field Field, string Condition)> DirectWays(MappedCollection collection) =>
        from field in collection.Collection.Fields
        where field.Identity is not null
        from identity in sought.Identities
        where identity.Name == field.Identity
        let condition = Matches(collection, field, identity.Value)
        where condition is not null
        select (field, condition);

    /// <summary>The condition that row <c>t</c> holds one of the identities in <paramref name="field"/>; null where none can stand there.</summary>
    public string? FoundBy(MappedCollection collection, Field field) =>
        DirectWays(collection).Where(way => way.Field == field).Select(way => $"({way.Condition})").ToList() is { Count: > 0 } ways ? string.Join(" OR ", ways) : null;

    /// <summary>The conditions that row <c>t</c> is one of those that are known to be the subject's.</summary>
    public IEnumerable<string> KnownRows(MappedCollection collection) =>
        from row in sought.Rows
        where row.Collection == collection.Collection.Id
        let columns = row.Key.Select(k => collection.Table.Find(k.Key) is { } column
            ? Sql.Equal($"t.{Dialect.Quote(column.Name)}", session.Parameter(k.Value), k.Value, column)
            : null).ToList()
        where columns.TrueForAll(c => c is not null)
        select $"({string.Join(" AND ", columns)})";

    private string? Matches(MappedCollection collection, Field field, string value)
    {
        if (matches.TryGetValue((collection, field, value), out var known))
        {
            return known;
        }
        var column = $"t.{Dialect.Quote(collection.ColumnOf(field).Name)}";
        string? condition;
        if (field.IgnoreCase)
        {
            // Where it is no text, no index can be hoped for.
            var text = collection.ColumnOf(field).Type == ColumnType.Text ? column : Sql.AsText(column);
            condition = $"lower(trim({text})) IN ({string.Join(", ", Dialect.LowerForms(value).Select(session.Parameter))})";
        }
        else
        {
            condition = Sql.Equal(column, session.Parameter(value), value, collection.ColumnOf(field));
        }
        if (condition is not null && field.VerifiedBy is { } verified)
        {
            condition += $" AND t.{Dialect.Quote(collection.Table.Find(verified)!.Name)} IS NOT NULL";
        }
        return matches[(collection, field, value)] = condition;
    }

    /// <summary>The table of the values.</summary>
    public static TemporaryTable Table { get; } = new(Known, "name text NOT NULL, value text NOT NULL", "name, value");

    /// <summary>Statements that note the verified values.</summary>
    public IEnumerable<string> Noting() => sought.Identities.Select(identity =>
    {
        var name = session.Parameter(identity.Name);
        var forms = Dialect.LowerForms(identity.Value).Append(identity.Value).Distinct().Select(form => $"({name}, {session.Parameter(form)})");
        return $"INSERT INTO {Known} VALUES {string.Join(", ", forms)} ON CONFLICT DO NOTHING";
    });

    /// <summary>Statements that note what the rows of a collection that were found say besides: they are the subject's, and so are these values.</summary>
    public IEnumerable<string> Noting(MappedCollection collection, LocatedRows found) => collection.Collection.Fields.Where(f => f.Identity is not null).Select(field =>
        $"INSERT INTO {Known} SELECT DISTINCT {session.Parameter(field.Identity!)}, {ComparableText(collection, field, "t")} FROM {found.From} WHERE t.{Dialect.Quote(collection.ColumnOf(field).Name)} IS NOT NULL ON CONFLICT DO NOTHING");

    /// <summary>All that is known, as name and value.</summary>
    public IAsyncEnumerable<string[]> KnownAsync(CancellationToken cancellationToken) => Texts.ReadAsync(session, $"SELECT name, value FROM {Known}", cancellationToken);

    /// <summary>Takes in what another database knows.</summary>
    public async Task LearnAsync(IEnumerable<string[]> known, CancellationToken cancellationToken)
    {
        nameParameter ??= session.Parameter("[]");
        session.Set(nameParameter, System.Text.Json.JsonSerializer.Serialize(known));
        await session.ExecuteAsync($"INSERT INTO {Known} SELECT {Sql.Element(0)}, {Sql.Element(1)} FROM {Sql.Elements(nameParameter)} WHERE 1 = 1 ON CONFLICT DO NOTHING", cancellationToken);
    }

    /// <summary>The condition that a row carries an identity value of somebody else; null where it has no identity column.</summary>
    public string? Foreign(MappedCollection collection, string alias)
    {
        var conditions = collection.Collection.Fields.Where(f => f.Identity is not null).Select(field =>
        {
            var text = ComparableText(collection, field, alias);
            var name = session.Parameter(field.Identity!);
            // Where no value of that sort is known of the subject, the reference that led here is the better word.
            return $"(trim({text}) <> '' AND EXISTS (SELECT 1 FROM {Known} AS ki WHERE ki.name = {name}) AND NOT EXISTS (SELECT 1 FROM {Known} AS ki WHERE ki.name = {name} AND ki.value = {text}))";
        }).ToList();
        return conditions.Count == 0 ? null : string.Join(" OR ", conditions);
    }

    private string ComparableText(MappedCollection collection, Field field, string alias)
    {
        var text = Sql.AsText($"{alias}.{Dialect.Quote(collection.ColumnOf(field).Name)}");
        return field.IgnoreCase ? Sql.Fold(text) : text;
    }
}
