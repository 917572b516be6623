using System.Data.Common;

namespace Kalejdo.Portal.Features.Accounts;

/// <param name="AddressVerified">Kalejdo itself had seen that the mailbox is this subscriber's.</param>
/// <param name="Protected">Protected identity: served by staff alone.</param>
/// <param name="ByNumber">What was typed is the customer number.</param>
/// <param name="ByCode">What was typed is the code of a TV box or app of this subscriber's.</param>
internal sealed record Agreement(string CustomerNumber, string Address, bool AddressVerified, bool Protected, bool ByNumber, bool ByCode)
{
    public sealed override string ToString() => nameof(Agreement);
}

/// <summary>Reads who subscribes in Kalejdo's own database: with which address, and what they can show.</summary>
internal sealed class Agreements(IConfiguration configuration)
{
    private readonly DataMapSettings settings = DataMapSettings.From(configuration);

    /// <summary>The agreements that hold the address, and which of them the typed number or code belongs to.</summary>
    public async Task<IReadOnlyList<Agreement>> OfAddressAsync(string address, string typed, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        // Both sides folded by the database, as each engine has its own idea of small letters.
        command.CommandText = """
            SELECT s.customer_number, s.email, s.email_verified_at IS NOT NULL, s.protected_identity, s.customer_number IN (@typed, @code),
              EXISTS (SELECT 1 FROM subscription a JOIN tv_box b ON b.subscription_id = a.id WHERE a.subscriber_id = s.id AND b.box_code = @code)
              OR EXISTS (SELECT 1 FROM subscription a JOIN smart_home h ON h.subscription_id = a.id WHERE a.subscriber_id = s.id AND h.app_code = @code)
            FROM subscriber s WHERE lower(trim(s.email)) = lower(trim(@address)) ORDER BY s.id
            """;
        Add(command, "@address", address);
        Add(command, "@typed", typed.Trim());
        Add(command, "@code", Code(typed));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var found = new List<Agreement>();
        while (await reader.ReadAsync(cancellation))
        {
            found.Add(new Agreement(
                reader.GetString(0), reader.GetString(1), reader.GetBoolean(2), reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5)));
        }

        return found;
    }

    /// <summary>Codes are in capitals, and people copy the blanks between their groups.</summary>
    public static string Code(string typed) => string.Concat(typed.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    private async Task<DbConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = settings.ConnectToKalejdo();
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static void Add(DbCommand command, string name, string value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }
}
