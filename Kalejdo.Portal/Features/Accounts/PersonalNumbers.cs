namespace Kalejdo.Portal.Features.Accounts;

/// <summary>Swedish personal and coordination numbers, which the portal never keeps.</summary>
internal static class PersonalNumbers
{
    public static bool LooksLike(string value)
    {
        var digits = value.Replace("-", "", StringComparison.Ordinal).Replace("+", "", StringComparison.Ordinal);
        if (digits.Length is not (10 or 12) || !digits.All(char.IsAsciiDigit))
        {
            return false;
        }

        var ten = digits[^10..].Select(digit => digit - '0').ToArray();
        var (month, day) = ((10 * ten[2]) + ten[3], ((10 * ten[4]) + ten[5]) % 60);
        // The last digit makes the sum a multiple of ten.
        var sum = ten.Select((digit, place) => place % 2 == 0 ? (2 * digit / 10) + (2 * digit % 10) : digit).Sum();
        return month is >= 1 and <= 12 && day is >= 1 and <= 31 && sum % 10 == 0;
    }
}
