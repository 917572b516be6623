using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Resources;

namespace Kalejdo.Portal.Tests;

public class TextsTests
{
    private static readonly Assembly Portal = typeof(PortalUrls).Assembly;

    public static TheoryData<string> All => [.. Portal.GetManifestResourceNames()
        .Where(name => name.EndsWith("Text.resources", StringComparison.Ordinal))
        .Select(name => name[..^".resources".Length])];

    [Theory]
    [MemberData(nameof(All))]
    public void Say_the_same_in_both_languages(string name)
    {
        var texts = new ResourceManager(name, Portal);
        var swedish = Of(texts, CultureInfo.InvariantCulture);
        var english = Of(texts, CultureInfo.GetCultureInfo("en"));

        Assert.Equal(swedish.Keys.Order(StringComparer.Ordinal), english.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(swedish.Concat(english), text => string.IsNullOrWhiteSpace(text.Value));
        Assert.All(swedish, text => Assert.Equal(Holes(text.Value), Holes(english[text.Key])));
    }

    private static Dictionary<string, string> Of(ResourceManager texts, CultureInfo culture)
    {
        var set = texts.GetResourceSet(culture, createIfNotExists: true, tryParents: false);
        Assert.True(set is not null, $"{texts.BaseName} does not exist in \"{culture.Name}\".");
        return set.Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
    }

    // {0}, {1:d} …: what is filled in must be the same.
    private static IEnumerable<char> Holes(string text) =>
        text.Zip(text.Skip(1)).Where(pair => pair.First == '{' && char.IsAsciiDigit(pair.Second)).Select(pair => pair.Second).Order();
}
