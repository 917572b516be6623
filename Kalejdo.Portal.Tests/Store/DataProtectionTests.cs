using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Store;

public class DataProtectionTests
{
    [Fact]
    public async Task Another_node_reads_what_one_has_protected()
    {
        await using var one = await CreateAsync();
        await using var other = one.Another();
        var payload = WorkingSet.Protector(Protection(one), "K-2026-222222").Protect("kund@example.se"u8.ToArray());

        Assert.Equal("kund@example.se"u8, WorkingSet.Protector(Protection(other), "K-2026-222222").Unprotect(payload));
        Assert.Throws<CryptographicException>(() => WorkingSet.Protector(Protection(other), "K-2026-333333").Unprotect(payload));
    }

    [Fact]
    public async Task The_database_alone_holds_no_key_in_the_clear()
    {
        await using var store = await CreateAsync();
        Protection(store).CreateProtector("test").Protect([1]);

        await using var db = store.Open();
        var stored = Assert.Single(await db.DataProtectionKeys.AsNoTracking().ToListAsync(Cancellation));
        Assert.Contains("encryptedSecret", stored.Xml, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", stored.Xml, StringComparison.Ordinal);
    }

    /// <summary>As the framework does by itself before a key is 90 days old.</summary>
    [Fact]
    public async Task A_new_key_takes_over_and_what_the_old_one_protected_is_still_read()
    {
        await using var store = await CreateAsync();
        var before = Protection(store).CreateProtector("test").Protect([1]);
        // The framework's clock is the machine's.
        var now = TimeProvider.System.GetUtcNow();
        store.Services.GetRequiredService<IKeyManager>().CreateNewKey(now, now.AddDays(90));

        await using var restarted = store.Another();
        var protector = Protection(restarted).CreateProtector("test");
        Assert.NotEqual(KeyOf(before), KeyOf(protector.Protect([1])));
        Assert.Equal<byte>([1], protector.Unprotect(before));

        // Behind the mark of the format.
        static Guid KeyOf(byte[] payload) => new(payload.AsSpan(4, 16));
    }

    [Fact]
    public async Task A_start_with_another_key_file_is_refused()
    {
        await using var store = await CreateAsync();
        Protection(store).CreateProtector("test").Protect([1]);
        File.Delete(store.KeyFile);

        await using var restarted = store.Another();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(restarted.MigrateAsync);

        Assert.Contains(store.KeyFile, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_protected_mail_shows_nothing_in_the_file()
    {
        await using var store = await CreateAsync();
        await using (var db = store.Open())
        {
            var protector = OutboxMail.Protector(Protection(store), "<1@portal>");
            db.Outbox.Add(new OutboxMail
            {
                MessageId = "<1@portal>",
                Recipient = protector.Protect(Encoding.UTF8.GetBytes("kund@example.se")),
                Content = protector.Protect(Encoding.UTF8.GetBytes("Hej kund")),
                Template = "erasure-done",
                CreatedAt = store.Now,
                DueAt = store.Now,
            });
            await db.SaveChangesAsync(Cancellation);
        }

        var files = store.IsPostgres
            ? [await ReadTableAsync(store)]
            : await Task.WhenAll(Directory.GetFiles(Path.GetDirectoryName(store.DatabaseFile)!).Select(ReadSharedAsync));
        Assert.Contains(files, file => file.AsSpan().IndexOf("erasure-done"u8) >= 0);
        Assert.All(files, file => Assert.Equal(-1, file.AsSpan().IndexOf("kund@example.se"u8)));
    }

    private static IDataProtectionProvider Protection(StoreOnDisk store) => store.Services.GetRequiredService<IDataProtectionProvider>();

    private static async Task<byte[]> ReadTableAsync(StoreOnDisk store)
    {
        await store.SqlAsync("CHECKPOINT");
        await using var db = store.Open();
        return await db.Database.SqlQuery<byte[]>($"SELECT pg_read_binary_file(pg_relation_filepath('outbox')) AS \"Value\"").SingleAsync(Cancellation);
    }

    private static async Task<byte[]> ReadSharedAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, Cancellation);
        return bytes;
    }
}

[OnPostgres]
public sealed class DataProtectionOnPostgresTests : DataProtectionTests;
