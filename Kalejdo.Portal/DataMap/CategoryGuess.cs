using System.Text;

namespace Kalejdo.Portal.DataMap;

/// <summary>What a column seems to hold, judged by its name in Swedish or English. A guess: a person confirms or corrects it.</summary>
/// <param name="Category">A Fideslang data category.</param>
/// <param name="Identity">The identity that such a value would be; null where it finds nobody.</param>
internal sealed record CategoryGuess(string Category, string? Identity)
{
    private static readonly CategoryGuess Nothing = new("system.operations", null);

    /// <summary>
    /// The first row of which a word fits decides. A word fits a part of the name between underscores, blanks, digits or capitals;
    /// with '*' at an end it may go on there, words with '_' between them must follow each other.
    /// </summary>
    private static readonly (string Words, CategoryGuess Guess)[] Table =
    [
        ("password* passwd losenord* hash* salt secret* token* pin_code pinkod", new("user.authorization.credentials", null)),
        ("email* e_mail* mail epost* e_post* mailadress mejl*", new("user.contact.email", "email")),
        ("personnummer personnr person_nr person_number personal_number social_security ssn samordningsnummer", new("user.government_id", "personal_identity_number")),
        ("passport* pass_nr korkort* driving_licence driving_license organisationsnummer orgnr org_nr org_number", new("user.government_id", null)),
        ("kundnummer kundnr kund_nr customer_number customer_no customernumber medlemsnummer member_number", new("user.unique_id", "customer_number")),
        ("ip ip_address ip_adress ipadress ipaddress ipv remote_addr", new("user.device.ip_address", null)),
        ("cookie*", new("user.device.cookie_id", null)),
        ("mac imei imsi iccid serienummer serial serial_number device_id deviceid enhets_id box_id user_agent useragent", new("user.device.device_id", null)),
        ("phone* telephone* telefon* telnr tel_nr tel mobil* mobile* cell fax", new("user.contact.phone_number", null)),
        ("post_nr postnr postnummer postkod zip zip_code zipcode postal_code postcode", new("user.contact.address.postal_code", null)),
        ("ort postort stad city town", new("user.contact.address.city", null)),
        ("gata gatuadress street* husnummer house lagenhet* apartment co_adress care_of", new("user.contact.address.street", null)),
        ("land country", new("user.contact.address.country", null)),
        ("adress* address* hemadress", new("user.contact.address", null)),
        ("fodelse* fodd birth* born dob", new("user.demographic.date_of_birth", null)),
        ("kon gender sex", new("user.demographic.gender", null)),
        ("alder age", new("user.demographic.age_range", null)),
        ("sprak language locale", new("user.demographic.language", null)),
        ("iban bic bankgiro plusgiro konto_nr kontonummer clearing* account_number bank_account kortnummer kort_nr card_number ccn", new("user.financial.bank_account", null)),
        ("belopp amount saldo balance pris price faktura* invoice*", new("user.financial", null)),
        ("lat latitude latitud lon lng longitude longitud gps", new("user.location.precise", null)),
        ("fornamn efternamn tilltalsnamn firstname lastname surname first_name last_name given_name family_name middle_name full_name fullname", new("user.name", null)),
        ("anvandarnamn username user_name login nickname alias", new("user.account.username", null)),
        ("namn name kontaktperson contact_person", new("user.name", null)),
        ("anteckning* kommentar* comment* note notes notering* meddelande* message* fritext beskrivning bio body subject amne", new("user.content", null)),
        ("foto photo* bild avatar portratt image", new("user.content", null)),
        ("kund_id kundid customer_id customerid user_id userid subscriber_id member_id person_id external_id", new("user.unique_id", null)),
        ("samtycke* consent*", new("user.privacy_preferences", null)),
    ];

    /// <summary>Guesses by a column's name; what is not in the table is taken for a technical value.</summary>
    public static CategoryGuess Of(string column)
    {
        var parts = Parts(column);
        return Table.FirstOrDefault(row => row.Words.Split(' ').Any(word => Fits(word.Split('_'), parts))).Guess ?? Nothing;
    }

    private static bool Fits(string[] word, List<string> parts) =>
        Enumerable.Range(0, Math.Max(0, parts.Count - word.Length + 1)).Any(at => word.Select((w, i) => (w, part: parts[at + i])).All(x =>
            x.w.EndsWith('*') ? x.part.StartsWith(x.w[..^1], StringComparison.Ordinal) : x.part == x.w));

    /// <summary>KundEpostAdress2, kund_epost-adress: the words in small letters without accents, so that å, ä and ö may be spelt either way.</summary>
    private static List<string> Parts(string column)
    {
        var words = new StringBuilder();
        var before = '_';
        foreach (var c in column.Normalize(NormalizationForm.FormC))
        {
            if (char.IsUpper(c) && !char.IsUpper(before))
            {
                words.Append(' ');
            }
            words.Append(char.IsLetter(c) ? char.ToLowerInvariant(c) : ' ');
            before = c;
        }
        var plain = words.ToString().Normalize(NormalizationForm.FormD).Where(c => char.IsAsciiLetter(c) || c == ' ');
        return [.. string.Concat(plain).Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }
}
