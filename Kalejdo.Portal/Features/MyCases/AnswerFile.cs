using System.Globalization;
using System.Net.Mime;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.MyCases;

/// <summary>What staff answered as a signed file, like the receipts of erasures.</summary>
internal static class AnswerFile
{
    public static void MapAnswerFiles(this IEndpointRouteBuilder routes) => routes.MapPost(PortalUrls.AnswerFileRoute, SignedAsync).AllowAnonymous().RequireRateLimiting(RateLimits.MailLinks);

    // The form is bound for the sake of its antiforgery token.
    private static async Task<IResult> SignedAsync(
        string token, [FromForm] Nothing form, HttpContext context, CaseLinks links, CaseFiles files, ReceiptKeys keys, IOptions<PortalOptions> portal, TimeProvider time)
    {
        if (links.Read(token) is not { } number || await files.FindAsync(number, context.RequestAborted) is not { Answer: { } answer, Case: { } closed } file)
        {
            return TypedResults.NotFound();
        }
        var receipt = new Receipt(
            portal.Value.PublicAddress, time.GetUtcNow().UtcDateTime, number, InBoth(() => CaseWords.Of(closed.Type)), DueDate.DayOf(closed.ReceivedAt), DueDate.DayOf(answer.At),
            answer.Step == CaseStep.Refused ? "refused" : "done", InBoth(() => CaseWords.Of(closed.Status)),
            answer.ReasonCode is { } code ? InBoth(() => CaseWords.Reason(code) ?? code) : null,
            [.. file.History.Where(line => line is { By: CaseParty.Person, Words: not null }).Select(line => line.Words!)], answer.Words, InBoth(() => CaseMailText.ComplainText));
        return TypedResults.File(await keys.SignAsync(receipt, context.RequestAborted), MediaTypeNames.Application.Json, $"kvitto-{number}{SignedReceipt.Extension}");
    }

    private static LocalText InBoth(Func<string> text)
    {
        var before = CultureInfo.CurrentUICulture;
        try
        {
            CultureInfo.CurrentUICulture = Languages.Swedish;
            var swedish = text();
            CultureInfo.CurrentUICulture = Languages.English;
            return new LocalText(swedish, text());
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    internal sealed class Nothing;

    /// <param name="IssuedAt">UTC; the other days are Swedish.</param>
    private sealed record Receipt(
        Uri Issuer, DateTime IssuedAt, string Case, LocalText About, DateOnly Asked, DateOnly Answered, string Outcome, LocalText Status, LocalText? Ground,
        IReadOnlyList<string> Request, string? Answer, LocalText Complaints);
}
