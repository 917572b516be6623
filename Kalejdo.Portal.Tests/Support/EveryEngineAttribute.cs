using System.Reflection;
using Kalejdo.Portal.Rights;
using Xunit.Sdk;
using Xunit.v3;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>Runs a theory on each engine that a source may be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EveryEngineAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enum.GetValues<Provider>().Select(provider => new TheoryDataRow(provider))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
