using Kalejdo.Portal.Demo;
using Microsoft.Data.Sqlite;
using YamlDotNet.RepresentationModel;

namespace Kalejdo.Portal.Tests.Demo;

/// <summary>Reads the map as plain YAML: whether the portal understands it is for the data map's own tests.</summary>
public sealed class KalejdoMapTests
{
    private static readonly YamlMappingNode Map = Load("kalejdo.dataset.yml");
    private static readonly YamlMappingNode Systems = Load("kalejdo.system.yml");

    [Fact]
    public async Task The_map_mentions_every_column_and_no_other()
    {
        var schema = await RowsAsync("SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'");

        Assert.Equal(schema, Fields().Select(field => field.Path).ToHashSet());
    }

    [Fact]
    public async Task The_map_knows_every_foreign_key_and_no_other()
    {
        var schema = await RowsAsync("SELECT m.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'");
        var map =
            from field in Fields()
            from reference in Items(Child(Child(field.Node, "fides_meta"), "references"))
            select $"{field.Path} -> {Text(reference, "field")}";

        Assert.Equal(schema, map.ToHashSet());
    }

    [Fact]
    public async Task The_map_names_the_primary_keys_of_the_schema()
    {
        var schema = await RowsAsync("SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.pk > 0");
        var map = Fields().Where(field => Text(Child(field.Node, "fides_meta"), "primary_key") == "true").Select(field => field.Path);

        Assert.Equal(schema, map.ToHashSet());
    }

    [Fact]
    public void Every_text_stands_in_both_languages()
    {
        var texts = Map.AllNodes.Concat(Systems.AllNodes).OfType<YamlMappingNode>().Where(node => Child(node, "sv") is not null || Child(node, "en") is not null).ToList();

        Assert.NotEmpty(texts);
        Assert.All(texts, text =>
        {
            // A comma in a text without quotes would begin a third key.
            Assert.Equal(2, text.Children.Count);
            Assert.False(string.IsNullOrWhiteSpace(Text(text, "sv")));
            Assert.False(string.IsNullOrWhiteSpace(Text(text, "en")));
        });
    }

    [Fact]
    public void Every_kind_has_a_collection_and_a_purpose()
    {
        var kinds = Items(Child(Child(Map, "portal"), "kinds")).Select(kind => Text(kind, "key")!).ToHashSet();
        var used = Collections().Select(collection => Text(Child(collection, "portal"), "kind")).OfType<string>().ToHashSet();
        var declared =
            from system in Items(Child(Systems, "system"))
            from declaration in Items(Child(system, "privacy_declarations"))
            from kind in Items(Child(Child(declaration, "portal"), "kinds"))
            select ((YamlScalarNode)kind).Value;

        Assert.Equal(kinds, used);
        Assert.Equal(kinds, declared.ToHashSet()!);
    }

    [Fact]
    public void Every_address_may_be_disavowed()
    {
        var addresses = Fields().Where(field => Text(Child(field.Node, "fides_meta"), "identity") == "email").ToList();

        Assert.Equal(4, addresses.Count);
        Assert.All(addresses, field => Assert.NotNull(Text(Child(field.Node, "portal"), "on_disavowal")));
    }

    private static YamlMappingNode Load(string file)
    {
        using var reader = new StreamReader(Path.Combine(AppContext.BaseDirectory, "Maps", file));
        var stream = new YamlStream();
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static IEnumerable<YamlNode> Collections() => Items(Child(Items(Child(Map, "dataset")).Single(), "collections"));

    private static IEnumerable<(string Path, YamlNode Node)> Fields() =>
        from collection in Collections()
        from field in Items(Child(collection, "fields"))
        select ($"{Text(collection, "name")}.{Text(field, "name")}", field);

    private static YamlNode? Child(YamlNode? node, string key) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;

    private static string? Text(YamlNode? node, string key) => (Child(node, key) as YamlScalarNode)?.Value;

    private static IEnumerable<YamlNode> Items(YamlNode? node) => node as YamlSequenceNode ?? [];

    private static async Task<HashSet<string>> RowsAsync(string query)
    {
        await using var database = new SqliteConnection("Data Source=:memory:");
        await DemoDatabase.SeedAsync(database, new SeedOptions(1, new DateOnly(2026, 11, 22)), null, TestContext.Current.CancellationToken);
        await using var command = database.CreateCommand();
        command.CommandText = query;
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        HashSet<string> rows = [];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
