using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Cases;

/// <summary>What cases are called on screen, in letters and on receipts, in the language of the moment.</summary>
internal static class CaseWords
{
    public static string Of(CaseType type) => type switch
    {
        CaseType.Access => CasesText.Access,
        CaseType.Portability => CasesText.Portability,
        CaseType.Rectification => CasesText.Rectification,
        CaseType.Erasure => CasesText.Erasure,
        CaseType.Restriction => CasesText.Restriction,
        CaseType.Objection => CasesText.Objection,
        CaseType.ConsentWithdrawal => CasesText.ConsentWithdrawal,
        CaseType.Disavowal => CasesText.Disavowal,
        CaseType.Linking => CasesText.Linking,
        CaseType.Contest => CasesText.Contest,
        CaseType.Remark => CasesText.Remark,
        CaseType.Complaint => CasesText.Complaint,
        CaseType.Other => CasesText.Other,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public static string Of(CaseStatus status) => status switch
    {
        CaseStatus.Received => CasesText.StatusReceived,
        CaseStatus.WaitingForYou => CasesText.StatusWaitingForYou,
        CaseStatus.InProgress => CasesText.StatusInProgress,
        CaseStatus.WaitingForRecipients => CasesText.StatusWaitingForRecipients,
        CaseStatus.PartlyDone => CasesText.StatusPartlyDone,
        CaseStatus.Done => CasesText.StatusDone,
        CaseStatus.Refused => CasesText.StatusRefused,
        CaseStatus.Withdrawn => CasesText.StatusWithdrawn,
        CaseStatus.Expired => CasesText.StatusExpired,
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    /// <summary>What staff add is not sent in by anybody.</summary>
    public static string Of(CaseLine line) => line is { Step: CaseStep.WordsAdded, By: CaseParty.Staff } ? CasesText.StepNoted : Of(line.Step);

    public static string Of(CaseStep step) => step switch
    {
        CaseStep.Received => CasesText.StepReceived,
        CaseStep.Begun => CasesText.StepBegun,
        CaseStep.WordsAdded => CasesText.StepWordsAdded,
        CaseStep.IdentificationAsked => CasesText.StepIdentificationAsked,
        CaseStep.Identified => CasesText.StepIdentified,
        CaseStep.Extended => CasesText.StepExtended,
        CaseStep.HandedToStaff => CasesText.StepHandedToStaff,
        CaseStep.RecipientsAwaited => CasesText.StepRecipientsAwaited,
        CaseStep.PartlyDone => CasesText.StepPartlyDone,
        CaseStep.Done => CasesText.StepDone,
        CaseStep.Refused => CasesText.StepRefused,
        CaseStep.Withdrawn => CasesText.StepWithdrawn,
        CaseStep.Expired => CasesText.StepExpired,
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    /// <param name="code">Of <see cref="RefusalGrounds"/>.</param>
    public static string Ground(string code) => code switch
    {
        RefusalGrounds.LegalObligation => CasesText.GroundLegalObligation,
        "legal-claims" => CasesText.GroundLegalClaims,
        "compelling-grounds" => CasesText.GroundCompelling,
        "accurate" => CasesText.GroundAccurate,
        "others-rights" => CasesText.GroundOthersRights,
        "not-identified" => CasesText.GroundNotIdentified,
        "excessive" => CasesText.GroundExcessive,
        "not-held" => CasesText.GroundNotHeld,
        "right-does-not-apply" => CasesText.GroundDoesNotApply,
        _ => throw new ArgumentOutOfRangeException(nameof(code)),
    };

    /// <summary>As what somebody asks, by the code of the first line of the history.</summary>
    public static string Asker(string code) => code switch
    {
        "self-service" => CasesText.AskerSelf,
        "no-account" => CasesText.AskerNoAccount,
        "ended" => CasesText.AskerEnded,
        "no-email" => CasesText.AskerNoEmail,
        "guardian" => CasesText.AskerGuardian,
        "estate" => CasesText.AskerEstate,
        "protected_identity" => CasesText.AskerProtected,
        _ => CasesText.AskerElse,
    };

    /// <summary>Why a step was taken; null where its name says all.</summary>
    public static string? Reason(string? code) => code switch
    {
        null => null,
        "stale" => CasesText.ReasonStale,
        "not-possible" => CasesText.ReasonNotPossible,
        "staff-decide" => CasesText.ReasonStaffDecide,
        "plan-refused" => CasesText.ReasonPlanRefused,
        "staff-erasure" => CasesText.ReasonStaffErasure,
        "erasure-approved" => CasesText.ReasonErasureApproved,
        "erasure-declined" => CasesText.ReasonErasureDeclined,
        "asker-withdrew" => CasesText.ReasonAskerWithdrew,
        "plan-outgrown" => CasesText.ReasonPlanOutgrown,
        "person-paused" => CasesText.ReasonPersonPaused,
        "nothing-left" => CasesText.ReasonNothingLeft,
        "rows-left" => CasesText.ReasonRowsLeft,
        "database-unavailable" => CasesText.ReasonUnavailable,
        "address-verified" => CasesText.ReasonAddressVerified,
        "address-left" => CasesText.ReasonAddressLeft,
        "address-held" => CasesText.ReasonAddressHeld,
        "too_many_tries" => CasesText.ReasonTooManyTries,
        "self-service-closed" => CasesText.ReasonSelfServiceClosed,
        "no-answer" => CasesText.ReasonNoAnswer,
        "by-letter" => CasesText.ReasonByLetter,
        "by-phone" => CasesText.ReasonByPhone,
        "by-email" => CasesText.ReasonByEmail,
        "in-person" => CasesText.ReasonInPerson,
        "checked-id-card" => CasesText.ReasonCheckedIdCard,
        "checked-e-id" => CasesText.ReasonCheckedEId,
        "checked-call-back" => CasesText.ReasonCheckedCallBack,
        "checked-registered-address" => CasesText.ReasonCheckedAddress,
        "checked-power-of-attorney" => CasesText.ReasonCheckedAttorney,
        _ => RefusalGrounds.All.Contains(code) ? Ground(code) : null,
    };
}
