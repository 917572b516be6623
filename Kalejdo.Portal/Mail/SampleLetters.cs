using System.Reflection;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Mail;

/// <summary>
/// One of each letter, for the gallery and for the tests. A letter says its own, in a static property <c>Sample</c> beside what it
/// says of itself; a test fails for a letter without one.
/// </summary>
internal static class SampleLetters
{
    public const string Code = "417205";
    public const string CaseNumber = "K-2026-7F3Q9D";

    /// <summary>Of the disavowal link.</summary>
    public const string Token = "prov";

    public static readonly DateOnly Day = new(2026, 8, 14);
    public static readonly DateTime Moment = new(2026, 7, 28, 10, 0, 0, DateTimeKind.Utc);
    public static readonly LocalText[] Kinds = [new("Tittarhistorik", "Viewing history"), new("Sökningar & filter", "Searches & filters")];

    public static IEnumerable<Type> Types => typeof(Letter).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Letter))).OrderBy(type => type.Name, StringComparer.Ordinal);

    public static IReadOnlyList<Letter> All { get; } =
        [.. Types.Select(type => type.GetProperty("Sample", BindingFlags.Public | BindingFlags.Static)?.GetValue(null)).OfType<Letter>()];
}
