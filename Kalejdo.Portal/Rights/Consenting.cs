using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>A consent as it stands.</summary>
/// <param name="Purpose">One of the purpose column's values; null where the collection is one consent.</param>
/// <param name="Since">When it was given (in force) or withdrawn, ISO 8601; null where it was never given.</param>
public sealed record Consent(Collection Collection, string? Purpose, bool InForce, string? Since);

/// <summary>What giving or withdrawing a consent came to.</summary>
public abstract record ConsentOutcome
{
    private ConsentOutcome()
    {
    }

    /// <summary>Done.</summary>
    public sealed record Changed : ConsentOutcome;

    /// <summary>It was so already.</summary>
    public sealed record Already : ConsentOutcome;

    /// <summary>The map or the subject has no such consent.</summary>
    public sealed record Missing : ConsentOutcome;

    /// <summary>It cannot be done; nothing was changed.</summary>
    public sealed record Refused(Refusal Reason) : ConsentOutcome;
}

/// <summary>Consents (GDPR Art. 7): as they stand, given, withdrawn. Own rows only, whatever their number; withdrawing is as easy as giving.</summary>
public sealed class Consenting(Databases databases)
{
    /// <summary>The consents that the subject has given, has withdrawn or may give.</summary>
    public async Task<(IReadOnlyList<Consent> Consents, IReadOnlyList<Refusal> Problems)> ReadAsync(IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        var consents = new List<Consent>();
        foreach (var database in databases.All)
        {
            foreach (var mapped in database.Graph.Collections.Where(c => c.Collection.Consent is not null))
            {
                try
                {
                    await using var located = await Located.LocateAsync(database, identities, [mapped], write: false, cancellationToken);
                    if (located.Collections.Contains(mapped))
                    {
                        consents.AddRange(await StandingAsync(located, mapped, cancellationToken));
                    }
                }
                catch (DbException e)
                {
                    return ([], [Databases.Unreachable(database.Source, database.Dialect, e)]);
                }
            }
        }
        return (consents, []);
    }

    /// <summary>Puts a consent in force, or ends it, at once.</summary>
    /// <param name="collection"><c>dataset.collection</c>.</param>
    public async Task<ConsentOutcome> SetAsync(
        IReadOnlyList<Identity> identities, string collection, string? purpose, bool inForce, DateTime now, CancellationToken cancellationToken)
    {
        var (database, mapped) = (from d in databases.All from c in d.Graph.Collections where c.Collection.Id == collection && c.Collection.Consent is not null select (d, c)).FirstOrDefault();
        if (mapped is null)
        {
            return new ConsentOutcome.Missing();
        }
        try
        {
            await using var located = await Located.LocateAsync(database, identities, [mapped], write: true, cancellationToken);
            if (!located.Collections.Contains(mapped)
                || (await StandingAsync(located, mapped, cancellationToken)).All(c => c.Purpose != purpose))
            {
                return new ConsentOutcome.Missing();
            }
            var changed = inForce ? await GiveAsync(located, mapped, purpose, now, cancellationToken) : await WithdrawAsync(located, mapped, purpose, now, cancellationToken);
            await located.Session.CommitAsync(cancellationToken);
            return changed > 0 ? new ConsentOutcome.Changed() : new ConsentOutcome.Already();
        }
        catch (DbException e)
        {
            return new ConsentOutcome.Refused(Databases.Unreachable(database.Source, database.Dialect, e));
        }
    }

    private static async Task<IReadOnlyList<Consent>> StandingAsync(Located located, MappedCollection mapped, CancellationToken cancellationToken)
    {
        var (consent, rows, sql) = (mapped.Collection.Consent!, located.Rows(mapped), located.Database.Dialect);
        string Read(string column) => sql.Selected(Of(mapped, "t", column), mapped.Table.Find(column)!);
        var found = await located.Session.ReadAsync(
            $"SELECT {(consent.Purpose is { } p ? Read(p) : "NULL")}, {Read(consent.Given)}, {Read(consent.Withdrawn)} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Whose} IN ({Whose.Found}, {Whose.Own})",
            r => (Purpose: r.IsDBNull(0) ? null : r.GetString(0), Given: Instant(r.GetValue(1)), Withdrawn: Instant(r.GetValue(2))), cancellationToken);
        var offered = consent.Purpose is not { } column ? [] : mapped.Collection.Find(column)!.Values.Select(v => v.Value);
        var purposes = (await MayInsertAsync(located, mapped, cancellationToken) ? offered : []).Concat(offered.Where(o => found.Exists(f => f.Purpose == o)))
            .Concat(found.Select(f => f.Purpose)).Distinct();
        return
        [
            .. purposes.Select(purpose =>
            {
                var of = found.Where(f => f.Purpose == purpose).ToList();
                var inForce = of.Where(f => f.Withdrawn is null && f.Given is not null).ToList();
                return new Consent(mapped.Collection, purpose, inForce.Count > 0, inForce.Count > 0 ? inForce.Max(f => f.Given) : of.Max(f => f.Withdrawn));
            }),
        ];
    }

    private static async Task<bool> MayInsertAsync(Located located, MappedCollection mapped, CancellationToken cancellationToken) =>
        located.OnlyWayIn(mapped) is { } way
        && await located.Session.AnyAsync($"SELECT 1 FROM {Located.Marks(way.Parent)} WHERE whose IN ({Whose.Found}, {Whose.Own}) LIMIT 1", cancellationToken);

    private static async Task<int> WithdrawAsync(Located located, MappedCollection mapped, string? purpose, DateTime now, CancellationToken cancellationToken)
    {
        var consent = mapped.Collection.Consent!;
        return await located.Session.ExecuteAsync(
            $"UPDATE {Dialect.Name(mapped.Table)} AS t SET {Dialect.Quote(consent.Withdrawn)} = {At(located, mapped, consent.Withdrawn, now)} WHERE {Of(mapped, "t", consent.Withdrawn)} IS NULL{For(located, mapped, "t", purpose)} AND {Own(located, mapped)}",
            cancellationToken);
    }

    private static async Task<int> GiveAsync(Located located, MappedCollection mapped, string? purpose, DateTime now, CancellationToken cancellationToken)
    {
        var (consent, session) = (mapped.Collection.Consent!, located.Session);
        var given = await session.ExecuteAsync(
            $"UPDATE {Dialect.Name(mapped.Table)} AS t SET {Dialect.Quote(consent.Given)} = {At(located, mapped, consent.Given, now)}, {Dialect.Quote(consent.Withdrawn)} = NULL WHERE {Of(mapped, "t", consent.Withdrawn)} IS NOT NULL{For(located, mapped, "t", purpose)} AND {Own(located, mapped)}",
            cancellationToken);
        if (purpose is null || located.OnlyWayIn(mapped) is not { } way)
        {
            return given;
        }
        var children = string.Join(", ", way.ChildColumns.Select(Dialect.Quote));
        var parents = string.Join(", ", way.ParentColumns.Select(c => $"p.{Dialect.Quote(c)}"));
        return given + await session.ExecuteAsync(
            $"INSERT INTO {Dialect.Name(mapped.Table)} ({children}, {Dialect.Quote(consent.Purpose!)}, {Dialect.Quote(consent.Given)}) SELECT {parents}, {session.Parameter(purpose)}, {At(located, mapped, consent.Given, now)} FROM {Located.Marks(way.Parent)} AS lp {located.Database.Dialect.Join} {Dialect.Name(way.Parent.Table)} AS p ON {Located.SameKey(way.Parent, "lp", "p")} WHERE lp.whose IN ({Whose.Found}, {Whose.Own}) AND NOT EXISTS (SELECT 1 FROM {Dialect.Name(mapped.Table)} AS x WHERE {Located.Joined(way, "x", "p")}{For(located, mapped, "x", purpose)})",
            cancellationToken);
    }

    private static string Own(Located located, MappedCollection mapped)
    {
        var rows = located.Rows(mapped);
        return $"({Located.KeyOf(mapped, "t")}) IN (SELECT {Located.KeyOf(mapped, "t")} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Whose} IN ({Whose.Found}, {Whose.Own}))";
    }

    private static string For(Located located, MappedCollection mapped, string alias, string? purpose) =>
        purpose is null || mapped.Collection.Consent!.Purpose is not { } column ? "" : $" AND {Of(mapped, alias, column)} = {located.Session.Parameter(purpose)}";

    private static string Of(MappedCollection mapped, string alias, string column) => $"{alias}.{Dialect.Quote(mapped.Table.Find(column)!.Name)}";

    private static string At(Located located, MappedCollection mapped, string column, DateTime now)
    {
        var (live, sqlite) = (mapped.Table.Find(column)!, located.Database.Source.Provider == Provider.Sqlite);
        var text = live.Type == ColumnType.Date
            ? DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(now, SwedishDays.Zone)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : now.ToString(sqlite ? "yyyy-MM-dd HH:mm:ss" : "yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return located.Database.Dialect.Written(located.Session.Parameter(text), text, live)!;
    }

    private static string? Instant(object value) => value switch
    {
        DBNull => null,
        DateTime instant => instant.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture),
        string text when text.Length >= 19 => string.Concat(text.AsSpan(0, 10), "T", text.AsSpan(11)),
        var other => Convert.ToString(other, CultureInfo.InvariantCulture),
    };
}
