using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Staff.Personnel;

public enum StaffChange
{
    Roles,
    Locked,
    Unlocked,
    SignedOut,
}

/// <summary>To whoever's account of staff an administrator changed.</summary>
public sealed record StaffChangedLetter(StaffChange Change) : Letter
{
    public static StaffChangedLetter Sample { get; } = new(StaffChange.Roles);

    public override string Subject => Title;

    public override string Reason => PersonnelText.ChangedMailReason;

    public override Type Template => typeof(StaffChangedMail);

    internal string Title => Change switch
    {
        StaffChange.Roles => PersonnelText.RolesMailTitle,
        StaffChange.Locked => PersonnelText.LockedMailTitle,
        StaffChange.Unlocked => PersonnelText.UnlockedMailTitle,
        StaffChange.SignedOut => PersonnelText.SignedOutMailTitle,
        _ => throw new InvalidOperationException("A change that the letter does not know."),
    };

    internal string Text => Change switch
    {
        StaffChange.Roles => PersonnelText.RolesMailText,
        StaffChange.Locked => PersonnelText.LockedMailText,
        StaffChange.Unlocked => PersonnelText.UnlockedMailText,
        StaffChange.SignedOut => PersonnelText.SignedOutMailText,
        _ => throw new InvalidOperationException("A change that the letter does not know."),
    };
}
