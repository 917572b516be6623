using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Acknowledgement;

/// <summary>What the link of a recipient's mail leads to.</summary>
internal abstract record NoticeLink
{
    private NoticeLink()
    {
    }

    /// <param name="Kinds">By the map's labels.</param>
    public sealed record Open(RecipientNotice Notice, RecipientPayload Payload, IReadOnlyList<string> Kinds) : NoticeLink;

    public sealed record Done(RecipientNotice Notice) : NoticeLink;

    /// <summary>Given up: what it was about is wiped, but that it is done may still be said.</summary>
    public sealed record Late(RecipientNotice Notice) : NoticeLink;

    public sealed record Useless : NoticeLink;
}

/// <summary>Opens notices to whoever holds the link of the mail. Looking changes nothing.</summary>
internal sealed class OpenNotices(IDbContextFactory<PortalDbContext> databases, RecipientAnswers answers, LiveMap liveMap, PortalKeys keys)
{
    public async Task<NoticeLink> LookAsync(string token, CancellationToken cancellation)
    {
        if (AcknowledgeLinks.Read(keys, token) is not { } id)
        {
            return new NoticeLink.Useless();
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.RecipientNotices.AsNoTracking().SingleOrDefaultAsync(row => row.MessageId == id, cancellation) switch
        {
            null or { State: RecipientNoticeState.NotSent } => new NoticeLink.Useless(),
            { State: RecipientNoticeState.Acknowledged } done => new NoticeLink.Done(done),
            var notice when notice.Payload(keys) is { } payload =>
                new NoticeLink.Open(notice, RecipientPayload.FromBytes(payload), await RecipientProgress.KindsAsync(liveMap, notice, cancellation)),
            var late => new NoticeLink.Late(late),
        };
    }

    public async Task<AcknowledgeResult> AcknowledgeAsync(string token, CancellationToken cancellation) =>
        AcknowledgeLinks.Read(keys, token) is { } id ? await answers.AcknowledgeAsync(id, cancellation) : AcknowledgeResult.Unknown;
}
