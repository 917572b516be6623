namespace Kalejdo.Portal.Store;

/// <summary>The folder that relative paths of the settings start from, whatever folder the program is started in.</summary>
public static class DataRoot
{
    public static string Resolve(IHostEnvironment environment, IConfiguration configuration)
    {
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(environment.ContentRootPath));
        var fromSource = parent is not null && File.Exists(Path.Combine(parent, "Kalejdo.Portal.sln"));
        var root = fromSource ? parent! : AppContext.BaseDirectory;
        return configuration["DataRoot"] is { Length: > 0 } set ? Path.GetFullPath(set, root) : root;
    }
}
