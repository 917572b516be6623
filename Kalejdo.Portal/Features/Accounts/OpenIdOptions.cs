using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

internal enum OpenIdAudience
{
    Subscribers,
    Staff,
}

/// <summary>By whom people may be vouched for, beside password and passkey: nobody, unless an operator names them.</summary>
internal sealed partial class OpenIdOptions : IValidatableObject
{
    public const string Section = "OpenIdConnect";

    [Required]
    public List<Provider> Providers { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (index, provider) in Providers.Index())
        {
            foreach (var flaw in provider.Flaws())
            {
                yield return new($"{Section}:Providers:{index}:{flaw}", [nameof(Providers)]);
            }
        }

        // The key is in the callback's address: two with one key could be mixed up.
        foreach (var twice in Providers.GroupBy(provider => provider.Key, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            yield return new($"{Section}: two Providers have the Key {twice.Key}.", [nameof(Providers)]);
        }
    }

    internal sealed class Provider
    {
        /// <summary>In addresses, so it must never change: <c>bankid</c>.</summary>
        public string Key { get; set; } = "";

        public Text Name { get; set; } = new();

        /// <summary>Whose accounts it opens.</summary>
        public OpenIdAudience For { get; set; }

        /// <summary>The issuer; its metadata are at <c>/.well-known/openid-configuration</c> below it.</summary>
        public string Authority { get; set; } = "";

        public string ClientId { get; set; } = "";

        /// <summary>From an environment variable; see <see cref="ClientSecretFile"/>.</summary>
        public string ClientSecret { get; set; } = "";

        /// <summary>A file that holds the secret and nothing else; read anew each time, so that it can be exchanged at any time.</summary>
        public string ClientSecretFile { get; set; } = "";

        /// <summary>Asked for beside <c>openid</c>, which is all that the portal needs.</summary>
        public string[] Scopes { get; set; } = [];

        /// <summary>Asked for, and what comes must be one of them; anything will do where there are none.</summary>
        public string[] AcrValues { get; set; } = [];

        /// <summary>Such <c>acr</c> values stand for both factors; without them the second one is asked for here, where there is one.</summary>
        public string[] BothFactorsAcr { get; set; } = [];

        /// <summary>As <see cref="BothFactorsAcr"/>, by one of the methods in <c>amr</c>, such as <c>mfa</c>.</summary>
        public string[] BothFactorsAmr { get; set; } = [];

        /// <summary>At sign-in: <c>login</c> or <c>select_account</c>. To confirm and to add, a new login is always asked for.</summary>
        public string? Prompt { get; set; }

        /// <summary>What accounts are known by, together with the subject.</summary>
        public string Issuer => Authority.TrimEnd('/');

        public IEnumerable<string> Flaws()
        {
            if (Key.Length is 0 or > 40 || !Key.All(sign => char.IsAsciiLetterLower(sign) || char.IsAsciiDigit(sign) || sign == '-'))
            {
                yield return "Key must be 1 to 40 of a-z, 0-9 and hyphen.";
            }

            if (Name.Sv.Length == 0 || Name.En.Length == 0)
            {
                yield return "Name:Sv and Name:En must be given.";
            }

            if (!Uri.TryCreate(Authority, UriKind.Absolute, out var authority) || authority.Query.Length > 0 || authority.Fragment.Length > 0 || authority.UserInfo.Length > 0
                || !(authority.Scheme == Uri.UriSchemeHttps || (authority.Scheme == Uri.UriSchemeHttp && authority.IsLoopback)))
            {
                yield return "Authority must be the provider's https:// address (http:// on this machine alone), without query.";
            }

            if (ClientId.Length == 0)
            {
                yield return "ClientId must be given.";
            }

            if ((ClientSecret.Length == 0) == (ClientSecretFile.Length == 0))
            {
                yield return "ClientSecret or ClientSecretFile must be given, and not both.";
            }

            if (ClientSecretFile.Length > 0 && !File.Exists(ClientSecretFile))
            {
                yield return $"ClientSecretFile names no file: {ClientSecretFile}";
            }

            if (Scopes.Concat(AcrValues).Any(value => value.Length == 0 || value.Any(char.IsWhiteSpace)))
            {
                yield return "Scopes and AcrValues must be lists of single words.";
            }

            if (Prompt is not (null or "login" or "select_account"))
            {
                yield return "Prompt must be login or select_account, or be left out.";
            }

            if (!Enum.IsDefined(For))
            {
                yield return "For must be Subscribers or Staff.";
            }
        }
    }

    internal sealed class Text
    {
        public string Sv { get; set; } = "";

        public string En { get; set; } = "";
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<OpenIdOptions>;
}
