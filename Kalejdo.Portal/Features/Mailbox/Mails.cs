using System.Text.RegularExpressions;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Mailbox;

/// <summary>
/// The mails of the pickup folder, for who tries the portal out. They open every account, so they are shown only where the settings
/// say so and the portal's public address is this machine itself.
/// </summary>
internal sealed partial class Mails(IOptions<MailOptions> options, IOptions<PortalOptions> portal, IConfiguration configuration)
{
    public const int Newest = 50;

    // Styles of the mail's own, no script, nothing fetched; links lead out of the frame.
    internal const string FramePolicy =
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; " +
        "sandbox allow-top-navigation-by-user-activation allow-popups allow-popups-to-escape-sandbox";

    public bool AreShown => options.Value is { Transport: MailTransport.Pickup, Mailbox: true } && portal.Value.PublicAddress.IsLoopback;

    public string Folder { get; } = Path.GetFullPath(options.Value.PickupFolder, DataRoot.Resolve(configuration));

    public async Task<IReadOnlyList<Mail>> ListAsync(CancellationToken cancellation)
    {
        var folder = new DirectoryInfo(Folder);
        if (!folder.Exists)
        {
            return [];
        }

        var mails = new List<Mail>();
        foreach (var file in folder.EnumerateFiles("*.eml").OrderByDescending(file => file.LastWriteTimeUtc).Take(Newest))
        {
            if (await FindAsync(Path.GetFileNameWithoutExtension(file.Name), cancellation) is { } mail)
            {
                mails.Add(mail);
            }
        }

        return mails;
    }

    /// <returns>Null where there is none of that name, or mails are not shown.</returns>
    public async Task<Mail?> FindAsync(string name, CancellationToken cancellation)
    {
        var file = new FileInfo(Path.Combine(Folder, name + ".eml"));
        return AreShown && FileName().IsMatch(name) && file.Exists
            ? new Mail(name, file.LastWriteTimeUtc, EmlFile.Parse(await File.ReadAllTextAsync(file.FullName, cancellation)))
            : null;
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet(PortalUrls.MailFrameRoute, FrameAsync)
        .WithMetadata(new OwnContentSecurityPolicy(FramePolicy))
        .AllowAnonymous();

    private static async Task<Results<ContentHttpResult, NotFound>> FrameAsync(string name, Mails mails, CancellationToken cancellation) =>
        await mails.FindAsync(name, cancellation) is { } mail
            // A page of the portal opens in place of the mailbox, not within the mail.
            ? TypedResults.Content(mail.Content.Html.Replace("<head>", "<head><base target=\"_top\">", StringComparison.Ordinal), "text/html; charset=utf-8")
            : TypedResults.NotFound();

    [GeneratedRegex("^[0-9a-f]{32}$")]
    private static partial Regex FileName();

    internal sealed record Mail(string Name, DateTime At, EmlFile Content);
}
