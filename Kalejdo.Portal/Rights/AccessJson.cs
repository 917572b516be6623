using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// <c>{"identity":{…},"collections":{"dataset.collection":[{column: value}]}}</c>: numbers as JSON numbers, decimals and money as text, times in
/// ISO 8601, binary as base64. Memory does not grow with the rows.
/// </summary>
internal static class AccessJson
{
    private const int FlushAt = 64 * 1024;

    /// <param name="read">Hands over one collection after the other.</param>
    public static async Task<T> WriteAsync<T>(
        IReadOnlyList<Identity> identities, Stream output, Func<Func<LocatedCollection, Task>, Task<T>> read, CancellationToken cancellationToken)
    {
        // The answer is a file of its own, never part of a page: å and ö may stand as they are.
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartObject("identity");
        foreach (var identity in identities.GroupBy(i => i.Name))
        {
            if (identity.Count() == 1)
            {
                json.WriteString(identity.Key, identity.Single().Value);
            }
            else
            {
                json.WriteStartArray(identity.Key);
                identity.ToList().ForEach(i => json.WriteStringValue(i.Value));
                json.WriteEndArray();
            }
        }
        json.WriteEndObject();
        json.WriteStartObject("collections");
        var answer = await read(WriteAsync);
        if (answer is IReadOnlyList<Refusal> { Count: > 0 })
        {
            // Not all of it: what has gone out must not look whole, and what has not need not.
            json.Reset();
            return answer;
        }
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        return answer;

        async Task WriteAsync(LocatedCollection collection)
        {
            json.WriteStartArray(collection.Collection.Id);
            await foreach (var row in collection.RowsAsync(cancellationToken))
            {
                row.WriteTo(json);
                if (json.BytesPending > FlushAt)
                {
                    await json.FlushAsync(cancellationToken);
                }
            }
            json.WriteEndArray();
        }
    }
}
