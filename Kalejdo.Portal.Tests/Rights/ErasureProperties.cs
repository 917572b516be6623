using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>What holds for every schema, map, rows and subject. A failure prints the seed and the database.</summary>
public sealed class ErasureProperties
{
    private static bool Long => LongForm.IsAsked;

    [Fact]
    public void An_erasure_takes_what_was_planned_and_nothing_of_anybody_else_on_SQLite() => Check(Provider.Sqlite, Long ? 2000 : 100);

    [Fact]
    public void An_erasure_takes_what_was_planned_and_nothing_of_anybody_else_on_PostgreSQL() => Check(Provider.Postgresql, Long ? 200 : 20);

    private static void Check(Provider provider, int cases)
    {
        var subjects = from database in RandomDatabase.Generator from person in Gen.Choose(0, RandomDatabase.People - 1) from backwards in Gen.Elements(true, false) from known in Gen.Choose(0, 2) select (database, person, backwards, known);
        // The short form tries the same cases every time, the long one new ones; PORTAL_TEST_SEED=a,b repeats what a failure printed.
        var seed = Environment.GetEnvironmentVariable("PORTAL_TEST_SEED")?.Split(',').Select(part => ulong.Parse(part, CultureInfo.InvariantCulture)).ToArray() ?? (Long ? [BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)), 1] : [2026, 1122]);
        var config = Config.QuickThrowOnFailure.WithMaxTest(cases).WithQuietOnSuccess(true)
            .WithReplay(new Replay(new Rnd(seed[0], seed[1] | 1), null));
        Prop.ForAll(subjects.ToArbitrary(), async ((RandomDatabase Database, int Person, bool Backwards, int Known) x) => await HoldsAsync(provider, x.Database, x.Person, x.Backwards, x.Known)).Check(config);
    }

    /// <param name="provider">The first database's; the second, where there is one, is of the other.</param>
    /// <param name="known">By what the person is known: 0 the e-mail address, 1 the customer number, 2 both.</param>
    private static async Task HoldsAsync(Provider provider, RandomDatabase random, int person, bool backwards, int known)
    {
        await using var shop = await MappedDatabasesUnderTest.CreateAsync(
            [.. Enumerable.Range(0, random.Places).Select(place => (RandomDatabase.Dataset(place), place == 0 ? provider : MappedDatabasesUnderTest.Other(provider), random.Sql(place)))], random.Map);
        var who = IdentitiesOf(random, person, known);
        var others = Enumerable.Range(0, RandomDatabase.People).Where(p => p != person).Select(p => IdentitiesOf(random, p, 2)).ToList();
        var seenBefore = new List<JsonObject>();
        foreach (var other in others)
        {
            seenBefore.Add(await shop.AccessAsync(other));
        }

        var own = await OwnAsync(shop, who, Whose.Found, Whose.Own);
        var found = await OwnAsync(shop, who, Whose.Found);
        var before = await KeyedAsync(shop, random);

        await shop.EraseAsync(who, backwards: backwards);

        foreach (var (row, text) in await KeyedAsync(shop, random))
        {
            Assert.True(own.Contains(row) || before[row] == text, $"{row} is not the subject's, but changed");
        }

        Assert.All(before.Keys.Except((await KeyedAsync(shop, random)).Keys), row => Assert.True(own.Contains(row), $"{row} is not the subject's, but went"));
        foreach (var (other, seen) in others.Zip(seenBefore))
        {
            // What the other person saw is what it was, unless the subject's own identity stood in it; that a row is shared no longer may show more.
            var after = await shop.AccessAsync(other);
            foreach (var (collection, rows) in seen)
            {
                var left = after[collection]!.AsArray().Select(r => r!.ToJsonString()).ToHashSet();
                Assert.All(rows!.AsArray().Select(r => (Id: $"{collection}.{r!["id"]}", Text: r.ToJsonString())),
                    row => Assert.True(left.Contains(row.Text) || found.Contains(row.Id), $"another person saw {row.Text} in {collection} and does no longer"));
            }
        }
    }

    /// <summary>One identity alone only where a row tells the other: a value of a sort of which nothing is known could be anybody's.</summary>
    private static List<Identity> IdentitiesOf(RandomDatabase random, int person, int known)
    {
        List<Identity> both =
        [.. Email(RandomDatabase.Email(person)), .. random.Tables.Any(t => t.Number) ? [new Identity("number", RandomDatabase.Number(person))] : Array.Empty<Identity>()];
        return known < both.Count && random.TellsBoth(person) ? [both[known]] : both;
    }

    /// <summary>The rows of which the engine itself says so.</summary>
    private static async Task<HashSet<string>> OwnAsync(MappedDatabasesUnderTest shop, IReadOnlyList<Identity> identities, params int[] whose)
    {
        var own = new HashSet<string>();
        foreach (var database in shop.Databases.All)
        {
            await using var located = await Located.LocateAsync(database, identities, write: false, Cancellation);
            foreach (var collection in located.Collections)
            {
                var rows = located.Rows(collection);
                own.UnionWith(await located.Session.ReadAsync(
                    $"SELECT t.id FROM {rows.From} WHERE ({rows.Where}) AND {rows.Whose} IN ({string.Join(", ", whose)})", r => $"{collection.Collection.Id}.{r.GetValue(0)}", Cancellation));
            }
        }

        return own;
    }

    private static async Task<Dictionary<string, string>> KeyedAsync(MappedDatabasesUnderTest shop, RandomDatabase random)
    {
        var keyed = new Dictionary<string, string>();
        for (var place = 0; place < random.Places; place++)
        {
            var rows = await shop.Part(place).RowsAsync();
            foreach (var (table, number) in random.Tables.Select((table, number) => (table, number)).Where(t => t.table.Place == place))
            {
                rows[$"t{number}"].ToList().ForEach(row => keyed.Add($"{RandomDatabase.Dataset(place)}.t{number}.{row.TrimStart('(').Split(',')[0]}", row));
            }
        }

        return keyed;
    }
}
