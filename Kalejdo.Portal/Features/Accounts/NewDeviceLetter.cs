using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Accounts;

/// <param name="Device">Of <see cref="Devices"/>; may be empty.</param>
public sealed record NewDeviceLetter(string Device, DateTime At) : Letter
{
    public static NewDeviceLetter Sample { get; } = new("Firefox, Windows", new DateTime(2026, 11, 20, 17, 5, 0, DateTimeKind.Utc));

    public override string Subject => AccountsText.DeviceMailTitle;

    public override string Reason => AccountsText.ChangedMailReason;

    public override Type Template => typeof(NewDeviceMail);
}
