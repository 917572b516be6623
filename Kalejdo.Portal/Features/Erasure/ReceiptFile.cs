using System.Net.Mime;
using System.Text.Json;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>The receipt as a signed file, and the public keys by which anybody can verify it.</summary>
internal static class ReceiptFile
{
    public static void MapReceiptFiles(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(PortalUrls.ReceiptFileRoute, SignedAsync).AllowAnonymous().RequireRateLimiting(RateLimits.MailLinks);
        routes.MapGet(PortalUrls.ReceiptKeys, async (ReceiptKeys keys, HttpContext context) =>
            TypedResults.Bytes(await keys.PublicAsync(context.RequestAborted), "application/jwk-set+json")).AllowAnonymous();
    }

    // The form is bound for the sake of its antiforgery token.
    private static async Task<IResult> SignedAsync(
        string token, [FromForm] Nothing form, HttpContext context, CaseLinks links, ReceiptKeys keys, ErasurePlans plans, RecipientProgress progress,
        IDbContextFactory<PortalDbContext> databases, IOptions<PortalOptions> portal, IOptions<StoreOptions> store, TimeProvider time)
    {
        await using var db = await databases.CreateDbContextAsync(context.RequestAborted);
        if (links.Read(token) is not { } number
            || await db.Cases.AsNoTracking().SingleOrDefaultAsync(c => c.Number == number && c.Type == CaseType.Erasure, context.RequestAborted) is not { } found
            || ErasureOutcomeRecord.Of(found) is not { } outcome
            || await plans.MapAsync(context.RequestAborted) is not { } map)
        {
            return TypedResults.NotFound();
        }
        var done = outcome.DoneOn(found);
        var receipt = new Receipt(
            portal.Value.PublicAddress, time.GetUtcNow().UtcDateTime, found.Number, DueDate.DayOf(found.ReceivedAt), outcome.ErasedOn is null && found.ClosedAt is null ? null : done,
            [.. outcome.Steps.Where(s => s.Rows > 0).Select(s => LineOf(map, s))], outcome.Left, outcome.OverwrittenOn, outcome.OverwriteBy, done.AddDays(store.Value.LongestBackupDays),
            [.. (await progress.OfAsync(number, context.RequestAborted)).Select(told => RecipientOf(told.Notice))]);
        return TypedResults.File(await keys.SignAsync(receipt, context.RequestAborted), MediaTypeNames.Application.Json, $"kvitto-{found.Number}{SignedReceipt.Extension}");
    }

    private static ReceiptLine LineOf(Map map, StepRecord step)
    {
        var collection = map.Collections.FirstOrDefault(c => c.Id == step.Collection);
        var kind = map.Kinds.FirstOrDefault(k => k.Key == collection?.KindKey);
        return new ReceiptLine(
            step.Collection, collection?.Label ?? kind?.Label, step.Action, step.Rows, step.Rule is null ? null : map.Retention.GetValueOrDefault(step.Rule)?.Ground, step.Until);
    }

    private static ReceiptRecipient RecipientOf(RecipientNotice notice) => new(
        new LocalText(notice.RecipientSv, notice.RecipientEn), notice.Kinds.Split(' '), JsonNamingPolicy.CamelCase.ConvertName(notice.State.ToString()),
        notice.SentAt is { } sent ? DueDate.DayOf(sent) : null, notice is { State: RecipientNoticeState.Acknowledged, EndedAt: { } done } ? DueDate.DayOf(done) : null);

    internal sealed class Nothing;

    /// <param name="IssuedAt">UTC; the other days are Swedish.</param>
    private sealed record Receipt(
        Uri Issuer, DateTime IssuedAt, string Case, DateOnly Asked, DateOnly? Done, IReadOnlyList<ReceiptLine> Lines, long? Left,
        DateOnly? OverwrittenOn, DateOnly? OverwriteBy, DateOnly BackupsGoneBy, IReadOnlyList<ReceiptRecipient> Recipients);

    /// <param name="State">As it was when the file was made.</param>
    private sealed record ReceiptRecipient(LocalText Name, IReadOnlyList<string> Kinds, string State, DateOnly? Told, DateOnly? Acknowledged);

    private sealed record ReceiptLine(string Collection, LocalText? What, string Action, long Rows, LocalText? Ground, DateOnly? Until);
}
