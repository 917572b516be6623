using System.Net;
using Kalejdo.Portal.Features.Mailbox;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kalejdo.Portal.Tests.Features.Mailbox;

public sealed class MailboxTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("portal-mailbox-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Shows_a_mail_a_moment_after_it_is_committed_with_its_code_and_its_links()
    {
        await using var portal = Portal();
        var mail = await PostAsync(portal, "417205");
        using var person = PortalFixture.Client(portal);

        var list = await person.PageAsync(PortalUrls.Mailbox);
        Assert.Contains("Ett verktyg för demonstration", list, StringComparison.Ordinal);
        Assert.Contains($"href=\"{PortalUrls.Mail(mail)}\"", list, StringComparison.Ordinal);
        Assert.Contains("anna@exempel.se", list, StringComparison.Ordinal);

        var page = await person.PageAsync(PortalUrls.Mail(mail));
        Assert.Equal("Din kod från Kalejdo", Html.Heading(page));
        Assert.Contains("Auto-Submitted: auto-generated", page, StringComparison.Ordinal);
        Assert.Contains("\n417205\n", page, StringComparison.Ordinal);
        Assert.Contains($"<iframe class=\"mail-frame\" src=\"{PortalUrls.MailFrame(mail)}\"", page, StringComparison.Ordinal);

        using var frame = await person.GetAsync(PortalUrls.MailFrame(mail), Cancellation);
        var policy = Assert.Single(frame.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.Contains("sandbox", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("allow-scripts", policy + page, StringComparison.Ordinal);
        Assert.Equal("SAMEORIGIN", Assert.Single(frame.Headers.GetValues("X-Frame-Options")));
        var html = await frame.PageAsync();
        Assert.Contains("<p class=\"code\">417205</p>", html, StringComparison.Ordinal);
        Assert.Contains("http://localhost:5080/inte-min-adress/lank/", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mail:Mailbox", "false")]
    [InlineData("Portal:PublicAddress", "https://mina-uppgifter.kalejdo.example/")]
    public async Task Is_not_there_where_it_is_switched_off_or_others_could_reach_it(string setting, string value)
    {
        await using var portal = Portal((setting, value));
        var mail = await PostAsync(portal, "417205");
        using var person = PortalFixture.Client(portal);

        foreach (var address in new[] { PortalUrls.Mailbox, PortalUrls.Mail(mail), PortalUrls.MailFrame(mail), PortalUrls.Letters, PortalUrls.LetterFrame("LinkedLetter", "sv") })
        {
            using var response = await person.GetAsync(address, Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.DoesNotContain("anna", await response.PageAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_gallery_shows_every_letter_in_both_languages_without_a_script()
    {
        await using var portal = Portal();
        using var person = PortalFixture.Client(portal);
        var page = await person.PageAsync(PortalUrls.Letters);
        foreach (var letter in SampleLetters.All)
        {
            foreach (var language in LetterGallery.Languages)
            {
                var printed = await portal.Services.GetRequiredService<LetterGallery>().PrintAsync(letter, language);
                Assert.Contains(printed.Subject, page, StringComparison.Ordinal);
                Assert.Contains(printed.Text.ReplaceLineEndings("\n").Trim(), page, StringComparison.Ordinal);
                Assert.Contains($"src=\"{PortalUrls.LetterFrame(letter.ToString(), language)}\"", page, StringComparison.Ordinal);
                using var frame = await person.GetAsync(PortalUrls.LetterFrame(letter.ToString(), language), Cancellation);
                Assert.Contains("sandbox", Assert.Single(frame.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
                Assert.Equal(WebUtility.HtmlDecode(printed.Html), await frame.PageAsync());
            }
        }
    }

    [Theory]
    [InlineData("..%2F..%2Fvar%2Fportal")]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("*")]
    public async Task Opens_its_own_files_alone(string name)
    {
        await using var portal = Portal();
        using var person = PortalFixture.Client(portal);
        foreach (var address in new[] { $"{PortalUrls.Mailbox}/{name}", $"{PortalUrls.Mailbox}/{name}/html" })
        {
            using var response = await person.GetAsync(address, Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private WebApplicationFactory<Program> Portal(params IEnumerable<(string Name, string Value)> settings) =>
        new WebApplicationFactory<Program>().WithWebHostBuilder(builder =>
        {
            builder.UseEnvironment(Environments.Production).UseSetting("DataRoot", _data);
            foreach (var (name, value) in settings)
            {
                builder.UseSetting(name, value);
            }
        });

    /// <summary>Commits a letter and waits until the portal has put it into the folder by itself.</summary>
    /// <returns>The file's name.</returns>
    private async Task<string> PostAsync(WebApplicationFactory<Program> portal, string code)
    {
        var services = portal.Services;
        var folder = Directory.CreateDirectory(Path.Combine(_data, "var", "mail")).FullName;
        var arrived = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(folder, "*.eml");
        watcher.Created += (_, file) => arrived.TrySetResult(Path.GetFileNameWithoutExtension(file.Name!));
        watcher.Renamed += (_, file) => arrived.TrySetResult(Path.GetFileNameWithoutExtension(file.Name!));
        watcher.EnableRaisingEvents = true;

        await using var db = services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();
        await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
        {
            await services.GetRequiredService<Outbox>().AddAsync(db, new AddressCodeLetter(code), "anna@exempel.se", "sv", null, Cancellation);
            await db.SaveChangesAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        // The job's next round would come too late for this.
        return await arrived.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancellation);
    }
}
