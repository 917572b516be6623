using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal;

/// <summary>
/// Whether a subscriber is served by staff alone: by Kalejdo's own mark, or as staff or the subscriber closed the self-service here.
/// The one place that says so; <see cref="CurrentSubject"/> asks it before an account becomes a subject.
/// </summary>
internal sealed class SelfService(IDbContextFactory<PortalDbContext> databases, PortalKeys keys, IConfiguration configuration)
{
    private readonly DataMapSettings settings = DataMapSettings.From(configuration);

    /// <summary>By any of the agreements: an address may find the rows of all of them.</summary>
    public async Task<bool> IsClosedAsync(IReadOnlyList<Identity> identities, CancellationToken cancellation)
    {
        var numbers = identities.Where(identity => identity.Name == CurrentSubject.CustomerNumber).Select(identity => identity.Value).ToList();
        var hashes = numbers.Select(HashOf).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.ClosedSelfServices.AnyAsync(row => hashes.Contains(row.CustomerHash), cancellation) || await IsMarkedAsync(numbers, cancellation);
    }

    /// <summary>For staff, who see nothing of where the person is before they ask for it. True while Kalejdo's own mark cannot be read.</summary>
    public async Task<bool> IsProtectedAsync(string customerNumber, CancellationToken cancellation)
    {
        var hash = HashOf(customerNumber);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        try
        {
            return await db.ClosedSelfServices.AnyAsync(row => row.CustomerHash == hash && row.Reason != ClosedReason.Frozen, cancellation) || await IsMarkedAsync([customerNumber], cancellation);
        }
        catch (DbException)
        {
            return true;
        }
    }

    /// <param name="subject">By the audit's number.</param>
    public async Task<bool> IsProtectedAsync(long subject, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.ClosedSelfServices.AnyAsync(row => row.Subject == subject && row.Reason != ClosedReason.Frozen, cancellation);
    }

    /// <summary>Whose protection a task asks staff to look at.</summary>
    /// <param name="id">As the task has it.</param>
    public async Task<string?> FindNumberAsync(string? id, CancellationToken cancellation)
    {
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await db.ClosedSelfServices.AsNoTracking().SingleOrDefaultAsync(row => row.Id == number && row.Reason != ClosedReason.Frozen, cancellation))?.CustomerNumber(keys);
    }

    public string HashOf(string customerNumber) => AccountLink.Hash(keys, CurrentSubject.CustomerNumber, customerNumber);

    private async Task<bool> IsMarkedAsync(IReadOnlyList<string> customerNumbers, CancellationToken cancellation)
    {
        await using var kalejdo = settings.ConnectToKalejdo();
        await kalejdo.OpenAsync(cancellation);
        foreach (var number in customerNumbers)
        {
            await using var command = kalejdo.CreateCommand();
            command.CommandText = "SELECT s.protected_identity FROM subscriber s WHERE s.customer_number = @number";
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@number", number);
            command.Parameters.Add(parameter);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            if (await reader.ReadAsync(cancellation) && reader.GetBoolean(0))
            {
                return true;
            }
        }

        return false;
    }
}
