using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Personnel;

public enum PersonState
{
    /// <summary>Has not chosen a password yet.</summary>
    Invited,
    Active,
    Locked,
}

/// <param name="FactorSince">Null where the second factor is not set up yet.</param>
internal sealed record Person(string Id, string? Name, string Address, IReadOnlyList<string> Roles, PersonState State, DateTime? FactorSince);

internal abstract record PersonnelAnswer
{
    private PersonnelAnswer()
    {
    }

    public sealed record Done : PersonnelAnswer;

    /// <param name="Link">An address of the portal's, for whoever hands it over by another way than the letter.</param>
    /// <param name="Code">Asked for beside the link, and in no letter; null where the account has never been used.</param>
    public sealed record Invited(string Id, string Link, string? Code = null) : PersonnelAnswer;

    /// <summary>The address has an account already.</summary>
    /// <param name="Id">Where it is one of staff's.</param>
    public sealed record Taken(string? Id) : PersonnelAnswer;

    /// <summary>Nobody would be left who may invite others.</summary>
    public sealed record LastAdministrator : PersonnelAnswer;

    /// <summary>No account of staff, or none any more.</summary>
    public sealed record Unknown : PersonnelAnswer;
}

/// <summary>Who works with the portal: invited, given roles, locked out and let in again. Everything is audited with who did it.</summary>
internal sealed class Personnel(IDbContextFactory<PortalDbContext> databases, PortalKeys keys, AuditTrail audit, Outbox outbox, TimeProvider time)
{
    public const int HoursValid = 72;
    public const int LongestName = 100;

    private static readonly TimeSpan Validity = TimeSpan.FromHours(HoursValid);

    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<Person>> ListAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return [.. (await ReadAsync(db, null, cancellation)).OrderBy(person => person.Name ?? person.Address, StringComparer.CurrentCultureIgnoreCase)];
    }

    public async Task<Person?> FindAsync(string id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await ReadAsync(db, id, cancellation)).SingleOrDefault();
    }

    /// <param name="actor">Who acts, by the audit's names.</param>
    /// <param name="language">Of the letter.</param>
    public async Task<PersonnelAnswer> InviteAsync(string? name, string address, IReadOnlyList<string> roles, string language, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var normal = address.Normalize().ToUpperInvariant();
        if (await db.Users.SingleOrDefaultAsync(row => row.NormalizedEmail == normal, cancellation) is { } known)
        {
            return new PersonnelAnswer.Taken(await db.UserRoles.AnyAsync(row => row.UserId == known.Id, cancellation) ? known.Id : null);
        }

        var account = new Account(language, time.GetUtcNow().UtcDateTime) { Name = name, Email = address, NormalizedEmail = normal, LockoutEnabled = true };
        account.NormalizedUserName = account.UserName!.ToUpperInvariant();
        account.EndSessions();
        db.Users.Add(account);
        await db.SaveChangesAsync(cancellation);
        await SetRolesAsync(db, account, roles, cancellation);
        var invited = await SendLinkAsync(db, account, cancellation);
        await AppendAsync(db, "staff.invited", account, actor, roles, cancellation);
        await transaction.CommitAsync(cancellation);
        return invited;
    }

    /// <summary>
    /// For whoever lost the password or the telephone: neither is asked for any more, and a letter leads to new ones. Its mailbox alone opens no
    /// account that was in use: a code is asked for too, which the administrator hands over.
    /// </summary>
    public async Task<PersonnelAnswer> InviteAgainAsync(string id, string actor, CancellationToken cancellation)
    {
        PersonnelAnswer.Invited? invited = null;
        var answer = await ChangeAsync(id, "staff.invited-again", null, actor, async (db, account) =>
        {
            account.PasswordHash = null;
            account.TwoFactorEnabled = false;
            await db.SecondFactors.Where(row => row.AccountId == id).ExecuteDeleteAsync(cancellation);
            await db.RecoveryCodes.Where(row => row.AccountId == id).ExecuteDeleteAsync(cancellation);
            await db.UserPasskeys.Where(row => row.UserId == id).ExecuteDeleteAsync(cancellation);
            await db.UserLogins.Where(row => row.UserId == id).ExecuteDeleteAsync(cancellation);
            invited = await SendLinkAsync(db, account, cancellation);
        }, cancellation);
        return answer is PersonnelAnswer.Done ? invited! : answer;
    }

    public Task<PersonnelAnswer> ChangeRolesAsync(string id, IReadOnlyList<string> roles, string actor, CancellationToken cancellation) =>
        ChangeAsync(id, "staff.roles-changed", StaffChange.Roles, actor, (db, account) => SetRolesAsync(db, account, roles, cancellation), cancellation, roles, mayLeaveNobody: false);

    public Task<PersonnelAnswer> LockAsync(string id, string actor, CancellationToken cancellation) =>
        ChangeAsync(id, "staff.locked", StaffChange.Locked, actor, (_, account) =>
        {
            account.LockoutEnd = DateTimeOffset.MaxValue;
            return Task.CompletedTask;
        }, cancellation, mayLeaveNobody: false);

    public Task<PersonnelAnswer> UnlockAsync(string id, string actor, CancellationToken cancellation) =>
        ChangeAsync(id, "staff.unlocked", StaffChange.Unlocked, actor, (_, account) =>
        {
            account.LockoutEnd = null;
            return Task.CompletedTask;
        }, cancellation);

    public Task<PersonnelAnswer> EndSessionsAsync(string id, string actor, CancellationToken cancellation) =>
        ChangeAsync(id, "staff.signed-out", StaffChange.SignedOut, actor, (_, _) => Task.CompletedTask, cancellation);

    // Whatever changes, the person's sessions end: what they may do is asked for anew.
    private async Task<PersonnelAnswer> ChangeAsync(
        string id, string what, StaffChange? told, string actor, Func<PortalDbContext, Account, Task> changeAsync, CancellationToken cancellation,
        IReadOnlyList<string>? roles = null, bool mayLeaveNobody = true)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Users.SingleOrDefaultAsync(row => row.Id == id && db.UserRoles.Any(role => role.UserId == id), cancellation) is not { } account)
        {
            return new PersonnelAnswer.Unknown();
        }

        await changeAsync(db, account);
        account.EndSessions();
        await AppendAsync(db, what, account, actor, roles, cancellation);
        if (told is { } change && account is { Email: { } address, EmailConfirmed: true })
        {
            await outbox.AddAsync(db, new StaffChangedLetter(change), address, account.Language, null, cancellation);
            await db.SaveChangesAsync(cancellation);
        }

        if (!mayLeaveNobody && !await AnyAdministratorAsync(db, cancellation))
        {
            return new PersonnelAnswer.LastAdministrator();
        }

        await transaction.CommitAsync(cancellation);
        return new PersonnelAnswer.Done();
    }

    private async Task<bool> AnyAdministratorAsync(PortalDbContext db, CancellationToken cancellation) =>
        (await ReadAsync(db, null, cancellation)).Any(person => person.State == PersonState.Active && person.Roles.Contains(StaffRoles.Administrator));

    private async Task<List<Person>> ReadAsync(PortalDbContext db, string? id, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var roles = (await (from given in db.UserRoles where id == null || given.UserId == id join role in db.Roles on given.RoleId equals role.Id select new { given.UserId, role.Name })
            .ToListAsync(cancellation)).ToLookup(given => given.UserId, given => given.Name!);
        var staff = await (from account in db.Users.AsNoTracking()
                           where (id == null || account.Id == id) && db.UserRoles.Any(given => given.UserId == account.Id)
                           select new { Account = account, Factor = db.SecondFactors.Where(row => row.AccountId == account.Id).Select(row => (DateTime?)row.CreatedAt).SingleOrDefault() })
            .ToListAsync(cancellation);
        return [.. staff.Select(row => new Person(
            row.Account.Id,
            row.Account.Name,
            row.Account.Email ?? "",
            [.. StaffRoles.All.Where(roles[row.Account.Id].Contains)],
            row.Account.IsLocked(now) ? PersonState.Locked : row.Account.PasswordHash is null ? PersonState.Invited : PersonState.Active,
            row.Factor))];
    }

    private static async Task SetRolesAsync(PortalDbContext db, Account account, IReadOnlyList<string> roles, CancellationToken cancellation)
    {
        await db.UserRoles.Where(row => row.UserId == account.Id).ExecuteDeleteAsync(cancellation);
        foreach (var role in roles)
        {
            var normal = role.ToUpperInvariant();
            if (await db.Roles.SingleOrDefaultAsync(row => row.NormalizedName == normal, cancellation) is not { } known)
            {
                known = new IdentityRole(role) { NormalizedName = normal };
                db.Roles.Add(known);
            }

            db.UserRoles.Add(new IdentityUserRole<string> { UserId = account.Id, RoleId = known.Id });
        }

        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>The links sent before open nothing any more.</summary>
    private async Task<PersonnelAnswer.Invited> SendLinkAsync(PortalDbContext db, Account account, CancellationToken cancellation)
    {
        // Its mailbox was confirmed when the first invitation was accepted.
        var isAgain = account.EmailConfirmed;
        await db.MailLinks.Where(row => row.AccountId == account.Id && row.Purpose == MailLinkPurpose.Invitation).ExecuteDeleteAsync(cancellation);
        var link = MailLink.New(keys, MailLinkPurpose.Invitation, account.Email!, time.GetUtcNow().UtcDateTime, Validity, out var token, accountId: account.Id);
        db.MailLinks.Add(link);
        await outbox.AddAsync(db, new InvitationLetter(PortalUrls.Invitation(token), isAgain), account.Email!, account.Language, null, cancellation);
        return new(account.Id, PortalUrls.Invitation(token), isAgain ? link.HandoverCode(keys) : null);
    }

    private async Task AppendAsync(PortalDbContext db, string what, Account account, string actor, IReadOnlyList<string>? roles, CancellationToken cancellation)
    {
        var subject = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
        var by = await audit.NumberOfAsync(db, actor, cancellation);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = subject, Actor = by, ReasonCode = roles is null ? null : string.Join('+', roles) }, cancellation);
    }
}
