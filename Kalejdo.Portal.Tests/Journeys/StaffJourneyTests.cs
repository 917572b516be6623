using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Partners;
using Kalejdo.Portal.Features.Staff.Registration;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>Work of staff from its beginning to its end: a letter that is answered on paper, a partner that comes and goes, a morning without a mouse.</summary>
public sealed class StaffJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", ColorScheme.Light, 390)]
    [InlineData("en", ColorScheme.Light, 1280)]
    public async Task A_request_by_letter_is_answered_on_paper(string language, ColorScheme scheme, int width)
    {
        Speak(language);
        await using var person = await browser.PersonAsync(language, scheme, width);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"brev-{language}-{width}", scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.CaseWorker);
        await walk.OpenAsync(PortalUrls.RegisterRequest);
        await walk.Page.Locator("#kanal").SelectOptionAsync("by-letter");
        await walk.Page.Locator("#dag").FillAsync(Iso(SwedishDays.Today(portal.Time).AddDays(-3)));
        await walk.Page.Locator("#galler").SelectOptionAsync(nameof(CaseType.Objection));
        await walk.WriteAsync(RegistrationText.Words, "Jag vill inte att min tittarhistorik används för statistik.");
        await walk.WriteAsync(RegistrationText.Customer, new DemoSubscriber(language == "sv" ? 46 : 66).CustomerNumber);
        await walk.Page.Locator("#legitimering").SelectOptionAsync("checked-registered-address");
        await walk.WriteAsync(RegistrationText.Name, "Åsa Öberg");
        await walk.WriteAsync(RegistrationText.Address, "Storgatan 1\n123 45 Ängelholm");
        await walk.Page.Locator("#sprak").SelectOptionAsync(language);
        await walk.SeesAsync(RegistrationText.Title);
        await walk.PressAsync(RegistrationText.Act);
        await walk.SeesAsync(CaseWords.Of(CaseType.Objection));

        await walk.PressAsync(DeskText.Begin);
        await walk.ComesToAsync(DeskText.StepTaken);
        await walk.Page.Locator("summary").Filter(new() { HasText = DeskText.Answer }).ClickAsync();
        await walk.Page.Locator("#text-svar").SelectOptionAsync("ObjectionAccepted");
        await walk.Page.Locator("#text-svar + button").ClickAsync();
        await Assertions.Expect(walk.Page.Locator("#svar")).ToBeFocusedAsync();
        await walk.SeesAsync(CaseWords.Of(CaseType.Objection));
        await KeepAsync("svar", 1280, 1000);
        await walk.PressAsync(DeskText.AnswerButton);
        await walk.IsToldAsync(DeskText.ReadyGap);
        await walk.WriteAsync(DeskText.AnswerWords, ReadyAnswersText.ObjectionAccepted.Split('[')[0] + "Tittarhistorik, statistik.");
        await walk.PressAsync(DeskText.AnswerButton);
        await walk.ComesToAsync(DeskText.StepOnPaper);
        await walk.FollowAsync(DeskText.PrintLetter);
        await walk.SeesAsync(DeskText.LetterTitle);
        await walk.ReadsAsync("Storgatan 1");
        await walk.ReadsAsync("Tittarhistorik, statistik.");

        // On paper there is the letter and nothing else.
        await walk.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Assertions.Expect(walk.Page.Locator(".paper")).ToBeVisibleAsync();
        await Assertions.Expect(walk.Page.Locator(".site-header")).ToBeHiddenAsync();
        await Assertions.Expect(walk.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeHiddenAsync();
        await KeepAsync("utskrift", 794, 1123);
        walk.AssertGood();

        // For docs/staff.md, as wide as a desk or a sheet of paper.
        async Task KeepAsync(string what, int wide, int high)
        {
            await walk.Page.SetViewportSizeAsync(wide, high);
            await Looks.KeepAsync(walk.Page, $"handbok-{what}-{language}");
            await walk.Page.SetViewportSizeAsync(width, 900);
        }
    }

    [Theory]
    [InlineData("sv", ColorScheme.Light, 390)]
    [InlineData("en", ColorScheme.Light, 1280)]
    public async Task A_partner_from_agreement_to_expiry(string language, ColorScheme scheme, int width)
    {
        Speak(language);
        var name = $"Exempel Montage {language} AB";
        var last = SwedishDays.Today(portal.Time).AddDays(80);
        await using (var person = await browser.PersonAsync(language, scheme, width))
        {
            var walk = await AdministratorAsync(person, $"partner-{language}-{width}");
            await walk.OpenAsync(PortalUrls.NewPartner);
            await walk.SeesAsync(PartnersText.New);
            await walk.WriteAsync(PartnersText.Name, name);
            await walk.WriteAsync(PartnersText.Address, "dataskydd@montage.example");
            await walk.ChooseAsync(PartnersText.IdentityCustomer);
            await walk.PressAsync(PartnersText.Add);
            await walk.ComesToAsync(PartnersText.AgreeTitle);
            await walk.Page.Locator("#fran").FillAsync(Iso(SwedishDays.Today(portal.Time)));
            await walk.Page.Locator("#till").FillAsync(Iso(last));
            await walk.Page.Locator("input[name=slag][value=devices]").CheckAsync();
            foreach (var field in (string[])["uppdrag-sv", "uppdrag-en", "far-sv", "far-en", "lagras-sv", "lagras-en"])
            {
                await walk.Page.Locator($"#{field}").FillAsync(field.StartsWith("upp", StringComparison.Ordinal) ? "monterar utrustning" : field.StartsWith("far", StringComparison.Ordinal) ? "namn och adress" : "Sverige");
            }
            await walk.PressAsync(PartnersText.Agree);
            await walk.SeesAsync(name);
            await walk.OpenAsync(PortalUrls.Partners);
            await walk.ReadsAsync(name);
            walk.AssertGood();
        }

        portal.Time.Advance(TimeSpan.FromDays(40));
        await portal.Services.GetRequiredService<AgreementWatch>().LookAsync(TestContext.Current.CancellationToken);
        await using (var person = await browser.PersonAsync(language, scheme, width))
        {
            var walk = await AdministratorAsync(person, $"partner-slut-{language}-{width}");
            await walk.ReadsAsync(DeskText.AgreementEnding);
            await walk.OpenAsync(PortalUrls.PartnerDesk);
            await walk.ReadsAsync(PartnersText.StateEnding.Split('{')[0]);
            await walk.SeesAsync(PartnersText.Title);
        }

        portal.Time.Advance(TimeSpan.FromDays(41));
        await using (var person = await browser.PersonAsync(language, scheme, width))
        {
            var walk = await AdministratorAsync(person, $"partner-efter-{language}-{width}");
            await walk.OpenAsync(PortalUrls.PartnerDesk);
            await walk.FollowAsync(name);
            await walk.ReadsAsync(PartnersText.StateEnded);
            await walk.SeesAsync(name);
            await walk.OpenAsync(PortalUrls.Partners);
            await Assertions.Expect(walk.Page.Locator("main")).Not.ToContainTextAsync(name);
            walk.AssertGood();
        }
    }

    [Fact]
    public async Task The_cases_are_gone_through_by_keys_while_the_list_has_the_focus()
    {
        Speak("sv");
        await OpenCasesAsync(3);
        await using var person = await browser.PersonAsync("sv", ColorScheme.Light, 1280);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, "tangenter", scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.CaseWorker);
        await walk.SeesAsync(DeskText.Title);
        var (page, list) = (walk.Page, walk.Page.Locator("#arenden-lista"));
        await Assertions.Expect(page.Locator("#tangenter")).ToBeVisibleAsync();
        // The live list has taken the printed one's place.
        await Assertions.Expect(page.Locator("[data-live]").First).ToBeAttachedAsync();
        await Assertions.Expect(list.Locator("tbody button").First).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(list.Locator(":focus")).ToHaveCountAsync(0);
        // The way there without a mouse: past the menu, as on every page, then past the filters.
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.Locator(":focus")).ToHaveTextAsync(LayoutText.SkipToContent);
        var skip = page.Locator("main").GetByRole(AriaRole.Link, new() { Name = DeskText.SkipToCases });
        await skip.FocusAsync();
        await Assertions.Expect(skip).ToBeInViewportAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(list).ToBeFocusedAsync();
        foreach (var (key, row) in ((string, int)[])[("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)])
        {
            await page.Keyboard.PressAsync(key);
            await Assertions.Expect(list.Locator("tbody tr").Nth(row).Locator("a")).ToBeFocusedAsync();
        }
        Assert.Equal("solid", await list.Locator(":focus").EvaluateAsync<string>("one => getComputedStyle(one).outlineStyle"));
        await Looks.KeepAsync(page, "resa-tangenter-fokus");

        await Assertions.Expect(page.Locator("#tangenter")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("/");
        await Assertions.Expect(page.Locator("#nummer")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("j/k");
        await Assertions.Expect(page.Locator("#nummer")).ToHaveValueAsync("j/k");
        var second = list.Locator("tbody tr").Nth(1).Locator("a");
        var number = await second.InnerTextAsync();
        await second.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await walk.ReadsAsync(number);
        walk.AssertGood();
    }

    private async Task OpenCasesAsync(int count)
    {
        await using var scope = portal.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PortalDbContext>();
        for (var i = 0; i < count; i++)
        {
            await CaseRegister.OpenAsync(db, CaseType.Other, 1, portal.Time.GetUtcNow().UtcDateTime, TestContext.Current.CancellationToken);
        }
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private async Task<Walk> AdministratorAsync(IBrowserContext person, string name)
    {
        var walk = new Walk(await person.NewPageAsync(), portal.Address, name, scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.Administrator);
        await walk.SeesAsync(DeskText.Title);
        return walk;
    }

    private static void Speak(string language) => CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;

    private static string Iso(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}
