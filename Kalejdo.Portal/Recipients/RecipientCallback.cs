using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Recipients;

/// <summary>
/// Where a recipient that answered 202 says later that it is done: a webhook of its own, under the notice's id and signed with the same
/// secret (docs/recipients.md). Whatever is refused of a known notice is on record.
/// </summary>
internal sealed class RecipientCallback(
    IDbContextFactory<PortalDbContext> databases, RecipientRegister register, RecipientAnswers answers, AuditTrail audit, TimeProvider time)
{
    private const int MostBytes = 8 * 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(PortalUrls.RecipientCallback, (HttpContext context, RecipientCallback callback) => callback.TakeAsync(context.Request))
        // There is no form and no cookie: the signature says who it is.
        .DisableAntiforgery().AllowAnonymous().RequireRateLimiting(RateLimits.Callbacks);

    private async Task<IResult> TakeAsync(HttpRequest request)
    {
        var cancellation = request.HttpContext.RequestAborted;
        if (await ReadAsync(request.Body, cancellation) is not { } body)
        {
            return Refused(StatusCodes.Status413PayloadTooLarge, "An acknowledgement has at most 8 KB.");
        }

        var id = request.Headers[StandardWebhook.IdHeader].ToString();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.RecipientNotices.AsNoTracking().SingleOrDefaultAsync(row => row.MessageId == id, cancellation) is not { } notice)
        {
            return Refused(StatusCodes.Status401Unauthorized, $"{StandardWebhook.IdHeader} must be that of the notice which is acknowledged.");
        }

        var keys = await register.KeysOfAsync(db, notice.RecipientId, cancellation);
        var check = StandardWebhook.Check(
            keys, id, request.Headers[StandardWebhook.TimestampHeader], request.Headers[StandardWebhook.SignatureHeader], body, time.GetUtcNow());
        if (check != WebhookCheck.Genuine)
        {
            await RecordRefusalAsync(db, notice, check == WebhookCheck.Stale ? "stale-signature" : "wrong-signature", cancellation);
            return Refused(StatusCodes.Status401Unauthorized, check switch
            {
                WebhookCheck.Stale => $"{StandardWebhook.TimestampHeader} is more than five minutes from the time it is.",
                WebhookCheck.WrongSignature => $"{StandardWebhook.SignatureHeader} is not that of the id, the timestamp and the body under the secret that we share.",
                _ => $"{StandardWebhook.TimestampHeader} or {StandardWebhook.SignatureHeader} is missing or has not its form.",
            });
        }

        if (TypeOf(body) != RecipientPayload.Acknowledged)
        {
            await RecordRefusalAsync(db, notice, "no-acknowledgement", cancellation);
            return Refused(StatusCodes.Status400BadRequest, $"The body must be JSON whose type is {RecipientPayload.Acknowledged}.");
        }

        switch (await answers.AcknowledgeAsync(id, cancellation))
        {
            case AcknowledgeResult.Taken:
                return TypedResults.NoContent();
            case AcknowledgeResult.Already:
                await RecordRefusalAsync(db, notice, "replayed", cancellation);
                return Refused(StatusCodes.Status409Conflict, "The notice was acknowledged before; nothing more is to be done.");
            default:
                return Refused(StatusCodes.Status409Conflict, "The notice was withdrawn before it was sent.");
        }
    }

    private static ProblemHttpResult Refused(int status, string why) => TypedResults.Problem(why, statusCode: status);

    /// <returns>Null where it is too long.</returns>
    private static async Task<byte[]?> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var body = new byte[MostBytes + 1];
        var read = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellation);
        return read > MostBytes ? null : body[..read];
    }

    private static string? TypeOf(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task RecordRefusalAsync(PortalDbContext db, RecipientNotice notice, string code, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        await audit.AppendAsync(db, new AuditEvent("recipient.callback-refused") { Subject = notice.Subject, CaseNumber = notice.CaseNumber, ReasonCode = code }, cancellation);
        await transaction.CommitAsync(cancellation);
    }
}
