using System.ComponentModel.DataAnnotations;
using System.Net.Mail;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

internal sealed partial class MailOptions : IValidatableObject
{
    public const string Section = "Mail";

    public MailTransport Transport { get; set; } = MailTransport.Pickup;

    /// <summary>The sender's address: one that the mail server may send for.</summary>
    [Required]
    public string From { get; set; } = "";

    [Required]
    public string FromName { get; set; } = "";

    /// <summary>Where other servers report what they could not deliver; <see cref="From"/> where empty.</summary>
    public string? BounceAddress { get; set; }

    public string EnvelopeSender => BounceAddress is { Length: > 0 } bounces ? bounces : From;

    /// <summary>Where <c>.eml</c> files are put.</summary>
    [Required]
    public string PickupFolder { get; set; } = "var/mail";

    /// <summary>Shows the <c>.eml</c> files to anyone on this machine: for demonstrations and development.</summary>
    public bool Mailbox { get; set; }

    /// <summary>How many mails one node sends at once.</summary>
    [Range(1, 32)]
    public int Parallel { get; set; } = 4;

    [ValidateObjectMembers]
    public SmtpOptions Smtp { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!MailAddress.TryCreate(From, out var parsed) || parsed.Address != From)
        {
            yield return new("Mail:From must be an e-mail address alone.", [nameof(From)]);
        }

        if (BounceAddress is { Length: > 0 } && (!MailAddress.TryCreate(BounceAddress, out var bounces) || bounces.Address != BounceAddress))
        {
            yield return new("Mail:BounceAddress must be an e-mail address alone.", [nameof(BounceAddress)]);
        }

        if (Transport == MailTransport.Smtp && string.IsNullOrWhiteSpace(Smtp.Host))
        {
            yield return new("Mail:Smtp:Host is needed where Mail:Transport is Smtp.", [nameof(Smtp)]);
        }
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<MailOptions>;
}

internal enum MailTransport
{
    /// <summary>A folder of <c>.eml</c> files, for a mail server that collects them, or for nobody.</summary>
    Pickup,

    Smtp,
}

internal sealed class SmtpOptions : IValidatableObject
{
    public const int ImplicitTls = 465;

    public string Host { get; set; } = "";

    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    /// <summary>False only for a server on this machine or behind a tunnel.</summary>
    public bool RequireTls { get; set; } = true;

    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>In place of a password, where MailKit is built in (FullFeed).</summary>
    [ValidateObjectMembers]
    public OAuthOptions? OAuth { get; set; }

    [Range(1, 300)]
    public int TimeoutSeconds { get; set; } = 30;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
#if !FULL_FEED
        if (Port == ImplicitTls)
        {
            yield return new("Mail:Smtp:Port 465 is TLS from the first byte, which only a build with FullFeed speaks; use 587 with STARTTLS.", [nameof(Port)]);
        }

        if (OAuth is not null)
        {
            yield return new("Mail:Smtp:OAuth is known to a build with FullFeed only; use Mail:Smtp:User and Mail:Smtp:Password.", [nameof(OAuth)]);
        }
#endif
        if (OAuth is not null && (string.IsNullOrEmpty(User) || !string.IsNullOrEmpty(Password)))
        {
            yield return new("Mail:Smtp:OAuth needs Mail:Smtp:User, and no Mail:Smtp:Password.", [nameof(OAuth)]);
        }

        if (OAuth is null && string.IsNullOrEmpty(User) != string.IsNullOrEmpty(Password))
        {
            yield return new("Mail:Smtp:User and Mail:Smtp:Password belong together.", [nameof(User), nameof(Password)]);
        }

        if (!RequireTls && Port != ImplicitTls && !string.IsNullOrEmpty(User))
        {
            yield return new("Mail:Smtp:RequireTls may not be off where a password is sent.", [nameof(RequireTls)]);
        }
    }
}

/// <summary>Where access tokens for the mail server come from.</summary>
internal sealed class OAuthOptions
{
    [Required]
    public Uri TokenEndpoint { get; set; } = null!;

    [Required]
    public string ClientId { get; set; } = "";

    [Required]
    public string ClientSecret { get; set; } = "";

    [Required]
    public string Scope { get; set; } = "";
}
