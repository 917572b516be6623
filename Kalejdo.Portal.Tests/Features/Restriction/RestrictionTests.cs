using System.Data.Common;
using System.IO.Compression;
using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Restriction;

/// <summary>What somebody had paused is kept and not used: by nobody but themselves, until they were told (GDPR Art. 18, docs/decisions/12).</summary>
public class RestrictionTests : IAsyncDisposable
{
    private const string Kind = "viewing_history";
    private static readonly DemoSubscriber Somebody = new(4);

    private readonly SignedInPortal portal = new(listens: false, now: new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_begins_at_once_as_a_case_with_a_letter_and_is_shown_wherever_the_data_is()
    {
        using var client = await ClientAsync();
        Assert.Contains($"href=\"{PortalUrls.Pause(Kind)}\"", await client.PageAsync(PortalUrls.Kind(Kind)), StringComparison.Ordinal);
        var data = await portal.DumpAsync();

        var page = await PauseAsync(client, RestrictionGround.Accuracy);

        Assert.Equal("Användningen av tittarhistorik är pausad", Html.Heading(page));
        var paused = Assert.Single(await PausedAsync());
        Assert.Contains(paused.CaseNumber, page, StringComparison.Ordinal);
        await using var db = portal.Store();
        var opened = await db.Cases.SingleAsync(Cancellation);
        Assert.Equal((CaseType.Restriction, CaseStatus.WaitingForRecipients, paused.CaseNumber), (opened.Type, opened.Status, opened.Number));
        Assert.Equal(["access.read", "restriction.begun"], await db.AuditEntries.OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation));
        var letter = Assert.Single(await portal.LettersAsync());
        Assert.Equal((nameof(PauseBegunLetter), Somebody.OwnEmail), (letter.Letter, letter.Address));
        Assert.Equal(data, await portal.DumpAsync());

        Assert.Contains("Användningen är pausad", await client.PageAsync(PortalUrls.Kind(Kind)), StringComparison.Ordinal);
        Assert.Contains(">Pausad<", await client.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);
        Assert.Contains(">Pausad<", await client.PageAsync(PortalUrls.MyData), StringComparison.Ordinal);
        Assert.DoesNotContain("är pausad", await client.PageAsync(PortalUrls.Kind("invoices")), StringComparison.Ordinal);
        using var download = await client.SubmitAsync(PortalUrls.DownloadEverything, FirstForm(await client.PageAsync(PortalUrls.Download), PortalUrls.DownloadEverything));
        using var zip = new ZipArchive(await download.Content.ReadAsStreamAsync(Cancellation));
        using var index = new StreamReader(zip.GetEntry("index.html")!.Open());
        Assert.Single((await index.ReadToEndAsync(Cancellation)).Split("Användningen är pausad").Skip(1));

        // Another's is as it was.
        using var other = portal.Client(await portal.AccountAsync(5));
        Assert.DoesNotContain(">Pausad<", await other.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_needs_a_ground_and_is_there_once()
    {
        using var client = await ClientAsync();
        foreach (var wrong in (string[])["", "Annat", "7"])
        {
            using var refused = await client.FillInAsync(PortalUrls.Pause(Kind), "pause", ("Ground", wrong));
            Assert.Contains("Välj varför", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
        }
        Assert.Empty(await PausedAsync());

        var token = Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Pause(Kind)));
        for (var i = 0; i < 2; i++)
        {
            using var sent = await client.PostFormAsync(PortalUrls.Pause(Kind), "pause", token, ("Ground", nameof(RestrictionGround.LegalClaims)));
            Assert.Equal(HttpStatusCode.Redirect, sent.StatusCode);
        }
        Assert.Single(await PausedAsync());
        Assert.Single(await portal.LettersAsync());

        using var forged = await client.PostFormAsync(PortalUrls.Pause("invoices"), "pause", "forged", ("Ground", nameof(RestrictionGround.LegalClaims)));
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Single(await PausedAsync());
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("privacy_log")]
    public async Task What_is_no_kind_of_Kalejdos_cannot_be_paused(string kind)
    {
        using var client = await ClientAsync();
        using var answer = await client.GetAsync(PortalUrls.Pause(kind), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Its_person_ends_it_by_a_word()
    {
        using var client = await ClientAsync();
        await PauseAsync(client, RestrictionGround.Unlawful);
        Assert.Contains("Ni får inte använda uppgifterna", await client.PageAsync(PortalUrls.Pause(Kind)), StringComparison.Ordinal);

        using var sent = await client.FillInAsync(PortalUrls.Pause(Kind), "resume");
        var page = await client.PageAsync(sent.Headers.Location!.PathOf());

        Assert.Equal("Användningen av tittarhistorik är återupptagen", Html.Heading(page));
        Assert.Empty(await PausedAsync());
        Assert.Equal([nameof(PauseBegunLetter), nameof(PauseEndedLetter)], (await portal.LettersAsync()).Select(letter => letter.Letter));
        // Pressed once more nothing happens, and it can be paused anew.
        using var again = await client.PostFormAsync(PortalUrls.Pause(Kind), "resume", Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Pause(Kind))));
        Assert.Equal(2, (await portal.LettersAsync()).Count);
        await PauseAsync(client, RestrictionGround.Objection);
        Assert.Single(await PausedAsync());
    }

    [Theory]
    [InlineData("customer_number")]
    [InlineData("email")]
    public async Task Staff_erase_nothing_of_it_by_whichever_identity(string identity)
    {
        using var client = await ClientAsync();
        await PauseAsync(client, RestrictionGround.LegalClaims);
        // As somebody who asked by phone and is known by the number alone.
        await using (var db = portal.Store())
        {
            await db.AuditPeople.Where(row => row.Number != db.RestrictedKinds.First().Subject).ExecuteDeleteAsync(Cancellation);
        }
        var before = await portal.DumpAsync();
        Identity named = new(identity, identity == "email" ? Somebody.OwnEmail : Somebody.CustomerNumber);

        foreach (var scope in (ErasureScope[])[ErasureScope.Everything, ErasureScope.OfKinds([Kind]), ErasureScope.OfKinds(["tv_profiles"])])
        {
            var refused = Assert.IsType<ErasureResult.Restricted>(await EraseAsync([named], scope));
            Assert.Equal([Kind], refused.Kinds);
        }

        Assert.Equal(before, await portal.DumpAsync());
        await using var store = portal.Store();
        Assert.Equal(3, await store.AuditEntries.CountAsync(row => row.Event == "restriction.upheld" && row.ReasonCode == "erasure", Cancellation));
        Assert.Equal(1, await store.Cases.CountAsync(Cancellation));
        // What is not paused goes.
        Assert.IsType<ErasureResult.Erased>(await EraseAsync([named], ErasureScope.OfKinds(["consents"])));
    }

    [Fact]
    public async Task Staff_correct_only_what_was_paused_to_be_checked()
    {
        using var client = await ClientAsync();
        await PauseAsync(client, RestrictionGround.LegalClaims, "contact_details");
        var language = await portal.ScalarAsync<string>($"SELECT language FROM subscriber WHERE id = {Somebody.Number}");
        var other = language == "sv" ? "en" : "sv";

        var refused = await CorrectAsync(language, other);
        Assert.Contains("paused", Assert.IsType<RectificationOutcome.Refused>(refused).Reason.ToString(), StringComparison.Ordinal);
        Assert.Equal(language, await portal.ScalarAsync<string>($"SELECT language FROM subscriber WHERE id = {Somebody.Number}"));

        using var sent = await client.FillInAsync(PortalUrls.Pause("contact_details"), "resume");
        await PauseAsync(client, RestrictionGround.Accuracy, "contact_details");
        Assert.IsType<RectificationOutcome.Corrected>(await CorrectAsync(language, other));
        Assert.Single(await PausedAsync());
    }

    [Fact]
    public async Task Its_person_erases_it_all_the_same_and_is_told_before_that_the_pause_ends()
    {
        using var client = await ClientAsync();
        await PauseAsync(client, RestrictionGround.Unlawful);
        await PauseAsync(client, RestrictionGround.Unlawful, "invoices");

        var page = await client.PageAsync(PortalUrls.EraseKind(Kind));
        Assert.Contains("Raderar du, upphör pausen", page, StringComparison.Ordinal);
        using var erased = await client.SubmitAsync(PortalUrls.EraseKind(Kind), page);
        Assert.Equal(HttpStatusCode.Redirect, erased.StatusCode);

        Assert.Equal(0, await portal.ScalarAsync<long>($"SELECT count(*) FROM viewing_history WHERE profile_id IN (SELECT id FROM tv_profile WHERE subscriber_id = {Somebody.Number} AND is_own)"));
        Assert.Equal("invoices", Assert.Single(await PausedAsync()).Kind);
        await using var db = portal.Store();
        Assert.Equal("erased", (await db.AuditEntries.SingleAsync(row => row.Event == "restriction.ended", Cancellation)).ReasonCode);
    }

    [Fact]
    public async Task What_a_ground_kept_waits_for_the_end_of_the_pause()
    {
        var somebody = new DemoSubscriber((int)DemoCase.EndedAndSettled);
        Identity[] identities = [new("customer_number", somebody.CustomerNumber)];
        Assert.IsType<ErasureResult.Erased>(await EraseAsync(identities, ErasureScope.Everything));
        var (pausing, ended) = (portal.Services.GetRequiredService<Pausing>(), portal.Services.GetRequiredService<EndedRetention>());
        var number = await pausing.BeginAsync(new PauseRequest(identities, "invoices", "operator:test", null, null, "both"), new("Fakturor", "Invoices"), RestrictionGround.LegalClaims, Cancellation);
        var invoices = await InvoicesAsync(somebody);
        Assert.NotEqual(0, invoices);

        portal.Time.Advance(new DateTimeOffset(2034, 1, 2, 9, 0, 0, TimeSpan.Zero) - portal.Time.GetUtcNow());
        // Years later nobody would know whose the pause is, had the clean-up not kept that.
        // (What it does last is refused: the ledger's trigger goes by the database's own clock.)
        await Assert.ThrowsAnyAsync<DbException>(() => portal.Services.GetRequiredService<ExpiredRows>().RemoveAsync(Cancellation));
        await ended.EraseEndedAsync(Cancellation);
        await ended.EraseEndedAsync(Cancellation);
        Assert.Equal(invoices, await InvoicesAsync(somebody));
        await using (var db = portal.Store())
        {
            Assert.All(await db.RetainedRows.ToListAsync(Cancellation), row => Assert.Equal(new DateOnly(2034, 1, 3), row.DueOn));
            // Looked at each day for years, it fills no log.
            Assert.False(await db.AuditEntries.AnyAsync(row => row.Event == "restriction.upheld", Cancellation));
        }

        var ends = portal.Services.GetRequiredService<PauseEnds>();
        Assert.IsType<PauseEnd.NobodyTold>(await ends.DecideAsync(number, "claims-settled", null, "operator:test", Cancellation));
        Assert.IsType<PauseEnd.WrongDay>(await ends.DecideAsync(number, "claims-settled", new DateOnly(2034, 1, 3), "operator:test", Cancellation));
        Assert.IsType<PauseEnd.WrongDay>(await ends.DecideAsync(number, "claims-settled", new DateOnly(2026, 11, 21), "operator:test", Cancellation));
        Assert.Equal(new PauseEnd.Decided(new DateOnly(2034, 1, 17)), await ends.DecideAsync(number, "claims-settled", new DateOnly(2034, 1, 2), "operator:test", Cancellation));
        portal.Time.Advance(TimeSpan.FromDays(14));
        Assert.Equal(0, await ends.EndDueAsync(Cancellation));
        portal.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, await ends.EndDueAsync(Cancellation));

        Assert.True(await ended.EraseEndedAsync(Cancellation) > 0);
        Assert.Equal(0, await InvoicesAsync(somebody));
        await using var after = portal.Store();
        Assert.Empty(await after.RetainedRows.ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Staff_end_it_only_some_days_after_the_letter_was_delivered()
    {
        using var client = await ClientAsync();
        await PauseAsync(client, RestrictionGround.Accuracy);
        var number = Assert.Single(await PausedAsync()).CaseNumber;
        var ends = portal.Services.GetRequiredService<PauseEnds>();
        Assert.IsType<PauseEnd.NothingPaused>(await ends.DecideAsync("K-2026-BCDFGH", "accuracy-verified", null, "operator:test", Cancellation));

        Assert.Equal(new PauseEnd.Decided(new DateOnly(2026, 12, 7)), await ends.DecideAsync(number, "accuracy-verified", null, "operator:test", Cancellation));
        Assert.IsType<PauseEnd.NothingPaused>(await ends.DecideAsync(number, "accuracy-verified", null, "operator:test", Cancellation));
        var letter = (await portal.LettersAsync(number)).Single(mail => mail.Letter == nameof(PauseEndsLetter));
        Assert.Equal(Somebody.OwnEmail, letter.Address);
        Assert.Contains("7 december 2026", letter.Text, StringComparison.Ordinal);
        Assert.Contains("vi har kontrollerat uppgifterna", letter.Text, StringComparison.Ordinal);
        var page = await client.PageAsync(PortalUrls.Pause(Kind));
        Assert.Contains("Vi tänker återuppta användningen", page, StringComparison.Ordinal);

        // Never delivered, it ends nothing, however long.
        portal.Time.Advance(TimeSpan.FromDays(100));
        Assert.Equal(0, await ends.EndDueAsync(Cancellation));
        await using (var db = portal.Store())
        {
            await db.Outbox.Where(mail => mail.Template == nameof(PauseEndsLetter)).ExecuteUpdateAsync(set => set.SetProperty(mail => mail.SentAt, portal.Time.GetUtcNow().UtcDateTime), Cancellation);
        }
        portal.Time.Advance(TimeSpan.FromDays(14));
        Assert.Equal(0, await ends.EndDueAsync(Cancellation));
        Assert.Single(await PausedAsync());

        portal.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, (await Task.WhenAll(ends.EndDueAsync(Cancellation), ends.EndDueAsync(Cancellation))).Sum());
        Assert.Empty(await PausedAsync());
        await using var store = portal.Store();
        Assert.Equal(1, await store.Outbox.CountAsync(mail => mail.Template == nameof(PauseEndedLetter), Cancellation));
        var entries = await store.AuditEntries.Where(row => row.CaseNumber == number).OrderBy(row => row.Sequence).Select(row => row.Event + " " + row.ReasonCode).ToListAsync(Cancellation);
        Assert.Equal(["restriction.begun accuracy-contested", "restriction.end-decided accuracy-verified", "restriction.ended accuracy-verified"], entries);
    }

    public async ValueTask DisposeAsync()
    {
        await portal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task<HttpClient> ClientAsync() => portal.Client(await portal.AccountAsync(Somebody.Number));

    private static async Task<string> PauseAsync(HttpClient client, RestrictionGround ground, string kind = Kind)
    {
        using var sent = await client.FillInAsync(PortalUrls.Pause(kind), "pause", ("Ground", ground.ToString()));
        Assert.Equal(HttpStatusCode.Redirect, sent.StatusCode);
        return await client.PageAsync(sent.Headers.Location!.PathOf());
    }

    private async Task<List<RestrictedKind>> PausedAsync()
    {
        await using var db = portal.Store();
        return await db.RestrictedKinds.AsNoTracking().Where(row => row.EndedAt == null).ToListAsync(Cancellation);
    }

    private Task<ErasureResult> EraseAsync(Identity[] identities, ErasureScope scope) =>
        portal.Services.GetRequiredService<Erasures>().EraseAsync(identities, scope, "operator:test", new Progress<string>(), Cancellation);

    private async Task<RectificationOutcome> CorrectAsync(string from, string to) => (await portal.Services.GetRequiredService<Corrections>().CorrectAsync(
        [new("email", Somebody.OwnEmail)], "kalejdo.subscriber.language", null, from, to, "operator:test", Cancellation)).Outcome;

    private Task<long> InvoicesAsync(DemoSubscriber subscriber) => portal.ScalarAsync<long>($"SELECT count(*) FROM invoice WHERE subscriber_id = {subscriber.Number}");

    /// <summary>The page up to the end of the form, so that it is the last one.</summary>
    private static string FirstForm(string page, string action)
    {
        var form = page.IndexOf($"action=\"{action}\"", StringComparison.Ordinal);
        return page[..page.IndexOf("</form>", form, StringComparison.Ordinal)];
    }
}

[OnPostgres]
public sealed class RestrictionOnPostgresTests : RestrictionTests;
