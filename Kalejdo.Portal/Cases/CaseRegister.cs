using System.Globalization;
using System.Security.Cryptography;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>Opens cases: with a number nobody has and the date it must be answered by.</summary>
public static class CaseRegister
{
    // Without what is misread (0 O, 1 I L, U V) and without vowels, so that no number spells a word.
    private const string Letters = "23456789BCDFGHJKMNPQRSTWXZ";

    /// <summary>Adds a case to the context; the caller saves and commits it together with what belongs to it.</summary>
    /// <param name="by">Who asked.</param>
    /// <param name="reasonCode">Of the first line of its history, such as who asks for somebody else.</param>
    /// <param name="words">What they wrote, with the number of the case to be: <see cref="CaseEvent.Seal"/>.</param>
    public static async Task<Case> OpenAsync(
        PortalDbContext db, CaseType type, long subject, DateTime receivedAt, CancellationToken cancellation,
        CaseParty by = CaseParty.Person, string? reasonCode = null, Func<string, byte[]?>? words = null)
    {
        ArgumentNullException.ThrowIfNull(db);
        string number;
        do
        {
            number = NewNumber(receivedAt);
        }
        while (await db.Cases.AnyAsync(row => row.Number == number, cancellation));

        var opened = new Case
        {
            Number = number,
            Type = type,
            Status = CaseStatus.Received,
            ReceivedAt = receivedAt,
            DueOn = DueDate.Of(receivedAt),
            Subject = subject,
        };
        db.Cases.Add(opened);
        CaseSteps.Note(db, opened, CaseStep.Received, by, receivedAt, reasonCode, words?.Invoke(number));
        return opened;
    }

    /// <summary>Who asks, by the audit's name for the actor.</summary>
    internal static CaseParty PartyOf(string actor) => actor.Split(':')[0] switch
    {
        "operator" or "staff" => CaseParty.Staff,
        "system" => CaseParty.Portal,
        _ => CaseParty.Person,
    };

    internal static string NewNumber(DateTime receivedAt) => string.Create(
        CultureInfo.InvariantCulture,
        $"K-{DueDate.DayOf(receivedAt).Year}-{RandomNumberGenerator.GetString(Letters, 6)}");
}
