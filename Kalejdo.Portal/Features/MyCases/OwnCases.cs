using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.MyCases;

/// <summary>A person's own cases, and what they can do with them.</summary>
internal sealed class OwnCases(
    IDbContextFactory<PortalDbContext> databases, CaseFiles files, CaseRequests requests, CaseHandling handling, CaseLetters letters,
    Subjects subjects, AuditTrail audit, AttemptLimits limits)
{
    public const int PageSize = 25;

    private const int RequestsADay = 20;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <param name="page">Counted from 1; the last one where it lies beyond.</param>
    /// <returns>The open ones first, then the newest.</returns>
    public async Task<(IReadOnlyList<Case> Cases, int Page, int Pages)> ReadAsync(LinkedSubject person, int page, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var numbers = await NumbersAsync(db, person, cancellationToken);
        var own = db.Cases.AsNoTracking().Where(row => numbers.Contains(row.Subject));
        var pages = Math.Max(1, (await own.CountAsync(cancellationToken) + PageSize - 1) / PageSize);
        page = Math.Min(page, pages);
        var cases = await own.OrderBy(row => row.ClosedAt != null).ThenByDescending(row => row.ReceivedAt).ThenBy(row => row.Number)
            .Skip((page - 1) * PageSize).Take(PageSize).ToListAsync(cancellationToken);
        return (cases, page, pages);
    }

    /// <returns>Null where there is no such case, or it is somebody else's.</returns>
    public async Task<CaseFile?> FindAsync(LinkedSubject person, string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var numbers = await NumbersAsync(db, person, cancellationToken);
        return await files.FindAsync(number, cancellationToken) is { } found && numbers.Contains(found.Case.Subject) ? found : null;
    }

    /// <returns>Its case; null where too much was asked for today.</returns>
    public async Task<AskedCase?> AskAsync(LinkedSubject person, CaseType type, string words, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        AskedCase? taken = null;
        if (await limits.CountAsync(db, "request account", person.AccountId, Day, cancellationToken) <= RequestsADay)
        {
            var language = await db.Users.Where(row => row.Id == person.AccountId).Select(row => row.Language).SingleAsync(cancellationToken);
            var subject = await subjects.NumberOfAsync(db, person.Identities, cancellationToken);
            taken = await requests.AskAsync(
                db, new Asked(type, words, subject, $"account:{person.AccountId}", "self-service", person.AccountId, language, new CaseReach(person.ConfirmedAddress)), cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return taken;
    }

    /// <param name="actor">By the audit's names.</param>
    /// <param name="version">Of the case as the page showed it; null where it does not matter what happened meanwhile.</param>
    public Task<StepResult> TakeAsync(string number, CaseStep step, string actor, int? version, string? words, CancellationToken cancellationToken) => handling.TakeAsync(
        new WantedStep(number, step, CaseParty.Person, actor, version) { Words = words },
        (db, asked) => step == CaseStep.Withdrawn
            ? letters.AddAsync(db, asked, link => new CaseWithdrawnLetter(asked.Number, PortalUrls.Case(link)), cancellationToken)
            : Task.CompletedTask,
        cancellationToken);

    /// <summary>By which numbers the audit knows the person: by what identifies them, and by the account where it was not linked yet.</summary>
    private async Task<List<long>> NumbersAsync(PortalDbContext db, LinkedSubject person, CancellationToken cancellationToken)
    {
        var numbers = (await subjects.NumbersAsync(person.Identities, cancellationToken)).Select(number => long.Parse(number.Value, CultureInfo.InvariantCulture)).ToList();
        if (await audit.FindNumberAsync(db, $"account:{person.AccountId}", cancellationToken) is { } account)
        {
            numbers.Add(account);
        }
        return numbers;
    }
}
