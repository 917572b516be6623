using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What staff ask to be erased, and why.</summary>
/// <param name="Why">In words; they stand in the case's history, for the subscriber to read.</param>
/// <param name="ForCase">The request that it answers; null where it is Kalejdo's own initiative.</param>
/// <param name="Shown">The fingerprint of the plan that they saw.</param>
internal sealed record WantedErasure(SubscriberPass Pass, ErasureScope Scope, string Why, string? ForCase, string Shown)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(WantedErasure);
}

/// <summary>What asking came to.</summary>
internal abstract record AskResult
{
    private AskResult()
    {
    }

    public sealed record Asked(string Case) : AskResult;

    /// <summary>Another erasure of this subscriber waits for its answer.</summary>
    public sealed record AlreadyAsked(string Case) : AskResult;

    /// <summary>There is no such case, or it is closed, or waits for its person to show who they are.</summary>
    public sealed record NoSuchCase : AskResult;

    /// <summary>The person had the use of something paused that would go.</summary>
    public sealed record Paused : AskResult;

    /// <summary>The data has changed since its plan was shown, or it cannot be planned now.</summary>
    public sealed record Changed : AskResult;
}

/// <summary>What answering came to.</summary>
internal enum AnswerResult
{
    Taken,

    /// <summary>Nobody approves what they asked for themselves, nobody else withdraws it, and auditors answer nothing.</summary>
    NotTheirs,

    /// <summary>It is answered, or its case is closed.</summary>
    Overtaken,

    /// <summary>The plan is another one than whoever approves has seen.</summary>
    Changed,

    /// <summary>The plan has come to change what whoever asked never saw: they ask anew.</summary>
    BeyondAsked,

    /// <summary>Whoever asked handles no cases any more: two people have to stand behind it.</summary>
    AskerGone,
}

/// <summary>An erasure that waits for a second person, opened.</summary>
/// <param name="Asked">The plan as whoever asked saw it.</param>
internal sealed record OpenProposal(ErasureProposal Row, ErasureRequest Request, IReadOnlyList<StepRecord> Asked);

/// <summary>
/// Erasures by staff: one asks, another one approves what they both have seen, and then it goes the way of every erasure (docs/decisions/16).
/// The answer never moves the day by which the person is to be answered.
/// </summary>
internal sealed class ErasureProposals(
    ErasurePlans plans, ErasureActs acts, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Subjects subjects, Restrictions restrictions,
    SubscriberPeople people, Outbox outbox, PortalKeys keys, TimeProvider time)
{
    public const string Job = "system:proposals";

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    public async Task<AskResult> AskAsync(WantedErasure wanted, string accountId, CancellationToken cancellationToken)
    {
        var request = await RequestAsync(wanted, accountId, cancellationToken);
        if (await plans.PlanAsync(request.Identities, request.Scope, cancellationToken) is not Preview.Ready plan || ErasureRequest.Fingerprint(plan.Steps) != wanted.Shown)
        {
            return new AskResult.Changed();
        }
        if (await PausedAsync(wanted.Pass.Identities, plan, cancellationToken) is { Count: > 0 })
        {
            return new AskResult.Paused();
        }
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var answers = wanted.ForCase is null ? null : await db.Cases.AsNoTracking().SingleOrDefaultAsync(row => row.Number == wanted.ForCase, cancellationToken);
        if (wanted.ForCase is not null && answers is not { ClosedAt: null, Status: not CaseStatus.WaitingForYou })
        {
            return new AskResult.NoSuchCase();
        }
        var subject = await subjects.NumberOfAsync(db, request.Identities, cancellationToken);
        if (await db.ErasureProposals.Where(row => row.EndedAt == null && db.Cases.Any(one => one.Number == row.CaseNumber && one.Subject == subject && one.ClosedAt == null))
            .Select(row => row.CaseNumber).FirstOrDefaultAsync(cancellationToken) is { } already)
        {
            return new AskResult.AlreadyAsked(already);
        }
        var opened = await CaseRegister.OpenAsync(db, CaseType.Erasure, subject, answers?.ReceivedAt ?? Now, cancellationToken, CaseParty.Staff, "staff-erasure");
        if (answers is not null)
        {
            // The person has been waiting since they asked.
            (opened.DueOn, opened.ExtendedBy, opened.StoppedDays) = (answers.DueOn, answers.ExtendedBy, answers.StoppedDays);
        }
        opened.PlanJson = JsonSerializer.Serialize(plan.Steps);
        CaseSteps.Note(db, opened, CaseStep.WordsAdded, CaseParty.Staff, Now, null, CaseEvent.Seal(keys, opened.Number, wanted.Why));
        db.ErasureProposals.Add(new ErasureProposal
        {
            CaseNumber = opened.Number,
            ForCase = wanted.ForCase,
            AskedBy = accountId,
            AskedAt = Now,
            SealedPayload = Seal(opened.Number, new Payload(request, plan.Steps)),
        });
        var who = await audit.NumberOfAsync(db, $"staff:{accountId}", cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("erasure.asked") { Subject = subject, Actor = who, CaseNumber = opened.Number, ReasonCode = wanted.Pass.Purpose }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new AskResult.Asked(opened.Number);
    }

    /// <summary>What is paused of that which would go.</summary>
    public async Task<IReadOnlyList<string>> PausedAsync(IReadOnlyList<Identity> identities, Preview.Ready plan, CancellationToken cancellationToken)
    {
        var kindOf = plan.Map.Collections.ToDictionary(c => c.Id, c => c.KindKey);
        var paused = await restrictions.KindsAsync(identities, cancellationToken);
        return [.. plan.Steps.Where(s => s.Changes && s.Rows > 0).Select(s => kindOf[s.Collection]).Where(paused.Contains).Distinct()];
    }

    /// <summary>As the plan is made for the subscriber's page, and for whoever approves.</summary>
    public async Task<ErasureRequest> RequestAsync(WantedErasure wanted, string accountId, CancellationToken cancellationToken)
    {
        var person = await people.FindAsync(wanted.Pass, cancellationToken);
        // Without an account nobody's is meant: the empty id is none's. One that holds other agreements too stays.
        var farewell = person is { AccountId: null, Address: null } ? null : new ErasureFarewell(
            person.AccountId ?? "", person.Address, person.Language, ClosesAccount: wanted.Scope.IsEverything && (person.AccountId is null || person.HoldsThisAlone));
        return new ErasureRequest(person.Identities, wanted.Scope, $"staff:{accountId}", farewell);
    }

    /// <returns>Null where the case is of no such erasure. Its payload is gone where nothing waits any more.</returns>
    public async Task<(ErasureProposal Row, OpenProposal? Open)?> FindAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.ErasureProposals.AsNoTracking().SingleOrDefaultAsync(row => row.CaseNumber == number, cancellationToken) is { } row ? (row, Open(row)) : null;
    }

    /// <returns>Null where the account is gone.</returns>
    public async Task<string?> NameOfAskerAsync(ErasureProposal proposal, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Users.Where(row => row.Id == proposal.AskedBy).Select(row => row.Name ?? row.Email).FirstOrDefaultAsync(cancellationToken);
    }

    /// <param name="shown">The fingerprint of the plan that whoever approves saw.</param>
    public async Task<AnswerResult> ApproveAsync(string number, string accountId, string shown, CancellationToken cancellationToken)
    {
        if (await FindAsync(number, cancellationToken) is not (_, { } open))
        {
            return AnswerResult.Overtaken;
        }
        if (await plans.PlanAsync(open.Request.Identities, open.Request.Scope, cancellationToken) is not Preview.Ready plan || ErasureRequest.Fingerprint(plan.Steps) != shown)
        {
            return AnswerResult.Changed;
        }
        if (ErasureRequest.Exceeds(plan.Steps, open.Asked, countsToo: false))
        {
            return AnswerResult.BeyondAsked;
        }
        var approved = Seal(number, new Payload(open.Request with { Approved = plan.Steps }, open.Asked));
        var result = await AnswerAsync(number, accountId, ProposalAnswer.Approved, null, approved, cancellationToken);
        if (result == AnswerResult.Taken)
        {
            await RunAsync(number, cancellationToken);
        }
        return result;
    }

    /// <param name="why">In words, for whoever asked; the subscriber can read them too.</param>
    public Task<AnswerResult> DeclineAsync(string number, string accountId, string why, CancellationToken cancellationToken) =>
        AnswerAsync(number, accountId, ProposalAnswer.Declined, why, [], cancellationToken);

    /// <summary>By whoever asked.</summary>
    public Task<AnswerResult> WithdrawAsync(string number, string accountId, CancellationToken cancellationToken) =>
        AnswerAsync(number, accountId, ProposalAnswer.Withdrawn, null, [], cancellationToken);

    /// <summary>Carries out what was approved: any number of nodes at once, and again after a kill.</summary>
    public async Task RunAsync(string number, CancellationToken cancellationToken)
    {
        if (await FindAsync(number, cancellationToken) is not ({ Answer: ProposalAnswer.Approved }, { } open))
        {
            return;
        }
        var code = await acts.EraseAsync($"proposal {number}", open.Request with { CaseNumber = number }, cancellationToken) switch
        {
            ErasureResult.Outgrown => "plan-outgrown",
            ErasureResult.Restricted => "person-paused",
            ErasureResult.NothingFound => "nothing-left",
            // Under way, here or on another node, or left to staff by the engine; or a database is away, and the clock tries again.
            _ => null,
        };
        if (code is not null)
        {
            await ReturnAsync(number, code, cancellationToken);
        }
    }

    private async Task<AnswerResult> AnswerAsync(string number, string accountId, ProposalAnswer answer, string? words, byte[] payload, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = Now;
        DateTime? ended = answer == ProposalAnswer.Approved ? null : now;
        var asker = await db.ErasureProposals.Where(row => row.CaseNumber == number).Select(row => row.AskedBy).SingleAsync(cancellationToken);
        var refusal = (answer == ProposalAnswer.Withdrawn) != (asker == accountId) || !await WorksAsync(db, accountId, cancellationToken) ? AnswerResult.NotTheirs
            : answer == ProposalAnswer.Approved && !await WorksAsync(db, asker, cancellationToken) ? AnswerResult.AskerGone
            : AnswerResult.Overtaken;
        // Claimed first: of two who answer at once, one does.
        var taken = refusal == AnswerResult.Overtaken && await db.ErasureProposals
            .Where(row => row.CaseNumber == number && row.AnsweredAt == null && row.EndedAt == null && db.Cases.Any(one => one.Number == number && one.Status == CaseStatus.Received))
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.AnsweredAt, now).SetProperty(row => row.AnsweredBy, accountId).SetProperty(row => row.Answer, answer)
                    .SetProperty(row => row.EndedAt, ended).SetProperty(row => row.SealedPayload, payload), cancellationToken) == 1;
        var asked = await db.Cases.SingleAsync(row => row.Number == number, cancellationToken);
        var who = await audit.NumberOfAsync(db, $"staff:{accountId}", cancellationToken);
        if (!taken)
        {
            await audit.AppendAsync(
                db, new AuditEvent("erasure.answer-refused") { Subject = asked.Subject, Actor = who, CaseNumber = number, ReasonCode = CodeOf(refusal) }, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return refusal;
        }
        var sealedWords = CaseEvent.Seal(keys, number, words);
        switch (answer)
        {
            case ProposalAnswer.Approved:
                CaseSteps.Note(db, asked, CaseStep.WordsAdded, CaseParty.Staff, now, "erasure-approved", sealedWords);
                await TellAskerAsync(db, number, isApproved: true, cancellationToken);
                break;
            case ProposalAnswer.Declined:
                CaseSteps.Take(db, asked, CaseStep.Withdrawn, CaseParty.Staff, now, "erasure-declined", sealedWords);
                db.StaffTasks.Add(Returned(number, "erasure-declined"));
                await TellAskerAsync(db, number, isApproved: false, cancellationToken);
                break;
            case ProposalAnswer.Withdrawn:
                CaseSteps.Take(db, asked, CaseStep.Withdrawn, CaseParty.Staff, now, "asker-withdrew");
                break;
        }
        await RemindNoMoreAsync(db, number, now, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent(EventOf(answer)) { Subject = asked.Subject, Actor = who, CaseNumber = number }, cancellationToken);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Its person withdrew at this very moment.
            return AnswerResult.Overtaken;
        }
        await transaction.CommitAsync(cancellationToken);
        return AnswerResult.Taken;
    }

    /// <summary>What was approved cannot be done as it was: nothing is changed, and whoever asked plans anew.</summary>
    private async Task ReturnAsync(string number, string code, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = Now;
        if (await db.ErasureProposals.Where(row => row.CaseNumber == number && row.EndedAt == null && db.Cases.Any(one => one.Number == number && one.Status == CaseStatus.Received))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now).SetProperty(row => row.SealedPayload, Array.Empty<byte>()), cancellationToken) == 0)
        {
            return;
        }
        var asked = await db.Cases.SingleAsync(row => row.Number == number, cancellationToken);
        asked.Take(db, CaseStep.Withdrawn, now, code);
        db.StaffTasks.Add(Returned(number, code));
        await TellAskerAsync(db, number, isApproved: false, cancellationToken);
        var who = await audit.NumberOfAsync(db, Job, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("erasure.returned") { Subject = asked.Subject, Actor = who, CaseNumber = number, ReasonCode = code }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static Task<bool> WorksAsync(PortalDbContext db, string accountId, CancellationToken cancellationToken) => db.Users.AnyAsync(
        row => row.Id == accountId && row.LockoutEnd == null
            && db.UserRoles.Any(given => given.UserId == row.Id && db.Roles.Any(role => role.Id == given.RoleId && StaffRoles.Workers.Contains(role.Name))), cancellationToken);

    private async Task TellAskerAsync(PortalDbContext db, string number, bool isApproved, CancellationToken cancellationToken)
    {
        var asker = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => db.ErasureProposals.Any(one => one.CaseNumber == number && one.AskedBy == row.Id), cancellationToken);
        if (asker is { Email: { } address, Language: var language })
        {
            await outbox.AddAsync(db, new ErasureAnsweredLetter(number, isApproved), address, language, null, cancellationToken);
        }
    }

    internal static async Task RemindNoMoreAsync(PortalDbContext db, string number, DateTime now, CancellationToken cancellationToken) =>
        await db.StaffTasks.Where(row => row.CaseNumber == number && row.Kind == StaffTaskKind.ErasureUnanswered && row.DoneAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DoneAt, now), cancellationToken);

    private StaffTask Returned(string number, string code) =>
        new() { CaseNumber = number, Kind = StaffTaskKind.ErasureReturned, Place = "", ReasonCode = code, Rows = 0, CreatedAt = Now };

    private static string CodeOf(AnswerResult refusal) => refusal switch
    {
        AnswerResult.NotTheirs => "not-theirs",
        AnswerResult.AskerGone => "asker-gone",
        AnswerResult.Overtaken => "overtaken",
        _ => throw new ArgumentOutOfRangeException(nameof(refusal)),
    };

    private static string EventOf(ProposalAnswer answer) => answer switch
    {
        ProposalAnswer.Approved => "erasure.approved",
        ProposalAnswer.Declined => "erasure.declined",
        ProposalAnswer.Withdrawn => "erasure.withdrawn",
        _ => throw new ArgumentOutOfRangeException(nameof(answer)),
    };

    private byte[] Seal(string number, Payload payload) => keys.Seal(Purpose(number), JsonSerializer.SerializeToUtf8Bytes(payload));

    private OpenProposal? Open(ErasureProposal row) => row.EndedAt is null && JsonSerializer.Deserialize<Payload>(keys.Unseal(Purpose(row.CaseNumber), row.SealedPayload)) is { } payload
        ? new OpenProposal(row, payload.Request, payload.Asked) : null;

    private static string Purpose(string number) => $"erasure proposal {number}";

    private sealed record Payload(ErasureRequest Request, IReadOnlyList<StepRecord> Asked);
}
