using System.Globalization;
using Kalejdo.Portal.Layout;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>A mail as it is sent, but for its address.</summary>
internal sealed record PrintedLetter(string Subject, string Text, string Html, Uri? Unsubscribe);

/// <summary>Turns a letter into subject, HTML and text, in one language or in both.</summary>
internal sealed class LetterPrinter(IServiceProvider services, IOptions<PortalOptions> portal, IOptions<ControllerOptions> controller)
{
    /// <param name="language"><c>sv</c>, <c>en</c>, or <c>both</c> where it is unknown: Swedish, then English.</param>
    public async Task<PrintedLetter> PrintAsync(Letter letter, string language, Uri notMyAddress)
    {
        IReadOnlyList<CultureInfo> cultures = language switch
        {
            "sv" => [Languages.Swedish],
            "en" => [Languages.English],
            "both" => [Languages.Swedish, Languages.English],
            _ => throw new ArgumentOutOfRangeException(nameof(language), "A letter is written in sv, en or both."),
        };

        // What is rendered is personal and stays out of the logs, whatever the level.
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var (subjects, parts) = (new List<string>(), new List<string>());
            foreach (var culture in cultures)
            {
                // Within this asynchronous flow alone; the page that sends keeps its own.
                (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, culture);
                subjects.Add(letter.Subject);
                parts.Add(await RenderAsync<LetterBody>(renderer, new()
                {
                    [nameof(LetterBody.Letter)] = letter,
                    [nameof(LetterBody.Portal)] = portal.Value.PublicAddress,
                    [nameof(LetterBody.NotMyAddress)] = notMyAddress,
                    [nameof(LetterBody.PostalAddress)] = controller.Value.PostalAddress,
                }));
            }

            var unsubscribe = letter.UnsubscribeAddress is { } declined ? new Uri(portal.Value.PublicAddress, declined) : null;
            var subject = string.Join(" / ", subjects);
            var html = await RenderAsync<LetterDocument>(renderer, new()
            {
                [nameof(LetterDocument.Language)] = cultures[0].TwoLetterISOLanguageName,
                [nameof(LetterDocument.Subject)] = subject,
                [nameof(LetterDocument.Parts)] = parts,
            });
            return new PrintedLetter(subject, string.Join("\n\n* * *\n\n", parts.Select(PlainText.Of)) + "\n", html, unsubscribe);
        });
    }

    private static async Task<string> RenderAsync<TComponent>(HtmlRenderer renderer, Dictionary<string, object?> parameters)
        where TComponent : IComponent =>
        (await renderer.RenderComponentAsync<TComponent>(ParameterView.FromDictionary(parameters))).ToHtmlString();
}
