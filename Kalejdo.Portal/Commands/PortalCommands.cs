using System.CommandLine;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary>The verbs of the command line (docs: README). Results on stdout, progress and messages on stderr.</summary>
internal static class PortalCommands
{
    public const int Done = 0;
    public const int Refused = 1;
    public const int WrongUsage = 2;

    /// <summary>Whether the program was started for a verb rather than to serve: its first argument is no option.</summary>
    public static bool IsVerb(string[] args) => args is [var first, ..] && (!first.StartsWith('-') || first is "--help" or "-h" or "-?" or "--version");

    public static async Task<int> RunAsync(string[] args, CommandHost host)
    {
        var root = new RootCommand("Kalejdo.Portal. Without a verb it serves the portal.");
        var options = new MapOptions(() => host.DataMap);
        root.Subcommands.Add(DataMapCommand.Create(options));
        root.Subcommands.Add(AccessCommand.Create(options));
        root.Subcommands.Add(EraseCommand.Create(options, host));
        root.Subcommands.Add(RectifyCommand.Create(options));
        root.Subcommands.Add(SeedCommand.Create(TimeProvider.System, host.Kalejdo));
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors)
            {
                await Console.Error.WriteLineAsync(problem.Message);
            }
            await Console.Error.WriteLineAsync($"'{parsed.CommandResult.Command.Name} --help' shows how it is used.");
            return WrongUsage;
        }
        return await parsed.InvokeAsync();
    }

    public static async Task RefuseAsync(TextWriter error, IEnumerable<Refusal> refusals)
    {
        foreach (var refusal in refusals)
        {
            await error.WriteLineAsync($"Refused: {refusal}");
        }
    }
}
