namespace Kalejdo.Portal.Audit;

public abstract record AuditVerdict
{
    private AuditVerdict()
    {
    }

    public sealed record Intact(long Entries) : AuditVerdict;

    /// <param name="Sequence">The first entry that is not as it was written, or the place where it should be; where the end was moved, what it says.</param>
    /// <param name="Flaw">What was done to it.</param>
    public sealed record Broken(long Sequence, AuditFlaw Flaw) : AuditVerdict;
}

public enum AuditFlaw
{
    Changed,
    Missing,
    Added,
    Reordered,

    /// <summary>The row that says where the chain ends was changed, so entries may have been cut off behind it.</summary>
    EndMoved,
}
