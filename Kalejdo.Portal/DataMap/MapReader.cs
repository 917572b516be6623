using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Kalejdo.Portal.DataMap;

/// <summary>Reads map files (Fideslang 3 YAML with the portal's additions; docs/data-map.md).</summary>
public sealed class MapReader
{
    private readonly List<MapProblem> problems = [];
    private readonly List<Dataset> datasets = [];
    private readonly List<FidesSystem> systems = [];
    private readonly List<Service> services = [];
    private readonly List<Kind> kinds = [];
    private readonly Dictionary<string, RetentionRule> retention = [];

    private MapReader()
    {
    }

    /// <summary>Reads <paramref name="files"/> as one map. The map is usable when no problem is an error.</summary>
    /// <returns>The map, and what is wrong in the files by themselves; <see cref="MapCheck"/> compares it with the databases.</returns>
    public static (Map Map, IReadOnlyList<MapProblem> Problems) Read(IEnumerable<string> files)
    {
        var reader = new MapReader();
        foreach (var file in files)
        {
            reader.ReadFile(file);
        }
        var map = new Map(reader.datasets, reader.systems, reader.services, reader.kinds, reader.retention);
        if (map.Datasets.Count == 0 && !reader.problems.Any(p => p.Severity == Severity.Error))
        {
            reader.problems.Add(new MapProblem(Severity.Error, new Position(string.Join(", ", files), 1), "there is no dataset; a file needs a 'dataset:' list"));
        }
        reader.CheckNames(map);
        return (map, reader.problems);
    }

    private void ReadFile(string file)
    {
        var stream = new YamlStream();
        try
        {
            using var text = new StreamReader(file);
            stream.Load(text);
        }
        catch (YamlException e)
        {
            problems.Add(new MapProblem(Severity.Error, new Position(file, (int)e.Start.Line), $"this is not YAML: {e.Message}"));
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new MapProblem(Severity.Error, new Position(file, 1), $"the file cannot be read: {e.Message}"));
            return;
        }
        var annotated = MentionsPortal(stream);
        foreach (var document in stream.Documents)
        {
            if (document.RootNode is not YamlMappingNode mapping)
            {
                problems.Add(new MapProblem(Severity.Error, new Position(file, (int)document.RootNode.Start.Line), "a map file holds the keys 'dataset:', 'system:' or 'portal:'"));
                continue;
            }
            var root = new YamlSection(mapping, file, problems);
            if (root.Sub("portal") is { } portal)
            {
                ReadPortal(portal);
            }
            foreach (var dataset in root.Items("dataset"))
            {
                ReadDataset(dataset, annotated);
            }
            foreach (var system in root.Items("system"))
            {
                ReadSystem(system);
            }
            root.WarnUnread();
        }
    }

    private static bool MentionsPortal(YamlStream stream) =>
        stream.Documents.SelectMany(d => d.AllNodes).OfType<YamlMappingNode>()
            .Any(m => m.Children.Keys.Any(k => k is YamlScalarNode { Value: "portal" }));

    private void ReadPortal(YamlSection portal)
    {
        foreach (var section in portal.Items("services"))
        {
            var service = new Service(section.Required("key", "tv"), section.Local("label") ?? Missing(section, "label"), section.At);
            section.WarnUnread();
            AddOnce(services, service, s => s.Key, section);
        }
        foreach (var section in portal.Items("kinds"))
        {
            var kind = new Kind(
                section.Required("key", "viewing_history"), section.Text("service"), section.Local("label"), section.Local("explain"),
                section.Local("source"), section.Local("keep"), ReadOrigin(section), section.At);
            section.WarnUnread();
            AddOnce(kinds, kind, k => k.Key, section);
        }
        if (portal.Sub("retention") is { } rules)
        {
            foreach (var (name, section) in rules.Entries())
            {
                ReadRetentionRule(name, section);
            }
        }
        portal.WarnUnread();
    }

    private void ReadRetentionRule(string name, YamlSection section)
    {
        var ground = section.Local("ground") ?? Missing(section, "ground");
        var countedFrom = section.Choice("counted_from",
            ("date", CountedFrom.Date), ("end_of_calendar_year", CountedFrom.EndOfCalendarYear),
            ("end_of_fiscal_year", CountedFrom.EndOfFiscalYear), ("condition", CountedFrom.Condition));
        if (countedFrom is null && !section.Has("counted_from"))
        {
            section.Error("counted_from", "'counted_from' is missing; write date, end_of_calendar_year, end_of_fiscal_year or condition");
        }
        var keep = section.Text("keep") is { } text ? Period.Parse(text) : null;
        if (section.Has("keep") && keep is null)
        {
            section.Error("keep", $"'keep: {section.Text("keep")}' is not a duration of whole days or more; write for example 'keep: P7Y' or 'keep: P90D'");
        }
        else if (countedFrom is not null && (countedFrom == CountedFrom.Condition) == (keep is not null))
        {
            section.Error("keep", countedFrom == CountedFrom.Condition
                ? "a rule with 'counted_from: condition' lasts as long as the condition; leave 'keep' out"
                : "'keep' is missing; write for example 'keep: P7Y'");
        }
        MonthDay? ends = null;
        if (section.Text("fiscal_year_ends") is { } day && (ends = MonthDay.Parse(day)) is null)
        {
            section.Error("fiscal_year_ends", $"'fiscal_year_ends: {day}' is not a day of the year; write for example 'fiscal_year_ends: 06-30'");
        }
        section.WarnUnread();
        if (!retention.TryAdd(name, new RetentionRule(name, ground, keep, countedFrom ?? CountedFrom.Condition, ends, section.At)))
        {
            problems.Add(new MapProblem(Severity.Error, section.At, $"the retention rule '{name}' is defined twice; rename one"));
        }
    }

    private void ReadDataset(YamlSection section, bool annotated)
    {
        var key = section.Required("fides_key", "kalejdo");
        var meta = Meta(section);
        var schema = meta?.Sub("namespace") is { } space ? space.Text("schema") : null;
        string[] categories = [.. section.Texts("data_categories")];
        var collections = section.Items("collections").Select(c => ReadCollection(c, key, categories)).ToList();
        if (collections.Count == 0)
        {
            section.Warn("collections", $"the dataset '{key}' has no collections");
        }
        foreach (var twice in collections.GroupBy(c => c.Name).Where(g => g.Count() > 1))
        {
            problems.Add(new MapProblem(Severity.Error, twice.Last().At, $"the collection '{twice.Key}' is described twice; join the two"));
        }
        var dataset = new Dataset(
            key, section.Text("name") ?? key, section.Text("description"), schema ?? section.Text("namespace"), meta?.Texts("after") ?? [], collections, annotated, section.At);
        section.Sub("portal")?.WarnUnread();
        meta?.WarnUnread();
        section.WarnUnread();
        AddOnce(datasets, dataset, d => d.Key, section);
    }

    private Collection ReadCollection(YamlSection section, string dataset, string[] inherited)
    {
        var name = section.Required("name", "subscriber");
        var meta = Meta(section);
        var portal = section.Sub("portal");
        var own = section.Texts("data_categories");
        var fields = section.Items("fields").Select(f => ReadField(f, own.Count > 0 ? [.. own] : inherited)).ToList();
        if (fields.Count == 0)
        {
            section.Error("fields", $"the collection '{name}' has no fields; list its columns under 'fields:'");
        }
        foreach (var twice in fields.GroupBy(f => f.Name).Where(g => g.Count() > 1))
        {
            problems.Add(new MapProblem(Severity.Error, twice.Last().At, $"the field '{twice.Key}' is described twice; join the two"));
        }
        var onErasure = portal?.Choice("on_erasure", ("delete", OnErasure.Delete), ("anonymise", OnErasure.Anonymise), ("retain", OnErasure.Retain)) ?? OnErasure.Fides;
        if (meta?.Sub("masking_strategy_override") is { } masking)
        {
            if (masking.Text("strategy") != "delete")
            {
                masking.Error("strategy", "a collection's masking strategy can only be 'delete'; other strategies stand at its fields");
            }
            else if (onErasure == OnErasure.Fides)
            {
                onErasure = OnErasure.Delete;
            }
            masking.Sub("configuration");
            masking.WarnUnread();
        }
        var retain = portal?.Items("retain").Select(ReadRetain).ToList() ?? [];
        if ((onErasure == OnErasure.Retain) != (retain.Count > 0))
        {
            portal!.Error("retain", onErasure == OnErasure.Retain
                ? "'on_erasure: retain' needs its ground; write 'retain: {rule: NAME, from: COLUMN}'"
                : "'retain' is used with 'on_erasure: retain' alone");
        }
        var collection = new Collection(
            dataset, name, section.Text("description"), fields, meta?.Texts("after") ?? [], meta?.Texts("erase_after") ?? [],
            meta?.Flag("skip_processing") ?? false, portal?.Text("kind"), portal?.Local("label"), portal?.Local("explain"),
            portal?.Local("source"), portal is null ? null : ReadOrigin(portal), onErasure, retain,
            portal?.Choice("otherwise", ("delete", OnErasure.Delete), ("anonymise", OnErasure.Anonymise)) ?? OnErasure.Delete,
            portal?.Sub("household") is { } household ? household.Required("own", "is_own") : null,
            portal?.Text("newest_first"), portal?.Flag("anonymous") ?? false, section.At)
        {
            Since = portal?.Text("since"),
            Consent = portal?.Sub("consent") is { } consent ? ReadConsent(consent) : null,
        };
        meta?.WarnUnread();
        portal?.WarnUnread();
        section.WarnUnread();
        return collection;
    }

    private static ConsentColumns ReadConsent(YamlSection section)
    {
        var consent = new ConsentColumns(section.Required("given", "given_at"), section.Required("withdrawn", "withdrawn_at"), section.Text("purpose"), section.At);
        section.WarnUnread();
        return consent;
    }

    private static Retain ReadRetain(YamlSection section)
    {
        var rule = section.Required("rule", "bookkeeping");
        var from = section.Required("from", "invoice_date").Split('.');
        if (from.Length > 2)
        {
            section.Error("from", "'from' names a column, or 'collection.column' of the same dataset");
        }
        var retain = new Retain(rule, from.Length == 2 ? from[0] : null, from[^1], section.Texts("equals"), section.At);
        section.WarnUnread();
        return retain;
    }

    private static Field ReadField(YamlSection section, string[] inherited)
    {
        var name = section.Required("name", "email");
        var meta = Meta(section);
        var portal = section.Sub("portal");
        IReadOnlyList<string> own = section.Texts("data_categories");
        if (section.Items("fields") is { Count: > 0 } nested)
        {
            section.Warn("fields", $"the fields inside '{name}' are read as one value of the column '{name}'");
            own = [.. own, .. nested.SelectMany(f => ReadField(f, []).Categories)];
        }
        var identity = meta?.Text("identity");
        var field = new Field(
            name, section.Text("description"), own.Count > 0 ? own : inherited, meta?.Flag("primary_key") ?? false, identity,
            portal?.Choice("match", ("exact", false), ("ignore_case", true)) ?? identity == "email", portal?.Text("verified_by"),
            meta?.Items("references").Select(ReadReference).OfType<Reference>().ToList() ?? [], meta?.Text("data_type"),
            meta?.Number("length"), meta?.Flag("read_only") ?? false,
            meta?.Sub("masking_strategy_override") is { } masking ? ReadMasking(masking) : null,
            portal?.Local("label"), portal?.Local("explain"), portal is null ? null : ReadOrigin(portal),
            portal?.Sub("correct") is { } correct ? ReadCorrection(correct) : null,
            portal?.Choice("on_disavowal", ("clear", DataMap.OnDisavowal.Clear), ("placeholder", DataMap.OnDisavowal.Placeholder), ("delete", DataMap.OnDisavowal.Delete)),
            portal?.Flag("technical") ?? false, section.At)
        {
            Values = portal is null ? [] : ReadChoices(portal, "values"),
        };
        if (name.Contains('.', StringComparison.Ordinal))
        {
            section.Warn("name", $"'{name}' has a dot: the column is read, but no reference can name it");
        }
        meta?.WarnUnread();
        portal?.WarnUnread();
        section.WarnUnread();
        return field;
    }

    private static Reference? ReadReference(YamlSection section)
    {
        var dataset = section.Required("dataset", "kalejdo");
        var target = section.Required("field", "subscriber.id").Split('.');
        var direction = section.Choice("direction", ("from", Direction.From), ("to", Direction.To));
        var portal = section.Sub("portal");
        var group = portal?.Text("reference");
        portal?.WarnUnread();
        section.WarnUnread();
        if (target.Length != 2 || target.Any(string.IsNullOrWhiteSpace))
        {
            section.Error("field", $"'{string.Join('.', target)}' cannot be referenced; write 'collection.column' (a name with a dot or a field inside a column cannot be referenced)");
            return null;
        }
        return new Reference(dataset, target[0], target[1], direction ?? Direction.Both, group, section.At);
    }

    private static Masking? ReadMasking(YamlSection section)
    {
        var strategy = section.Choice("strategy",
            ("null_rewrite", MaskingStrategy.Null), ("string_rewrite", MaskingStrategy.Rewrite), ("random_string_rewrite", MaskingStrategy.Random),
            ("hash", MaskingStrategy.Hash), ("hmac", MaskingStrategy.Hmac), ("preserve", MaskingStrategy.Preserve));
        if (!section.Has("strategy"))
        {
            section.Error("strategy", "'strategy' is missing; write for example 'strategy: null_rewrite'");
        }
        var configuration = section.Sub("configuration");
        var preservation = configuration?.Sub("format_preservation");
        var masking = strategy is null ? null : new Masking(
            strategy.Value, configuration?.Text("rewrite_value") ?? "MASKED", configuration?.Number("length") ?? 30, preservation?.Text("suffix") ?? "");
        // Fides names the hash here; ours is always SHA-256.
        configuration?.Text("algorithm");
        preservation?.WarnUnread();
        configuration?.WarnUnread();
        section.WarnUnread();
        return masking;
    }

    private static Correction ReadCorrection(YamlSection section)
    {
        string[] rules = ["email", "phone", "name", "postal_code", "text", "date", "choice"];
        var rule = section.Required("rule", "name");
        if (rule != "" && !rules.Contains(rule))
        {
            section.Error("rule", $"'rule: {rule}' is unknown; write {string.Join(", ", rules)}");
        }
        var choices = ReadChoices(section, "choices");
        if (rule == "choice" && choices.Count == 0)
        {
            section.Error("choices", "'rule: choice' needs its values; write 'choices: [{value: sv, label: {sv: …, en: …}}]'");
        }
        var correction = new Correction(rule, section.Number("length"), choices, section.Flag("by_staff"));
        section.WarnUnread();
        return correction;
    }

    private static List<Choice> ReadChoices(YamlSection section, string key) =>
    [
        .. section.Items(key).Select(c =>
        {
            var choice = new Choice(c.Required("value", "sv"), c.Local("label") ?? Missing(c, "label"));
            c.WarnUnread();
            return choice;
        }),
    ];

    private void ReadSystem(YamlSection section)
    {
        var declarations = section.Items("privacy_declarations").Select(d =>
        {
            var portal = d.Sub("portal");
            var declaration = new PrivacyDeclaration(
                d.Text("name") ?? "", d.Text("data_use"), d.Texts("data_categories"), d.Texts("data_subjects"),
                d.Text("legal_basis_for_processing"), d.Text("retention_period"), portal?.Texts("kinds") ?? [], portal?.Local("purpose"), d.At);
            portal?.WarnUnread();
            d.WarnUnread();
            return declaration;
        }).ToList();
        var system = new FidesSystem(
            section.Required("fides_key", "tv_platform"), section.Text("name") ?? "", section.Text("description"),
            section.Texts("dataset_references"), declarations, section.At);
        section.Text("system_type");
        section.WarnUnread();
        AddOnce(systems, system, s => s.Key, section);
    }

    private static Origin? ReadOrigin(YamlSection section) =>
        section.Choice("origin", ("provided", Origin.Provided), ("observed", Origin.Observed), ("derived", Origin.Derived));

    private static YamlSection? Meta(YamlSection section) => section.Sub("fides_meta") ?? section.Sub("fidesops_meta");

    private static LocalText Missing(YamlSection section, string key)
    {
        section.Error(key, $"'{key}' is missing; write '{key}: {{sv: …, en: …}}'");
        return new LocalText("", "");
    }

    private void AddOnce<T>(List<T> list, T item, Func<T, string> key, YamlSection section)
    {
        if (list.Any(other => key(other) == key(item)))
        {
            problems.Add(new MapProblem(Severity.Error, section.At, $"'{key(item)}' is defined twice; rename one"));
        }
        list.Add(item);
    }

    /// <summary>What one part of the map says of another must exist.</summary>
    private void CheckNames(Map map)
    {
        foreach (var collection in map.Collections)
        {
            foreach (var reference in collection.Fields.SelectMany(f => f.References))
            {
                if (map.Datasets.All(d => d.Key != reference.Dataset))
                {
                    Error(reference.At, $"there is no dataset '{reference.Dataset}' in the map; known are {Names(map.Datasets.Select(d => d.Key))}");
                }
                else if (map.Find(reference.Dataset, reference.Collection) is not { } target)
                {
                    Error(reference.At, $"the dataset '{reference.Dataset}' has no collection '{reference.Collection}'");
                }
                else if (target.Find(reference.Field) is null)
                {
                    Error(reference.At, $"the collection '{target.Id}' has no field '{reference.Field}'; known are {Names(target.Fields.Select(f => f.Name))}");
                }
            }
            foreach (var retain in collection.Retain)
            {
                if (!map.Retention.ContainsKey(retain.Rule))
                {
                    Error(retain.At, $"there is no retention rule '{retain.Rule}'; known are {Names(map.Retention.Keys)}");
                }
                var holder = retain.Collection is null ? collection : map.Find(collection.Dataset, retain.Collection);
                if (holder is null)
                {
                    Error(retain.At, $"the dataset '{collection.Dataset}' has no collection '{retain.Collection}'");
                }
                else if (holder.Find(retain.Column) is null)
                {
                    Error(retain.At, $"the collection '{holder.Id}' has no field '{retain.Column}'; known are {Names(holder.Fields.Select(f => f.Name))}");
                }
            }
            foreach (var column in collection.Fields.Select(f => f.VerifiedBy).Append(collection.HouseholdOwn).Append(collection.NewestFirst)
                .Append(collection.Consent?.Given).Append(collection.Consent?.Withdrawn).Append(collection.Consent?.Purpose).OfType<string>())
            {
                if (collection.Find(column) is null)
                {
                    Error(collection.At, $"the collection '{collection.Id}' has no field '{column}'; known are {Names(collection.Fields.Select(f => f.Name))}");
                }
            }
            if (collection.Kind is { } kind && map.Kinds.All(k => k.Key != kind))
            {
                Error(collection.At, $"there is no kind '{kind}'; known are {Names(map.Kinds.Select(k => k.Key))}");
            }
            foreach (var other in collection.After.Concat(collection.EraseAfter))
            {
                if (map.Collections.All(c => c.Id != other))
                {
                    Error(collection.At, $"there is no collection '{other}' to come after; write 'dataset.collection'");
                }
            }
        }
        foreach (var kind in map.Kinds.Where(k => k.Service is not null && map.Services.All(s => s.Key != k.Service)))
        {
            Error(kind.At, $"there is no service '{kind.Service}'; known are {Names(map.Services.Select(s => s.Key))}");
        }
        foreach (var declaration in map.Systems.SelectMany(s => s.Declarations))
        {
            foreach (var kind in declaration.Kinds.Where(k => map.Kinds.All(known => known.Key != k)))
            {
                Error(declaration.At, $"there is no kind '{kind}'; known are {Names(map.Kinds.Select(k => k.Key))}");
            }
        }
    }

    private void Error(Position at, string message) => problems.Add(new MapProblem(Severity.Error, at, message));

    private static string Names(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
}
