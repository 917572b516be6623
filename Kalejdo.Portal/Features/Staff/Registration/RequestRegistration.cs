using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Registration;

/// <summary>What came by another way than the portal.</summary>
/// <param name="CustomerNumber">Null where nobody's is known.</param>
/// <param name="Channel">Of <see cref="Channels"/>.</param>
/// <param name="Check">Of <see cref="Checks"/>; null where who asks is not checked yet.</param>
/// <param name="Again">Whether it is to be one more case beside an open one of the same sort.</param>
internal sealed record ReceivedRequest(
    CaseType Type, DateOnly ReceivedOn, string? CustomerNumber, string Channel, string? Check, string Words, string Language, CaseReach Reach, bool Again)
{
    /// <summary>By which it came; the first line of the history says so.</summary>
    public static readonly string[] Channels = ["by-letter", "by-phone", "by-email", "in-person"];

    /// <summary>How staff saw who asks.</summary>
    public static readonly string[] Checks = ["checked-id-card", "checked-e-id", "checked-call-back", "checked-registered-address", "checked-power-of-attorney"];

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(ReceivedRequest);
}

internal abstract record RegistrationResult
{
    private RegistrationResult()
    {
    }

    public sealed record Registered(string CaseNumber) : RegistrationResult;

    /// <summary>Nobody has that customer number.</summary>
    public sealed record UnknownCustomer : RegistrationResult;

    /// <summary>The person waits for an answer to the same sort of request already.</summary>
    public sealed record Open(string CaseNumber) : RegistrationResult;

    /// <summary>Kalejdo's databases do not answer now.</summary>
    public sealed record Unavailable : RegistrationResult;
}

/// <summary>Opens the case of a request that came by post, phone or mail; its clock runs from the day on which it came.</summary>
internal sealed class RequestRegistration(
    LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Subjects subjects, CaseLetters letters, PortalKeys keys, TimeProvider time)
{
    private static readonly TimeOnly Noon = new(12, 0);

    public async Task<RegistrationResult> RegisterAsync(ReceivedRequest received, string actor, CancellationToken cancellation)
    {
        Identity? customer = received.CustomerNumber is null ? null : new Identity(CurrentSubject.CustomerNumber, received.CustomerNumber);
        if (customer is not null && await ExistsAsync(customer, cancellation) is var known && known != true)
        {
            return known is null ? new RegistrationResult.Unavailable() : new RegistrationResult.UnknownCustomer();
        }
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // An address that somebody gives proves nothing: without a customer number the case belongs to nobody known.
        var subject = customer is null ? await audit.NumberOfAsync(db, $"asker:{Guid.NewGuid()}", cancellation) : await subjects.NumberOfAsync(db, [customer], cancellation);
        if (!received.Again && await db.Cases.Where(row => row.Subject == subject && row.Type == received.Type && row.ClosedAt == null)
            .OrderByDescending(row => row.ReceivedAt).Select(row => row.Number).FirstOrDefaultAsync(cancellation) is { } open)
        {
            return new RegistrationResult.Open(open);
        }
        var now = time.GetUtcNow().UtcDateTime;
        var at = received.ReceivedOn == SwedishDays.Today(time) ? now : TimeZoneInfo.ConvertTimeToUtc(received.ReceivedOn.ToDateTime(Noon), SwedishDays.Zone);
        var opened = await CaseRegister.OpenAsync(
            db, received.Type, subject, at, cancellation, CaseParty.Person, received.Channel, number => CaseEvent.Seal(keys, number, received.Words));
        db.CaseContacts.Add(CaseContact.Of(keys, opened.Number, accountId: null, received.Language, received.Reach));
        await letters.AddAsync(db, opened, link => new RequestReceivedLetter(opened.Number, opened.DueOn, PortalUrls.Case(link)), cancellation);
        var who = await audit.NumberOfAsync(db, actor, cancellation);
        await audit.AppendAsync(db, new AuditEvent("case.received") { Subject = subject, Actor = who, CaseNumber = opened.Number, ReasonCode = received.Channel }, cancellation);
        if (received.Check is { } check)
        {
            CaseSteps.Note(db, opened, CaseStep.Identified, CaseParty.Staff, now, check, sealedWords: null);
            await audit.AppendAsync(db, new AuditEvent("case.identified") { Subject = subject, Actor = who, CaseNumber = opened.Number, ReasonCode = check }, cancellation);
        }
        await transaction.CommitAsync(cancellation);
        return new RegistrationResult.Registered(opened.Number);
    }

    /// <summary>The day as a browser's field writes it.</summary>
    /// <returns>Null where it is none, lies ahead, or so far back that it must be a slip.</returns>
    public DateOnly? Day(string? text) =>
        DateOnly.TryParseExact(text?.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        && SwedishDays.Today(time) is var today && day <= today && day >= today.AddYears(-1) ? day : null;

    /// <returns>Null where the databases do not answer.</returns>
    private async Task<bool?> ExistsAsync(Identity customer, CancellationToken cancellation)
    {
        if ((await liveMap.OpenAsync(cancellation)).Databases is not { } live || live.Unknown([customer]).Count > 0)
        {
            return null;
        }
        var (counts, problems) = await new Reading(live).CountAsync([customer], cancellation);
        return problems.Count > 0 ? null : counts.Any(count => count.Listed > 0);
    }
}
