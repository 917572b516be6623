using System.Data.Common;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Subscriber;

internal enum SearchBy
{
    CustomerNumber,
    Email,
    Phone,
}

/// <summary>Somebody who may be meant.</summary>
internal sealed record Hit(string CustomerNumber, string Name, string? City, bool Protected)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(Hit);
}

internal abstract record SearchResult
{
    private SearchResult()
    {
    }

    public sealed record Found(IReadOnlyList<Hit> Hits) : SearchResult;

    /// <summary>More than anybody should read through.</summary>
    public sealed record TooMany : SearchResult;

    public sealed record UnknownCase : SearchResult;

    /// <summary>Kalejdo's database does not answer now.</summary>
    public sealed record Unavailable : SearchResult;
}

/// <summary>Finds subscribers for a stated purpose. That it is looked, and whom it finds, is on record before a name is read.</summary>
internal sealed class SubscriberSearch(IConfiguration configuration, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Subjects subjects, SelfService selfService)
{
    public const int Most = 20;

    private readonly DataMapSettings settings = DataMapSettings.From(configuration);

    public async Task<SearchResult> FindAsync(SearchBy by, string value, string purpose, string? caseNumber, string actor, CancellationToken cancellation)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellation))
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            if (caseNumber is not null && !await db.Cases.AnyAsync(row => row.Number == caseNumber, cancellation))
            {
                return new SearchResult.UnknownCase();
            }
            var who = await audit.NumberOfAsync(db, actor, cancellation);
            await audit.AppendAsync(db, new AuditEvent("access.searched") { Actor = who, ReasonCode = purpose, CaseNumber = caseNumber }, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        try
        {
            await using var kalejdo = settings.ConnectToKalejdo();
            await kalejdo.OpenAsync(cancellation);
            var numbers = await NumbersAsync(kalejdo, by, value, cancellation);
            if (numbers.Count > Most)
            {
                return new SearchResult.TooMany();
            }
            var hits = new List<Hit>();
            foreach (var number in numbers)
            {
                await subjects.RecordReadAsync([new Identity(CurrentSubject.CustomerNumber, number)], actor, purpose, cancellation, caseNumber);
                hits.Add(await ReadAsync(kalejdo, number, cancellation));
            }
            return new SearchResult.Found(hits);
        }
        catch (DbException)
        {
            return new SearchResult.Unavailable();
        }
    }

    /// <summary>A Swedish number as people write it, as Kalejdo's systems do.</summary>
    internal static string Phone(string typed)
    {
        var digits = string.Concat(typed.Where(char.IsAsciiDigit));
        return typed.TrimStart().StartsWith('+') ? $"+{digits}"
            : digits.StartsWith("00", StringComparison.Ordinal) ? $"+{digits[2..]}"
            : digits.StartsWith('0') ? $"+46{digits[1..]}" : digits;
    }

    private static async Task<List<string>> NumbersAsync(DbConnection kalejdo, SearchBy by, string value, CancellationToken cancellation)
    {
        await using var command = kalejdo.CreateCommand();
        command.CommandText = "SELECT s.customer_number FROM subscriber s WHERE " + by switch
        {
            SearchBy.CustomerNumber => "s.customer_number = @value",
            // Both sides folded by the database, as each engine has its own idea of small letters.
            SearchBy.Email => "lower(trim(s.email)) = lower(trim(@value))",
            _ => "s.phone IN (@value, @phone)",
        } + $" ORDER BY s.customer_number LIMIT {Most + 1}";
        Add(command, "@value", value);
        Add(command, "@phone", Phone(value));
        var numbers = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            numbers.Add(reader.GetString(0));
        }
        return numbers;
    }

    private async Task<Hit> ReadAsync(DbConnection kalejdo, string number, CancellationToken cancellation)
    {
        var isClosed = await selfService.IsProtectedAsync(number, cancellation);
        await using var command = kalejdo.CreateCommand();
        command.CommandText = """
            SELECT coalesce(s.company_name, s.full_name), a.city, s.protected_identity
            FROM subscriber s LEFT JOIN installation_address a ON a.id = s.installation_address_id WHERE s.customer_number = @number
            """;
        Add(command, "@number", number);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) && (isClosed || reader.GetBoolean(2)) is var isProtected
            // Where somebody with a protected identity lives stands nowhere that one need not look.
            ? new Hit(number, reader.GetString(0), isProtected || reader.IsDBNull(1) ? null : reader.GetString(1), isProtected)
            : new Hit(number, "", null, Protected: false);
    }

    private static void Add(DbCommand command, string name, string value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }
}
