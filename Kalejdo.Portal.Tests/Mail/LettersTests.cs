using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Mail;

/// <summary>Every letter in every language; a new one has a sample and so is held to the rules of all.</summary>
public partial class LettersTests(PortalFixture portal)
{
    private const string Secret = SampleLetters.Code;
    private const string Case = SampleLetters.CaseNumber;
    private static readonly Uri Stray = new("https://exempel.se/inte-min-adress/lank/abc");

    private static IReadOnlyList<Letter> Every => SampleLetters.All;

    public static TheoryData<string, string> EveryLetter => new(
        from letter in Every from language in new[] { "sv", "en", "both" } select (letter.ToString(), language));

    [Fact]
    public void Have_a_sample_each()
    {
        Assert.NotEmpty(Every);
        Assert.Equal(SampleLetters.Types.Select(type => type.Name), Every.Select(letter => letter.ToString()));
    }

    [Fact]
    public void Nobody_can_decline_any_of_them_yet_so_none_offers_it() => Assert.All(Every, letter => Assert.Null(letter.UnsubscribeAddress));

    [Theory]
    [MemberData(nameof(EveryLetter))]
    public async Task Say_the_same_in_text_and_html(string name, string language)
    {
        var printed = await PrintAsync(name, language);

        Assert.Equal(Href().Matches(printed.Html).Select(link => WebUtility.HtmlDecode(link.Groups[1].Value)), Address().Matches(printed.Text).Select(link => link.Value));
        Assert.Equal(language == "both" ? 2 : 1, Address().Matches(printed.Text).Count(link => link.Value == Stray.ToString()));
        Assert.DoesNotContain('<', printed.Text);
        Assert.DoesNotContain("&#", printed.Text, StringComparison.Ordinal);
        var title = WebUtility.HtmlDecode(Heading().Match(printed.Html).Groups[1].Value);
        Assert.StartsWith("Kalejdo Bredband AB", printed.Text[(printed.Text.IndexOf(", ", StringComparison.Ordinal) + 2)..], StringComparison.Ordinal);
        Assert.Contains($"\n\n{title}\n\n", printed.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryLetter))]
    public async Task Say_why_they_come_who_answers_and_what_to_do_with_a_stray_one(string name, string language)
    {
        var printed = await PrintAsync(name, language);

        Assert.Equal(language != "en", printed.Text.Contains("Det här är inte min e-postadress: ", StringComparison.Ordinal));
        Assert.Equal(language != "sv", printed.Text.Contains("This is not my e-mail address: ", StringComparison.Ordinal));
        Assert.Matches(language == "en" ? "You get this because" : "Du får det här eftersom", printed.Text);
        Assert.Contains("Box 123", printed.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryLetter))]
    public async Task Load_nothing_and_keep_their_subject_free_of_values(string name, string language)
    {
        var printed = await PrintAsync(name, language);

        Assert.DoesNotMatch("<(img|script|link|iframe|table)|url\\(|@import|src=", printed.Html);
        Assert.DoesNotContain(Secret, printed.Subject, StringComparison.Ordinal);
        Assert.DoesNotMatch("[0-9]{2}|@", printed.Subject);
        Assert.Equal(Every.First(letter => letter.ToString() == name).GetType().GetProperty("CaseNumber") is not null, printed.Text.Contains(Case, StringComparison.Ordinal));
        Assert.InRange(printed.Subject.Length, 5, 150);
    }

    [Fact]
    public async Task Write_days_and_kinds_in_the_language_of_the_letter()
    {
        Assert.Contains("Vi raderar dina uppgifter 28 juli 2026 kl. 12.00", (await PrintAsync(nameof(ErasureScheduledLetter), "both")).Text, StringComparison.Ordinal);
        Assert.Contains("We erase your data on 28 July 2026 at 12:00", (await PrintAsync(nameof(ErasureScheduledLetter), "both")).Text, StringComparison.Ordinal);
        Assert.Contains("- Tittarhistorik\n- Sökningar & filter\n\n", (await PrintAsync(nameof(PartlyErasedLetter), "sv")).Text, StringComparison.Ordinal);
        Assert.Contains("- Viewing history\n", (await PrintAsync(nameof(PartlyErasedLetter), "en")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Say_how_long_a_code_is_good_for()
    {
        var coded = Every.Where(letter => letter.GetType().GetProperty("Code") is not null).Select(letter => letter.ToString()).ToList();
        Assert.Equal(5, coded.Count);
        foreach (var name in coded)
        {
            var printed = await PrintAsync(name, "both");
            Assert.Contains($"Koden gäller i {OneTimeCodes.Validity.TotalMinutes} minuter", printed.Text, StringComparison.Ordinal);
            Assert.Contains($"The code is valid for {OneTimeCodes.Validity.TotalMinutes} minutes", printed.Text, StringComparison.Ordinal);
        }
    }

    private async Task<PrintedLetter> PrintAsync(string name, string language) =>
        await portal.InMemory.Services.GetRequiredService<LetterPrinter>().PrintAsync(Every.First(letter => letter.ToString() == name), language, Stray);

    [GeneratedRegex("<a [^>]*href=\"([^\"]+)\"")]
    private static partial Regex Href();

    [GeneratedRegex("https?://\\S+")]
    private static partial Regex Address();

    [GeneratedRegex("<h1>(.*?)</h1>")]
    private static partial Regex Heading();
}
