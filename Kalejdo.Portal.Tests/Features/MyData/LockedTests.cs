using System.Net;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Features.MyData;

public sealed class LockedTests(PortalOfItsOwn portal) : IClassFixture<PortalOfItsOwn>
{
    private const string Heading = "Vi når inte uppgifterna just nu";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_another_program_holds_the_database_people_are_told_so()
    {
        using var client = await portal.SignedInAsync(24);
        var consents = Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Consents));
        var download = Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Download));
        await using var holder = await LockAsync();

        var answers = await Task.WhenAll(
            new[] { PortalUrls.Overview, PortalUrls.MyData, PortalUrls.Kind("contact_details"), PortalUrls.Consents }.Select(address => client.GetAsync(address, Cancellation)));
        foreach (var response in answers)
        {
            await AssertSaidAsync(response);
        }

        await AssertSaidAsync(await client.PostFormAsync(PortalUrls.Consents, "consent-offers_by_sms", consents));
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", download)]);
        await AssertSaidAsync(await client.PostAsync(PortalUrls.DownloadEverything, form, Cancellation));
    }

    [Fact]
    public async Task What_fails_only_while_it_is_read_is_said_on_the_page_itself()
    {
        using var client = await portal.SignedInAsync(24);
        var consents = Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Consents));
        var download = Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Download));
        await portal.SqlAsync("ALTER TABLE consent RENAME TO consent_away");
        try
        {
            foreach (var address in new[] { PortalUrls.Overview, PortalUrls.MyData, PortalUrls.Kind("consents"), PortalUrls.Consents })
            {
                await AssertSaidAsync(await client.GetAsync(address, Cancellation));
            }

            await AssertSaidAsync(await client.PostFormAsync(PortalUrls.Consents, "consent-offers_by_sms", consents));
            using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", download)]);
            using var refused = await client.PostAsync(PortalUrls.DownloadEverything, form, Cancellation);
            Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
            Assert.Contains(Heading, await client.PageAsync(refused.Headers.Location!.PathOf()), StringComparison.Ordinal);
        }
        finally
        {
            await portal.SqlAsync("ALTER TABLE consent_away RENAME TO consent");
        }
    }

    private static async Task AssertSaidAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var page = await response.PageAsync();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal(Heading, Html.Heading(page));
            Assert.DoesNotContain("Exception", page, StringComparison.Ordinal);
            Assert.DoesNotContain("SQLite", page, StringComparison.OrdinalIgnoreCase);
        }
    }

    // In WAL mode readers pass a writer by; a connection in exclusive mode lets nobody in.
    private async Task<SqliteConnection> LockAsync()
    {
        var holder = new SqliteConnection(portal.KalejdoConnection);
        await holder.OpenAsync(Cancellation);
        foreach (var sql in (string[])["PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"])
        {
            await using var command = holder.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        return holder;
    }
}
