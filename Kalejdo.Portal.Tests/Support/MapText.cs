namespace Kalejdo.Portal.Tests.Support;

/// <summary>Writes map files for the tests: YAML in flow style, a line a collection or field.</summary>
public static class MapText
{
    public static string Dataset(params string[] collections) => DatasetOf("shop", "", collections);

    /// <param name="meta">Inside the dataset's <c>fides_meta</c>.</param>
    public static string DatasetOf(string key, string meta, params string[] collections) =>
        $"dataset:\n- fides_key: {key}\n  fides_meta: {{{meta}}}\n  collections:\n{string.Concat(collections)}";

    /// <param name="portal">Inside the collection's <c>portal</c>; nothing where empty.</param>
    public static string Collection(string name, string portal, params string[] fields) => CollectionWith(name, portal, "", fields);

    /// <param name="meta">Inside the collection's <c>fides_meta</c>.</param>
    public static string CollectionWith(string name, string portal, string meta, params string[] fields) =>
        $"  - name: {Quoted(name)}\n{(portal == "" ? "" : $"    portal: {{{portal}}}\n")}    fides_meta: {{{meta}}}\n    fields:\n{string.Concat(fields.Select(field => $"    - {field}\n"))}";

    public static string Key(string name = "id") => Plain(name, "primary_key: true");

    public static string Plain(string name, string meta = "", string portal = "") => Field(name, "system.operations", meta, portal);

    public static string Personal(string name, string meta = "", string portal = "") => Field(name, "user.contact", meta, portal);

    public static string Identity(string name = "email", string meta = "", string portal = "", string? identity = null) =>
        Field(name, "user.contact.email", $"identity: {identity ?? name}{(meta == "" ? "" : $", {meta}")}", portal);

    public static string Masked(string name, string strategy, string configuration = "") =>
        Personal(name, $"masking_strategy_override: {{strategy: {strategy}, configuration: {{{configuration}}}}}");

    /// <summary>Rows of the named collection lead to rows of this one.</summary>
    public static string From(string name, string target, string meta = "") => Plain(name, Meta(meta, Reference(target, "from")));

    /// <summary>Rows of this collection lead to the named one.</summary>
    public static string To(string name, string target, string meta = "") => Plain(name, Meta(meta, Reference(target, "to")));

    public static string Both(string name, string target, string meta = "") => Plain(name, Meta(meta, Reference(target, null)));

    public static string Reference(string target, string? direction, string? dataset = null, string? group = null) =>
        $"references: [{{dataset: {dataset ?? "shop"}, field: {target}{(direction is null ? "" : $", direction: {direction}")}{(group is null ? "" : $", portal: {{reference: {group}}}")}}}]";

    public static string Retention(string rules) => $"portal:\n  retention:\n{string.Concat(rules.Split('\n').Select(rule => $"    {rule}\n"))}";

    private static string Meta(string meta, string references) => meta == "" ? references : $"{meta}, {references}";

    private static string Field(string name, string category, string meta, string portal) =>
        $"{{name: {Quoted(name)}, data_categories: [{category}]{(meta == "" ? "" : $", fides_meta: {{{meta}}}")}{(portal == "" ? "" : $", portal: {{{portal}}}")}}}";

    private static string Quoted(string name) => $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
}
