using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Tests.Features.MyData;

public sealed class DownloadTests(PortalOfItsOwn portal) : IClassFixture<PortalOfItsOwn>
{
    private const int Complete = 21;
    private const int LargeHousehold = 17;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_comes_as_a_zip_whose_name_tells_nothing()
    {
        var before = await ReadsAsync("everything");
        using var client = await portal.SignedInAsync(Complete);
        using var response = await PostAsync(client, PortalUrls.DownloadEverything);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/zip", response.Content.Headers.ContentType!.MediaType);
        Assert.Matches(@"^mina-uppgifter-\d{4}-\d\d-\d\d\.zip$", response.Content.Headers.ContentDisposition!.FileName);
        Assert.Contains("no-store", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        using var zip = new ZipArchive(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Contains(zip.Entries, entry => entry.FullName == "index.html");
        Assert.Contains(zip.Entries, entry => entry.FullName.EndsWith(".csv", StringComparison.Ordinal));
        using var reader = new StreamReader(zip.GetEntry("data.json")!.Open());
        Assert.Contains(new DemoSubscriber(Complete).CustomerNumber, await reader.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(before + 1, await ReadsAsync("everything"));
    }

    [Fact]
    public async Task What_moves_is_what_was_provided_and_observed()
    {
        var before = await ReadsAsync("portability");
        using var client = await portal.SignedInAsync(Complete);
        using var response = await PostAsync(client, PortalUrls.DownloadToMove);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(Cancellation));
        var collections = json.RootElement.GetProperty("collections");

        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.True(collections.GetProperty("kalejdo.viewing_history").GetArrayLength() > 0);
        // Invoices are Kalejdo's own; what is owed is concluded.
        Assert.False(collections.TryGetProperty("kalejdo.invoice", out _));
        var subscription = collections.GetProperty("kalejdo.subscription")[0];
        Assert.True(subscription.TryGetProperty("plan_name", out _));
        Assert.False(subscription.TryGetProperty("balance_owed", out _));
        Assert.Equal(before + 1, await ReadsAsync("portability"));
    }

    [Fact]
    public async Task Of_other_people_of_the_household_the_names_alone_leave()
    {
        var subscriber = await portal.ScalarAsync<long>($"SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(LargeHousehold).CustomerNumber}'");
        await portal.SqlAsync($"UPDATE tv_profile SET created_at = '1817-03-04 05:06:07' WHERE subscriber_id = {subscriber} AND NOT is_own");
        await portal.SqlAsync($"UPDATE home_member SET added_at = '1818-03-04 05:06:07' WHERE NOT is_own AND smart_home_id IN (SELECT h.id FROM smart_home h JOIN subscription s ON s.id = h.subscription_id WHERE s.subscriber_id = {subscriber})");
        var other = await portal.ScalarAsync<string>($"SELECT name FROM tv_profile WHERE subscriber_id = {subscriber} AND NOT is_own LIMIT 1");
        using var client = await portal.SignedInAsync(LargeHousehold);
        var files = new Dictionary<string, string>();
        using (var response = await PostAsync(client, PortalUrls.DownloadEverything))
        {
            using var zip = new ZipArchive(await response.Content.ReadAsStreamAsync(Cancellation));
            foreach (var entry in zip.Entries)
            {
                using var reader = new StreamReader(entry.Open());
                files.Add(entry.FullName, await reader.ReadToEndAsync(Cancellation));
            }
        }
        using (var response = await PostAsync(client, PortalUrls.DownloadToMove))
        {
            files.Add("flytta.json", await response.Content.ReadAsStringAsync(Cancellation));
        }

        foreach (var file in new[] { "data.json", "csv/kalejdo.tv_profile.csv", "index.html", "flytta.json" })
        {
            Assert.Contains(other, files[file], StringComparison.Ordinal);
        }
        // As a year; a checksum may hold the same digits.
        Assert.All(files, file => Assert.DoesNotMatch(@"\b181[78]\b", file.Value));
    }

    [Theory]
    [InlineData(PortalUrls.DownloadEverything)]
    [InlineData(PortalUrls.DownloadToMove)]
    public async Task Nothing_leaves_without_a_sign_in_a_token_or_by_a_link(string address)
    {
        using var stranger = portal.Client();
        using (var response = await stranger.PostAsync(address, new FormUrlEncodedContent([]), Cancellation))
        {
            Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
        }
        using var client = await portal.SignedInAsync(Complete);
        using (var response = await client.PostAsync(address, new FormUrlEncodedContent([]), Cancellation))
        {
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
        using (var response = await client.GetAsync(address, Cancellation))
        {
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string address)
    {
        var token = Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Download));
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", token)]);
        return await client.PostAsync(address, form, Cancellation);
    }

    private async Task<int> ReadsAsync(string reason)
    {
        await using var store = portal.Store();
        return await store.AuditEntries.CountAsync(entry => entry.Event == "access.read" && entry.ReasonCode == reason, Cancellation);
    }
}
