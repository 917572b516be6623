using System.Text.RegularExpressions;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>Correcting and erasing as they look, by day and by night.</summary>
public sealed partial class ActsLooksTests(ActsLooksTests.Listening portal, Browser browser) : IClassFixture<ActsLooksTests.Listening>
{
    private static readonly (string, ColorScheme, int)[] Views =
        [("sv", ColorScheme.Light, 1280), ("sv", ColorScheme.Dark, 390), ("en", ColorScheme.Light, 390), ("en", ColorScheme.Dark, 1280)];

    [Theory]
    [InlineData("radera", 21)]
    [InlineData("radera-inget", 21)]
    [InlineData("radera-slag", 21)]
    [InlineData("radera-allt", 29)]
    [InlineData("radera-igen", 21)]
    [InlineData("ratta-telefon", 21)]
    [InlineData("ratta-epost", 21)]
    [InlineData("ratta-namn", 21)]
    [InlineData("ratta-sprak", 21)]
    public async Task Pages_are_accessible_healthy_and_fit(string name, int subscriber)
    {
        var account = await portal.People.AccountAsync(subscriber);
        foreach (var (language, scheme, width) in Views)
        {
            await using var person = await PersonAsync(account, language, scheme, width, name == "radera-igen" ? 10 : 0);
            var page = await person.NewPageAsync();
            var health = new PageHealth(page, portal.People.Address);
            await page.GotoAsync(await AddressAsync(name, account, subscriber));
            await LookAsync(page, $"{name}-{language}-{scheme}-{width}");
            health.AssertGood();
        }
    }

    [Fact]
    public async Task Wrong_values_and_waiting_look_right()
    {
        var subscribers = new Queue<int>([8, 9, 28, 30]);
        foreach (var (language, scheme, width) in Views)
        {
            var subscriber = subscribers.Dequeue();
            var account = await portal.People.AccountAsync(subscriber);
            await using var person = await PersonAsync(account, language, scheme, width, 0);
            var page = await person.NewPageAsync();

            await page.GotoAsync(await AddressAsync("ratta-telefon", account, subscriber));
            await page.Locator("#nytt").FillAsync("sju");
            await page.Locator("main button").ClickAsync();
            await LookAsync(page, $"ratta-fel-{language}-{scheme}-{width}");

            await page.GotoAsync(await AddressAsync("ratta-namn", account, subscriber));
            await page.Locator("#nytt").FillAsync("Åsa Berg");
            await page.Locator("main button").ClickAsync();
            await LookAsync(page, $"ratta-mottaget-{language}-{scheme}-{width}");
            await page.GotoAsync(await AddressAsync("ratta-namn", account, subscriber));
            await LookAsync(page, $"ratta-vantar-{language}-{scheme}-{width}");
        }
    }

    [Fact]
    public async Task Stopping_a_change_of_address_looks_right_at_each_step()
    {
        var subscribers = new Queue<int>([22, 24, 25, 26]);
        foreach (var (language, scheme, width) in Views)
        {
            var subscriber = subscribers.Dequeue();
            var account = await portal.People.AccountAsync(subscriber);
            await using var person = await PersonAsync(account, language, scheme, width, 0);
            var page = await person.NewPageAsync();
            var view = $"{language}-{scheme}-{width}";
            await page.GotoAsync(await AddressAsync("ratta-epost", account, subscriber));
            await page.Locator("#nytt").FillAsync($"ny.{subscriber}@exempel.se");
            await page.Locator("main button").ClickAsync();
            await page.WaitForURLAsync(url => new Uri(url).AbsolutePath.StartsWith("/ratta-adress/", StringComparison.Ordinal));
            await LookAsync(page, $"ratta-adress-{view}");
            var confirm = (await portal.People.LettersAsync()).Last(letter => letter.Letter == nameof(ConfirmAddressLetter));
            await page.Locator("#kod").FillAsync(Code().Match(confirm.Text).Value);
            await page.Locator("main form:not([hidden]) button").First.ClickAsync();
            await Assertions.Expect(page.Locator("main h1")).ToHaveTextAsync(language == "sv" ? "Uppgiften är rättad" : "The data is corrected");
            await LookAsync(page, $"ratta-adress-klart-{view}");

            // As whoever reads the old mailbox: signed in nowhere.
            var told = (await portal.People.LettersAsync()).Last(letter => letter.Letter == nameof(AddressReplacedLetter));
            var link = new Uri(portal.People.Address, new Uri(told.Text.Split().Single(word => word.Contains("/angra-adress/", StringComparison.Ordinal))).PathAndQuery).ToString();
            await using var owner = await browser.PersonAsync(language, scheme, width);
            page = await owner.NewPageAsync();
            var health = new PageHealth(page, portal.People.Address);
            await page.GotoAsync(link);
            await LookAsync(page, $"angra-adress-{view}");
            await ChooseAsync(null, "fel");
            Assert.NotEqual(0, await page.Locator(".error-summary").CountAsync());
            await ChooseAsync("#stoppa-inte", "kvar");
            await page.GotoAsync(link);
            await ChooseAsync("#stoppa", "stoppad");
            await page.GotoAsync(link);
            await LookAsync(page, $"angra-adress-redan-{view}");
            await page.GotoAsync(new Uri(portal.People.Address, PortalUrls.UndoAddressChange("x")).ToString());
            await LookAsync(page, $"angra-adress-ogiltig-{view}");
            health.AssertGood();

            async Task ChooseAsync(string? choice, string name)
            {
                if (choice is not null)
                {
                    await page.Locator(choice).CheckAsync();
                }
                await page.Locator("main form button").ClickAsync();
                await Assertions.Expect(page.Locator(choice is null ? ".error-summary" : "main form[hidden]")).ToHaveCountAsync(1);
                await LookAsync(page, $"angra-adress-{name}-{view}");
            }
        }
    }

    [Fact]
    public async Task A_receipt_on_paper_has_what_it_proves_and_no_buttons()
    {
        var services = portal.People.Services;
        Identity[] identities = [new("customer_number", new DemoSubscriber(27).CustomerNumber)];
        var erased = Assert.IsType<ErasureResult.Erased>(await services.GetRequiredService<Erasures>().EraseAsync(
            identities, ErasureScope.Everything, "operator:test", new Progress<string>(), TestContext.Current.CancellationToken));
        await using var person = await browser.PersonAsync(width: 794);
        var page = await person.NewPageAsync();
        await page.GotoAsync(new Uri(portal.People.Address, PortalUrls.Receipt(services.GetRequiredService<CaseLinks>().Of(erased.Case))).ToString());
        await LookAsync(page, "kvitto-skarm");
        await Assertions.Expect(page.Locator("main form button")).ToBeVisibleAsync();

        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await Looks.KeepAsync(page, "kvitto-papper");
        await Assertions.Expect(page.Locator("main form button")).ToBeHiddenAsync();
        await Assertions.Expect(page.Locator("main .reference")).ToHaveTextAsync(erased.Case);
        Assert.Single((await page.Locator("body").InnerTextAsync()).Split("personuppgiftsansvarig").Skip(1));
    }

    [GeneratedRegex(@"\b\d{3} ?\d{3}\b")]
    private static partial Regex Code();

    private static async Task LookAsync(IPage page, string name)
    {
        await Looks.KeepAsync(page, name);
        await Assertions.Expect(page.Locator("main h1")).ToBeVisibleAsync();
        await Looks.FitsAsync(page);
        await Looks.IsAccessibleAsync(page);
    }

    private async Task<IBrowserContext> PersonAsync(string account, string language, ColorScheme scheme, int width, int minutesAgo)
    {
        var person = await browser.PersonAsync(language, scheme, width);
        await person.SetExtraHTTPHeadersAsync([new(SignedInPortal.AccountHeader, account), new(SignedInPortal.AgoHeader, minutesAgo.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
        return person;
    }

    private async Task<string> AddressAsync(string name, string account, int subscriber)
    {
        var id = await portal.People.ScalarAsync<string>($"SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(subscriber).CustomerNumber}'");
        var row = portal.People.Services.GetRequiredService<RowLinks>().Of(account, new RowKey("kalejdo.subscriber", new Dictionary<string, string> { ["id"] = id }));
        return new Uri(portal.People.Address, name switch
        {
            "radera" => PortalUrls.Erase,
            "radera-inget" => PortalUrls.Erase + "?inget=1",
            "radera-slag" or "radera-igen" => PortalUrls.EraseSelected + "?slag=viewing_history&slag=invoices",
            "radera-allt" => PortalUrls.EraseEverything,
            "ratta-telefon" => PortalUrls.Correct(row, "phone"),
            "ratta-epost" => PortalUrls.Correct(row, "email"),
            "ratta-namn" => PortalUrls.Correct(row, "full_name"),
            _ => PortalUrls.Correct(row, "language"),
        }).ToString();
    }

    public sealed class Listening : IAsyncDisposable
    {
        internal SignedInPortal People { get; } = new(listens: true);

        public ValueTask DisposeAsync() => People.DisposeAsync();
    }
}
