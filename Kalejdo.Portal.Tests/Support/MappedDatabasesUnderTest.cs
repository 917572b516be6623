using System.Text.Json;
using System.Text.Json.Nodes;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>Several databases, of different engines as a rule, with one map: what a test of references between databases works on.</summary>
public sealed class MappedDatabasesUnderTest : IAsyncDisposable
{
    private readonly IReadOnlyList<MappedDatabaseUnderTest> _parts;

    private MappedDatabasesUnderTest(IReadOnlyList<MappedDatabaseUnderTest> parts) => _parts = parts;

    public Databases Databases { get; private set; } = null!;

    public Erasure Erasure => new(Databases, _parts[0].Time);

    /// <summary>A database of one engine called <c>crm</c> and one of the other engine called <c>shop</c>.</summary>
    public static Task<MappedDatabasesUnderTest> CreateAsync(Provider first, string crm, string shop, string map) =>
        CreateAsync([("crm", first, crm), ("shop", Other(first), shop)], map);

    public static async Task<MappedDatabasesUnderTest> CreateAsync(IReadOnlyList<(string Key, Provider Provider, string Sql)> databases, string map)
    {
        var parts = new List<MappedDatabaseUnderTest>();
        var under = new MappedDatabasesUnderTest(parts);
        try
        {
            foreach (var (_, provider, sql) in databases)
            {
                parts.Add(await UnmappedAsync(provider, sql));
            }

            await System.IO.File.WriteAllTextAsync(parts[0].MapFile, map, Cancellation);
            var (read, problems) = MapReader.Read([parts[0].MapFile]);
            Assert.DoesNotContain(problems, p => p.Severity == Severity.Error);
            var (opened, refusals) = await Databases.OpenAsync(read, [.. parts.Zip(databases, (part, d) => part.Source with { Key = d.Key })], Cancellation);
            Assert.Empty(refusals);
            under.Databases = opened!;
            return under;
        }
        catch
        {
            await under.DisposeAsync();
            throw;
        }
    }

    public static Provider Other(Provider provider) => provider == Provider.Sqlite ? Provider.Postgresql : Provider.Sqlite;

    /// <summary>Two datasets in one map file.</summary>
    public static string Maps(string crm, string shop) => crm + shop.Replace("dataset:\n", "", StringComparison.Ordinal);

    public MappedDatabaseUnderTest Part(int index) => _parts[index];

    public MappedDatabaseUnderTest Crm => _parts[0];

    public MappedDatabaseUnderTest Shop => _parts[1];

    public async Task<string> DumpAsync() => string.Join("\n--\n", await Task.WhenAll(_parts.Select(p => p.DumpAsync())));

    public async Task<JsonObject> AccessAsync(IReadOnlyList<Identity> identities)
    {
        using var json = new MemoryStream();
        Assert.Empty(await new Access(Databases).WriteJsonAsync(identities, json, Cancellation));
        return (JsonObject)JsonNode.Parse(json.ToArray())!["collections"]!;
    }

    /// <summary>The values of one column that access shows of a collection (<c>dataset.collection</c>).</summary>
    public async Task<string[]> SeenAsync(string email, string collection, string column) =>
        [.. (await AccessAsync(Email(email)))[collection]!.AsArray().Select(row => row![column]?.ToString() ?? "-")];

    public async Task<string[]> PlanAsync(string email, ErasureScope? scope = null) => Texts((await DoneAsync(Erasure.PlanAsync(Email(email), scope ?? ErasureScope.Everything, Cancellation))).Steps);

    /// <summary>
    /// Plans, erases one database after the other, looks for what is left and erases again; holds to what is true of every erasure. What the
    /// databases had to tell each other is written down in between, as the portal does.
    /// </summary>
    /// <param name="backwards">Takes the databases in the opposite order: none is to matter.</param>
    public async Task<string[]> EraseAsync(IReadOnlyList<Identity> identities, ErasureScope? scope = null, bool backwards = false)
    {
        scope ??= ErasureScope.Everything;
        var before = await DumpAsync();
        var plan = await DoneAsync(Erasure.PlanAsync(identities, scope, Cancellation));
        Assert.Equal(before, await DumpAsync());
        var carried = JsonSerializer.Deserialize<List<CarriedValues>>(JsonSerializer.Serialize(plan.Carried))!;
        List<string> order = [.. backwards ? Databases.Keys.Reverse() : Databases.Keys];
        var steps = new List<ErasureStep>();
        foreach (var key in order)
        {
            steps.AddRange((await DoneAsync(Erasure.ExecuteAsync(key, identities, scope, carried, null, Cancellation))).Steps);
        }

        Assert.Equal(Texts(plan.Steps), Texts(steps));
        Assert.Equal(0, await Erasure.LeftAsync(identities, scope, carried, Cancellation));
        var after = await DumpAsync();
        foreach (var key in order)
        {
            Assert.DoesNotContain((await DoneAsync(Erasure.ExecuteAsync(key, identities, scope, carried, null, Cancellation))).Steps, s => s.Changes);
            Assert.DoesNotContain((await DoneAsync(Erasure.ExecuteAsync(key, identities, scope, Cancellation))).Steps, s => s.Changes);
        }

        Assert.Equal(after, await DumpAsync());
        return Texts(plan.Steps);
    }

    public Task<string[]> EraseAsync(string email, ErasureScope? scope = null, bool backwards = false) => EraseAsync(Email(email), scope, backwards);

    public async ValueTask DisposeAsync()
    {
        foreach (var part in _parts)
        {
            await part.DisposeAsync();
        }
    }

    private static async Task<ErasureOutcome.Done> DoneAsync(Task<ErasureOutcome> outcome) => await outcome is ErasureOutcome.Refused refused
        ? throw new Xunit.Sdk.XunitException($"Refused: {string.Join("; ", refused.Reasons)}")
        : (ErasureOutcome.Done)await outcome;
}
