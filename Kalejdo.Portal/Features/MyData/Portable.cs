using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.MyData;

/// <summary>What a person provided and what was observed of them, for another service to read (GDPR Art. 20); what was concluded stays out.</summary>
internal sealed class Portable(Databases databases)
{
    private const int FlushAt = 64 * 1024;

    /// <returns>Why nothing (or not all) was written; empty when all was.</returns>
    public async Task<IReadOnlyList<Refusal>> WriteAsync(IReadOnlyList<Identity> identities, Stream output, CancellationToken cancellationToken)
    {
        // A file of its own, never part of a page: å and ö may stand as they are.
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("collections");
        var refusals = await new Access(databases).ReadAsync(identities, WriteAsync, cancellationToken);
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        return refusals;

        async Task WriteAsync(LocatedCollection located)
        {
            var collection = located.Collection;
            var fields = collection.Fields.Select((field, i) => (Field: field, Index: i)).Where(f => IsCovered(collection, f.Field)).ToList();
            if (fields.Count == 0)
            {
                return;
            }
            json.WriteStartArray(collection.Id);
            await foreach (var row in located.RowsAsync(cancellationToken))
            {
                // Another's rights come first (Art. 20(4)).
                if (row.Anothers)
                {
                    continue;
                }
                json.WriteStartObject();
                foreach (var (field, i) in fields)
                {
                    json.WritePropertyName(field.Name);
                    Write(json, row[i]);
                }
                json.WriteEndObject();
                if (json.BytesPending > FlushAt)
                {
                    await json.FlushAsync(cancellationToken);
                }
            }
            json.WriteEndArray();
        }
    }

    // The serializer would flush after each value, which a response body takes asynchronously only.
    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private bool IsCovered(Collection collection, Field field) =>
        (field.Origin ?? collection.Origin ?? databases.Map.Kinds.FirstOrDefault(kind => kind.Key == collection.Kind)?.Origin) is Origin.Provided or Origin.Observed;
}
