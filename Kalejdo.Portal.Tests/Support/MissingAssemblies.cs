using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>bUnit asks for a version of AngleSharp.Diffing that our feed lacks (Feed.targets); the older one beside the tests does.</summary>
internal static class MissingAssemblies
{
    [ModuleInitializer]
    internal static void Stand() => AssemblyLoadContext.Default.Resolving += (context, name) =>
        name.Name == "AngleSharp.Diffing" && Path.Combine(AppContext.BaseDirectory, "AngleSharp.Diffing.dll") is var file && File.Exists(file)
            ? context.LoadFromAssemblyPath(file)
            : null;
}
