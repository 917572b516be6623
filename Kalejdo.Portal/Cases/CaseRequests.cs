using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>What somebody asks for in their own words.</summary>
/// <param name="Asker">By the audit's names, such as <c>account:…</c>.</param>
/// <param name="ReasonCode">As what they ask: <c>self-service</c>, or why a guest does.</param>
/// <param name="AccountId">Null of guests.</param>
internal sealed record Asked(CaseType Type, string Words, long Subject, string Asker, string ReasonCode, string? AccountId, string Language, CaseReach Reach)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(Asked);
}

/// <param name="Joined">Whether it was put to a case of the same sort that was open already.</param>
internal sealed record AskedCase(string Number, bool Joined);

/// <summary>Takes requests in people's own words: a case each, or more words for the one that is open.</summary>
internal sealed class CaseRequests(AuditTrail audit, CaseLetters letters, PortalKeys keys, TimeProvider time)
{
    /// <summary>Longer than anybody needs, shorter than what fills a disk.</summary>
    public const int MostLetters = 5000;

    /// <summary>What is wrong with somebody's words, as a person may be told; null where nothing is.</summary>
    public static string? ProblemOf(string words) => words.Length switch
    {
        0 => CasesText.WordsMissing,
        > MostLetters => Say(CasesText.WordsTooLong, MostLetters),
        _ => words.Any(letter => char.IsControl(letter) && letter is not ('\r' or '\n' or '\t')) ? CasesText.WordsControl : null,
    };

    /// <summary>Within the caller's transaction; saves.</summary>
    public async Task<AskedCase> AskAsync(PortalDbContext db, Asked asked, CancellationToken cancellationToken)
    {
        var actor = await audit.NumberOfAsync(db, asked.Asker, cancellationToken);
        if (await OpenAsync(db, asked, cancellationToken) is { } open)
        {
            await JoinAsync(db, open, asked.Words, actor, cancellationToken);
            return new AskedCase(open.Number, Joined: true);
        }
        var now = time.GetUtcNow().UtcDateTime;
        var opened = await CaseRegister.OpenAsync(
            db, asked.Type, asked.Subject, now, cancellationToken, CaseParty.Person, asked.ReasonCode, number => CaseEvent.Seal(keys, number, asked.Words));
        db.CaseContacts.Add(CaseContact.Of(keys, opened.Number, asked.AccountId, asked.Language, asked.Reach));
        await letters.AddAsync(db, opened, link => new RequestReceivedLetter(opened.Number, opened.DueOn, PortalUrls.Case(link)), cancellationToken);
        await audit.AppendAsync(
            db, new AuditEvent("case.received") { Subject = asked.Subject, Actor = actor, CaseNumber = opened.Number, ReasonCode = asked.ReasonCode }, cancellationToken);
        return new AskedCase(opened.Number, Joined: false);
    }

    /// <summary>The request of the same sort that the same person waits for; what self-service does by itself is none.</summary>
    private static Task<Case?> OpenAsync(PortalDbContext db, Asked asked, CancellationToken cancellationToken) => db.Cases
        .Where(row => row.Subject == asked.Subject && row.Type == asked.Type && row.ClosedAt == null)
        .Where(row => db.CaseEvents.Any(one => one.CaseNumber == row.Number && one.Step == CaseStep.Received && one.SealedWords != null))
        .OrderByDescending(row => row.ReceivedAt).FirstOrDefaultAsync(cancellationToken);

    private async Task JoinAsync(PortalDbContext db, Case open, string words, long actor, CancellationToken cancellationToken)
    {
        var said = await db.CaseEvents.AsNoTracking().Where(row => row.CaseNumber == open.Number && row.By == CaseParty.Person && row.SealedWords != null)
            .OrderByDescending(row => row.Id).FirstAsync(cancellationToken);
        if (said.Words(keys) == words)
        {
            // The same page sent twice.
            return;
        }
        CaseSteps.Take(db, open, CaseStep.WordsAdded, CaseParty.Person, time.GetUtcNow().UtcDateTime, sealedWords: CaseEvent.Seal(keys, open.Number, words));
        await audit.AppendAsync(db, new AuditEvent("case.words-added") { Subject = open.Subject, Actor = actor, CaseNumber = open.Number }, cancellationToken);
    }

    private static string Say(string text, int most) => string.Format(CultureInfo.CurrentCulture, text, most);
}
