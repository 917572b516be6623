using System.Globalization;
using System.Security.Cryptography;
using Kalejdo.Portal.Benchmarks.ByHand;
using Kalejdo.Portal.Benchmarks.Data;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Benchmarks;

/// <summary>The jobs of the README's table.</summary>
internal static class Jobs
{
    public const int PageSize = 25;

    public static Job Access(DataSet data, string name, double limit, string aim) => new(
        "access", name, "hand-written", limit, aim,
        cancellationToken => EngineJsonAsync(data, new Counter(), cancellationToken),
        cancellationToken => HandJsonAsync(data, new Counter(), cancellationToken));

    public static Job Erase(DataSet data, string name)
    {
        var kept = false;
        return new(
            "erase", name, "hand-written transaction", 1.2, "≤ 1.2 ×",
            async cancellationToken => Changed(await new Erasure(data.Databases, DataSet.Time).ExecuteAsync("kalejdo", data.Identities, ErasureScope.Everything, cancellationToken)),
            new HandErasure(data).ExecuteAsync,
            async cancellationToken =>
            {
                if (!kept)
                {
                    await Subject.KeepAsync(data, cancellationToken);
                    kept = true;
                }
                await Subject.PutBackAsync(data, cancellationToken);
            },
            cancellationToken => kept ? Subject.ForgetAsync(data, cancellationToken) : Task.CompletedTask);
    }

    /// <summary>The same subject among many, measured against the engine's own time among few.</summary>
    public static IEnumerable<Job> Growth(DataSet many, DataSet few, string name, string against)
    {
        yield return new(
            "growth", $"access, {name}", against, 1.2, "≤ 1.2 ×",
            async cancellationToken => await EngineRowsAsync(many, cancellationToken), async cancellationToken => await EngineRowsAsync(few, cancellationToken));
        yield return new(
            "growth", $"erasure plan, {name}", against, 1.2, "≤ 1.2 ×",
            cancellationToken => PlanAsync(many, cancellationToken), cancellationToken => PlanAsync(few, cancellationToken));
    }

    public static Job FirstPage(DataSet data, string name) => new(
        "page", name, "hand-written", 1.3, "≤ 1.3 ×",
        async cancellationToken => (await EnginePageAsync(data, cancellationToken)).Rows.Count,
        async cancellationToken => (await new HandPage(data).FirstAsync(PageSize, cancellationToken)).Rows.Count);

    public static async Task<Job> ZipAsync(DataSet data, string name, CancellationToken cancellationToken)
    {
        var bare = await BareZip.OfAsync(data, cancellationToken);
        return new(
            "zip", name, string.Create(CultureInfo.InvariantCulture, $"bare ZipArchive, {bare.Bytes / 1_000_000} MB"), 1 / 0.7, "≥ 0.7 × the speed",
            async token => await EngineZipAsync(data, new Counter(), token) > 0 ? 1 : 0,
            async token =>
            {
                await using var output = new Counter();
                await bare.WriteAsync(output, token);
                return output.Position > 0 ? 1 : 0;
            });
    }

    /// <summary>Whether both sides of an access write the same bytes.</summary>
    public static async Task<bool> SameJsonAsync(DataSet data, CancellationToken cancellationToken)
    {
        using IncrementalHash engine = IncrementalHash.CreateHash(HashAlgorithmName.SHA256), hand = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await EngineJsonAsync(data, new Counter(engine), cancellationToken);
        await HandJsonAsync(data, new Counter(hand), cancellationToken);
        return engine.GetHashAndReset().AsSpan().SequenceEqual(hand.GetHashAndReset());
    }

    public static async Task<DataPage> EnginePageAsync(DataSet data, CancellationToken cancellationToken)
    {
        var (page, problems) = await new Reading(data.Databases).PageAsync(data.Identities, "kalejdo.viewing_history", 1, PageSize, cancellationToken);
        return page ?? throw new InvalidOperationException(string.Join("; ", problems));
    }

    public static async Task<long> EngineJsonAsync(DataSet data, Stream output, CancellationToken cancellationToken)
    {
        await using (output)
        {
            Refuse(await new Access(data.Databases).WriteJsonAsync(data.Identities, output, cancellationToken));
            return output.Position;
        }
    }

    public static async Task<long> HandJsonAsync(DataSet data, Stream output, CancellationToken cancellationToken)
    {
        await using (output)
        {
            await new HandAccess(data).WriteJsonAsync(output, cancellationToken);
            return output.Position;
        }
    }

    public static async Task<long> EngineZipAsync(DataSet data, Stream output, CancellationToken cancellationToken)
    {
        await using (output)
        {
            Refuse(await new AccessZip(data.Databases, DataSet.Time).WriteAsync(data.Identities, output, cancellationToken));
            return output.Position;
        }
    }

    // Ids are longer among many subscribers, so rows are counted, not bytes.
    private static async Task<long> EngineRowsAsync(DataSet data, CancellationToken cancellationToken)
    {
        var rows = 0L;
        Refuse(await new Access(data.Databases).ReadAsync(data.Identities, async collection =>
        {
            await foreach (var _ in collection.RowsAsync(cancellationToken))
            {
                rows++;
            }
        }, cancellationToken));
        return rows;
    }

    private static async Task<long> PlanAsync(DataSet data, CancellationToken cancellationToken) =>
        Changed(await new Erasure(data.Databases, DataSet.Time).PlanAsync(data.Identities, ErasureScope.Everything, cancellationToken));

    private static long Changed(ErasureOutcome outcome) => outcome is ErasureOutcome.Done done
        ? done.Steps.Where(s => s.Changes).Sum(s => s.Rows)
        : throw new InvalidOperationException(string.Join("; ", ((ErasureOutcome.Refused)outcome).Reasons));

    private static void Refuse(IReadOnlyList<Refusal> refusals)
    {
        if (refusals.Count > 0)
        {
            throw new InvalidOperationException(string.Join("; ", refusals));
        }
    }
}
