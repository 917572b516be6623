using System.ComponentModel.DataAnnotations;
using System.Net.Mail;
using Kalejdo.Portal.Store;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Recipients;

/// <summary>How recipients are reached; and those that a new store begins with (afterwards the store is what counts).</summary>
internal sealed partial class RecipientsOptions : IValidatableObject
{
    public const string Section = "Recipients";

    /// <summary>Partners under agreement (Art. 28).</summary>
    [Required, ValidateEnumeratedItems]
    public List<Partner> Partners { get; set; } = [];

    /// <summary>Kalejdo's own systems that act on what the data map holds.</summary>
    [Required, ValidateEnumeratedItems]
    public List<OwnSystem> Systems { get; set; } = [];

    /// <summary>Whether this node sends; of several nodes, those that reach the recipients are enough.</summary>
    public bool Sending { get; set; } = true;

    /// <summary>How long a recipient may take to answer a webhook.</summary>
    [Range(1, 60)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>Whether webhooks may go to addresses without TLS: within a network of one's own.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>Whether webhooks may go to private, local and other addresses that are not of the public Internet.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>How long an old secret goes on signing beside its successor.</summary>
    [Range(0, 90)]
    public int SecretOverlapDays { get; set; } = 7;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var reached in Partners.Concat<Reached>(Systems))
        {
            var name = reached is Partner partner ? partner.Name : ((OwnSystem)reached).System;
            if (reached.Channel == RecipientChannel.Mail ? !IsMailbox(reached.Address) : !IsEndpoint(reached.Address))
            {
                yield return new($"Recipients: the address of {name} must be {(reached.Channel == RecipientChannel.Mail ? "an e-mail address alone" : AllowHttp ? "http:// or https://" : "https:// (or set Recipients:AllowHttp)")}.", [nameof(Partners)]);
            }

            if (reached.Secret is { Length: > 0 } secret && StandardWebhook.KeyOf(secret) is null)
            {
                yield return new($"Recipients: the secret of {name} must be {StandardWebhook.SecretPrefix} and 24 to 64 bytes in base64.", [nameof(Partners)]);
            }
        }
    }

    public static bool IsMailbox(string address) => MailAddress.TryCreate(address, out var parsed) && parsed.Address == address;

    public bool IsEndpoint(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && (url.Scheme == Uri.UriSchemeHttps || (AllowHttp && url.Scheme == Uri.UriSchemeHttp));

    internal abstract class Reached
    {
        public RecipientChannel Channel { get; set; } = RecipientChannel.Mail;

        [Required]
        public string Address { get; set; } = "";

        [RegularExpression("sv|en|both")]
        public string Language { get; set; } = "sv";

        /// <summary>By which identities of the data map it knows a person; it is told no others.</summary>
        [Required, MinLength(1)]
        public string[] Identities { get; set; } = [];

        /// <summary>What its webhooks are signed with, <c>whsec_…</c>; where none is given one is made.</summary>
        public string? Secret { get; set; }
    }

    internal sealed class Partner : Reached
    {
        [Required]
        public string Name { get; set; } = "";

        [Required, ValidateObjectMembers]
        public Text Task { get; set; } = new();

        [Required, ValidateObjectMembers]
        public Text Receives { get; set; } = new();

        [Required, ValidateObjectMembers]
        public Text StoredIn { get; set; } = new();

        /// <summary>The map's kinds that the partner receives something of; people are told so where they see them.</summary>
        public string[] Kinds { get; set; } = [];

        public DateOnly InForceFrom { get; set; } = DateOnly.MinValue;

        /// <summary>The last day; absent while it has no end.</summary>
        public DateOnly? InForceTo { get; set; }
    }

    internal sealed class OwnSystem : Reached
    {
        /// <summary>Its <c>fides_key</c> in the data map, which says which kinds it holds.</summary>
        [Required]
        public string System { get; set; } = "";

        [Required, ValidateObjectMembers]
        public Text Name { get; set; } = new();
    }

    internal sealed class Text
    {
        [Required]
        public string Sv { get; set; } = "";

        [Required]
        public string En { get; set; } = "";
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<RecipientsOptions>;
}
