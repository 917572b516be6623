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
        var graphs = new List<Graph>();
        foreach (var (datasets, schema) in databases)
        {
            var structure = datasets.SelectMany(d => Structure(d, schema)).ToList();
            problems.AddRange(structure);
            if (structure.Count == 0)
            {
                var graph = new Graph(datasets, schema);
                // Both ends of a reference to another database are asked from there.
                problems.AddRange(graphs.SelectMany(other => Graph.Between(other, graph))
                    .SelectMany(l => new[] { (Of: l.Child, Columns: l.ChildColumns), (Of: l.Parent, Columns: l.ParentColumns) })
                    .Where(end => !end.Of.Table.IsIndexed(end.Columns)).Select(end => WithoutIndex(end.Of.Collection, end.Columns)).Distinct());
                graphs.Add(graph);
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
                $"the table '{collection.Name}' has no primary key: equal rows cannot be told apart; give it one, or name the columns that tell rows apart with 'primary_key: true'");
        }
        foreach (var trigger in table.Triggers)
        {
            yield return Warning(collection.At, $"the table '{collection.Name}' has the trigger '{trigger}', which may copy or keep what is erased; see what it does, and describe the table it writes to");
        }
        foreach (var field in collection.Fields)
        {
            var column = mapped.ColumnOf(field);
            if (field.DataType is { } type && !Fits(type, column))
            {
                yield return Warning(field.At, $"'data_type: {type}' does not fit the column '{field.Name}', which is {column.TypeName}; {(MapEntries.DataTypeOf(column.Type) is { } fitting ? $"write 'data_type: {fitting}'" : "leave 'data_type' out")}");
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
            if (MaskProblem(mapped, field, graph) is { } problem)
            {
                yield return problem;
            }
        }
        foreach (var link in graph.Links.Where(l => l.Child == mapped && l.Down && !table.IsIndexed(l.ChildColumns)))
        {
            yield return WithoutIndex(collection, link.ChildColumns);
        }
        foreach (var link in graph.Links.Where(l => l.Parent == mapped && l.Up && !table.IsIndexed(l.ParentColumns)))
        {
            yield return WithoutIndex(collection, link.ParentColumns);
        }
        foreach (var key in UnknownKeys(mapped, graph))
        {
            yield return Warning(PositionOf(collection, key.Columns), $"the foreign key {collection.Name}({string.Join(", ", key.Columns)}) to {key.Table} is not a reference of the map; 'datamap update' prints what to paste, after the table '{key.Table}' is described");
        }
    }

    private static MapProblem WithoutIndex(Collection collection, IReadOnlyList<string> columns) => Warning(
        PositionOf(collection, columns),
        $"the reference column '{columns[0]}' of '{collection.Name}' has no index; 'CREATE INDEX … ON {collection.Name} ({string.Join(", ", columns)})' makes it fast");

    /// <summary>The foreign keys of a collection's table that are no reference of the map, at either end.</summary>
    internal static IEnumerable<ForeignKey> UnknownKeys(MappedCollection mapped, Graph graph) =>
        mapped.Table.ForeignKeys.Where(k => !graph.Links.Any(l =>
            (l.Child == mapped && IsTarget(l.Parent, k) && l.ChildColumns.ToHashSet().SetEquals(k.Columns))
            || (l.Parent == mapped && IsTarget(l.Child, k) && l.ParentColumns.ToHashSet().SetEquals(k.Columns))));

    /// <summary>Several columns, some rows only, or an expression: rows that are masked alike may clash.</summary>
    private static bool SharesValues(TableIndex index, string column) =>
        ((index.Columns.Count > 1 || index.Partial) && index.Columns.Contains(column)) || (index.Columns.Contains(null) && CheckRule.Mentions(index.Definition, column));

    private static bool IsTarget(MappedCollection collection, ForeignKey key) => collection.Table.Schema == key.Schema && collection.Table.Name == key.Table;

    private static Position PositionOf(Collection collection, IReadOnlyList<string> columns) => collection.Find(columns[0])?.At ?? collection.At;

    /// <summary>A mask that the database would refuse: nothing written to NOT NULL, the same to every row of a unique column, text to a number.</summary>
    internal static MapProblem? MaskProblem(MappedCollection mapped, Field field, Graph graph)
    {
        if (Masked(mapped, field, graph) is not { } severity)
        {
            return null;
        }
        // A row that goes is only masked where rows that stay need it.
        var when = severity == Severity.Error ? "erasing it would be refused" : "an erasure would be refused where rows that stay need this one";
        var column = mapped.ColumnOf(field);
        var instead = (field.Masking?.Strategy, column) switch
        {
            (null or MaskingStrategy.Null, { NotNull: true }) => $"is NOT NULL and has no mask, so {when}; give it a 'masking_strategy_override', for example {(column.Type == ColumnType.Text ? "random_string_rewrite" : "string_rewrite with a fitting value")}, or let the row go ('on_erasure: delete')",
            (MaskingStrategy.Rewrite, _) when mapped.Table.Indexes.Any(i => i.Unique && !i.Partial && i.Columns is [var only] && only == column.Name) =>
                $"is unique, but its mask writes the same value to every row, so {when}; use random_string_rewrite",
            (MaskingStrategy.Rewrite, _) when mapped.Table.Indexes.FirstOrDefault(i => i.Unique && SharesValues(i, column.Name)) is { } index =>
                $"is part of the unique index '{index.Name}', but its mask writes the same value to every row, so an erasure may be refused; use random_string_rewrite",
            (MaskingStrategy.Random or MaskingStrategy.Hash or MaskingStrategy.Hmac, { Type: not (ColumnType.Text or ColumnType.Other) }) =>
                $"is {column.TypeName}, but its mask writes text, so {when}; use null_rewrite, or string_rewrite with a fitting value",
            (MaskingStrategy.Rewrite, _) when !column.Type.CanHold(field.Masking.Value + field.Masking.Suffix) =>
                $"is {column.TypeName}, which its mask's value does not fit, so {when}; write a fitting 'rewrite_value'",
            _ => null,
        };
        return instead is null ? null : new MapProblem(severity, field.At, $"the column '{field.Name}' {instead}");
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

    /// <summary>Fideslang has no times or bytes; what it says of them cannot be wrong. Other stands for whatever the engine shows.</summary>
    internal static bool Fits(string dataType, Column column) => column.Type is ColumnType.Other or ColumnType.Binary or ColumnType.Time || dataType switch
    {
        "string" => column.Type is ColumnType.Text or ColumnType.Date or ColumnType.Instant,
        "integer" => column.Type is ColumnType.Integer or ColumnType.Decimal,
        "float" => column.Type is ColumnType.Decimal or ColumnType.Real,
        "boolean" => column.Type is ColumnType.Boolean or ColumnType.Integer,
        "date" => column.Type is ColumnType.Date or ColumnType.Instant or ColumnType.Text,
        "datetime" => column.Type is ColumnType.Instant or ColumnType.Text,
        // Documents and lists are kept as text where the engine has no type for them.
        "object" => column.Type == ColumnType.Text,
        _ => !dataType.EndsWith("[]", StringComparison.Ordinal) || column.Type == ColumnType.Text,
    };

    private static bool Indexed(Table table, string column, bool ignoreCase)
    {
        if (!ignoreCase)
        {
            return table.IsIndexed([column]);
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
            // SQLite has no type for days; Entity Framework writes them, and instants, as text.
            if (type == ColumnType.Text && holder.Table.IgnoreCase && retain.Values.Count == 0)
            {
                yield return Warning(retain.At, $"'{retain.Column}' is text: '{retain.Rule}' counts from the days and instants of UTC that it holds, and keeps the row where it holds anything else");
                continue;
            }
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

    /// <summary>By these, one person or device can be told from another.</summary>
    private static readonly string[] Telling =
        ["user.account", "user.authorization", "user.biometric", "user.contact", "user.device", "user.government_id", "user.location.precise", "user.name", "user.unique_id"];

    private static IEnumerable<MapProblem> Anonymous(Collection collection, Dataset dataset, DatabaseSchema schema, Graph graph)
    {
        var table = schema.Find(dataset.Schema, collection.Name)!;
        foreach (var key in table.ForeignKeys.Where(k => schema.Find(k.Schema, k.Table) is { } target && LeadsToSubjects(target, graph)))
        {
            yield return Error(PositionOf(collection, key.Columns), $"'{collection.Name}' is said to be anonymous, but {string.Join(", ", key.Columns)} refers to '{key.Table}', which leads to a person; take the column away, or take 'anonymous' away and write the reference");
        }
        foreach (var (field, reference) in collection.Fields.SelectMany(f => f.References.Select(r => (f, r)))
            .Where(x => graph.Collections.Any(c => c.Collection.Dataset == x.r.Dataset && c.Collection.Name == x.r.Collection && LeadsToSubjects(c.Table, graph))))
        {
            yield return Error(reference.At, $"'{collection.Name}' is said to be anonymous, but '{field.Name}' refers to '{reference.Collection}', which leads to a person; take 'anonymous' away");
        }
        foreach (var field in collection.Fields.Where(f => f.Identity is not null || f.Categories.Any(c => Telling.Any(t => c == t || c.StartsWith(t + ".", StringComparison.Ordinal)))))
        {
            yield return Error(field.At, $"'{collection.Name}' is said to be anonymous, but '{field.Name}' tells one person or device from another; take 'anonymous' away, or correct its category");
        }
        foreach (var (child, key) in schema.PointingAt(table).Where(p => p.Child != table && LeadsToSubjects(p.Child, graph)))
        {
            // One row each is as good as the person's own row; one row for many may be no more than their town.
            yield return new MapProblem(
                child.IsUnique(key.Columns) ? Severity.Error : Severity.Warning, collection.At,
                $"'{collection.Name}' is said to be anonymous, but {child.Name}({string.Join(", ", key.Columns)}), which leads to a person, refers to it; take 'anonymous' away unless many share each row");
        }
    }

    /// <summary>Whether rows of a table say whose they are: by an identity of their own, or along foreign keys and references, unmapped tables included.</summary>
    private static bool LeadsToSubjects(Table table, Graph graph)
    {
        var (open, seen) = (new Queue<Table>([table]), new HashSet<(string, string)>());
        while (open.TryDequeue(out var at))
        {
            if (!seen.Add((at.Schema, at.Name)))
            {
                continue;
            }
            var collections = graph.Collections.Where(c => c.Table.Schema == at.Schema && c.Table.Name == at.Name).ToList();
            if (collections.Any(c => c.Collection.Fields.Any(f => f.Identity is not null)))
            {
                return true;
            }
            foreach (var parent in at.ForeignKeys.Select(k => graph.Schema.Find(k.Schema, k.Table)).OfType<Table>()
                .Concat(graph.Links.Where(l => collections.Contains(l.Child)).Select(l => l.Parent.Table)))
            {
                open.Enqueue(parent);
            }
        }
        return false;
    }

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
