using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Accounts;

public enum FactorChange
{
    On,
    Off,
    Replaced,
    CodesRenewed,
    CodeUsed,
    PasskeyAdded,
    PasskeyRemoved,
    ElectronicIdAdded,
    ElectronicIdRemoved,
}

public sealed record FactorChangedLetter(FactorChange Change) : Letter
{
    public static FactorChangedLetter Sample { get; } = new(FactorChange.On);

    public override string Subject => Title;

    public override string Reason => AccountsText.ChangedMailReason;

    public override Type Template => typeof(FactorChangedMail);

    internal string Title => Change switch
    {
        FactorChange.On => AccountsText.FactorMailOn,
        FactorChange.Off => AccountsText.FactorMailOff,
        FactorChange.Replaced => AccountsText.FactorMailReplaced,
        FactorChange.CodesRenewed => AccountsText.FactorMailCodesRenewed,
        FactorChange.CodeUsed => AccountsText.FactorMailCodeUsed,
        FactorChange.PasskeyAdded => AccountsText.FactorMailPasskeyAdded,
        FactorChange.PasskeyRemoved => AccountsText.FactorMailPasskeyRemoved,
        FactorChange.ElectronicIdAdded => AccountsText.FactorMailElectronicIdAdded,
        FactorChange.ElectronicIdRemoved => AccountsText.FactorMailElectronicIdRemoved,
        _ => throw new InvalidOperationException("A change of the second factor that the letter does not know."),
    };

    internal string Text => Change switch
    {
        FactorChange.On => AccountsText.FactorMailOnText,
        FactorChange.Off => AccountsText.FactorMailOffText,
        FactorChange.Replaced => AccountsText.FactorMailReplacedText,
        FactorChange.CodesRenewed => AccountsText.FactorMailCodesRenewedText,
        FactorChange.CodeUsed => AccountsText.FactorMailCodeUsedText,
        FactorChange.PasskeyAdded => AccountsText.FactorMailPasskeyAddedText,
        FactorChange.PasskeyRemoved => AccountsText.FactorMailPasskeyRemovedText,
        FactorChange.ElectronicIdAdded => AccountsText.FactorMailElectronicIdAddedText,
        FactorChange.ElectronicIdRemoved => AccountsText.FactorMailElectronicIdRemovedText,
        _ => throw new InvalidOperationException("A change of the second factor that the letter does not know."),
    };
}
