namespace Kalejdo.Portal.DataMap;

/// <summary>Reads what stands under <c>dataset:</c> in one file: datasets, collections, fields, references, masks.</summary>
internal sealed class DatasetReader(MapProblems problems)
{
    /// <summary>Fideslang's types of data, and the two that it lacks; each may be a list too (<c>string[]</c>).</summary>
    private static readonly string[] DataTypes = ["string", "integer", "float", "boolean", "object", "object_id", "date", "datetime"];

    /// <summary>Whether the file has a <c>portal:</c> key at its own level or at a dataset, collection or field.</summary>
    public bool SawPortal { get; private set; }

    public YamlSection? Portal(YamlSection section)
    {
        var portal = section.Sub("portal");
        SawPortal |= portal is not null;
        return portal;
    }

    public Dataset Read(YamlSection section)
    {
        var key = section.Required("fides_key", "kalejdo");
        if (key.Any(c => !char.IsAsciiLetterOrDigit(c) && !"_.-<>".Contains(c, StringComparison.Ordinal)))
        {
            section.Error("fides_key", $"'fides_key: {key}' may hold letters from a to z, digits, '_', '-' and '.' alone");
        }
        var meta = Meta(section);
        string[] categories = [.. section.Texts("data_categories")];
        var collections = section.Items("collections").Select(c => ReadCollection(c, key, categories)).ToList();
        if (collections.Count == 0)
        {
            section.Warn("collections", $"the dataset '{key}' has no collections");
        }
        Once(collections, c => c.Name, c => c.At, "collection");
        var dataset = new Dataset(
            key, section.Text("name") ?? key, section.Text("description"), ReadSchema(section, meta), meta?.Texts("after") ?? [], collections, Annotated: false, section.At)
        {
            Lines = section.Lines,
        };
        Portal(section)?.WarnUnread();
        meta?.WarnUnread();
        section.WarnUnread();
        return dataset;
    }

    /// <summary>Fides writes a mapping under <c>fides_meta</c>; a plain name will do.</summary>
    private static string? ReadSchema(YamlSection section, YamlSection? meta)
    {
        if (meta is not null && meta.IsText("namespace"))
        {
            return meta.Text("namespace");
        }
        var space = meta?.Sub("namespace");
        var schema = space?.Text("schema");
        space?.WarnUnread();
        return schema ?? section.Text("namespace");
    }

    private Collection ReadCollection(YamlSection section, string dataset, string[] inherited)
    {
        var name = section.Required("name", "subscriber");
        var meta = Meta(section);
        var portal = Portal(section);
        var own = section.Texts("data_categories");
        var fields = section.Items("fields").Select(f => ReadField(f, own.Count > 0 ? [.. own] : inherited)).ToList();
        if (fields.Count == 0)
        {
            section.Error("fields", $"the collection '{name}' has no fields; list its columns under 'fields:'");
        }
        Once(fields, f => f.Name, f => f.At, "field");
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
            portal?.Local("source"), portal is null ? null : PortalReader.Origin(portal), onErasure, retain,
            portal?.Choice("otherwise", ("delete", OnErasure.Delete), ("anonymise", OnErasure.Anonymise)) ?? OnErasure.Delete,
            portal?.Sub("household") is { } household ? ReadHousehold(household) : null,
            portal?.Text("newest_first"), portal?.Flag("anonymous") ?? false, section.At)
        {
            Since = portal?.Text("since"),
            Consent = portal?.Sub("consent") is { } consent ? ReadConsent(consent) : null,
            Lines = section.Lines,
        };
        if (name.Contains('.', StringComparison.Ordinal))
        {
            section.Warn("name", $"'{name}' has a dot: the table is read, but no reference can name it");
        }
        meta?.WarnUnread();
        portal?.WarnUnread();
        section.WarnUnread();
        return collection;
    }

    private static string ReadHousehold(YamlSection section)
    {
        var own = section.Required("own", "is_own");
        section.WarnUnread();
        return own;
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

    private Field ReadField(YamlSection section, string[] inherited)
    {
        var name = section.Required("name", "email");
        var meta = Meta(section);
        var portal = Portal(section);
        var dataType = meta?.Text("data_type");
        if (dataType is not null && !DataTypes.Contains(ElementType(dataType)))
        {
            meta!.Warn("data_type", $"'data_type: {dataType}' is unknown and is ignored; write {string.Join(", ", DataTypes)}, with '[]' behind it for a list");
        }
        IReadOnlyList<string> own = section.Texts("data_categories");
        if (section.Items("fields") is { Count: > 0 } nested)
        {
            section.Warn("fields", $"the fields inside '{name}' are read as one value of the column '{name}'");
            if (dataType is not null && ElementType(dataType) != "object")
            {
                meta!.Error("data_type", $"'{name}' has fields inside, so it is no {dataType}; write 'data_type: object'");
            }
            own = [.. own, .. nested.SelectMany(f => ReadNested(f, name)).Distinct()];
        }
        var identity = meta?.Text("identity");
        var field = new Field(
            name, section.Text("description"), own.Count > 0 ? own : inherited, meta?.Flag("primary_key") ?? false, identity,
            portal?.Choice("match", ("exact", false), ("ignore_case", true)) ?? identity == "email", portal?.Text("verified_by"),
            meta?.Items("references").Select(ReadReference).OfType<Reference>().ToList() ?? [], dataType,
            meta?.Number("length"), meta?.Flag("read_only") ?? false,
            meta?.Sub("masking_strategy_override") is { } masking ? ReadMasking(masking) : null,
            portal?.Local("label"), portal?.Local("explain"), portal is null ? null : PortalReader.Origin(portal),
            portal?.Sub("correct") is { } correct ? PortalReader.Correction(correct) : null,
            portal?.Choice("on_disavowal", ("clear", DataMap.OnDisavowal.Clear), ("placeholder", DataMap.OnDisavowal.Placeholder), ("delete", DataMap.OnDisavowal.Delete)),
            portal?.Flag("technical") ?? false, section.At)
        {
            Values = portal is null ? [] : PortalReader.Choices(portal, "values"),
            Unit = portal?.Choice("unit", ("seconds", Unit.Seconds)),
            Lines = section.Lines,
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

    /// <summary>A value inside a column: its categories count for the whole column, what else is said of it cannot be done.</summary>
    private IEnumerable<string> ReadNested(YamlSection section, string column)
    {
        var field = ReadField(section, []);
        if (field.Identity is not null || field.References.Count > 0)
        {
            section.Warn("name", $"'{field.Name}' lies inside the column '{column}', so its identity and references are ignored");
        }
        return field.Categories;
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
        if (configuration?.Text("algorithm") is { } algorithm && algorithm is not ("SHA-256" or "SHA_256"))
        {
            configuration.Warn("algorithm", $"'algorithm: {algorithm}' is ignored; hashes are SHA-256");
        }
        preservation?.WarnUnread();
        configuration?.WarnUnread();
        section.WarnUnread();
        return masking;
    }

    private void Once<T>(List<T> items, Func<T, string> name, Func<T, Position> at, string what)
    {
        foreach (var twice in items.GroupBy(name).Where(g => g.Key != "" && g.Count() > 1))
        {
            problems.Error(at(twice.Last()), $"the {what} '{twice.Key}' is described twice; join the two");
        }
    }

    internal static string ElementType(string dataType) => dataType.EndsWith("[]", StringComparison.Ordinal) ? dataType[..^2] : dataType;

    private static YamlSection? Meta(YamlSection section) => section.Sub("fides_meta") ?? section.Sub("fidesops_meta");
}
