using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>A text to begin an answer with; staff complete it before it is sent.</summary>
/// <param name="Key">Its name in <see cref="ReadyAnswersText"/>; with "Title" behind it, what the text is for.</param>
/// <param name="Types">The cases that it answers; empty for each.</param>
/// <param name="Ground">Of <see cref="RefusalGrounds"/>; what the text gives reasons for.</param>
internal sealed record ReadyAnswer(string Key, CaseStep Step, CaseType[] Types, string? Ground = null)
{
    /// <summary>For staff, in their own language.</summary>
    public string Title => ReadyAnswersText.ResourceManager.GetString(Key + "Title", CultureInfo.CurrentUICulture)!;

    /// <param name="language">The person's.</param>
    public string Words(string language) => ReadyAnswersText.ResourceManager.GetString(Key, CultureInfo.GetCultureInfo(language))!;
}

/// <summary>What is written often, by step and by what the case is about.</summary>
internal static class ReadyAnswers
{
    // How each gap begins that staff fill in, in either language.
    private static readonly string[] Gaps = ["[fyll i:", "[fill in:"];

    public static IReadOnlyList<ReadyAnswer> All { get; } =
    [
        new(nameof(ReadyAnswersText.AccessGiven), CaseStep.Done, [CaseType.Access]),
        new(nameof(ReadyAnswersText.PortabilityGiven), CaseStep.Done, [CaseType.Portability, CaseType.Access]),
        new(nameof(ReadyAnswersText.Corrected), CaseStep.Done, [CaseType.Rectification, CaseType.Contest]),
        new(nameof(ReadyAnswersText.NotCorrected), CaseStep.Done, [CaseType.Rectification, CaseType.Contest]),
        new(nameof(ReadyAnswersText.RemarkAdded), CaseStep.Done, [CaseType.Remark, CaseType.Rectification, CaseType.Contest]),
        new(nameof(ReadyAnswersText.Erased), CaseStep.Done, [CaseType.Erasure]),
        new(nameof(ReadyAnswersText.Paused), CaseStep.Done, [CaseType.Restriction]),
        new(nameof(ReadyAnswersText.ObjectionAccepted), CaseStep.Done, [CaseType.Objection]),
        new(nameof(ReadyAnswersText.ConsentWithdrawn), CaseStep.Done, [CaseType.ConsentWithdrawal]),
        new(nameof(ReadyAnswersText.Linked), CaseStep.Done, [CaseType.Linking]),
        new(nameof(ReadyAnswersText.AddressRemoved), CaseStep.Done, [CaseType.Disavowal]),
        new(nameof(ReadyAnswersText.ComplaintAnswered), CaseStep.Done, [CaseType.Complaint]),
        new(nameof(ReadyAnswersText.NothingHeld), CaseStep.Done, [CaseType.Access, CaseType.Portability, CaseType.Erasure]),
        new(nameof(ReadyAnswersText.RefusedErasure), CaseStep.Refused, [CaseType.Erasure], RefusalGrounds.LegalObligation),
        new(nameof(ReadyAnswersText.RefusedLegalClaims), CaseStep.Refused, [CaseType.Erasure, CaseType.Objection], "legal-claims"),
        new(nameof(ReadyAnswersText.RefusedObjection), CaseStep.Refused, [CaseType.Objection], "compelling-grounds"),
        new(nameof(ReadyAnswersText.RefusedAccurate), CaseStep.Refused, [CaseType.Rectification, CaseType.Contest, CaseType.Remark], "accurate"),
        new(nameof(ReadyAnswersText.RefusedOthers), CaseStep.Refused, [CaseType.Access, CaseType.Portability], "others-rights"),
        new(nameof(ReadyAnswersText.RefusedNotYours), CaseStep.Refused, [], "not-identified"),
        new(nameof(ReadyAnswersText.RefusedUnfounded), CaseStep.Refused, [], "excessive"),
        new(nameof(ReadyAnswersText.RefusedNotHeld), CaseStep.Refused, [], "not-held"),
        new(nameof(ReadyAnswersText.RefusedDoesNotApply), CaseStep.Refused, [], "right-does-not-apply"),
        new(nameof(ReadyAnswersText.IdentifyByNumber), CaseStep.IdentificationAsked, []),
        new(nameof(ReadyAnswersText.IdentifySeveral), CaseStep.IdentificationAsked, []),
        new(nameof(ReadyAnswersText.IdentifyAgent), CaseStep.IdentificationAsked, []),
        new(nameof(ReadyAnswersText.ExtendedSystems), CaseStep.Extended, []),
        new(nameof(ReadyAnswersText.ExtendedMany), CaseStep.Extended, []),
    ];

    /// <summary>Those for a step of such a case; a case of no particular kind may come to any of them.</summary>
    public static IEnumerable<ReadyAnswer> For(CaseStep step, CaseType type) =>
        All.Where(ready => ready.Step == step && (ready.Types.Length == 0 || type == CaseType.Other || ready.Types.Contains(type)));

    /// <summary>Whether something is left that was to be filled in.</summary>
    public static bool HasGap(string words) => Gaps.Any(gap => words.Contains(gap, StringComparison.OrdinalIgnoreCase));
}
