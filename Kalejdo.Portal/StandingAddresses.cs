using System.Data.Common;

namespace Kalejdo.Portal;

/// <summary>Where Kalejdo itself reaches a subscriber: for letters of staff to somebody without an account.</summary>
internal sealed class StandingAddresses(IConfiguration configuration)
{
    private readonly DataMapSettings settings = DataMapSettings.From(configuration);

    /// <summary>The address that Kalejdo itself saw to be the subscriber's; null where there is none.</summary>
    public async Task<(string Address, string Language)?> FindAsync(string customerNumber, CancellationToken cancellation)
    {
        try
        {
            await using var kalejdo = settings.ConnectToKalejdo();
            await kalejdo.OpenAsync(cancellation);
            await using var command = kalejdo.CreateCommand();
            command.CommandText = "SELECT s.email, s.language FROM subscriber s WHERE s.customer_number = @number AND s.email IS NOT NULL AND s.email_verified_at IS NOT NULL";
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@number", customerNumber);
            command.Parameters.Add(parameter);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            return await reader.ReadAsync(cancellation) && Addresses.Read(reader.GetString(0)) is { } address ? (address, reader.IsDBNull(1) ? "both" : reader.GetString(1)) : null;
        }
        catch (DbException)
        {
            // Then nothing can be changed either, which says so itself.
            return null;
        }
    }
}
