using System.Data.Common;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal;

/// <summary>The configured map files (<c>DataMap:Maps</c>) and the databases they describe (<c>DataMap:Sources</c>).</summary>
internal sealed record DataMapSettings(IReadOnlyList<string> Maps, IReadOnlyList<Source> Sources)
{
    /// <exception cref="InvalidOperationException">A setting has not the form it must have.</exception>
    public static DataMapSettings From(IConfiguration configuration)
    {
        var root = DataRoot.Resolve(configuration);
        var maps = configuration.GetSection("DataMap:Maps").Get<string[]>() is { Length: > 0 } set
            ? set.Select(map => Path.GetFullPath(map, root))
            : Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Maps"), "*.yml").Order(StringComparer.Ordinal);
        var sources = configuration.GetSection("DataMap:Sources").GetChildren().Select(section =>
            Source.Parse($"{section.Key}={section.Value}") is { } source ? FromRoot(source, root) : throw new InvalidOperationException(
                $"DataMap:Sources:{section.Key} must be PROVIDER:CONNECTION, for example sqlite:var/kalejdo.db"));
        return new DataMapSettings([.. maps], [.. WithStore(configuration, [.. sources], root)]);
    }

    /// <summary>A connection to Kalejdo's own database, which may not exist yet.</summary>
    public DbConnection ConnectToKalejdo()
    {
        var source = Sources.FirstOrDefault(s => s.Key == "kalejdo")
            ?? throw new InvalidOperationException("The setting DataMap:Sources:kalejdo is missing; it names Kalejdo's database, for example sqlite:var/kalejdo.db");
        if (source.Provider == Provider.Postgresql)
        {
            return new NpgsqlConnection(source.ConnectionString);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(new SqliteConnectionStringBuilder(source.ConnectionString).DataSource)!);
        return new SqliteConnection(source.ConnectionString);
    }

    /// <summary>The portal's own tables are in the map too: where Store says, unless the setting names a copy of them.</summary>
    private static IEnumerable<Source> WithStore(IConfiguration configuration, IReadOnlyList<Source> sources, string root)
    {
        const string portal = "portal";
        if (sources.Any(s => s.Key == portal))
        {
            return sources;
        }
        var store = configuration.GetSection(StoreOptions.Section).Get<StoreOptions>() ?? new StoreOptions();
        var provider = store.Provider.Equals(StoreOptions.Postgresql, StringComparison.OrdinalIgnoreCase) ? Provider.Postgresql : Provider.Sqlite;
        return sources.Append(FromRoot(new Source(portal, provider, store.ConnectionString), root));
    }

    private static Source FromRoot(Source source, string root)
    {
        if (source.Provider != Provider.Sqlite)
        {
            return source;
        }
        var settings = new SqliteConnectionStringBuilder(source.ConnectionString);
        settings.DataSource = Path.GetFullPath(settings.DataSource, root);
        return source with { ConnectionString = settings.ConnectionString };
    }
}
