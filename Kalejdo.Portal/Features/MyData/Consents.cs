using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.MyData;

/// <param name="Case">The case of a withdrawal; null where there is none.</param>
internal sealed record ConsentChange(ConsentOutcome Outcome, string? Case);

/// <summary>
/// Gives and withdraws consents, at once and on record: a withdrawal is a case, opened before Kalejdo's database is changed and closed
/// after it, so that a failure in between leaves an open case, which staff see.
/// </summary>
internal sealed class Consents(LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Subjects subjects, PortalKeys keys, TimeProvider time)
{
    /// <returns>Null where the databases cannot be read now.</returns>
    public async Task<IReadOnlyList<Consent>?> OfAsync(LinkedSubject subject, CancellationToken cancellationToken)
    {
        if (await liveMap.OpenAsync(cancellationToken) is not ({ } live, _))
        {
            return null;
        }
        var (consents, problems) = await new Consenting(live).ReadAsync(subject.Identities, cancellationToken);
        return problems.Count > 0 ? null : consents;
    }

    public async Task<ConsentChange> SetAsync(LinkedSubject subject, Consent consent, bool inForce, CancellationToken cancellationToken)
    {
        var (live, problems) = await liveMap.OpenAsync(cancellationToken);
        if (live is null)
        {
            return new ConsentChange(new ConsentOutcome.Refused(problems[0]), null);
        }
        if (consent.InForce == inForce)
        {
            return new ConsentChange(new ConsentOutcome.Already(), null);
        }
        // From here on the person's will is known: leaving the page does not stop it half-way.
        var number = await RecordIntentAsync(subject, consent, inForce, CancellationToken.None);
        var outcome = await new Consenting(live).SetAsync(subject.Identities, consent.Collection.Id, consent.Purpose, inForce, Now, CancellationToken.None);
        await RecordOutcomeAsync(subject, number, inForce, outcome, CancellationToken.None);
        return new ConsentChange(outcome, number);
    }

    private async Task<string?> RecordIntentAsync(LinkedSubject subject, Consent consent, bool inForce, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var who = await subjects.NumberOfAsync(db, subject.Identities, cancellationToken);
        Case? opened = null;
        if (!inForce)
        {
            opened = await CaseRegister.OpenAsync(db, CaseType.ConsentWithdrawal, who, Now, cancellationToken);
            opened.Take(db, CaseStep.Begun, opened.ReceivedAt);
            opened.PlanJson = JsonSerializer.Serialize(new { consent = consent.Collection.Id, purpose = consent.Purpose });
        }
        await audit.AppendAsync(
            db, new AuditEvent(inForce ? "consent.giving-intended" : "consent.withdrawal-intended") { Subject = who, Actor = who, CaseNumber = opened?.Number, ReasonCode = Code(consent) }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened?.Number;
    }

    private async Task RecordOutcomeAsync(LinkedSubject subject, string? number, bool inForce, ConsentOutcome outcome, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var who = await subjects.NumberOfAsync(db, subject.Identities, cancellationToken);
        var done = outcome is ConsentOutcome.Changed or ConsentOutcome.Already;
        if (number is not null)
        {
            var opened = await db.Cases.SingleAsync(row => row.Number == number, cancellationToken);
            opened.Take(db, done ? CaseStep.Done : CaseStep.HandedToStaff, Now, done ? null : "database-unavailable");
            if (!done)
            {
                var language = await db.Users.Where(row => row.Id == subject.AccountId).Select(row => row.Language).SingleAsync(cancellationToken);
                db.CaseContacts.Add(CaseContact.Of(keys, number, subject.AccountId, language, new CaseReach(subject.ConfirmedAddress)));
            }
        }
        var name = (inForce, done) switch
        {
            (true, true) => "consent.given",
            (true, false) => "consent.not-given",
            (false, true) => "consent.withdrawn",
            (false, false) => "consent.not-withdrawn",
        };
        await audit.AppendAsync(db, new AuditEvent(name) { Subject = who, Actor = who, CaseNumber = number }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static string Code(Consent consent) => consent.Purpose ?? consent.Collection.Name;

    private DateTime Now => time.GetUtcNow().UtcDateTime;
}
