using System.Security.Claims;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

/// <summary>Somebody of staff, with the roles of this moment.</summary>
internal sealed record StaffMember(string AccountId, IReadOnlyList<string> Roles)
{
    /// <summary>By the audit's names.</summary>
    public string Actor => $"staff:{AccountId}";

    public bool Is(IEnumerable<string> roles) => roles.Any(Roles.Contains);
}

/// <summary>
/// Who acts in a live part of a page of staff's. A page asks at each request, and a connection lasts for hours: so each callback asks
/// anew here, and where the answer is nobody the part leaves (<see cref="PortalUrls"/> says where to), which ends the connection.
/// </summary>
internal sealed class StaffCircuit(
    AuthenticationStateProvider signedIn, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, IOptions<IdentityOptions> identity, TimeProvider time)
{
    /// <summary>As long as a session without a request: a desk that nobody sits at is not kept open by its own clock.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);

    private DateTimeOffset lastAct = time.GetUtcNow();

    /// <summary>Somebody does or asks for something.</summary>
    /// <returns>Null where the session has ended or none of the roles is theirs any more; that is on record then.</returns>
    public async Task<StaffMember?> ActAsync(IReadOnlyList<string> roles, CancellationToken cancellation)
    {
        lastAct = time.GetUtcNow();
        var person = (await signedIn.GetAuthenticationStateAsync()).User;
        if (person.FindFirstValue(ClaimTypes.NameIdentifier) is not { } id)
        {
            return null;
        }
        var found = await FindAsync(person, id, cancellation);
        if (found?.Is(roles) == true)
        {
            return found;
        }
        await RecordRefusalAsync(id, found is null ? "session-ended" : "role-missing", cancellation);
        return null;
    }

    /// <summary>The part looks by itself what is new.</summary>
    /// <returns>Null where <see cref="ActAsync"/> would say so, or nobody has done anything for long.</returns>
    public async Task<StaffMember?> LookAsync(IReadOnlyList<string> roles, CancellationToken cancellation)
    {
        var person = (await signedIn.GetAuthenticationStateAsync()).User;
        return time.GetUtcNow() - lastAct <= Idle
            && person.FindFirstValue(ClaimTypes.NameIdentifier) is { } id
            && await FindAsync(person, id, cancellation) is { } found
            && found.Is(roles) ? found : null;
    }

    private async Task<StaffMember?> FindAsync(ClaimsPrincipal person, string id, CancellationToken cancellation)
    {
        var stamp = person.FindFirstValue(identity.Value.ClaimsIdentity.SecurityStampClaimType);
        if (stamp is null || !person.HasClaim(CurrentSubject.MethodClaim, CurrentSubject.SecondFactor))
        {
            return null;
        }
        var session = person.FindFirstValue(CurrentSubject.SessionClaim);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // Whatever changes about an account of staff changes its stamp: roles, lock, password. And a session may have been ended by itself.
        var roles = await SignInSession.Standing(db, session, id, stamp, time.GetUtcNow().UtcDateTime)
            .Select(row => db.UserRoles.Where(given => given.UserId == row.AccountId).Join(db.Roles, given => given.RoleId, role => role.Id, (_, role) => role.Name!).ToList())
            .SingleOrDefaultAsync(cancellation);
        return roles is null ? null : new StaffMember(id, roles);
    }

    private async Task RecordRefusalAsync(string id, string reason, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var (subject, actor) = (await audit.NumberOfAsync(db, $"account:{id}", cancellation), await audit.NumberOfAsync(db, $"staff:{id}", cancellation));
        await audit.AppendAsync(db, new AuditEvent("staff.act-refused") { Subject = subject, Actor = actor, ReasonCode = reason }, cancellation);
        await transaction.CommitAsync(cancellation);
    }
}
