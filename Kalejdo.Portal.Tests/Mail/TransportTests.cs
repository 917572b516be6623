using System.Globalization;
using Kalejdo.Portal.Mail;
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

        // One that tries the login, one that sends.
        Assert.Equal(2, connections);
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
    [InlineData("defer@exempel.se", "smtp-451", false)]
    [InlineData("reject@exempel.se", "smtp-550", true)]
    [InlineData("full@exempel.se", "smtp-552", true)]
    [InlineData("dies@exempel.se", "connection", false)]
    [InlineData("ingen adress", "address", true)]
    public async Task What_passes_is_told_from_what_does_not(string address, string code, bool forGood)
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        await _post.PostAsync(address);
        Assert.Equal(0, await _post.Smtp(server).SendDueAsync(Cancellation));

        var row = Assert.Single(await _post.RowsAsync());
        Assert.Equal((code, forGood), (row.FailureCode, row.FailedAt is not null));
        Assert.Equal(forGood, row.Content is null);
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
