using System.Globalization;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Acknowledgement;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>An erasure with two recipients: one acknowledges on the page of its mail, the other is away for a day; the person watches.</summary>
public sealed class RecipientsJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    private const string Partner = "Exempel Fälttjänst AB";
    private const string TvPlatform = "kalejdo_tv_platform";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sv", 390, 24)]
    [InlineData("en", 1280, 44)]
    public async Task One_is_away_for_a_day_and_the_person_sees_when_it_holds_everywhere(string language, int width, int number)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        await using var receiver = await SampleReceiver.StartAsync(portal.Time);
        var away = true;
        receiver.Answer = context =>
        {
            context.Response.StatusCode = away ? 503 : 204;
            return Task.CompletedTask;
        };
        await SetUpAsync(receiver, language);
        var subscriber = new DemoSubscriber(number);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        await using var person = await browser.PersonAsync(language, ColorScheme.Light, width);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"mottagare-{language}-{width}", scripts: true);

        await walk.OpenAsync(PortalUrls.SignIn);
        await walk.Page.Locator("#namn").FillAsync(subscriber.OwnEmail);
        await walk.Page.Locator("#losenord").FillAsync(SignedIn.Password);
        await walk.Page.Locator("main form button:not([type=button])").First.ClickAsync();
        await walk.Page.WaitForURLAsync(new Uri(portal.Address, PortalUrls.Overview).ToString());
        await walk.OpenAsync(PortalUrls.EraseKind("viewing_history"));
        await walk.Page.Locator("main form button").Last.ClickAsync();
        await walk.SeesAsync(language == "sv" ? "Uppgifterna är raderade" : "The data is erased");
        var page = walk.Page.Url;
        await walk.ReadsAsync(Partner);

        await SendAsync();
        await walk.OpenAsync(page);
        await walk.ReadsAsync(RecipientsText.StateNotReached);
        await walk.ReadsAsync(RecipientsText.NotCovered.Replace("{0}", $"{Partner}, {(language == "sv" ? "TV-plattformen" : "The TV platform")}", StringComparison.Ordinal));
        await walk.SeesAsync(language == "sv" ? "Uppgifterna är raderade" : "The data is erased");

        var mail = await walk.OpenMailAsync("dataskydd@falttjanst.example", RecipientsText.LetterSubject);
        await walk.OpenAsync((await mail.GetByRole(AriaRole.Link, new() { Name = RecipientsText.LetterLink }).GetAttributeAsync("href"))!);
        await walk.SeesAsync(AcknowledgementText.Title);
        await walk.ReadsAsync(subscriber.CustomerNumber);
        await walk.PressAsync(AcknowledgementText.Continue);
        await walk.IsToldAsync(AcknowledgementText.ChoiceMissing);
        await walk.Page.Locator("#done").CheckAsync();
        await walk.PressAsync(AcknowledgementText.Continue);
        await walk.SeesAsync(AcknowledgementText.TakenTitle);

        portal.Time.Advance(TimeSpan.FromDays(1));
        await SendAsync();
        await walk.OpenAsync(page);
        await walk.ReadsAsync(RecipientsText.StateNotReached);
        away = false;
        portal.Time.Advance(TimeSpan.FromHours(8));
        await SendAsync();
        await walk.OpenAsync(page);
        await Assertions.Expect(walk.Page.Locator("main .tag-success")).ToHaveCountAsync(2);
        await Assertions.Expect(walk.Page.Locator("main .notice")).ToHaveCountAsync(0);
        await walk.SeesAsync(language == "sv" ? "Uppgifterna är raderade" : "The data is erased");
        await walk.FollowAddressAsync("/kvitto/");
        await walk.SeesAsync(language == "sv" ? "Kvitto på ditt ärende" : "Receipt");
        await Assertions.Expect(walk.Page.Locator("main .tag-success")).ToHaveCountAsync(2);
        Assert.Single(receiver.Requests.Select(request => request.Id).Distinct());
        walk.AssertGood();
    }

    /// <summary>The TV platform by webhook, one partner by mail, and nobody else.</summary>
    private async Task SetUpAsync(SampleReceiver receiver, string language)
    {
        var options = portal.Services.GetRequiredService<IOptions<RecipientsOptions>>().Value;
        // Told when the test says so.
        (options.AllowHttp, options.AllowPrivateAddresses, options.Sending) = (true, true, false);
        await using var db = portal.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();
        var address = receiver.Address.ToString();
        await db.Recipients.Where(row => row.Key == TvPlatform)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Channel, RecipientChannel.Webhook).SetProperty(row => row.Address, address), Cancellation);
        await db.Recipients.Where(row => row.Key == Partner).ExecuteUpdateAsync(set => set.SetProperty(row => row.Language, language), Cancellation);
        await db.RecipientAgreements.Where(row => db.Recipients.Any(recipient => recipient.Id == row.RecipientId && recipient.Key == Partner))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Kinds, "viewing_history"), Cancellation);
        receiver.Secret = (await portal.Services.GetRequiredService<RecipientRegister>().NewSecretAsync(TvPlatform, Cancellation))!;
    }

    private Task<int> SendAsync() => portal.Services.GetRequiredService<RecipientSender>().SendDueAsync(Cancellation);
}
