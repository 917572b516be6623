using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>Somebody of staff, as colleagues call them.</summary>
internal sealed record Colleague(string AccountId, string Name);

internal abstract record AssignmentResult
{
    private AssignmentResult()
    {
    }

    public sealed record Done : AssignmentResult;

    /// <summary>Somebody else changed it since it was looked at.</summary>
    /// <param name="Holder">Who has it now; null where nobody has.</param>
    public sealed record Overtaken(Colleague? Holder) : AssignmentResult;

    /// <summary>The case is closed, or whoever was to have it is nobody who handles cases.</summary>
    public sealed record NotPossible : AssignmentResult;
}

/// <summary>Who has which case in hand. Of two who take one at once the later is told, and nothing of the case itself changes.</summary>
internal sealed class Assignments(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, TimeProvider time)
{
    /// <param name="seen">Who had it when the page was looked at.</param>
    /// <param name="to">Who is to have it; null for nobody.</param>
    /// <param name="actor">By the audit's names.</param>
    public async Task<AssignmentResult> AssignAsync(string caseNumber, string? seen, string? to, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var asked = await db.Cases.AsNoTracking().Where(row => row.Number == caseNumber && row.ClosedAt == null).Select(row => new { row.Subject }).SingleOrDefaultAsync(cancellation);
        if (asked is null || (to is not null && !await Workers(db).AnyAsync(row => row.Id == to, cancellation)))
        {
            return new AssignmentResult.NotPossible();
        }
        var current = await db.CaseAssignments.SingleOrDefaultAsync(row => row.CaseNumber == caseNumber, cancellation);
        if (current?.AccountId == to)
        {
            return new AssignmentResult.Done();
        }
        if (current?.AccountId != seen)
        {
            return new AssignmentResult.Overtaken(current is null ? null : (await NamesAsync(db, [current.AccountId], cancellation)).Single());
        }
        if (current is null)
        {
            db.CaseAssignments.Add(new CaseAssignment { CaseNumber = caseNumber, AccountId = to!, At = time.GetUtcNow().UtcDateTime });
        }
        else if (to is null)
        {
            db.CaseAssignments.Remove(current);
        }
        else
        {
            (current.AccountId, current.At) = (to, time.GetUtcNow().UtcDateTime);
        }
        var who = await audit.NumberOfAsync(db, actor, cancellation);
        await audit.AppendAsync(db, new AuditEvent(to is null ? "case.released" : "case.assigned") { Subject = asked.Subject, Actor = who, CaseNumber = caseNumber }, cancellation);
        await transaction.CommitAsync(cancellation);
        return new AssignmentResult.Done();
    }

    public async Task<Colleague?> HolderAsync(string caseNumber, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var id = await db.CaseAssignments.Where(row => row.CaseNumber == caseNumber).Select(row => row.AccountId).SingleOrDefaultAsync(cancellation);
        return id is null ? null : (await NamesAsync(db, [id], cancellation)).Single();
    }

    /// <summary>Who handles cases, by name.</summary>
    public async Task<IReadOnlyList<Colleague>> ColleaguesAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ids = await Workers(db).Select(row => row.Id).ToListAsync(cancellation);
        return await NamesAsync(db, ids, cancellation);
    }

    public static async Task<IReadOnlyList<Colleague>> NamesAsync(PortalDbContext db, IReadOnlyCollection<string> ids, CancellationToken cancellation) =>
        [.. (await db.Users.AsNoTracking().Where(row => ids.Contains(row.Id)).Select(row => new Colleague(row.Id, row.Name ?? row.Email ?? "")).ToListAsync(cancellation))
            .OrderBy(one => one.Name, StringComparer.CurrentCultureIgnoreCase)];

    private static IQueryable<Account> Workers(PortalDbContext db) => db.Users.AsNoTracking()
        .Where(row => row.PasswordHash != null && row.LockoutEnd == null
            && db.UserRoles.Any(given => given.UserId == row.Id && db.Roles.Any(role => role.Id == given.RoleId && StaffRoles.Workers.Contains(role.Name))));
}
