using System.Globalization;
using System.Text;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Mail;

public sealed class TransportTests : IAsyncLifetime
{
    private PostOffice _post = null!;

    [Fact]
    public async Task A_mail_arrives_as_it_was_written_over_tls_with_login()
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        await _post.PostAsync();
        Assert.Equal(1, await _post.Smtp(server).SendDueAsync(Cancellation));

        var taken = await server.NextAsync();
        Assert.Equal(PostOffice.Address, Assert.Single(taken.To));
        Assert.Equal((_post.Options.From, true, "portal"), (taken.From, taken.Secure, taken.User));
        var mail = EmlFile.Parse(taken.Raw);
        AssertComplete(mail);
        Assert.Equal((await _post.RowsAsync())[0].MessageId, mail["Message-ID"]);
    }

    [Fact]
    public async Task Several_mails_share_a_connection()
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        _post.Options.Parallel = 1;
        for (var i = 0; i < 5; i++)
        {
            await _post.PostAsync();
        }

        Assert.Equal(5, await _post.Smtp(server).SendDueAsync(Cancellation));
        var connections = 0;
        for (var i = 0; i < 5; i++)
        {
            connections = (await server.NextAsync()).Connections;
        }

#if FULL_FEED
        Assert.Equal(1, connections);
#else
        // One that tries the login, one that sends.
        Assert.Equal(2, connections);
#endif
    }

    [Theory]
    [InlineData("refused", "login-refused")]
    [InlineData("missing", "login-missing")]
    [InlineData("plaintext", "no-starttls")]
    public async Task No_login_no_mail(string auth, string code)
    {
        await using var server = await SmtpPeer.StartAsync(auth);
        await _post.PostAsync();
        Assert.Equal(0, await _post.Smtp(server).SendDueAsync(Cancellation));

        var row = Assert.Single(await _post.RowsAsync());
        Assert.Equal((code, null, 1), (row.FailureCode, row.FailedAt, row.Attempts));
    }

    [Fact]
    public async Task A_server_without_starttls_gets_nothing_even_where_no_login_is_asked_for()
    {
        await using var server = await SmtpPeer.StartAsync("plaintext");
        await _post.PostAsync();
        Assert.Equal(0, await _post.Smtp(server, user: null, password: null).SendDueAsync(Cancellation));

        Assert.Null(Assert.Single(await _post.RowsAsync()).FailedAt);
    }

    [Theory]
    [InlineData("defer@exempel.se", "smtp-451", Fate.Waits)]
    [InlineData("norelay@exempel.se", "smtp-554-5.7.1", Fate.Waits)]
    [InlineData("spam@exempel.se", "smtp-550-5.7.1", Fate.Waits)]
    [InlineData("dies@exempel.se", "connection", Fate.Waits)]
    [InlineData("crowded@exempel.se", "smtp-552-5.2.2", Fate.GivenUp)]
    [InlineData("full@exempel.se", "smtp-552", Fate.GivenUp)]
    [InlineData("reject@exempel.se", "smtp-550", Fate.AddressMarked)]
    [InlineData("unknown@exempel.se", "smtp-550-5.1.1", Fate.AddressMarked)]
    [InlineData("ingen adress", "address", Fate.AddressMarked)]
    public async Task What_passes_is_told_from_what_does_not_and_a_mailbox_that_is_none_from_both(string address, string code, Fate fate)
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        await _post.PostAsync(address);
        Assert.Equal(0, await _post.Smtp(server).SendDueAsync(Cancellation));

        var row = Assert.Single(await _post.RowsAsync());
        Assert.Equal((code, fate != Fate.Waits), (row.FailureCode, row.FailedAt is not null));
        Assert.Equal(fate != Fate.Waits, row.Content is null);
        await using var db = _post.Store.Open();
        Assert.Equal(fate == Fate.AddressMarked, await BouncedAddress.IsMarkedAsync(db, _post.Store.Keys, address, _post.Store.Now, Cancellation));
        Assert.Equal(
            fate switch { Fate.Waits => [], Fate.GivenUp => [StaffTaskKind.MailUndeliverable], _ => [StaffTaskKind.AddressBounced] },
            db.StaffTasks.Select(task => task.Kind).ToArray());
        Assert.All(_post.Logged, line => Assert.DoesNotContain(address, line, StringComparison.Ordinal));
    }

    public enum Fate
    {
        Waits,
        GivenUp,
        AddressMarked,
    }

    [Fact]
    public async Task A_sender_that_the_server_refuses_is_our_fault_and_no_mail_is_given_up_for_it()
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        _post.Options.BounceAddress = "stranger@exempel.se";
        await _post.PostAsync();
        Assert.Equal(0, await _post.Smtp(server).SendDueAsync(Cancellation));

        var row = Assert.Single(await _post.RowsAsync());
        Assert.Equal(("sender-refused", null), (row.FailureCode, row.FailedAt));
    }

    [Fact]
    public async Task Bounces_go_where_the_settings_say()
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        _post.Options.BounceAddress = "studs@exempel.se";
        await _post.PostAsync();
        Assert.Equal(1, await _post.Smtp(server).SendDueAsync(Cancellation));

        var taken = await server.NextAsync();
        Assert.Equal("studs@exempel.se", taken.From);
        Assert.Contains(_post.Options.From, EmlFile.Parse(taken.Raw)["From"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ok", "märta@exempel.se", false)]
    [InlineData("ok", "marta@exempel.se", true)]
    [InlineData("ok", "marta@brevlåda.example", true)]
    [InlineData("ascii", "marta@exempel.se", true)]
    [InlineData("ascii", "marta@brevlåda.example", true)]
    public async Task A_mail_is_ascii_all_through_unless_its_mailbox_is_not(string auth, string address, bool ascii)
    {
        await using var server = await SmtpPeer.StartAsync(auth);
        await _post.PostAsync(address);
        Assert.Equal(1, await _post.Smtp(server).SendDueAsync(Cancellation));

        var taken = await server.NextAsync();
        Assert.Equal(address, Assert.Single(taken.To));
        Assert.Equal(ascii, Ascii.IsValid(taken.Raw));
        Assert.Equal("Din kod från Kalejdo", EmlFile.Parse(taken.Raw)["Subject"]);
    }

    [Fact]
    public async Task A_mailbox_beyond_ascii_is_out_of_reach_of_a_server_without_smtputf8()
    {
        await using var server = await SmtpPeer.StartAsync("ascii");
        await _post.PostAsync("märta@exempel.se");
        Assert.Equal(0, await _post.Smtp(server).SendDueAsync(Cancellation));

        var row = Assert.Single(await _post.RowsAsync());
        Assert.Equal("no-smtputf8", row.FailureCode);
        Assert.NotNull(row.FailedAt);
        await using var db = _post.Store.Open();
        Assert.Empty(db.BouncedAddresses);
    }

    [Fact]
    public async Task A_server_that_never_answers_costs_its_time_limit_and_holds_up_nobody_else()
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        (_post.Timeout, _post.Options.Parallel) = (2, 2);
        await _post.PostAsync("slow@exempel.se");
        for (var i = 0; i < 6; i++)
        {
            await _post.PostAsync();
        }

        Assert.Equal(6, await _post.Smtp(server).SendDueAsync(Cancellation));
        var rows = await _post.RowsAsync();
        Assert.Equal(("timeout", null), (rows[0].FailureCode, rows[0].FailedAt));
        Assert.All(rows.Skip(1), row => Assert.NotNull(row.SentAt));
    }

    [Fact]
    public async Task What_was_deferred_is_taken_later_and_does_not_hold_up_the_others()
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        await _post.PostAsync("defer.later@exempel.se");
        await _post.PostAsync();
        var sender = _post.Smtp(server);
        Assert.Equal(1, await sender.SendDueAsync(Cancellation));
        _post.Store.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await sender.SendDueAsync(Cancellation));

        Assert.All(await _post.RowsAsync(), row => Assert.NotNull(row.SentAt));
    }

    [Fact]
    public async Task A_server_that_is_away_is_tried_again()
    {
        var server = await SmtpPeer.StartAsync("ok");
        await server.DisposeAsync();
        await _post.PostAsync();
        Assert.Equal(0, await _post.Smtp(server).SendDueAsync(Cancellation));

        Assert.Equal("connection", Assert.Single(await _post.RowsAsync()).FailureCode);
    }

    [Fact]
    public async Task A_pickup_folder_holds_each_mail_once_and_no_draft()
    {
        await _post.PostAsync();
        Assert.Equal(1, await _post.Pickup().SendDueAsync(Cancellation));

        var folder = Path.Combine(_post.Store.Folder, "var", "mail");
        var file = Assert.Single(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
        var mail = EmlFile.Parse(await File.ReadAllTextAsync(file, Cancellation));
        AssertComplete(mail);
        Assert.Contains(Path.GetFileNameWithoutExtension(file), mail["Message-ID"], StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync() => _post = await PostOffice.OpenAsync();

    public async ValueTask DisposeAsync() => await _post.DisposeAsync();

    private static void AssertComplete(EmlFile mail)
    {
        Assert.Equal("Din kod från Kalejdo", mail["Subject"]);
        Assert.Equal("auto-generated", mail["Auto-Submitted"]);
        Assert.Contains("Kalejdo åäö", mail["From"], StringComparison.Ordinal);
        Assert.Contains(PostOffice.Address, mail["To"], StringComparison.Ordinal);
        Assert.True(DateTimeOffset.TryParse(mail["Date"], CultureInfo.InvariantCulture, out _));
        Assert.StartsWith("multipart/alternative", mail["Content-Type"], StringComparison.Ordinal);
        Assert.Equal("", mail["List-Unsubscribe"]);
        Assert.Contains(PostOffice.Code, mail.Html, StringComparison.Ordinal);
        Assert.StartsWith("Mina uppgifter, Kalejdo Bredband AB\n\nDin kod\n\n", mail.Text, StringComparison.Ordinal);
        Assert.Contains("Då vet vi att brevlådan är din.", mail.Text, StringComparison.Ordinal);
    }
}
