using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>Where letters are posted: printed and sealed at once, sent when what they tell of is committed.</summary>
internal sealed class Outbox(LetterPrinter printer, PortalKeys keys, IDataProtectionProvider protection, IOptions<PortalOptions> portal, TimeProvider time)
{
    /// <summary>How long a letter's link says whose mailbox it went to; later the page asks for the address.</summary>
    public static readonly TimeSpan LinkValidity = TimeSpan.FromDays(90);

    public static string NewMessageId(Uri publicAddress) => $"<{RandomNumberGenerator.GetHexString(32, lowercase: true)}@{publicAddress.IdnHost}>";

    /// <summary>
    /// Adds the letter to the context; the caller saves and commits it together with the change that it tells of. To an address that
    /// its owner blocked nothing is added, and nobody is told.
    /// </summary>
    /// <param name="language"><c>sv</c>, <c>en</c>, or <c>both</c> where it is unknown.</param>
    public async Task AddAsync(PortalDbContext db, Letter letter, string address, string language, string? caseNumber, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        cancellation.ThrowIfCancellationRequested();
        var (id, now) = (NewMessageId(portal.Value.PublicAddress), time.GetUtcNow().UtcDateTime);
        var blocked = !letter.ReachesBlocked && await BlockedAddress.IsBlockedAsync(db, MailLink.HashAddress(keys, address), now, cancellation);
        var disavowal = PortalUrls.NotMyAddress;
        if (!letter.IsFarewell && !blocked)
        {
            db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.Disavowal, address, now, LinkValidity, out var token));
            disavowal = PortalUrls.NotMyAddressLink(token);
        }

        var content = await printer.PrintAsync(letter, language, new Uri(portal.Value.PublicAddress, disavowal));
        if (blocked)
        {
            // Printed all the same: whether an address is blocked must not be told by time.
            return;
        }

        var protector = OutboxMail.Protector(protection, id);
        db.Outbox.Add(new OutboxMail
        {
            MessageId = id,
            Recipient = protector.Protect(Encoding.UTF8.GetBytes(address)),
            Content = protector.Protect(JsonSerializer.SerializeToUtf8Bytes(content)),
            Template = letter.GetType().Name,
            Language = language == "both" ? null : language,
            CaseNumber = caseNumber,
            CreatedAt = now,
            DueAt = now,
        });
    }
}
