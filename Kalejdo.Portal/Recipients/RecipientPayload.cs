using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Recipients;

/// <summary>A notice as it is sent (docs/recipients.md): the body of the webhook, and what the page of a mail shows.</summary>
/// <param name="Type">What is to be done, <c>subject.erased</c> and the like.</param>
/// <param name="Timestamp">When it was decided, UTC.</param>
internal sealed record RecipientPayload(string Type, DateTime Timestamp, RecipientPayload.Details Data)
{
    /// <summary>What a recipient says later: named otherwise, so that a notice of ours that is sent back is no acknowledgement.</summary>
    public const string Acknowledged = "notice.acknowledged";

    /// <summary>A notice about nobody: staff look whether it gets there.</summary>
    public static byte[] Test => """{"type":"notice.test","data":{}}"""u8.ToArray();

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="Reference">Stands for the person, with this recipient alone and every time.</param>
    /// <param name="Identities">By which the recipient knows the person.</param>
    /// <param name="KeptKinds">Of <paramref name="Kinds"/>, those of which Kalejdo keeps something on a ground.</param>
    /// <param name="Field">Where a value was corrected: the field, as the map calls it.</param>
    /// <param name="Acknowledge">Where an answer 202 is followed by the word that it is done.</param>
    public sealed record Details(
        string Case, string Reference, IReadOnlyList<Identity> Identities, IReadOnlyList<string> Kinds, IReadOnlyList<string>? KeptKinds,
        IReadOnlyList<RowKey>? Rows, string? Field, Uri Acknowledge);

    public static string TypeOf(RecipientEvent what) => what switch
    {
        RecipientEvent.Erased => "subject.erased",
        RecipientEvent.Corrected => "subject.corrected",
        RecipientEvent.Restricted => "subject.restricted",
        RecipientEvent.RestrictionLifted => "subject.restriction-lifted",
        RecipientEvent.AddressRemoved => "subject.address-removed",
        RecipientEvent.AddressBlocked => "subject.address-blocked",
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    public static RecipientPayload FromBytes(byte[] bytes) =>
        JsonSerializer.Deserialize<RecipientPayload>(bytes, Json) ?? throw new InvalidOperationException("A notice has no content.");

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => Type;
}
