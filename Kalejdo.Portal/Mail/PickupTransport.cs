using System.Net.Mail;
using Kalejdo.Portal.Store;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>Puts mails into a folder as <c>.eml</c> files, named by their Message-ID: put there twice, a mail is there once.</summary>
internal sealed class PickupTransport(IOptions<MailOptions> options, IConfiguration configuration) : IMailTransport
{
    public string Folder { get; } = Path.GetFullPath(options.Value.PickupFolder, DataRoot.Resolve(configuration));

    public async Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation)
    {
        using var message = MimeMail.Compose(mail, options.Value);
        if (message is null)
        {
            return new Delivery.Bounced("address");
        }

        // The framework chooses the file's name, and whoever collects must not find half a file.
        var draft = new DirectoryInfo(Path.Combine(Folder, ".draft", Path.GetRandomFileName()));
        try
        {
            draft.Create();
            using var client = new SmtpClient
            {
                DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory,
                PickupDirectoryLocation = draft.FullName,
                DeliveryFormat = SmtpRehearsal.IsInternational(mail.Address) ? SmtpDeliveryFormat.International : SmtpDeliveryFormat.SevenBit,
            };
            await client.SendMailAsync(message, cancellation);
            var name = mail.MessageId.Trim('<', '>').Split('@')[0] + ".eml";
            File.Move(draft.GetFiles("*.eml").Single().FullName, Path.Combine(Folder, name), overwrite: true);
            return new Delivery.Sent();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SmtpException)
        {
            return new Delivery.Deferred("pickup-folder");
        }
        finally
        {
            draft.Refresh();
            if (draft.Exists)
            {
                draft.Delete(recursive: true);
            }
        }
    }

    public void Dispose()
    {
    }
}
