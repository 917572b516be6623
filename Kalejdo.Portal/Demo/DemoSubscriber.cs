using System.Globalization;

namespace Kalejdo.Portal.Demo;

/// <summary>What is fixed about the subscriber of a number, whatever else is seeded: enough to sign in and link an account.</summary>
public sealed record DemoSubscriber(int Number)
{
    /// <summary>After so many subscribers the cases begin anew.</summary>
    public const int Cases = 20;

    private const string CodeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ2346789";

    public DemoCase Case => (DemoCase)(Number % Cases);

    // The factors have nothing in common with their ranges: numbers look scattered and never meet.
    public string CustomerNumber => (10_000_000 + Number * 7_919L % 90_000_000).ToString(CultureInfo.InvariantCulture);

    public string? Phone => Case == DemoCase.NoticeGiven ? null : string.Create(CultureInfo.InvariantCulture, $"+4670{Number * 738_469L % 10_000_000:D7}");

    public string BoxCode => Code(Number);

    // As if of numbers that no subscriber will have.
    public string SecondBoxCode => Code(Number + 20_000_000L);

    public string AppCode => Code(Number + 40_000_000L);

    public string FullName
    {
        get
        {
            // The same person, entered a second time without the middle name.
            var (first, middle, last) = SwedishNames.Of(Case == DemoCase.SecondAgreement ? Number - 1 : Number);
            return Case == DemoCase.SecondAgreement ? $"{first} {last}" : $"{first} {middle} {last}";
        }
    }

    /// <summary>The mailbox that this person reads.</summary>
    public string OwnEmail
    {
        get
        {
            var (first, _, last) = SwedishNames.Of(Number);
            return Case switch
            {
                DemoCase.SecondAgreement => new DemoSubscriber(Number - 1).OwnEmail,
                DemoCase.SwedishLettersInEmail => Mailbox($"hälsa.{first.ToLowerInvariant()}.{last.ToLowerInvariant()}"),
                _ => Mailbox($"{SwedishNames.WithoutDiacritics(first)}.{SwedishNames.WithoutDiacritics(last)}"),
            };
        }
    }

    /// <summary>The address as it stands in the register.</summary>
    public string? Email => Case switch
    {
        DemoCase.NoEmail => null,
        DemoCase.MistypedEmail => new DemoSubscriber(Number - 1).OwnEmail,
        DemoCase.CapitalsInEmail => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(OwnEmail),
        DemoCase.BlanksAroundEmail => $"  {OwnEmail} ",
        _ => OwnEmail,
    };

    public bool EmailVerified => Email is not null && Case is not (DemoCase.NeverVerified or DemoCase.MistypedEmail);

    // .example is reserved: no mail of the demo reaches anyone.
    private string Mailbox(string local)
    {
        string[] providers = ["mejl.example", "post.example", "brev.example"];
        var distinct = Number < 2_400 ? "" : Number.ToString(CultureInfo.InvariantCulture);
        return $"{local}{distinct}@{providers[Number % providers.Length]}";
    }

    private static string Code(long number)
    {
        var value = number * 12_771_871_489L; // coprime to 31
        var letters = new char[7];
        for (var i = letters.Length - 1; i >= 0; i--)
        {
            letters[i] = CodeLetters[(int)(value % CodeLetters.Length)];
            value /= CodeLetters.Length;
        }

        return new string(letters);
    }
}

/// <summary>The situations that the demo data always holds, one subscriber in twenty each.</summary>
public enum DemoCase
{
    UnverifiedPlayer = 0,
    Complete = 1,
    NeverVerified = 2,
    SharedAddress = 3,
    Ordinary = 4,
    MistypedEmail = 5,
    FirstAgreement = 6,
    SecondAgreement = 7,
    EndedAndSettled = 8,
    EndedOwing = 9,
    Company = 10,
    NoEmail = 11,
    ProtectedIdentity = 12,
    Dispute = 13,
    CapitalsInEmail = 14,
    BlanksAroundEmail = 15,
    SwedishLettersInEmail = 16,
    LargeHousehold = 17,
    OldInvoices = 18,
    NoticeGiven = 19,
}
