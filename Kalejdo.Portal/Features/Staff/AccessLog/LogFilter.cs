using System.Globalization;
using Kalejdo.Portal.Components;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.WebUtilities;

namespace Kalejdo.Portal.Features.Staff.AccessLog;

/// <summary>Which entries of the log are wanted; days are Swedish ones, both included.</summary>
internal sealed record LogFilter(string? Event, DateOnly? From, DateOnly? To, string? CaseNumber, long? Actor)
{
    public const string EventField = "handelse";
    public const string FromField = "fran";
    public const string ToField = "till";
    public const string CaseField = "arende";
    public const string ActorField = "aktor";

    /// <returns>The filter; what is wrong with it stands in <paramref name="errors"/>.</returns>
    public static LogFilter Read(Func<string, string?> field, Map? map, FormErrors errors)
    {
        var (what, asked) = (Trimmed(EventField), Trimmed(CaseField)?.ToUpperInvariant());
        if (what is not null && map is not null && !LogWords.Events(map).Any(known => known.Value == what))
        {
            errors.Add(EventField, LogText.EventUnknown);
        }

        var (from, to) = (Day(FromField), Day(ToField));
        if (from > to)
        {
            errors.Add(ToField, LogText.DaysReversed);
        }

        long? actor = null;
        if (Trimmed(ActorField) is { } number)
        {
            actor = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var read) ? read : null;
            if (actor is null)
            {
                errors.Add(ActorField, LogText.ActorNoNumber);
            }
        }

        return new LogFilter(what, from, to, asked, actor);

        string? Trimmed(string name) => field(name)?.Trim() is { Length: > 0 } text ? text : null;

        DateOnly? Day(string name)
        {
            if (Trimmed(name) is not { } text)
            {
                return null;
            }

            if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 2000 and < 9000)
            {
                return day;
            }

            errors.Add(name, LogText.DayUnreadable);
            return null;
        }
    }

    public IQueryable<AuditEntry> On(IQueryable<AuditEntry> entries)
    {
        if (Event is not null)
        {
            entries = entries.Where(row => row.Event == Event);
        }

        if (From is { } first)
        {
            var begins = SwedishDays.StartOf(first);
            entries = entries.Where(row => row.At >= begins);
        }

        if (To is { } last)
        {
            var ends = SwedishDays.StartOf(last.AddDays(1));
            entries = entries.Where(row => row.At < ends);
        }

        if (CaseNumber is not null)
        {
            entries = entries.Where(row => row.CaseNumber == CaseNumber);
        }

        return Actor is null ? entries : entries.Where(row => row.Actor == Actor);
    }

    /// <param name="before">The sequence number that the page ends before; null for the newest.</param>
    public string Address(long? before = null) => QueryHelpers.AddQueryString(
        PortalUrls.AccessLog, Fields.Append(new("fore", before?.ToString(CultureInfo.InvariantCulture))));

    /// <summary>As the form posts them; nothing for what is not asked for.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Fields =>
    [
        new(EventField, Event),
        new(FromField, From?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        new(ToField, To?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        new(CaseField, CaseNumber),
        new(ActorField, Actor?.ToString(CultureInfo.InvariantCulture)),
    ];
}
