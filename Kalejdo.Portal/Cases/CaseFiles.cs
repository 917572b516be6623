using System.Text.Json;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>A line of a case's history.</summary>
/// <param name="Words">What the person or staff wrote.</param>
public sealed record CaseLine(DateTime At, CaseStep Step, CaseParty By, string? ReasonCode, string? Words)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => Step.ToString();
}

/// <summary>A case with its history, oldest line first.</summary>
/// <param name="Contact">How its person is reached; null where nobody noted it, or it is forgotten by now.</param>
public sealed record CaseFile(Case Case, IReadOnlyList<CaseLine> History, CaseContact? Contact)
{
    /// <summary>Whether it is an erasure that staff asked for, and that waits for a second person.</summary>
    public bool AwaitsSecondPerson { get; init; }

    public CaseLine? Last(CaseStep step) => History.LastOrDefault(line => line.Step == step);

    /// <summary>Whether people asked for it in their own words: staff answer it.</summary>
    public bool IsRequest => History.Any(line => line is { Step: CaseStep.Received, Words: not null });

    /// <summary>Whether the portal has it in its own hands: it waits out a pause, or destroys at this moment.</summary>
    public bool IsThePortals => Case.Type is CaseType.Erasure or CaseType.Disavowal && !IsRequest && !AwaitsSecondPerson
        && (Case.Status, History.LastOrDefault(line => line.Step is CaseStep.Begun or CaseStep.HandedToStaff)) switch
        {
            (CaseStatus.Received, null) => true,
            (CaseStatus.InProgress, { Step: CaseStep.Begun, By: CaseParty.Portal }) => true,
            (CaseStatus.PartlyDone, _) => Case.Type == CaseType.Disavowal && Case.ReasonCode != CaseSteps.RecipientsNotTold,
            _ => false,
        };

    /// <summary>Whether it is done here, and recipients have yet to confirm: the portal closes it by itself.</summary>
    public bool AwaitsRecipients => !IsRequest && Case.Status == CaseStatus.WaitingForRecipients;

    /// <summary>Whether something was erased of which there is a receipt.</summary>
    public bool HasErasureReceipt => !IsRequest
        && Case is { Type: CaseType.Erasure, OutcomeJson: ['{', ..], Status: CaseStatus.Done or CaseStatus.WaitingForRecipients or CaseStatus.PartlyDone };

    /// <summary>Why an erasure could not be carried out, for staff: fields and reasons, no values.</summary>
    public IReadOnlyList<Refusal> Refusals =>
        Case is { Type: CaseType.Erasure, OutcomeJson: ['[', ..] json } ? JsonSerializer.Deserialize<Refusal[]>(json)! : [];

    /// <summary>The answer or the refusal that staff wrote; null where there is none (yet).</summary>
    public CaseLine? Answer => History.LastOrDefault(line => line is { By: CaseParty.Staff, Step: CaseStep.Done or CaseStep.Refused });
}

internal sealed class CaseFiles(IDbContextFactory<PortalDbContext> databases, PortalKeys keys)
{
    public async Task<CaseFile?> FindAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Cases.AsNoTracking().SingleOrDefaultAsync(row => row.Number == number, cancellationToken) is not { } found)
        {
            return null;
        }
        var history = await db.CaseEvents.AsNoTracking().Where(row => row.CaseNumber == number).OrderBy(row => row.Id).ToListAsync(cancellationToken);
        var contact = await db.CaseContacts.AsNoTracking().SingleOrDefaultAsync(row => row.CaseNumber == number, cancellationToken);
        var awaits = found.ClosedAt is null && await db.ErasureProposals.AnyAsync(row => row.CaseNumber == number && row.AnsweredAt == null, cancellationToken);
        return new CaseFile(found, [.. history.Select(row => new CaseLine(row.At, row.Step, row.By, row.ReasonCode, row.Words(keys)))], contact) { AwaitsSecondPerson = awaits };
    }
}
