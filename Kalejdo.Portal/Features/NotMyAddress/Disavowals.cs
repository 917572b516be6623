using System.Globalization;
using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>What a link says of itself before anything is done; nothing about whoever entered the address.</summary>
internal abstract record DisavowalLink
{
    private DisavowalLink()
    {
    }

    public sealed record Open(string MaskedAddress, DateTime MailedAt) : DisavowalLink;

    public sealed record Used : DisavowalLink;

    /// <summary>Unknown, altered, expired or another page's: all the same to whoever asks.</summary>
    public sealed record Useless : DisavowalLink;
}

internal abstract record DisavowalResult
{
    private DisavowalResult()
    {
    }

    public sealed record Removed(string CaseNumber) : DisavowalResult;

    /// <summary>Somebody confirmed the address, or the map left it standing somewhere: staff go on with it.</summary>
    public sealed record ForStaff(string CaseNumber, DateOnly DueOn) : DisavowalResult;

    public sealed record AlreadyDone : DisavowalResult;

    public sealed record Useless : DisavowalResult;

    /// <summary>A database is away. The case is open and the link still good.</summary>
    public sealed record NotNow(string CaseNumber) : DisavowalResult;
}

/// <summary>"This is not my e-mail address": removes an address that nobody ever confirmed, and hands every other to staff.</summary>
internal sealed class Disavowals(LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Outbox outbox, PortalKeys keys, TimeProvider time)
{
    public async Task<DisavowalLink> LookAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await FindAsync(db, token, cancellation) switch
        {
            null => new DisavowalLink.Useless(),
            { UsedAt: not null } => new DisavowalLink.Used(),
            var link => new DisavowalLink.Open(Mask(link.Address(keys)), link.CreatedAt),
        };
    }

    /// <param name="language">Of the page, and so of the receipt.</param>
    public async Task<DisavowalResult> DisownAsync(string token, string language, CancellationToken cancellation)
    {
        var (link, opened, result) = await IntendAsync(token, cancellation);
        if (link is null || opened is null)
        {
            return result!;
        }

        return await CarryThroughAsync(link, opened.Number, language);
    }

    /// <summary>Goes on with what a kill, or a database that was away, left half-way.</summary>
    /// <returns>The cases that staff or nobody has to do with any more.</returns>
    public async Task<IReadOnlyList<string>> ResumeAsync(CancellationToken cancellation)
    {
        var ended = new List<string>();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var begun = await db.Cases.AsNoTracking().Where(row => row.Type == CaseType.Disavowal && row.Status == CaseStatus.InProgress)
            .Join(db.AuditPeople, row => row.Subject, person => person.Number, (row, person) => new { row.Number, Person = person }).ToListAsync(cancellation);
        foreach (var one in begun)
        {
            var hash = audit.WhoIs(one.Person)[Subject("").Length..];
            // Any mail to the address knows it; the language of who asked is known no more.
            if (await db.MailLinks.AsNoTracking().FirstOrDefaultAsync(row => row.AddressHash == hash && row.Purpose == MailLinkPurpose.Disavowal && row.UsedAt == null, cancellation) is { } link
                && await CarryThroughAsync(link, one.Number, "both") is DisavowalResult.Removed or DisavowalResult.ForStaff)
            {
                ended.Add(one.Number);
            }
        }

        return ended;
    }

    private static string Subject(string addressHash) => $"address:{addressHash}";

    /// <summary>Whatever becomes of the request. Done twice, or by two at once, it is done once: the first to close is believed.</summary>
    private async Task<DisavowalResult> CarryThroughAsync(MailLink link, string number, string language)
    {
        var address = link.Address(keys);
        var outcome = await IsConfirmedHereAsync(address)
            ? new DisavowalOutcome.Verified()
            : await liveMap.OpenAsync(CancellationToken.None) is { Databases: { } live }
                ? await new Disavowal(live).RemoveAsync(address, CancellationToken.None)
                : new DisavowalOutcome.Refused([]);
        return await CloseAsync(link, number, address, outcome, language);
    }

    /// <summary>Case and audit stand before the first change; a case that was begun and not finished is gone on with.</summary>
    private async Task<(MailLink? Link, Case? Case, DisavowalResult? Result)> IntendAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await FindAsync(db, token, cancellation) is not { } link)
        {
            return (null, null, new DisavowalResult.Useless());
        }

        if (link.UsedAt is not null)
        {
            return (null, null, new DisavowalResult.AlreadyDone());
        }

        var subject = await audit.NumberOfAsync(db, Subject(link.AddressHash), cancellation);
        var opened = await db.Cases.FirstOrDefaultAsync(
            row => row.Subject == subject && row.Type == CaseType.Disavowal && row.Status == CaseStatus.InProgress, cancellation);
        if (opened is null)
        {
            opened = await CaseRegister.OpenAsync(db, CaseType.Disavowal, subject, Now, cancellation);
            opened.Status = CaseStatus.InProgress;
            await audit.AppendAsync(db, new AuditEvent("disavowal.intended") { Subject = subject, Actor = subject, CaseNumber = opened.Number }, cancellation);
        }

        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return (link, opened, null);
    }

    private async Task<bool> IsConfirmedHereAsync(string address)
    {
        await using var db = await databases.CreateDbContextAsync();
        var normalized = address.Trim().ToUpperInvariant();
        return await db.Users.AnyAsync(row => row.NormalizedEmail == normalized && row.EmailConfirmed);
    }

    private async Task<DisavowalResult> CloseAsync(MailLink link, string number, string address, DisavowalOutcome outcome, string language)
    {
        if (outcome is DisavowalOutcome.Refused)
        {
            return new DisavowalResult.NotNow(number);
        }

        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var opened = await db.Cases.SingleAsync(row => row.Number == number);
        if (opened.Status != CaseStatus.InProgress)
        {
            // A second click was faster.
            return new DisavowalResult.AlreadyDone();
        }

        var steps = (outcome as DisavowalOutcome.Removed)?.Steps ?? [];
        var done = outcome is DisavowalOutcome.Removed && steps.All(step => step.Action is not null);
        opened.Status = done ? CaseStatus.Done : CaseStatus.Received;
        opened.ClosedAt = done ? Now : null;
        opened.ReasonCode = done ? null : outcome is DisavowalOutcome.Verified ? "address-verified" : "address-left";
        opened.OutcomeJson = JsonSerializer.Serialize(steps);
        await audit.AppendAsync(
            db,
            new AuditEvent(done ? "disavowal.done" : "disavowal.for-staff") { Subject = opened.Subject, Actor = opened.Subject, CaseNumber = number, ReasonCode = opened.ReasonCode },
            CancellationToken.None);
        await outbox.AddAsync(
            db, done ? new AddressRemovedLetter(number) : new DisavowalReceivedLetter(number, opened.DueOn), address, language, number, CancellationToken.None);
        await db.SaveChangesAsync();

        // Every mail that went to this address has a link of its own; to all of them it is done now, and where the address is
        // removed their copies of it go too.
        var (now, nothing) = (Now, Array.Empty<byte>());
        var links = db.MailLinks.Where(row => row.AddressHash == link.AddressHash && row.Purpose == MailLinkPurpose.Disavowal && row.UsedAt == null);
        await (done
            ? links.ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now).SetProperty(row => row.SealedAddress, nothing))
            : links.ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now)));
        await transaction.CommitAsync();
        return done ? new DisavowalResult.Removed(number) : new DisavowalResult.ForStaff(number, opened.DueOn);
    }

    private async Task<MailLink?> FindAsync(PortalDbContext db, string token, CancellationToken cancellation)
    {
        var (hash, now) = (MailLink.HashToken(MailLinkPurpose.Disavowal, token), Now);
        return await db.MailLinks.AsNoTracking().SingleOrDefaultAsync(row => row.TokenHash == hash && row.Purpose == MailLinkPurpose.Disavowal && row.ExpiresAt > now, cancellation);
    }

    /// <summary>Enough for its owner to know it again: a•••@e•••.se.</summary>
    internal static string Mask(string address)
    {
        var at = address.LastIndexOf('@');
        var (name, host) = (address[..at], address[(at + 1)..]);
        var dot = host.LastIndexOf('.');
        return $"{First(name)}@{(dot < 1 ? First(host) : First(host[..dot]) + host[dot..])}";

        static string First(string text) => StringInfo.GetNextTextElement(text) + "•••";
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;
}
