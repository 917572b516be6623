using System.Globalization;
using System.Net.Mime;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Microsoft.AspNetCore.Mvc;

namespace Kalejdo.Portal.Features.MyData;

/// <summary>Files with what is held about the person: made while they are sent, kept nowhere.</summary>
internal static class Downloads
{
    private delegate Task<IReadOnlyList<Refusal>> Writer(Databases databases, IReadOnlyList<Identity> identities, Stream output, CancellationToken cancellationToken);

    public static void MapDownloads(this IEndpointRouteBuilder routes)
    {
        foreach (var (address, handler) in new (string, Delegate)[] { (PortalUrls.DownloadEverything, Everything), (PortalUrls.DownloadToMove, ToMove) })
        {
            routes.MapPost(address, handler).RequireAuthorization(CurrentSubject.Fresh).WithMetadata(new PostedFrom(PortalUrls.Download)).RequireRateLimiting(RateLimits.Downloads);
        }
    }

    // The forms are bound for the sake of their antiforgery tokens.
    private static Task<IResult> Everything([FromForm] Nothing form, HttpContext context, CurrentSubject current, LiveMap liveMap, Subjects subjects, Restrictions restrictions, TimeProvider time) =>
        SendAsync(
            async (databases, identities, output, cancellationToken) =>
                await new AccessZip(databases, time, await restrictions.KindsAsync(identities, cancellationToken)).WriteAsync(identities, output, cancellationToken),
            "mina-uppgifter", ".zip", MediaTypeNames.Application.Zip, "everything", context, current, liveMap, subjects, time);

    private static Task<IResult> ToMove([FromForm] Nothing form, HttpContext context, CurrentSubject current, LiveMap liveMap, Subjects subjects, TimeProvider time) =>
        SendAsync(
            (databases, identities, output, cancellationToken) => new Portable(databases).WriteAsync(identities, output, cancellationToken),
            "mina-uppgifter-flytta", ".json", MediaTypeNames.Application.Json, "portability", context, current, liveMap, subjects, time);

    private static async Task<IResult> SendAsync(
        Writer writer, string name, string extension, string type, string reason,
        HttpContext context, CurrentSubject current, LiveMap liveMap, Subjects subjects, TimeProvider time)
    {
        // Unlinked in this very moment: the page leads on.
        if (await current.FindAsync(context.RequestAborted) is not { } subject)
        {
            return TypedResults.LocalRedirect(PortalUrls.Download);
        }
        if (await liveMap.OpenAsync(context.RequestAborted) is not ({ } databases, _)
            || (await new Reading(databases).CountAsync(subject.Identities, context.RequestAborted)).Problems.Count > 0)
        {
            return TypedResults.LocalRedirect($"{PortalUrls.Download}?fel=1");
        }
        // What is not on record is not handed out.
        var numbers = await subjects.RecordReadAsync(subject.Identities, actor: null, reason, context.RequestAborted);
        IReadOnlyList<Identity> identities = databases.Map.IdentityNames.Contains(Subjects.IdentityName) ? [.. subject.Identities, .. numbers] : subject.Identities;
        var day = SwedishDays.Today(time).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return TypedResults.Stream(
            async output =>
            {
                if ((await writer(databases, identities, output, context.RequestAborted)).Count > 0)
                {
                    // A broken transfer is seen; a file that lacks its end is not.
                    context.Abort();
                }
            },
            type, $"{name}-{day}{extension}");
    }

    internal sealed class Nothing;
}
