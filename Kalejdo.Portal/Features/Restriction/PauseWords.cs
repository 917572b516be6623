using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.Restriction;

/// <summary>Grounds and reasons in plain words.</summary>
internal static class PauseWords
{
    public static string Ground(RestrictionGround ground) => ground switch
    {
        RestrictionGround.Accuracy => RestrictionText.Accuracy,
        RestrictionGround.Unlawful => RestrictionText.Unlawful,
        RestrictionGround.LegalClaims => RestrictionText.LegalClaims,
        RestrictionGround.Objection => RestrictionText.Objection,
        _ => throw new ArgumentOutOfRangeException(nameof(ground)),
    };

    public static string Hint(RestrictionGround ground) => ground switch
    {
        RestrictionGround.Accuracy => RestrictionText.AccuracyHint,
        RestrictionGround.Unlawful => RestrictionText.UnlawfulHint,
        RestrictionGround.LegalClaims => RestrictionText.LegalClaimsHint,
        RestrictionGround.Objection => RestrictionText.ObjectionHint,
        _ => throw new ArgumentOutOfRangeException(nameof(ground)),
    };

    /// <param name="code">Of <see cref="PauseEnds.Reasons"/>.</param>
    public static string Reason(string code) => code switch
    {
        "accuracy-verified" => RestrictionText.ReasonAccuracyVerified,
        "data-corrected" => RestrictionText.ReasonDataCorrected,
        "use-is-lawful" => RestrictionText.ReasonUseIsLawful,
        "claims-settled" => RestrictionText.ReasonClaimsSettled,
        "objection-answered" => RestrictionText.ReasonObjectionAnswered,
        _ => throw new ArgumentOutOfRangeException(nameof(code)),
    };
}
