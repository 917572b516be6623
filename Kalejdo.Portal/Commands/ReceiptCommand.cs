using System.CommandLine;
using System.Text.Json;
using Kalejdo.Portal.Cases;

namespace Kalejdo.Portal.Commands;

/// <summary><c>receipt</c>: whether a receipt is ours and as it was signed, and the keys for it.</summary>
internal static class ReceiptCommand
{
    public static Command Create(CommandHost host) => new("receipt", "Receipts that prove themselves") { Verify(host), Keys(host), NewKey(host) };

    private static Command Verify(CommandHost host)
    {
        var file = new Argument<string>("file") { Description = "The receipt, as it was downloaded" };
        var keys = new Option<string?>("--keys") { Description = "A JSON Web Key Set from the portal's /.well-known/receipt-keys.json; without it this portal's own database is asked" };
        var command = new Command("verify", "Whether a receipt was signed by the portal and not changed since") { file, keys };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var set = parsed.GetValue(keys) is { } given ? await File.ReadAllBytesAsync(given, cancellationToken) : await PublicAsync(host, cancellationToken);
            if (ReceiptKeys.Read(set) is not { } known)
            {
                await error.WriteLineAsync("Refused: the keys are no JSON Web Key Set of elliptic-curve keys.");
                return PortalCommands.Refused;
            }
            var verdict = SignedReceipt.Verify(await File.ReadAllBytesAsync(parsed.GetRequiredValue(file), cancellationToken), known);
            foreach (var key in known.Values)
            {
                key.Dispose();
            }
            if (verdict is ReceiptVerdict.Genuine genuine)
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(genuine.Receipt, Readable));
                await error.WriteLineAsync("Genuine: signed by the portal, and not changed since.");
                return PortalCommands.Done;
            }
            await error.WriteLineAsync(verdict switch
            {
                ReceiptVerdict.Changed => "Refused: it was changed after it was signed.",
                ReceiptVerdict.UnknownKey unknown => $"Refused: none of the keys known here has signed it (it names {unknown.Id}). It is of another system, or the keys are not up to date.",
                _ => "Refused: it is no receipt of the portal's.",
            });
            return PortalCommands.Refused;
        });
        return command;
    }

    private static Command Keys(CommandHost host)
    {
        var command = new Command("keys", "Print the public keys, as they stand at /.well-known/receipt-keys.json");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(System.Text.Encoding.UTF8.GetString(await PublicAsync(host, cancellationToken)));
            return PortalCommands.Done;
        });
        return command;
    }

    private static Command NewKey(CommandHost host)
    {
        var command = new Command("new-key", "Make the key that signs from now on; the old ones go on verifying what they signed");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var services = await host.ServicesAsync(cancellationToken);
            await parsed.InvocationConfiguration.Output.WriteLineAsync((await services.GetRequiredService<ReceiptKeys>().RotateAsync(cancellationToken)).Id);
            return PortalCommands.Done;
        });
        return command;
    }

    private static async Task<byte[]> PublicAsync(CommandHost host, CancellationToken cancellationToken)
    {
        var services = await host.ServicesAsync(cancellationToken);
        return await services.GetRequiredService<ReceiptKeys>().PublicAsync(cancellationToken);
    }

    private static JsonSerializerOptions Readable { get; } = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
