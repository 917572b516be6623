using YamlDotNet.RepresentationModel;

namespace Kalejdo.Portal.DataMap;

/// <summary>
/// Reads map files (Fideslang 3 YAML with the portal's additions; docs/data-map.md). <see cref="DatasetReader"/>, <see cref="SystemReader"/>
/// and <see cref="PortalReader"/> read what stands under a file's three keys; <see cref="MapNames"/> looks whether the parts know each other.
/// </summary>
public static class MapReader
{
    /// <summary>Reads <paramref name="files"/> as one map. The map is usable when no problem is an error.</summary>
    /// <returns>The map, and what is wrong in the files by themselves; <see cref="MapCheck"/> compares it with the databases.</returns>
    public static (Map Map, IReadOnlyList<MapProblem> Problems) Read(IEnumerable<string> files)
    {
        var problems = new MapProblems();
        var (datasets, systems, portal) = (new List<Dataset>(), new List<FidesSystem>(), new PortalReader(problems));
        foreach (var file in files)
        {
            ReadFile(file, datasets, systems, portal, problems);
        }
        var map = new Map(datasets, systems, portal.Services, portal.Kinds, portal.Retention);
        if (map.Datasets.Count == 0 && !problems.AnyError)
        {
            problems.Error(new Position(string.Join(", ", files), 1), "there is no dataset; a file needs a 'dataset:' list");
        }
        MapNames.Check(map, problems);
        return (map, problems.All);
    }

    private static void ReadFile(string file, List<Dataset> datasets, List<FidesSystem> systems, PortalReader portal, MapProblems problems)
    {
        var (reader, found) = (new DatasetReader(problems), new List<Dataset>());
        foreach (var document in YamlFile.Read(file, problems))
        {
            if (document is not YamlMappingNode mapping)
            {
                problems.Error(new Position(file, (int)document.Start.Line), "a map file holds the keys 'dataset:', 'system:' or 'portal:'");
                continue;
            }
            var root = new YamlSection(mapping, file, problems);
            if (reader.Portal(root) is { } additions)
            {
                portal.Read(additions);
            }
            found.AddRange(root.Items("dataset").Select(reader.Read));
            systems.AddRange(root.Items("system").Select(SystemReader.Read));
            root.WarnUnread();
        }
        // Only now it is known whether anything in the file is the portal's.
        datasets.AddRange(found.Select(d => d with { Annotated = reader.SawPortal }));
    }
}
