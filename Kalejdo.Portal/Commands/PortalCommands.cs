using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Kalejdo.Portal.Rights;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

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
        var options = new MapOptions(host);
        root.Subcommands.Add(DataMapCommand.Create(options));
        root.Subcommands.Add(AccessCommand.Create(options, host));
        root.Subcommands.Add(EraseCommand.Create(options, host));
        root.Subcommands.Add(ErasuresCommand.Create(host, TimeProvider.System));
        root.Subcommands.Add(RectifyCommand.Create(options, host));
        root.Subcommands.Add(RestrictionCommand.Create(host));
        root.Subcommands.Add(AuditCommand.Create(host));
        root.Subcommands.Add(ReceiptCommand.Create(host));
        root.Subcommands.Add(RecipientsCommand.Create(host));
        root.Subcommands.Add(MailCommand.Create(host));
        root.Subcommands.Add(DisavowalCommand.Create(host));
        root.Subcommands.Add(StaffCommand.Create(host));
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
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. A database that was not finished is as it was; an erasure that was recorded goes on at the next start.");
        }
        catch (Exception e) when (e is InvalidOperationException or OptionsValidationException or TimeoutException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            await Console.Error.WriteLineAsync($"Refused: {e.Message}");
        }
        catch (SqliteException e)
        {
            // The portal's own database; what goes wrong with the map's, the engine explains.
            await Console.Error.WriteLineAsync($"Refused: the portal's own database cannot be used (SQLite error {e.SqliteErrorCode}). See Store:ConnectionString.");
        }
        catch (NpgsqlException e)
        {
            await Console.Error.WriteLineAsync($"Refused: the portal's own database cannot be used (PostgreSQL {(e as PostgresException)?.SqlState ?? "does not answer"}). See Store:ConnectionString.");
        }
        catch (Exception e)
        {
            // A mistake of ours. Its message may quote a value of somebody's, its place may not.
            await Console.Error.WriteLineAsync($"Broken off by {e.GetType().Name}:\n{e.StackTrace}");
        }
        return Refused;

        // The first Ctrl-C rolls back what is under way; the second is not caught and kills.
        void Stop(PosixSignalContext signal)
        {
            if (!stop.IsCancellationRequested)
            {
                signal.Cancel = true;
                stop.Cancel();
            }
        }
    }

    public static async Task RefuseAsync(TextWriter error, IEnumerable<Refusal> refusals)
    {
        foreach (var refusal in refusals)
        {
            await error.WriteLineAsync($"Refused: {refusal}");
        }
    }
}
