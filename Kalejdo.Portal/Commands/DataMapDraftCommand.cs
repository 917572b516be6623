using System.CommandLine;
using System.Text;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary><c>datamap draft</c>: writes a first map of a live database.</summary>
internal static class DataMapDraftCommand
{
    public static Command Create()
    {
        var source = new Option<Source>("--source")
        {
            Description = "KEY=PROVIDER:CONNECTION: the database, and the fides_key that its dataset shall have",
            Required = true,
            CustomParser = result =>
            {
                if (Source.Parse(result.Tokens[^1].Value) is { } parsed && parsed.Key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                {
                    return parsed;
                }
                result.AddError("--source is not KEY=PROVIDER:CONNECTION with the provider sqlite or postgresql and a key of letters, digits, '_' and '-'");
                return null!;
            },
        };
        var schemas = new Option<string[]>("--schema") { Description = "A schema to describe (repeatable); all where absent" };
        var file = new Option<string?>("--out") { Description = "The file to write; stdout where absent. a file that holds something is not overwritten" };
        var draft = new Command("draft", "Write a first map of a live database, with guesses marked as guesses") { source, schemas, file };
        draft.SetAction(async (parsed, cancellationToken) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            var (from, named, name) = (parsed.GetRequiredValue(source), parsed.GetValue(schemas) ?? [], parsed.GetValue(file));
            if (name is not null && new FileInfo(name) is { Exists: true, Length: > 0 })
            {
                // It may be a map that somebody has filled in.
                await error.WriteLineAsync($"The file '{name}' exists already: name another, or see 'datamap update'.");
                return PortalCommands.Refused;
            }
            var (schema, problem) = await Databases.ReadSchemaAsync(from, cancellationToken);
            if (schema is null)
            {
                await PortalCommands.RefuseAsync(error, [problem!]);
                return PortalCommands.Refused;
            }
            if (!schema.Tables.Any(t => !t.IsView && (named.Length == 0 || named.Contains(t.Schema))))
            {
                await error.WriteLineAsync($"The database '{from.Key}' has no tables{(named.Length == 0 ? "" : $" in {string.Join(", ", named)}; its schemas are {string.Join(", ", schema.Tables.Select(t => t.Schema).Distinct())}")}.");
                return PortalCommands.Refused;
            }
            var text = Encoding.UTF8.GetBytes(MapDraft.Write(from.Key, schema, named));
            var written = await OutFile.WriteAsync(
                name, error,
                async output =>
                {
                    await output.WriteAsync(text, cancellationToken);
                    return true;
                },
                cancellationToken);
            return written ? PortalCommands.Done : PortalCommands.Refused;
        });
        return draft;
    }
}
