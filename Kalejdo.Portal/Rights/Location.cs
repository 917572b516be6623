using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// A subject located in the databases of a map together (design.md 4): each finds its own rows by SQL, and where references lead from
/// one to another, keys are carried over in batches, until nothing new turns up anywhere and it is decided whose each row is.
/// </summary>
internal sealed class Location : IAsyncDisposable
{
    private readonly List<Located> parts = [];
    private readonly List<Passage> passages = [];
    private readonly IReadOnlyList<Link> links;

    private Location(IReadOnlyList<MappedDatabase> databases) => links = [.. databases.SelectMany(d => d.Links).Distinct()];

    /// <summary>The subject's rows by database: those asked for, and those that had to be asked for their sake.</summary>
    public IReadOnlyList<Located> Parts => parts;

    /// <summary>The references between these databases.</summary>
    public IReadOnlyList<Passage> Passages => passages;

    /// <summary>Locates in some databases and in those to which references lead from them.</summary>
    /// <param name="targets">The collections for whose sake it is done; null for all.</param>
    public static async Task<Location> LocateAsync(
        IReadOnlyList<MappedDatabase> databases, Sought sought, IReadOnlyCollection<MappedCollection>? targets, Func<MappedDatabase, bool> write,
        CancellationToken cancellationToken)
    {
        List<MappedDatabase> all = [.. databases.SelectMany(d => d.Connected()).Distinct()];
        var taking = Taking(all, sought, targets);
        return await OpenAsync(Asked(databases, taking), sought, taking, targets is null, write, async location =>
        {
            foreach (var crossing in location.parts.SelectMany(p => p.Database.Crossings).Distinct())
            {
                location.passages.Add(await Passage.OpenAsync(crossing, location.PartOf(crossing.Child), location.PartOf(crossing.Parent), cancellationToken));
            }
            await location.ShareKnownAsync(cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Locates in one database by itself, given what the others had to tell it: they may know it no longer.</summary>
    public static Task<Location> LocateAloneAsync(
        MappedDatabase database, Sought sought, IReadOnlyList<CarriedValues> carried, bool write, CancellationToken cancellationToken) =>
        OpenAsync([database], sought, Taking(database.Connected(), sought, null), true, _ => write, async location =>
        {
            var part = location.parts[0];
            await part.Identification.LearnAsync(
                carried.Where(c => c.Database == database.Source.Key && c.Name == CarriedValues.Known).SelectMany(c => c.Rows), cancellationToken);
            foreach (var crossing in database.Crossings)
            {
                var passage = await Passage.OpenAsync(crossing, location.PartOf(crossing.Child), location.PartOf(crossing.Parent), cancellationToken);
                location.passages.Add(passage);
                await passage.TellAgainAsync(carried, cancellationToken);
            }
        }, cancellationToken);

    /// <summary>What the databases told each other, for <see cref="LocateAloneAsync"/>.</summary>
    public async Task<IReadOnlyList<CarriedValues>> CarriedAsync(CancellationToken cancellationToken)
    {
        var carried = new List<CarriedValues>();
        foreach (var part in parts.Where(p => p.Passages.Count > 0))
        {
            carried.Add(new CarriedValues(part.Database.Source.Key, CarriedValues.Known, await part.Identification.KnownAsync(cancellationToken).ToListAsync(cancellationToken)));
            foreach (var passage in part.Passages)
            {
                carried.AddRange(await passage.KeepAsync(part, cancellationToken));
            }
        }
        return carried;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in parts)
        {
            await part.Session.DisposeAsync();
        }
    }

    /// <summary>The collections to which the identities can lead, over all references; of those, where targets are named, the ones that lead to them.</summary>
    private static HashSet<MappedCollection> Taking(IReadOnlyList<MappedDatabase> databases, Sought sought, IReadOnlyCollection<MappedCollection>? targets)
    {
        List<Link> links = [.. databases.SelectMany(d => d.Links).Distinct()];
        var found = databases.SelectMany(d => d.Graph.Collections).Where(c => sought.WaysTo(c) > 0);
        var taking = Reach.From(found, links).ToHashSet();
        if (targets is not null)
        {
            taking.IntersectWith(Reach.To(targets, links));
        }
        return taking;
    }

    /// <summary>The databases asked for, and those whose rows may lead to theirs, be they the subject's or somebody else's.</summary>
    private static List<MappedDatabase> Asked(IReadOnlyList<MappedDatabase> databases, HashSet<MappedCollection> taking)
    {
        List<MappedDatabase> asked = [.. databases];
        for (var i = 0; i < asked.Count; i++)
        {
            asked.AddRange(asked[i].Crossings.Where(c => taking.Contains(c.Link.Child) || taking.Contains(c.Link.Parent))
                .SelectMany(c => new[] { c.Child, c.Parent }).Distinct().Except(asked).ToList());
        }
        return asked;
    }

    private static async Task<Location> OpenAsync(
        IReadOnlyList<MappedDatabase> databases, Sought sought, HashSet<MappedCollection> taking, bool forErasure, Func<MappedDatabase, bool> write,
        Func<Location, Task> connect, CancellationToken cancellationToken)
    {
        var location = new Location(databases);
        try
        {
            foreach (var database in databases)
            {
                var session = await Session.OpenAsync(database, write(database), cancellationToken);
                var part = new Located(database, session, sought, taking, forErasure);
                location.parts.Add(part);
                await part.Following.BeginAsync(cancellationToken);
            }
            await connect(location);
            foreach (var part in location.parts)
            {
                part.Passages = [.. location.passages.Where(p => part.Database.Crossings.Any(c => c.Link == p.Link))];
            }
            await location.RunAsync(cancellationToken);
            return location;
        }
        catch
        {
            await location.DisposeAsync();
            throw;
        }
    }

    private Located? PartOf(MappedDatabase database) => parts.FirstOrDefault(p => p.Database == database);

    /// <summary>What a row found in one database says of the subject counts in all.</summary>
    private async Task ShareKnownAsync(CancellationToken cancellationToken)
    {
        if (passages.Count == 0)
        {
            return;
        }
        List<string[]> known = [];
        foreach (var part in parts)
        {
            known.AddRange(await part.Identification.KnownAsync(cancellationToken).ToListAsync(cancellationToken));
        }
        foreach (var part in parts)
        {
            await part.Identification.LearnAsync(known.DistinctBy(k => (k[0], k[1])), cancellationToken);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await FollowAsync(cancellationToken) || await DecideAsync(cancellationToken))
        {
        }
        foreach (var part in parts)
        {
            await part.Evidence.ShareAsync(cancellationToken);
        }
    }

    private async Task<bool> FollowAsync(CancellationToken cancellationToken)
    {
        var any = false;
        foreach (var part in parts)
        {
            any |= await part.Following.FollowAsync(cancellationToken);
        }
        foreach (var passage in passages)
        {
            any |= await passage.MoveAsync(cancellationToken);
        }
        return any;
    }

    /// <summary>
    /// Decides open rows once nothing more can be followed: those to which nobody else's rows lead become the subject's own.
    /// A row in doubt is looked at again when more was found next to it, for that may be the very rows that raised the doubt.
    /// </summary>
    private async Task<bool> DecideAsync(CancellationToken cancellationToken)
    {
        var again = ToBeLookedAtAgain();
        foreach (var part in parts)
        {
            await part.Evidence.OpenAsync(again, cancellationToken);
        }
        var doubted = await DoubtAsync(_ => true, cancellationToken);
        while (doubted.Count > 0)
        {
            // A row in doubt is no longer evidence that those to which it leads up are the subject's.
            var below = doubted;
            doubted = await DoubtAsync(c => links.Any(l => l.Up && l.Parent == c && below.Contains(l.Child)), cancellationToken);
        }
        var decided = 0;
        foreach (var part in parts)
        {
            decided += await part.Following.OwnAsync(part.Evidence.Open, cancellationToken);
        }
        return decided > 0;
    }

    private async Task<List<MappedCollection>> DoubtAsync(Func<MappedCollection, bool> judged, CancellationToken cancellationToken)
    {
        foreach (var passage in passages)
        {
            await passage.AskForEvidenceAsync(judged, cancellationToken);
        }
        var doubted = new List<MappedCollection>();
        foreach (var part in parts)
        {
            doubted.AddRange(await part.Evidence.DoubtAsync(judged, cancellationToken));
        }
        return doubted;
    }

    /// <summary>The collections with rows in doubt next to which more was found since the last decision, and those whose doubt may go with theirs.</summary>
    private HashSet<MappedCollection> ToBeLookedAtAgain()
    {
        var moved = parts.SelectMany(p => p.Following.TakeMoved()).ToHashSet();
        var again = new HashSet<MappedCollection>();
        for (var found = -1; found < again.Count;)
        {
            found = again.Count;
            again.UnionWith(parts.SelectMany(p => p.Evidence.Doubtful)
                .Where(c => links.Any(l => (l.Parent == c && moved.Contains(l.Child)) || (l.Child == c && moved.Contains(l.Parent)))));
            moved.UnionWith(again);
        }
        return again;
    }
}

/// <summary>Values that one database had to tell another while an erasure was planned. They are keys and identities: kept only encrypted, and never shown.</summary>
/// <param name="Database">The key of the source that was told.</param>
/// <param name="Name">What the values say, in the engine's words.</param>
public sealed record CarriedValues(string Database, string Name, IReadOnlyList<string[]> Rows)
{
    internal const string Known = "known";

    /// <summary>Never the values.</summary>
    public override string ToString() => $"{Database}: {Rows.Count} values";
}
