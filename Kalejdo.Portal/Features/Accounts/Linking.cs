using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Accounts;

internal enum LinkAnswer
{
    Linked,
    AlreadyLinked,
    Wrong,
    TooMany,
}

/// <summary>
/// Ties an account to an agreement: its confirmed address must be the one that Kalejdo holds, and its person must know the
/// customer number (where Kalejdo had verified the address) or have the TV box or the app in front of them.
/// </summary>
internal sealed class Linking(
    PortalDbContext db, UserManager<Account> users, PortalKeys keys, Agreements agreements, AttemptLimits limits, Subjects subjects,
    SelfService selfService, Outbox outbox, AuditTrail audit, Sessions sessions, TimeProvider time)
{
    public const int TriesADay = 5;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public async Task<LinkAnswer> LinkAsync(string typed, CancellationToken cancellation)
    {
        var account = await sessions.CurrentAsync();
        var proof = Agreements.Code(typed);
        var found = account is { Email: { } address, EmailConfirmed: true } ? await agreements.OfAddressAsync(address, typed, cancellation) : [];
        var proven = found.FirstOrDefault(agreement => agreement.ByCode || (agreement.ByNumber && agreement.AddressVerified));

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var known = await db.AccountLinks.Where(row => row.AccountId == account.Id).Select(row => row.ValueHash).ToListAsync(cancellation);
        if (proven is not null && known.Contains(HashOf(proven)))
        {
            return LinkAnswer.AlreadyLinked;
        }

        if (await CountAsync(account, found, proof, cancellation) is var tries && tries > TriesADay)
        {
            if (tries == TriesADay + 1)
            {
                await HandToStaffAsync(account, cancellation);
            }

            await transaction.CommitAsync(cancellation);
            return LinkAnswer.TooMany;
        }

        // The same questions and the same answer, whether nothing was proven or staff alone serve who was: nobody learns who that is.
        var aimedAt = proven is null ? "" : selfService.HashOf(proven.CustomerNumber);
        var closed = await db.ClosedSelfServices.AnyAsync(row => row.CustomerHash == aimedAt, cancellation);
        if (closed || proven is null or { Protected: true })
        {
            var reason = proven is null ? "not-proven" : proven.Protected ? "protected_identity" : "self-service-closed";
            await AppendAsync(account, "account.link-refused", reason, null, cancellation);
            await transaction.CommitAsync(cancellation);
            return LinkAnswer.Wrong;
        }

        await ForgetAsync(account, found, proof, cancellation);
        await AddAsync(account, proven, found, known, cancellation);
        await transaction.CommitAsync(cancellation);
        await sessions.GoOnAsync(account);
        return LinkAnswer.Linked;
    }

    private async Task AddAsync(Account account, Agreement proven, IReadOnlyList<Agreement> found, List<string> known, CancellationToken cancellation)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var hash = HashOf(proven);
        var others = await db.Users
            .Where(row => row.Id != account.Id && row.EmailConfirmed && db.AccountLinks.Any(link => link.AccountId == row.Id && link.ValueHash == hash))
            .ToListAsync(cancellation);
        db.AccountLinks.Add(AccountLink.Of(
            keys, account.Id, CurrentSubject.CustomerNumber, proven.CustomerNumber, proven.ByCode ? LinkProof.Code : LinkProof.CustomerNumber, now));

        // The address finds rows of everybody who has it: it is this person's only when nobody else's agreement holds it.
        var verified = found.Where(agreement => agreement.AddressVerified).ToList();
        var mailbox = Subjects.Normal(new Identity(CurrentSubject.Email, account.Email!));
        if (proven.AddressVerified
            && verified.TrueForAll(agreement => agreement == proven || known.Contains(HashOf(agreement)))
            && !known.Contains(AccountLink.Hash(keys, CurrentSubject.Email, mailbox)))
        {
            db.AccountLinks.Add(AccountLink.Of(keys, account.Id, CurrentSubject.Email, mailbox, LinkProof.Mailbox, now));
        }

        Sessions.Demand(await users.UpdateSecurityStampAsync(account));
        var subject = await subjects.NumberOfAsync(db, [new Identity(CurrentSubject.CustomerNumber, proven.CustomerNumber)], cancellation);
        await AppendAsync(account, "account.linked", proven.ByCode ? "code" : "customer_number", subject, cancellation);

        // To every address that is held, as it may not be the subscriber who links.
        var told = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (address, language) in others.Select(other => (other.Email!, other.Language)).Prepend((proven.Address.Trim(), account.Language)).Prepend((account.Email!, account.Language)))
        {
            if (told.Add(address))
            {
                await outbox.AddAsync(db, new LinkedLetter(), address, language, null, cancellation);
            }
        }

        await db.SaveChangesAsync(cancellation);
    }

    // By the account; and by whom it aims at: those who have its address, and whose number or code was typed.
    private async Task<int> CountAsync(Account account, IReadOnlyList<Agreement> found, string proof, CancellationToken cancellation)
    {
        var most = await limits.CountAsync(db, "link account", account.Id, Day, cancellation);
        foreach (var aimedAt in AimedAt(found, proof))
        {
            most = Math.Max(most, await limits.CountAsync(db, "link subscriber", aimedAt, Day, cancellation));
        }

        return most;
    }

    private async Task ForgetAsync(Account account, IReadOnlyList<Agreement> found, string proof, CancellationToken cancellation)
    {
        await limits.ForgetAsync(db, "link account", account.Id, cancellation);
        foreach (var aimedAt in AimedAt(found, proof))
        {
            await limits.ForgetAsync(db, "link subscriber", aimedAt, cancellation);
        }
    }

    // As many whatever was typed: a right number takes no less time than a wrong one.
    private static IEnumerable<string> AimedAt(IReadOnlyList<Agreement> found, string proof) =>
        found.Select(agreement => agreement.CustomerNumber).Append(found.Any(agreement => agreement.CustomerNumber == proof) ? $"typed {proof}" : proof).Distinct(StringComparer.Ordinal);

    private async Task HandToStaffAsync(Account account, CancellationToken cancellation)
    {
        var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
        var opened = await CaseRegister.OpenAsync(db, CaseType.Linking, number, time.GetUtcNow().UtcDateTime, cancellation);
        opened.Take(db, CaseStep.HandedToStaff, opened.ReceivedAt, "too_many_tries");
        db.CaseContacts.Add(CaseContact.Of(keys, opened.Number, account.Id, account.Language, new CaseReach(account.EmailConfirmed ? account.Email : null)));
        await audit.AppendAsync(
            db, new AuditEvent("account.link-refused") { Subject = number, Actor = number, ReasonCode = "too_many_tries", CaseNumber = opened.Number }, cancellation);
    }

    private async Task AppendAsync(Account account, string what, string reason, long? subject, CancellationToken cancellation)
    {
        var actor = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = subject ?? actor, Actor = actor, ReasonCode = reason }, cancellation);
    }

    private string HashOf(Agreement agreement) => AccountLink.Hash(keys, CurrentSubject.CustomerNumber, agreement.CustomerNumber);
}
