using System.Text;

namespace Kalejdo.Portal.DataMap;

/// <summary>Writes a first map of a live database: what the database knows, and guesses that are marked as such (docs/data-map.md).</summary>
public static class MapDraft
{
    /// <summary>Writes the map of the tables in <paramref name="schemas"/>, or in all where none is named.</summary>
    /// <param name="key">The dataset's <c>fides_key</c>; further schemas become datasets of their own behind it.</param>
    public static string Write(string key, DatabaseSchema schema, IReadOnlyCollection<string> schemas)
    {
        var tables = schema.Tables.Where(t => !t.IsView && MapEntries.IsReadable(t.Name) && (schemas.Count == 0 || schemas.Contains(t.Schema)))
            .OrderBy(t => !t.InDefaultSchema).ThenBy(t => t.Schema, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal).ToList();
        var datasets = tables.Select(t => t.Schema).Distinct()
            .Select((name, i) => (name, Key: i == 0 ? key : name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? $"{key}_{name}" : $"{key}.{i + 1}")).ToDictionary(d => d.name, d => d.Key);
        var entries = new MapEntries(
            schema, tables.ToDictionary(t => (t.Schema, t.Name), t => (datasets[t.Schema], t.Name)), tables.Where(t => t.Columns.Any(c => MapEntries.IdentityOf(c) is not null)));

        var text = new StringBuilder().Append($"""
            # A first map of the database '{key}', written by "datamap draft". How to go on: docs/data-map.md.
            # "# guess" marks what was judged by a name alone: confirm or correct it, then take the mark away.
            # "# portal:" marks what the portal needs and no database knows: fill it in, then take the '#' away. It refers to kinds of data:
            # portal:
            #   kinds:
            #     - key: …
            #       label: {"{sv: …, en: …}"}
            #       explain: {"{sv: …, en: …}"}
            #       keep: {"{sv: …, en: …}"}
            dataset:

            """.ReplaceLineEndings("\n"));
        foreach (var (name, dataset) in datasets)
        {
            text.Append("  - fides_key: ").Append(dataset).Append('\n');
            // SQLite's one schema has the same name everywhere.
            if (tables.Any(t => t.Schema == name && !t.IgnoreCase))
            {
                text.Append("    fides_meta:\n      namespace:\n        schema: ").Append(YamlText.Of(name)).Append('\n');
            }
            text.Append("    collections:\n");
            foreach (var line in tables.Where(t => t.Schema == name).SelectMany(t => entries.Collection(t, 6)))
            {
                text.Append(line).Append('\n');
            }
        }
        return text.ToString();
    }
}
