using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Recipients;

/// <summary>From an act of a person's to the recipients' answers, in the portal as it is.</summary>
public partial class RecipientsOfActsTests : IAsyncLifetime
{
    private readonly SignedInPortal portal = new();

    [Fact]
    public async Task An_erasure_tells_who_holds_the_kind_and_nobody_else()
    {
        var (page, number) = await EraseAsync(4, "viewing_history");

        Assert.Equal("Uppgifterna är raderade", Html.Heading(page));
        Assert.Contains("TV-plattformen", page, StringComparison.Ordinal);
        Assert.Contains("Än så länge gäller det inte hos alla", page, StringComparison.Ordinal);
        // The map says that the TV platform acts on viewing history; no agreement covers it.
        var notice = Assert.Single(await NoticesAsync(number));
        Assert.Equal(("TV-plattformen", "viewing_history", RecipientEvent.Erased), (notice.RecipientSv, notice.Kinds, notice.Event));
        Assert.Equal(CaseStatus.WaitingForRecipients, await StatusAsync(number));
        var sent = RecipientPayload.FromBytes(notice.Payload(Keys)!);
        Assert.Equal(new DemoSubscriber(4).CustomerNumber, sent.Data.Identities.Single(identity => identity.Name == "customer_number").Value);
    }

    [Fact]
    public async Task A_full_erasure_tells_each_of_them_of_its_own_kinds_and_what_is_kept_by_law()
    {
        var (_, number) = await EraseAsync(8, null);
        var notices = await NoticesAsync(number);

        Assert.Empty(new[] { "Exempel Utskick AB", "Exempel Fälttjänst AB", "TV-plattformen" }.Except(notices.Select(notice => notice.RecipientSv)));
        var print = RecipientPayload.FromBytes(notices.Single(notice => notice.RecipientSv == "Exempel Utskick AB").Payload(Keys)!);
        Assert.Empty(print.Data.Kinds.Except(["addresses", "contact_details", "invoices"]));
        Assert.Equal(["customer_number"], print.Data.Identities.Select(identity => identity.Name));
        // One person is another reference to each of them.
        Assert.Equal(notices.Count, notices.Select(notice => RecipientPayload.FromBytes(notice.Payload(Keys)!).Data.Reference).Distinct().Count());
    }

    [Fact]
    public async Task The_answers_are_seen_on_the_case_and_on_the_receipt_and_close_the_case()
    {
        var (page, number) = await EraseAsync(8, null);
        var letter = Assert.Single(await portal.LettersAsync(number));
        var receipt = ReceiptLink().Match(letter.Text).Groups[1].Value;
        using var nobody = portal.Client(null, "en");
        Assert.Contains("To be told shortly", await nobody.PageAsync(receipt), StringComparison.Ordinal);

        await SendAsync();
        var waiting = await nobody.PageAsync(receipt);
        Assert.Contains("waiting for an answer", waiting, StringComparison.Ordinal);
        Assert.Contains("It does not hold everywhere yet", waiting, StringComparison.Ordinal);

        var notices = await NoticesAsync(number);
        foreach (var notice in notices)
        {
            Assert.Equal(CaseStatus.WaitingForRecipients, await StatusAsync(number));
            var done = await AnswerAsync(nobody, notice, "gjort");
            Assert.Equal("Thank you, it is noted", Html.Heading(done));
        }

        Assert.Equal(CaseStatus.Done, await StatusAsync(number));
        var after = await nobody.PageAsync(receipt);
        Assert.DoesNotContain("It does not hold everywhere yet", after, StringComparison.Ordinal);
        Assert.Equal(notices.Count, Regex.Count(after, ">Done \\d"));
        using var file = await nobody.SubmitAsync($"{receipt}/fil", after);
        var signed = JsonDocument.Parse(await file.Content.ReadAsByteArrayAsync(Cancellation)).RootElement;
        var payload = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(signed.GetProperty("payload").GetString())).RootElement;
        Assert.All(payload.GetProperty("recipients").EnumerateArray(), recipient => Assert.Equal("acknowledged", recipient.GetProperty("state").GetString()));
        Assert.Equal(notices.Count, payload.GetProperty("recipients").GetArrayLength());
        Assert.NotEmpty(page);
    }

    [Fact]
    public async Task A_correction_tells_who_holds_the_kind_the_field_and_no_value()
    {
        var account = await portal.AccountAsync(4);
        using var client = portal.Client(account);
        var links = portal.Services.GetRequiredService<RowLinks>();
        var id = await portal.ScalarAsync<long>($"SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(4).CustomerNumber}'");
        var address = PortalUrls.Correct(links.Of(account, new RowKey("kalejdo.subscriber", new Dictionary<string, string> { ["id"] = id.ToString(CultureInfo.InvariantCulture) })), "phone");
        var answer = await client.SubmitAsync(address, await client.PageAsync(address), ("New", "070-123 45 67"));
        var page = await client.PageAsync(answer.Headers.Location!.PathOf());

        Assert.Equal("Uppgiften är rättad", Html.Heading(page));
        var number = Number().Match(page).Value;
        var notices = await NoticesAsync(number);
        Assert.Equal(["Exempel Fälttjänst AB", "Exempel Utskick AB"], notices.Select(notice => notice.RecipientSv).Order());
        Assert.All(notices, notice =>
        {
            var sent = RecipientPayload.FromBytes(notice.Payload(Keys)!);
            Assert.Equal(("subject.corrected", "kalejdo.subscriber.phone"), (sent.Type, sent.Data.Field));
            Assert.DoesNotContain("070-123", Encoding.UTF8.GetString(notice.Payload(Keys)!), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task The_page_of_a_mail_says_whom_it_is_about_and_does_nothing_by_being_looked_at()
    {
        var (_, number) = await EraseAsync(4, "viewing_history");
        await SendAsync();
        var notice = Assert.Single(await NoticesAsync(number));
        using var client = portal.Client(null);
        var link = PortalUrls.Acknowledge(AcknowledgeLinks.Of(Keys, notice.MessageId));
        var page = await client.PageAsync(link);

        Assert.Equal("Bekräfta att det är gjort hos er", Html.Heading(page));
        Assert.Contains(new DemoSubscriber(4).CustomerNumber, page, StringComparison.Ordinal);
        Assert.Contains("Tittarhistorik", page, StringComparison.Ordinal);
        Assert.DoesNotContain("checked", page, StringComparison.OrdinalIgnoreCase);
        // A scanner presses the button as it stands.
        Assert.Contains("Välj om det är gjort", Html.Errors(await AnswerAsync(client, notice, null)), StringComparison.Ordinal);
        Assert.Equal("Ingenting är bekräftat", Html.Heading(await AnswerAsync(client, notice, "inte-nu")));
        using (var forged = await client.PostFormAsync(link, "answer", null, ("choice", "gjort")))
        {
            Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        }
        Assert.Equal(RecipientNoticeState.Sent, Assert.Single(await NoticesAsync(number)).State);

        Assert.Equal("Tack, det är noterat", Html.Heading(await AnswerAsync(client, notice, "gjort")));
        var again = await client.PageAsync(link);
        Assert.Equal("Det är redan bekräftat", Html.Heading(again));
        Assert.DoesNotContain(new DemoSubscriber(4).CustomerNumber, again, StringComparison.Ordinal);
        foreach (var useless in new[] { "x", "x.y", link[(link.LastIndexOf('/') + 1)..^1] })
        {
            Assert.Equal("Länken går inte att använda", Html.Heading(await client.PageAsync(PortalUrls.Acknowledge(useless))));
        }
    }

    [Fact]
    public async Task A_callback_signed_by_the_recipient_acknowledges_once()
    {
        var (notice, key) = await NoticeAsync();
        var now = portal.Time.GetUtcNow().ToUnixTimeSeconds();
        var body = """{"type":"notice.acknowledged"}""";

        Assert.Equal((HttpStatusCode.Unauthorized, ""), await CallAsync(notice.MessageId, now, body, StandardWebhook.NewKey()));
        Assert.Equal((HttpStatusCode.Unauthorized, ""), await CallAsync(notice.MessageId, now - 301, body, key));
        Assert.Equal((HttpStatusCode.BadRequest, ""), await CallAsync(notice.MessageId, now, "{}", key));
        Assert.Equal((HttpStatusCode.BadRequest, ""), await CallAsync(notice.MessageId, now, "skräp", key));
        // Our own words, sent back to us under our own signature.
        Assert.Equal((HttpStatusCode.BadRequest, ""), await CallAsync(notice.MessageId, now, Encoding.UTF8.GetString(notice.Payload(Keys)!), key));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, ""), await CallAsync(notice.MessageId, now, new string(' ', 9000), key));
        Assert.Equal((HttpStatusCode.Unauthorized, ""), await CallAsync("msg_finns-inte", now, body, key));
        Assert.Null((await NoticesAsync(notice.CaseNumber))[0].EndedAt);

        Assert.Equal((HttpStatusCode.NoContent, ""), await CallAsync(notice.MessageId, now, body, key));
        Assert.Equal((RecipientNoticeState.Acknowledged, null), ((await NoticesAsync(notice.CaseNumber))[0].State, (await NoticesAsync(notice.CaseNumber))[0].SealedPayload));
        Assert.Equal((HttpStatusCode.Conflict, ""), await CallAsync(notice.MessageId, now, body, key));

        await using var db = portal.Store();
        Assert.Equal(
            ["wrong-signature", "stale-signature", "no-acknowledgement", "no-acknowledgement", "no-acknowledgement", "replayed"],
            await db.AuditEntries.Where(row => row.Event == "recipient.callback-refused").OrderBy(row => row.Sequence).Select(row => row.ReasonCode!).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Staff_see_who_was_not_told()
    {
        var (_, number) = await EraseAsync(4, "viewing_history");
        await using (var db = portal.Store())
        {
            await db.RecipientNotices.ExecuteUpdateAsync(set => set.SetProperty(row => row.SealedPayload, new byte[40]), Cancellation);
        }

        await SendAsync();

        await using var after = portal.Store();
        var task = await after.StaffTasks.SingleAsync(Cancellation);
        Assert.Equal((StaffTaskKind.RecipientNotTold, "unreadable", number), (task.Kind, task.ReasonCode, task.CaseNumber));
    }

    [Fact]
    public async Task People_are_told_of_the_agreements_that_are_in_force_today()
    {
        using var client = portal.Client(await portal.AccountAsync(4));
        var today = SwedishDays.Today(portal.Time);
        Assert.Contains("Exempel Utskick AB", await client.PageAsync(PortalUrls.Partners), StringComparison.Ordinal);
        await using (var db = portal.Store())
        {
            await db.RecipientAgreements.Where(row => row.Kinds.Contains("invoices")).ExecuteUpdateAsync(set => set.SetProperty(row => row.InForceTo, today), Cancellation);
            await db.RecipientAgreements.Where(row => row.Kinds.Contains("devices")).ExecuteUpdateAsync(set => set.SetProperty(row => row.InForceFrom, today.AddDays(1)), Cancellation);
        }

        var page = await client.PageAsync(PortalUrls.Partners);
        Assert.Contains("Exempel Utskick AB", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Exempel Fälttjänst AB", page, StringComparison.Ordinal);
        portal.Time.Advance(TimeSpan.FromDays(1));
        page = await client.PageAsync(PortalUrls.Partners);
        Assert.DoesNotContain("Exempel Utskick AB", page, StringComparison.Ordinal);
        Assert.Contains("Exempel Fälttjänst AB", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Exempel Utskick AB", await client.PageAsync(PortalUrls.Kind("contact_details")), StringComparison.Ordinal);
        Assert.Contains("Exempel Fälttjänst AB", await client.PageAsync(PortalUrls.Kind("contact_details")), StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    private PortalKeys Keys => portal.Services.GetRequiredService<PortalKeys>();

    /// <param name="kind">Everything, at once, where it is null.</param>
    private async Task<(string Page, string Number)> EraseAsync(int subscriber, string? kind)
    {
        using var client = portal.Client(await portal.AccountAsync(subscriber));
        var address = kind is null ? PortalUrls.EraseEverything : PortalUrls.EraseKind(kind);
        var shown = await client.PageAsync(address);
        var answer = kind is null ? await client.SubmitAsync(address, shown, ("When", ErasureWhen.Now)) : await client.SubmitAsync(address, shown);
        var page = await client.PageAsync(answer.Headers.Location!.PathOf());
        return (page, Number().Match(page).Value);
    }

    private Task<int> SendAsync() => portal.Services.GetRequiredService<RecipientSender>().SendDueAsync(Cancellation);

    private async Task<string> AnswerAsync(HttpClient client, RecipientNotice notice, string? choice)
    {
        using var answer = await client.FillInAsync(PortalUrls.Acknowledge(AcknowledgeLinks.Of(Keys, notice.MessageId)), "answer", ("choice", choice));
        return await answer.PageAsync();
    }

    private async Task<(RecipientNotice Notice, byte[] Key)> NoticeAsync()
    {
        var (_, number) = await EraseAsync(4, "viewing_history");
        var notice = Assert.Single(await NoticesAsync(number));
        await using var db = portal.Store();
        return (notice, (await portal.Services.GetRequiredService<RecipientRegister>().KeysOfAsync(db, notice.RecipientId, Cancellation))[0]);
    }

    /// <returns>The status, and what a browser would be given to keep.</returns>
    private async Task<(HttpStatusCode Status, string Cookies)> CallAsync(string id, long timestamp, string body, byte[] key)
    {
        using var client = portal.Client(null);
        using var request = new HttpRequestMessage(HttpMethod.Post, PortalUrls.RecipientCallback) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", StandardWebhook.Sign([key], id, timestamp, Encoding.UTF8.GetBytes(body)));
        using var answer = await client.SendAsync(request, Cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            // Said so that a developer understands it, and nothing of anybody's.
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
        return (answer.StatusCode, answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? string.Join(';', cookies) : "");
    }

    private async Task<List<RecipientNotice>> NoticesAsync(string number)
    {
        await using var db = portal.Store();
        return await db.RecipientNotices.AsNoTracking().Where(row => row.CaseNumber == number).OrderBy(row => row.Id).ToListAsync(Cancellation);
    }

    private async Task<CaseStatus> StatusAsync(string number)
    {
        await using var db = portal.Store();
        return await db.Cases.Where(row => row.Number == number).Select(row => row.Status).SingleAsync(Cancellation);
    }

    [GeneratedRegex(@"K-\d{4}-[0-9A-Z]{6}")]
    private static partial Regex Number();

    [GeneratedRegex(@"(/kvitto/[^\s]+)")]
    private static partial Regex ReceiptLink();
}
