using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>How people look at pages: each language, light and width once; in the long form in every combination.</summary>
public sealed class PageViews : TheoryData<string, ColorScheme, int>
{
    public PageViews()
    {
        foreach (var (language, scheme, width) in
            from language in (string[])["sv", "en"]
            from scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark]
            from width in (int[])[390, 1280]
            where LongForm.IsAsked || (language, scheme, width) is ("sv", ColorScheme.Dark, 390) or ("en", ColorScheme.Light, 1280)
            select (language, scheme, width))
        {
            Add(language, scheme, width);
        }
    }
}
