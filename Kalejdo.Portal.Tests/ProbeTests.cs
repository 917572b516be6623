namespace Kalejdo.Portal.Tests;

public class ProbeTests
{
    [Fact]
    public void Runs() => Assert.Equal(2, 1 + 1);
}
