using Kalejdo.Portal.Mail;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Mailbox;

/// <summary>A sample of every letter, for who writes or reviews them; shown where the mailbox is.</summary>
internal sealed class LetterGallery(Mails mails, LetterPrinter printer, IOptions<PortalOptions> portal)
{
    public static readonly string[] Languages = ["sv", "en"];

    public bool IsShown => mails.AreShown;

    public Task<PrintedLetter> PrintAsync(Letter letter, string language) =>
        printer.PrintAsync(letter, language, new Uri(portal.Value.PublicAddress, letter.IsFarewell ? PortalUrls.NotMyAddress : PortalUrls.NotMyAddressLink(SampleLetters.Token)));

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet(PortalUrls.LetterFrameRoute, FrameAsync)
        .WithMetadata(new OwnContentSecurityPolicy(Mails.FramePolicy))
        .AllowAnonymous();

    private static async Task<Results<ContentHttpResult, NotFound>> FrameAsync(string name, string language, LetterGallery gallery) =>
        gallery.IsShown && Languages.Contains(language) && SampleLetters.All.FirstOrDefault(letter => letter.ToString() == name) is { } letter
            ? TypedResults.Content((await gallery.PrintAsync(letter, language)).Html, "text/html; charset=utf-8")
            : TypedResults.NotFound();
}
