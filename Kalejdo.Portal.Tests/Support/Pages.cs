namespace Kalejdo.Portal.Tests.Support;

/// <summary>Every page that anyone may open, and one that does not exist. A new page is added here and so tested everywhere.</summary>
internal static class Pages
{
    public const string Missing = "/finns-inte";

    public static readonly string[] Open =
    [
        PortalUrls.Home, PortalUrls.About, PortalUrls.CollectedAutomatically, PortalUrls.Partners, PortalUrls.Accessibility,
        PortalUrls.SignIn, PortalUrls.SignInCode, PortalUrls.Register, PortalUrls.RegisterCode, PortalUrls.RegisterPassword,
        PortalUrls.ForgottenPassword, PortalUrls.ForgottenPasswordCode, PortalUrls.NewPassword, PortalUrls.ContactUs, PortalUrls.SelfServiceClosed,
        PortalUrls.ElectronicIdAnswer, PortalUrls.NotMyAddress, PortalUrls.Guest, PortalUrls.GuestOnPaper,
    ];

    /// <summary>Open too, but only where the portal is tried out: it shows addresses.</summary>
    public static readonly string[] Trial = [PortalUrls.Mailbox];

    public static readonly string[] Languages = ["sv", "en"];
}
