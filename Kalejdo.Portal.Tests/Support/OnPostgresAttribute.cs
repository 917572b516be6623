using Xunit.v3;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>
/// Runs the tests of the class that this one derives from on PostgreSQL: the portal's store and Kalejdo's database alike.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OnPostgresAttribute : Attribute
{
    /// <summary>Whether what is made now is for such a class.</summary>
    public static bool Here => TestContext.Current.TestClass is IXunitTestClass { Class: var tests } && IsDefined(tests, typeof(OnPostgresAttribute), inherit: false);
}
