using System.Globalization;
using System.Text;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>What is owed after an erasure is closed: overwritten on disk, looked for in free text, mails removed, and said on the receipt.</summary>
public sealed class ErasureFollowUpTests : IAsyncDisposable
{
    private const int Somebody = 8;

    // Its own for each test: what is due in one is due in all.
    private readonly SignedInPortal portal = new();

    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private static string Address => new DemoSubscriber(Somebody).OwnEmail;

    // Erased between two and three o'clock, the next night is too soon; and a day may have 25 hours.
    private static readonly TimeSpan PastTheNight = TimeSpan.FromHours(26);

    [Fact]
    public async Task Nothing_of_the_address_is_left_on_the_disk_the_accounts_own_included()
    {
        using var client = portal.Client(await portal.AccountAsync(Somebody));
        await PortalToDiskAsync();
        Assert.NotEmpty(await FilesWithAsync(Address));

        var receipt = await EraseAsync(client);

        Assert.Empty(await FilesWithAsync(Address));
        Assert.Contains($"Borttaget ur databaserna och överskrivet {Day(SwedishDays.Today(portal.Time))}.", receipt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_overwritten_has_its_day_on_the_receipt_and_is_done_when_the_file_is_free()
    {
        using var client = portal.Client(await portal.AccountAsync(Somebody));
        string receipt, address;
        await using (await ReaderAsync())
        {
            (address, receipt) = await ReceiptAsync(client);
            Assert.Contains($"Det som finns kvar på disken skrivs över senast {Day(ErasureFollowUps.OverwriteBy(portal.Time.GetUtcNow().UtcDateTime))}", receipt, StringComparison.Ordinal);

            // The day passes, and the other program still reads.
            portal.Time.Advance(TimeSpan.FromDays(2));
            await RunAsync();
            portal.Time.Advance(TimeSpan.FromHours(2));
            await RunAsync();
            Assert.Contains("men är det inte än", await client.PageAsync(address), StringComparison.Ordinal);
            await using var db = portal.Store();
            Assert.Equal(StaffTaskKind.OverwriteLate, (await db.StaffTasks.SingleAsync(Cancellation)).Kind);
        }
        // Not each minute: writing a whole file anew is work.
        await RunAsync();
        Assert.Contains("men är det inte än", await client.PageAsync(address), StringComparison.Ordinal);

        portal.Time.Advance(TimeSpan.FromHours(2));
        await RunAsync();

        Assert.Contains($"överskrivet {Day(SwedishDays.Today(portal.Time))}.", await client.PageAsync(address), StringComparison.Ordinal);
        await using var after = portal.Store();
        Assert.False(await after.ErasureFollowUps.AnyAsync(Cancellation));
    }

    [Fact]
    public async Task In_the_night_the_identity_is_looked_for_and_staff_are_told_where_not_what()
    {
        using var client = portal.Client(await portal.AccountAsync(Somebody));
        await portal.SqlAsync($"INSERT INTO fault_report (reporter_name, description, fault, reported_at) VALUES ('En granne', 'Ring {Address.ToUpperInvariant()} före besök', 'slow', '2026-01-01 10:00:00')");
        await EraseAsync(client);
        await RunAsync();
        Assert.Empty(await TasksAsync());

        portal.Time.Advance(PastTheNight);
        await Task.WhenAll(RunAsync(), RunAsync());

        var task = Assert.Single(await TasksAsync());
        Assert.Equal((StaffTaskKind.TraceFound, "kalejdo.fault_report.description", 1), (task.Kind, task.Place, task.Rows));
        await using var db = portal.Store();
        // Whose it was is known no more.
        Assert.False(await db.ErasureFollowUps.AnyAsync(Cancellation));
        await PortalToDiskAsync();
        Assert.DoesNotContain("portal.db", await FilesWithAsync(Address));
    }

    [Fact]
    public async Task A_claim_that_a_kill_left_behind_runs_out()
    {
        using var client = portal.Client(await portal.AccountAsync(Somebody));
        await EraseAsync(client);
        portal.Time.Advance(PastTheNight);
        await using (var db = portal.Store())
        {
            var until = portal.Time.GetUtcNow().UtcDateTime.AddMinutes(30);
            await db.ErasureFollowUps.ExecuteUpdateAsync(set => set.SetProperty(f => f.ClaimedBy, "killed").SetProperty(f => f.ClaimedUntil, until), Cancellation);
        }

        await RunAsync();
        await using var held = portal.Store();
        Assert.True(await held.ErasureFollowUps.AnyAsync(Cancellation));

        portal.Time.Advance(TimeSpan.FromMinutes(31));
        await RunAsync();
        Assert.False(await held.ErasureFollowUps.AnyAsync(Cancellation));
    }

    [Fact]
    public async Task Mails_in_the_folder_go_in_the_night_those_of_others_stay()
    {
        using var client = portal.Client(await portal.AccountAsync(Somebody));
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(portal.Kalejdo)!, "mail")).FullName;
        var (mine, theirs, later) = (Path.Combine(folder, "a.eml"), Path.Combine(folder, "b.eml"), Path.Combine(folder, "c.eml"));
        foreach (var (file, to) in ((string, string)[])[(mine, Address.ToUpperInvariant()), (theirs, "nagon.annan@post.example"), (later, Address)])
        {
            await File.WriteAllTextAsync(file, $"From: portal@kalejdo.example\r\nTo: {to}\r\nSubject: Hej\r\n\r\nHej\r\n", Cancellation);
            File.SetLastWriteTimeUtc(file, portal.Time.GetUtcNow().UtcDateTime);
        }
        await EraseAsync(client);
        // Of who came back.
        File.SetLastWriteTimeUtc(later, portal.Time.GetUtcNow().UtcDateTime.AddHours(2));
        await RunAsync();
        Assert.True(File.Exists(mine));

        portal.Time.Advance(PastTheNight);
        await RunAsync();

        Assert.Equal([theirs, later], Directory.GetFiles(folder).Order());
    }

    [Fact]
    public async Task Mail_links_to_an_erased_address_keep_no_copy_of_it()
    {
        using var client = portal.Client(await portal.AccountAsync(Somebody));
        await using var db = portal.Store();
        var (keys, now) = (portal.Services.GetRequiredService<PortalKeys>(), portal.Time.GetUtcNow().UtcDateTime);
        db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.Disavowal, Address, now, TimeSpan.FromDays(90), out _));
        db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.Disavowal, "nagon.annan@post.example", now, TimeSpan.FromDays(90), out _));
        // That mail came back is forgotten with the address too.
        foreach (var address in (string[])[Address, "nagon.annan@post.example"])
        {
            db.BouncedAddresses.Add(new BouncedAddress { AddressHash = MailLink.HashAddress(keys, address), ReasonCode = "smtp-550", BouncedAt = now, ExpiresAt = now.AddDays(9) });
        }
        await db.SaveChangesAsync(Cancellation);

        await EraseAsync(client);

        Assert.Equal("nagon.annan@post.example", (await db.MailLinks.AsNoTracking().SingleAsync(Cancellation)).Address(keys));
        Assert.Equal(MailLink.HashAddress(keys, "nagon.annan@post.example"), (await db.BouncedAddresses.AsNoTracking().SingleAsync(Cancellation)).AddressHash);
    }

    [Fact]
    public async Task A_receipts_link_opens_again_and_says_when_its_time_is_over()
    {
        using var client = portal.Client(await portal.AccountAsync(Somebody));
        var (address, _) = await ReceiptAsync(client);
        using var nobody = portal.Client(null);
        using (var shown = await nobody.GetAsync(new Uri(address, UriKind.Relative), Cancellation))
        {
            Assert.True(shown.Headers.CacheControl!.NoStore);
            Assert.Equal("no-referrer", shown.Headers.GetValues("Referrer-Policy").Single());
        }
        portal.Time.Advance(TimeSpan.FromDays(29));
        Assert.Equal("Kvitto på ditt ärende", Html.Heading(await nobody.PageAsync(address)));
        portal.Time.Advance(TimeSpan.FromDays(2));
        foreach (var page in (string[])[address, address.Replace("/kvitto/", "/arende/", StringComparison.Ordinal)])
        {
            Assert.Equal("Länken har slutat fungera", Html.Heading(await nobody.PageAsync(page)));
        }
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    private static string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.GetCultureInfo("sv"));

    private Task RunAsync() => portal.Services.GetRequiredService<ErasureFollowUps>().RunDueAsync(Cancellation);

    private async Task<string> EraseAsync(HttpClient client) => (await ReceiptAsync(client)).Page;

    private async Task<(string Address, string Page)> ReceiptAsync(HttpClient client)
    {
        var page = await client.PageAsync(PortalUrls.EraseEverything);
        var answer = await client.SubmitAsync(PortalUrls.EraseEverything, page, ("When", ErasureWhen.Now));
        var target = answer.Headers.Location!.PathOf();
        var receipt = "";
        // Closed, and the overwriting tried once.
        while (receipt.Length == 0)
        {
            var links = Html.Links(await client.PageAsync(target)).Where(link => link.StartsWith("/kvitto/", StringComparison.Ordinal));
            await using var db = portal.Store();
            var tried = portal.Time.GetUtcNow().UtcDateTime.AddMinutes(15);
            receipt = await db.ErasureFollowUps.AnyAsync(f => f.DueAt > tried, Cancellation) ? links.FirstOrDefault() ?? "" : "";
        }
        return (receipt, await client.PageAsync(receipt));
    }

    private async Task<List<StaffTask>> TasksAsync()
    {
        await using var db = portal.Store();
        return await db.StaffTasks.AsNoTracking().ToListAsync(Cancellation);
    }

    /// <summary>Another program that reads: it keeps the write-ahead log from being cut.</summary>
    private async Task<SqliteConnection> ReaderAsync()
    {
        var connection = new SqliteConnection($"Data Source={portal.Kalejdo};Pooling=False");
        await connection.OpenAsync(Cancellation);
        foreach (var sql in (string[])["PRAGMA journal_mode = wal", "BEGIN", "SELECT count(*) FROM subscriber"])
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteScalarAsync(Cancellation);
        }
        return connection;
    }

    private async Task PortalToDiskAsync()
    {
        await using var db = portal.Store();
        await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(PASSIVE)", Cancellation);
    }

    private async Task<IReadOnlyList<string>> FilesWithAsync(string text)
    {
        var found = new List<string>();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(portal.Kalejdo)!))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, Cancellation);
            var content = Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
            if (content.Contains(text, StringComparison.OrdinalIgnoreCase))
            {
                found.Add(Path.GetFileName(file));
            }
        }
        return found;
    }
}
