namespace Kalejdo.Portal.Store;

/// <summary>The folder that relative paths of the settings start from, whatever folder the program is started in.</summary>
public static class DataRoot
{
    /// <summary>The setting <c>DataRoot</c>; or the repository's top, where the program runs from its source; or the program's own folder.</summary>
    public static string Resolve(IConfiguration configuration)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Kalejdo.Portal.sln")))
        {
            folder = folder.Parent;
        }
        var root = folder?.FullName ?? AppContext.BaseDirectory;
        return configuration["DataRoot"] is { Length: > 0 } set ? Path.GetFullPath(set, root) : root;
    }
}
