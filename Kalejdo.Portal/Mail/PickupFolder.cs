using System.Net.Mail;
using Kalejdo.Portal.Store;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>The folder of <c>.eml</c> files, where mails are put into one.</summary>
internal sealed class PickupFolder(IOptions<MailOptions> options, IConfiguration configuration)
{
    private readonly string folder = Path.GetFullPath(options.Value.PickupFolder, DataRoot.Resolve(configuration));

    /// <summary>Removes the mails that went to somebody who is erased.</summary>
    /// <param name="before">Later ones are of who came back.</param>
    public async Task RemoveAsync(IReadOnlyList<string> addresses, DateTime before, CancellationToken cancellationToken)
    {
        if (options.Value.Transport != MailTransport.Pickup || !Directory.Exists(folder))
        {
            return;
        }
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.eml").Where(f => f.LastWriteTimeUtc <= before))
        {
            var mail = EmlFile.Parse(await File.ReadAllTextAsync(file.FullName, cancellationToken));
            if (MailAddress.TryCreate(mail["To"], out var to) && addresses.Contains(to.Address, StringComparer.OrdinalIgnoreCase))
            {
                file.Delete();
            }
        }
    }
}
