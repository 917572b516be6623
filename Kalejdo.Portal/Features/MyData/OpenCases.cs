using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.MyData;

internal sealed record OpenCase(string Number, CaseType Type, DateOnly DueOn);

/// <summary>The person's requests that are not answered yet, the most urgent first.</summary>
internal sealed class OpenCases(IDbContextFactory<PortalDbContext> databases, Subjects subjects)
{
    public async Task<IReadOnlyList<OpenCase>> OfAsync(LinkedSubject subject, CancellationToken cancellationToken)
    {
        var numbers = (await subjects.NumbersAsync(subject.Identities, cancellationToken)).Select(number => long.Parse(number.Value, CultureInfo.InvariantCulture)).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Cases.Where(row => numbers.Contains(row.Subject) && row.ClosedAt == null)
            .OrderBy(row => row.DueOn).Select(row => new OpenCase(row.Number, row.Type, row.DueOn)).ToListAsync(cancellationToken);
    }
}
