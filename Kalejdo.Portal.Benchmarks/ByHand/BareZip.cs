using System.IO.Compression;
using Kalejdo.Portal.Benchmarks.Data;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Benchmarks.ByHand;

/// <summary>Packs bytes that lie ready: what no download can be faster than, one entry after the other at the same level.</summary>
internal sealed class BareZip
{
    private readonly List<(string Name, byte[] Content)> _entries = [];

    public static async Task<BareZip> OfAsync(DataSet data, CancellationToken cancellationToken)
    {
        var (bare, packed) = (new BareZip(), new MemoryStream());
        await new AccessZip(data.Databases, DataSet.Time).WriteAsync(data.Identities, packed, cancellationToken);
        await using var archive = new ZipArchive(packed, ZipArchiveMode.Read);
        foreach (var entry in archive.Entries)
        {
            var content = new byte[entry.Length];
            await using var stream = await entry.OpenAsync(cancellationToken);
            await stream.ReadExactlyAsync(content, cancellationToken);
            bare._entries.Add((entry.FullName, content));
        }
        return bare;
    }

    public long Bytes => _entries.Sum(e => (long)e.Content.Length);

    public async Task WriteAsync(Stream output, CancellationToken cancellationToken)
    {
        var archive = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        await using (archive)
        {
            foreach (var (name, content) in _entries)
            {
                await using var stream = await archive.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken);
                for (var at = 0; at < content.Length; at += 64 * 1024)
                {
                    await stream.WriteAsync(content.AsMemory(at, Math.Min(64 * 1024, content.Length - at)), cancellationToken);
                }
            }
        }
    }
}
