using System.Text.RegularExpressions;

namespace Kalejdo.Portal.DataMap;

/// <summary>Compares a map with the live databases (design.md 3).</summary>
public static class MapCheck
{
    /// <summary>What makes a dataset unusable with its database: tables and columns that are not there.</summary>
    public static IEnumerable<MapProblem> Structure(Dataset dataset, DatabaseSchema schema)
    {
        foreach (var collection in dataset.Collections.Where(c => !c.SkipProcessing))
        {
            if (schema.Find(dataset.Schema, collection.Name) is not { } table)
            {
                yield return Error(collection.At, $"the database of '{dataset.Key}' has no table '{collection.Name}'{Nearest(collection.Name, schema.Tables.Select(t => t.Name))}");
                continue;
            }
            foreach (var field in collection.Fields.Where(f => table.Find(f.Name) is null))
            {
                yield return Error(field.At, $"the table '{collection.Name}' has no column '{field.Name}'{Nearest(field.Name, table.Columns.Select(c => c.Name))}");
            }
            if (collection.Since is { } since && table.Find(since) is not { Type: ColumnType.Date or ColumnType.Instant })
            {
                yield return Error(collection.At, $"'since' must name a column of '{collection.Name}' with a day or an instant{Nearest(since, table.Columns.Select(c => c.Name))}");
            }
        }
    }

    /// <summary>Everything that the map should say and does not, or says and should not.</summary>
    public static IReadOnlyList<MapProblem> Run(Map map, IReadOnlyList<(IReadOnlyList<Dataset> Datasets, DatabaseSchema Schema)> databases)
    {
        var problems = new List<MapProblem>();
        foreach (var (datasets, schema) in databases)
        {
            var structure = datasets.SelectMany(d => Structure(d, schema)).ToList();
            problems.AddRange(structure);
            if (structure.Count == 0)
            {
                var graph = new Graph(datasets, schema);
                problems.AddRange(graph.Collections.SelectMany(c => Collection(c, graph)));
                problems.AddRange(graph.Collections.SelectMany(c => Grounds(c, graph, map)));
                problems.AddRange(datasets.SelectMany(d => Unmentioned(d, datasets, schema)));
                problems.AddRange(datasets.SelectMany(d => d.Collections.Where(c => c.Anonymous).SelectMany(c => Anonymous(c, d, schema, graph))));
            }
        }
        problems.AddRange(Kinds(map));
        return problems;
    }

    private static IEnumerable<MapProblem> Collection(MappedCollection mapped, Graph graph)
    {
        var (collection, table) = (mapped.Collection, mapped.Table);
        if (table.PrimaryKey.Count == 0)
        {
            yield return new MapProblem(
                mapped.Annotated && !collection.Fields.Any(f => f.PrimaryKey) ? Severity.Error : Severity.Warning, collection.At,
                $"the table '{collection.Name}' has no primary key: equal rows cannot be told apart; give it one");
        }
        foreach (var trigger in table.Triggers)
        {
            yield return Warning(collection.At, $"the table '{collection.Name}' has the trigger '{trigger}', which may copy what is erased; see what it does");
        }
        foreach (var field in collection.Fields)
        {
            var column = mapped.ColumnOf(field);
            if (field.DataType is "string" && column.Type is not (ColumnType.Text or ColumnType.Other))
            {
                yield return Warning(field.At, $"'data_type: string' does not fit the column '{field.Name}', which is {column.TypeName}");
            }
            if (field.PrimaryKey && table.PrimaryKey.Count > 0 && !table.PrimaryKey.Contains(column.Name))
            {
                yield return Warning(field.At, $"'{field.Name}' is not part of the primary key of '{collection.Name}' ({string.Join(", ", table.PrimaryKey)})");
            }
            if (field.Identity is not null && !Indexed(table, column.Name, field.IgnoreCase))
            {
                var expression = field.IgnoreCase ? $"lower(trim({column.Name}))" : column.Name;
                yield return Warning(field.At, $"the identity column '{field.Name}' has no index for its way of matching; 'CREATE INDEX … ON {collection.Name} ({expression})' makes it fast");
            }
            if (Masked(mapped, field, graph) is { } severity)
            {
                // A row that goes is only masked where rows that stay need it.
                var when = severity == Severity.Error ? "erasing it would be refused" : "an erasure would be refused where rows that stay need this one";
                if (column.NotNull && field.Masking is null or { Strategy: MaskingStrategy.Null })
                {
                    yield return new MapProblem(severity, field.At, $"the column '{field.Name}' is NOT NULL and has no mask, so {when}; give it a 'masking_strategy_override', for example string_rewrite");
                }
                if (field.Masking?.Strategy == MaskingStrategy.Rewrite && table.Indexes.Any(i => i.Unique && i.Columns is [var only] && only == column.Name))
                {
                    yield return new MapProblem(severity, field.At, $"the column '{field.Name}' is unique, but its mask writes the same value to every row, so {when}; use random_string_rewrite");
                }
            }
        }
        foreach (var link in graph.Links.Where(l => l.Child == mapped && l.Down && !Indexed(table, l.ChildColumns[0], false)))
        {
            yield return Warning(collection.At, $"the reference column '{link.ChildColumns[0]}' of '{collection.Name}' has no index; 'CREATE INDEX … ON {collection.Name} ({string.Join(", ", link.ChildColumns)})' makes it fast");
        }
        foreach (var key in table.ForeignKeys.Where(k => !graph.Links.Any(l =>
            (l.Child == mapped && l.ChildColumns.ToHashSet().SetEquals(k.Columns)) || (l.Parent == mapped && l.ParentColumns.ToHashSet().SetEquals(k.Columns)))))
        {
            yield return Warning(collection.At, $"the foreign key {collection.Name}({string.Join(", ", key.Columns)}) to {key.Table} is not a reference of the map");
        }
    }

    /// <summary>How bad an impossible mask is: null where erasure never overwrites the field (Rights/Masks.cs decides the same way, row by row).</summary>
    private static Severity? Masked(MappedCollection mapped, Field field, Graph graph)
    {
        var column = mapped.ColumnOf(field).Name;
        if (!field.Personal || field.ReadOnly || field.Masking?.Strategy == MaskingStrategy.Preserve || mapped.Table.PrimaryKey.Contains(column) || mapped.ColumnOf(field).Generated)
        {
            return null;
        }
        var reference = graph.Links.Any(l => l.Child == mapped && l.ChildColumns.Contains(column)) || mapped.Table.ForeignKeys.Any(k => k.Columns.Contains(column));
        if (reference && field.Identity is null)
        {
            return null;
        }
        var keyIsPersonal = mapped.Table.PrimaryKey.Any(k => mapped.Collection.Fields.Any(f => f.Name == k && f.Identity is not null));
        var always = mapped.Collection.OnErasure == OnErasure.Anonymise
            || (mapped.Collection.OnErasure == OnErasure.Retain && mapped.Collection.Otherwise == OnErasure.Anonymise)
            || (mapped.Collection.OnErasure == OnErasure.Fides && !keyIsPersonal);
        var needed = graph.Links.Any(l => l.Parent == mapped) || graph.Schema.PointingAt(mapped.Table).Any();
        return always ? Severity.Error : needed ? Severity.Warning : null;
    }

    private static bool Indexed(Table table, string column, bool ignoreCase)
    {
        if (!ignoreCase)
        {
            return table.PrimaryKey is [var key, ..] && key == column || table.Indexes.Any(i => !i.Partial && i.Columns is [var first, ..] && first == column);
        }
        // PostgreSQL writes the same expression as lower(btrim(column)) or lower(TRIM(BOTH FROM (column)::text)), by its version and the column's type.
        var expression = new Regex($@"\(lower\(b?trim\((bothfrom)?\(?{Regex.Escape(column.ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal))}\)?(::text)?\)", RegexOptions.ExplicitCapture);
        return table.Indexes.Any(i => !i.Partial && expression.IsMatch(i.Definition.ToLowerInvariant().Replace("\"", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal)));
    }

    private static IEnumerable<MapProblem> Grounds(MappedCollection mapped, Graph graph, Map map)
    {
        foreach (var retain in mapped.Collection.Retain)
        {
            var rule = map.Retention[retain.Rule];
            var holder = retain.Collection is null ? mapped : graph.Collections.FirstOrDefault(c => c.Collection.Dataset == mapped.Collection.Dataset && c.Collection.Name == retain.Collection);
            if (holder is null)
            {
                yield return Error(retain.At, $"'{retain.Collection}' takes no part in the map (it is anonymous or skipped), so no ground can look at it");
                continue;
            }
            if (retain.Collection is not null && !graph.Links.Any(l => (l.Child == holder && l.Parent == mapped) || (l.Child == mapped && l.Parent == holder)))
            {
                yield return Error(retain.At, $"no reference joins '{mapped.Collection.Name}' and '{retain.Collection}'");
            }
            var type = holder.Table.Find(retain.Column)!.Type;
            if (rule.CountedFrom != CountedFrom.Condition && type is not (ColumnType.Date or ColumnType.Instant))
            {
                yield return Error(retain.At, $"'{retain.Column}' is no date, so the days of '{retain.Rule}' cannot count from it");
            }
            if (rule.CountedFrom == CountedFrom.Condition && type is ColumnType.Text or ColumnType.Other && retain.Values.Count == 0)
            {
                yield return Error(retain.At, $"the condition on the text column '{retain.Column}' needs its values; write 'equals: [open]'");
            }
        }
    }

    private static IEnumerable<MapProblem> Unmentioned(Dataset dataset, IReadOnlyList<Dataset> together, DatabaseSchema schema)
    {
        var mapped = dataset.Collections.Select(c => (Collection: c, Table: schema.Find(dataset.Schema, c.Name))).Where(x => x.Table is not null).ToList();
        foreach (var (collection, table) in mapped)
        {
            var mentioned = together.SelectMany(d => d.Collections.Where(c => schema.Find(d.Schema, c.Name) == table)).SelectMany(c => c.Fields).Select(f => table!.Find(f.Name)?.Name).ToHashSet();
            if (table!.Columns.Where(c => !mentioned.Contains(c.Name)).Select(c => c.Name).ToList() is { Count: > 0 } hidden)
            {
                yield return Warning(collection.At, $"no map mentions these columns of '{collection.Name}': {string.Join(", ", hidden)}; add them with their data_categories, so that nothing personal hides");
            }
        }
        if (together[0] != dataset)
        {
            yield break;
        }
        var tables = together.SelectMany(d => d.Collections.Select(c => schema.Find(d.Schema, c.Name))).OfType<Table>().ToList();
        var schemas = tables.Select(t => t.Schema).ToHashSet();
        foreach (var table in schema.Tables.Where(t => !t.IsView && schemas.Contains(t.Schema) && !tables.Contains(t)))
        {
            yield return Warning(dataset.At, $"no map mentions the table '{table.Name}'; add it with its fields, so that nothing personal hides");
        }
    }

    private static IEnumerable<MapProblem> Anonymous(Collection collection, Dataset dataset, DatabaseSchema schema, Graph graph)
    {
        var table = schema.Find(dataset.Schema, collection.Name)!;
        foreach (var key in table.ForeignKeys.Where(k => graph.Collections.Any(c => c.Table.Schema == k.Schema && c.Table.Name == k.Table && LeadsToSubjects(c, graph))))
        {
            yield return Error(collection.At, $"'{collection.Name}' is said to be anonymous, but {string.Join(", ", key.Columns)} refers to '{key.Table}', which leads to a person");
        }
        foreach (var field in collection.Fields.Where(f => f.References.Any(r => graph.Collections.Any(c => c.Collection.Name == r.Collection && LeadsToSubjects(c, graph)))))
        {
            yield return Error(field.At, $"'{collection.Name}' is said to be anonymous, but '{field.Name}' refers to a collection that leads to a person");
        }
        foreach (var field in collection.Fields.Where(f => f.Identity is not null || f.Categories.Any(c => c.StartsWith("user.device", StringComparison.Ordinal) || c.StartsWith("user.unique_id", StringComparison.Ordinal))))
        {
            yield return Error(field.At, $"'{collection.Name}' is said to be anonymous, but '{field.Name}' tells one person or device from another");
        }
    }

    private static bool LeadsToSubjects(MappedCollection collection, Graph graph) =>
        collection.Collection.Fields.Any(f => f.Identity is not null) || graph.Links.Any(l => l.Child == collection && (l.Down || l.Up) && l.Parent != collection && LeadsToSubjectsOnce(l.Parent, graph, [collection]));

    private static bool LeadsToSubjectsOnce(MappedCollection collection, Graph graph, HashSet<MappedCollection> seen) =>
        seen.Add(collection) && (collection.Collection.Fields.Any(f => f.Identity is not null)
            || graph.Links.Any(l => l.Child == collection && LeadsToSubjectsOnce(l.Parent, graph, seen)));

    private static IEnumerable<MapProblem> Kinds(Map map)
    {
        foreach (var kind in map.Kinds)
        {
            var purposes = map.PurposesOf(kind).Select(p => p.Declaration).ToList();
            string[] missing =
            [
                .. kind.Label is null ? ["'label: {sv: …, en: …}'"] : Array.Empty<string>(),
                .. kind.Keep is null ? ["'keep: {sv: …, en: …}' (how long it is kept)"] : Array.Empty<string>(),
                .. purposes.Any(p => p.Purpose is not null) ? Array.Empty<string>() : ["a purpose (a privacy declaration with 'portal: {kinds: [" + kind.Key + "], purpose: …}')"],
                .. purposes.Any(p => p.LegalBasis is not null) || purposes.Count == 0 ? Array.Empty<string>() : ["a legal basis ('legal_basis_for_processing' of its privacy declaration)"],
            ];
            if (missing.Length > 0)
            {
                yield return Error(kind.At, $"the kind '{kind.Key}' lacks {string.Join(" and ", missing)}");
            }
        }
        foreach (var dataset in map.Datasets.Where(d => d.Annotated))
        {
            foreach (var collection in dataset.Collections.Where(c => c.Kind is null && !c.SkipProcessing && !c.Anonymous && c.Fields.Any(f => f.Personal)))
            {
                yield return Error(collection.At, $"the collection '{collection.Name}' belongs to no kind; write 'portal: {{kind: …}}'");
            }
        }
    }

    private static string Nearest(string name, IEnumerable<string> known)
    {
        var nearest = known.Select(k => (Name: k, Distance: Distance(k.ToLowerInvariant(), name.ToLowerInvariant()))).OrderBy(k => k.Distance).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= Math.Max(2, name.Length / 3) ? $"; did you mean '{nearest.Name}'?" : "";
    }

    /// <summary>Levenshtein's: how many letters to change, add or leave out.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (diagonal, left) = (row[0], row[0] = i);
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                left = row[j] = Math.Min(Math.Min(above, left) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }

    private static MapProblem Error(Position at, string message) => new(Severity.Error, at, message);

    private static MapProblem Warning(Position at, string message) => new(Severity.Warning, at, message);
}
