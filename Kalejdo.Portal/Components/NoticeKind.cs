namespace Kalejdo.Portal.Components;

public enum NoticeKind
{
    Info,
    Success,
    Warning,
    Danger,
}
