namespace Kalejdo.Portal.Tests.Support;

/// <summary><c>./test --long</c>: every kill, load and combination, where <c>./test</c> takes enough of them.</summary>
public static class LongForm
{
    public static bool IsAsked { get; } = Environment.GetEnvironmentVariable("PORTAL_TEST_LONG") == "1";
}
