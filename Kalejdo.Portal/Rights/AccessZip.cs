using System.Data.Common;
using System.Globalization;
using System.IO.Compression;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// A subject's data as a ZIP file (GDPR Art. 15 and 20): <c>index.html</c> to read, <c>data.json</c> for machines, a CSV file a collection
/// for spreadsheets. All of it is read in one snapshot a database and goes out as it is read: memory does not grow with the rows.
/// </summary>
/// <param name="databases">The databases.</param>
/// <param name="time">Tells when it was read.</param>
/// <param name="restricted">The kinds that are kept and not used (GDPR Art. 18); the page to read says so.</param>
public sealed class AccessZip(Databases databases, TimeProvider time, IReadOnlySet<string>? restricted = null)
{
    /// <param name="identities">Verified identities of one person; their rows are united.</param>
    /// <param name="output">Takes the archive; need not be seekable, is written asynchronously only, and stays open.</param>
    /// <returns>Why nothing was written (or, where a database fails while it is read, why the archive is not whole); empty when all was.</returns>
    public async Task<IReadOnlyList<Refusal>> WriteAsync(IReadOnlyList<Identity> identities, Stream output, CancellationToken cancellationToken)
    {
        if (databases.Unknown(identities) is { Count: > 0 } unknown)
        {
            return unknown;
        }
        var located = new List<Located>();
        var reading = databases.All[0];
        try
        {
            // Everybody's snapshot before the first byte: what cannot be had is refused, not left out.
            foreach (var database in databases.All)
            {
                reading = database;
                located.Add(await Located.LocateAsync(database, identities, write: false, cancellationToken));
            }
            List<AccessPart> parts = [.. located.SelectMany(l => l.Collections.Select(c => new AccessPart(new LocatedCollection(l, c), l.Database)))];
            NameFiles(parts);
            var forward = new AsynchronousOnly(output);
            var archive = await ZipArchive.CreateAsync(forward, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
            await using (archive)
            {
                await EntryAsync(archive, "data.json", stream => AccessJson.WriteAsync(identities, stream, EachAsync(parts), cancellationToken), cancellationToken);
                foreach (var part in parts)
                {
                    reading = part.Database;
                    await EntryAsync(archive, part.File, stream => AccessCsv.WriteAsync(part.Located, stream, part.Note, cancellationToken), cancellationToken);
                }
                var page = new AccessPage(databases.Map, time, restricted ?? new HashSet<string>(), part => reading = part.Database, cancellationToken);
                await EntryAsync(archive, "index.html", stream => page.WriteAsync(identities, parts, stream), cancellationToken);
            }
            await forward.FlushAsync(cancellationToken);
            return [];
        }
        catch (DbException e)
        {
            return [Databases.Unreachable(reading.Source, reading.Dialect, e)];
        }
        finally
        {
            foreach (var snapshot in located)
            {
                await snapshot.DisposeAsync();
            }
        }

        Func<Func<LocatedCollection, Task>, Task<int>> EachAsync(List<AccessPart> parts) => async write =>
        {
            foreach (var part in parts)
            {
                reading = part.Database;
                await write(part.Located);
            }
            return parts.Count;
        };
    }

    private static async Task EntryAsync(ZipArchive archive, string name, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        await using var stream = await archive.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken);
        await write(stream);
    }

    /// <summary>Names of a map may hold what a file name must not, on some system or other.</summary>
    private static void NameFiles(List<AccessPart> parts)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in parts)
        {
            var name = string.Concat(part.Collection.Id.Select(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '_'));
            var file = $"csv/{name}.csv";
            for (var i = 2; !taken.Add(file); i++)
            {
                file = string.Create(CultureInfo.InvariantCulture, $"csv/{name}-{i}.csv");
            }
            part.File = file;
        }
    }
}

/// <summary>A collection on its way into the archive.</summary>
internal sealed class AccessPart(LocatedCollection located, MappedDatabase database)
{
    public LocatedCollection Located => located;

    public MappedDatabase Database => database;

    public Collection Collection => located.Collection;

    public string File { get; set; } = "";

    public long Rows { get; private set; }

    /// <summary>Whether some rows are others' too, or others' alone.</summary>
    public bool Others { get; private set; }

    public void Note(AccessRow row)
    {
        Rows++;
        Others |= row.Anothers || row.Shared || row.Member;
    }
}
