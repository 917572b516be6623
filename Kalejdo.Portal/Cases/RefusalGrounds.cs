namespace Kalejdo.Portal.Cases;

/// <summary>On what a request may be refused, as codes for case, audit and receipt; in words: <see cref="CaseWords.Ground"/>.</summary>
internal static class RefusalGrounds
{
    public const string LegalObligation = "legal-obligation";

    public static readonly string[] All =
    [
        // Art. 17(3)(b), 17(3)(e), 21(1), 16, 15(4), 12(2) and 11(2), 12(5), and nothing that the right could apply to.
        LegalObligation, "legal-claims", "compelling-grounds", "accurate", "others-rights", "not-identified", "excessive", "not-held", "right-does-not-apply",
    ];
}
