using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Restriction;

/// <summary>A person who asks for a pause, or for its end.</summary>
/// <param name="Actor">Who does it, by the audit's names.</param>
/// <param name="AccountId">Null where it came by post or phone.</param>
internal sealed record PauseRequest(IReadOnlyList<Identity> Identities, string Kind, string Actor, string? AccountId, string? Address, string Language)
{
    /// <summary>In staff's words, where they pause; the person reads them at the case.</summary>
    public string? Why { get; init; }

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(PauseRequest);
}

/// <summary>Begins pauses at once, as the person asks for them, and ends them when the person says so (GDPR Art. 18).</summary>
internal sealed class Pausing(
    LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Subjects subjects, Outbox outbox,
    RecipientNotices recipients, CaseLinks links, PortalKeys keys, TimeProvider time)
{
    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>A kind whose use can be paused: any of Kalejdo's. What the portal holds itself is evidence, and used for nothing else.</summary>
    /// <returns>Null where there is none of that name, or the map cannot be had now.</returns>
    public async Task<Kind?> FindKindAsync(string key, CancellationToken cancellationToken) =>
        (await liveMap.OpenAsync(cancellationToken)).Databases?.Map is { } map && map.Collections.Any(c => c.KindKey == key && c.Dataset != "portal")
            ? map.Kinds.FirstOrDefault(kind => kind.Key == key)
            : null;

    /// <summary>All of them, in the map's order; none while the map cannot be had.</summary>
    public async Task<IReadOnlyList<Kind>> KindsAsync(CancellationToken cancellationToken) => (await liveMap.OpenAsync(cancellationToken)).Databases?.Map is { } map
        ? [.. map.Kinds.Where(kind => map.Collections.Any(c => c.KindKey == kind.Key && c.Dataset != "portal"))] : [];

    /// <returns>Its case; asked for twice it is one.</returns>
    public async Task<string> BeginAsync(PauseRequest request, LocalText label, RestrictionGround ground, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var subject = await subjects.NumberOfAsync(db, request.Identities, cancellationToken);
        if (await db.RestrictedKinds.Where(row => row.Subject == subject && row.Kind == request.Kind && row.EndedAt == null).Select(row => row.CaseNumber).FirstOrDefaultAsync(cancellationToken) is { } already)
        {
            return already;
        }
        var actor = await audit.NumberOfAsync(db, request.Actor, cancellationToken);
        var opened = await CaseRegister.OpenAsync(db, CaseType.Restriction, subject, Now, cancellationToken, CaseRegister.PartyOf(request.Actor));
        if (request.Why is { } why)
        {
            CaseSteps.Note(db, opened, CaseStep.WordsAdded, CaseParty.Staff, Now, null, CaseEvent.Seal(keys, opened.Number, why));
        }
        opened.Take(db, CaseStep.Begun, Now);
        // Whoever else holds the kind keeps it too, and must not use it.
        var awaited = await recipients.AddAsync(db, new RecipientAct(opened.Number, subject, RecipientEvent.Restricted, request.Identities, [request.Kind]), cancellationToken);
        opened.Take(db, awaited > 0 ? CaseStep.RecipientsAwaited : CaseStep.Done, Now);
        opened.PlanJson = JsonSerializer.Serialize(new { kind = request.Kind, ground });
        db.RestrictedKinds.Add(new RestrictedKind
        {
            CaseNumber = opened.Number,
            Subject = subject,
            Kind = request.Kind,
            Ground = ground,
            Since = Now,
            AccountId = request.AccountId,
        });
        if (request.Address is { } address)
        {
            Letter letter = request.Why is null
                ? new PauseBegunLetter(opened.Number, label)
                : new PauseBegunByStaffLetter(opened.Number, label, PortalUrls.Case(links.Of(opened.Number, CaseLinks.OfRequests)));
            await outbox.AddAsync(db, letter, address, request.Language, opened.Number, cancellationToken);
        }
        await audit.AppendAsync(db, new AuditEvent("restriction.begun") { Subject = subject, Actor = actor, CaseNumber = opened.Number, ReasonCode = Code(ground) }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    /// <summary>The person's own word needs no notice.</summary>
    /// <returns>Its case; null where nothing is paused (any more).</returns>
    public async Task<string?> EndAsync(PauseRequest request, LocalText label, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var subject = await subjects.NumberOfAsync(db, request.Identities, cancellationToken);
        if (await db.RestrictedKinds.FirstOrDefaultAsync(row => row.Subject == subject && row.Kind == request.Kind && row.EndedAt == null, cancellationToken) is not { } paused)
        {
            return null;
        }
        (paused.EndedAt, paused.EndReasonCode) = (Now, "person-asked");
        await recipients.AddAsync(db, new RecipientAct(paused.CaseNumber, subject, RecipientEvent.RestrictionLifted, request.Identities, [paused.Kind]), cancellationToken);
        if (request.Address is { } address)
        {
            await outbox.AddAsync(db, new PauseEndedLetter(paused.CaseNumber, label), address, request.Language, paused.CaseNumber, cancellationToken);
        }
        var actor = await audit.NumberOfAsync(db, request.Actor, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("restriction.ended") { Subject = subject, Actor = actor, CaseNumber = paused.CaseNumber, ReasonCode = "person-asked" }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return paused.CaseNumber;
    }

    private static string Code(RestrictionGround ground) => ground switch
    {
        RestrictionGround.Accuracy => "accuracy-contested",
        RestrictionGround.Unlawful => "unlawful",
        RestrictionGround.LegalClaims => "legal-claims",
        RestrictionGround.Objection => "objection-pending",
        _ => throw new ArgumentOutOfRangeException(nameof(ground)),
    };
}
