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
        routes.MapPost(PortalUrls.DownloadEverything, Everything).RequireAuthorization(CurrentSubject.Linked);
        routes.MapPost(PortalUrls.DownloadToMove, ToMove).RequireAuthorization(CurrentSubject.Linked);
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
        // A POST cannot be sent anew by the browser, so whoever took too long begins again at the page, which asks who they are.
        if (await current.FindAsync(context.RequestAborted) is not { } subject || !current.IsFresh(CurrentSubject.Freshness))
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
        context.Response.Headers.CacheControl = "no-store";
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
