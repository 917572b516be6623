using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

/// <summary>The partners under agreement (Art. 28) that people are told of.</summary>
internal sealed partial class PartnersOptions
{
    [Required, ValidateEnumeratedItems]
    public List<Partner> Agreements { get; set; } = [];

    internal sealed class Partner
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
    }

    internal sealed class Text
    {
        [Required]
        public string Sv { get; set; } = "";

        [Required]
        public string En { get; set; } = "";

        public override string ToString() => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "sv" ? Sv : En;
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<PartnersOptions>;
}
