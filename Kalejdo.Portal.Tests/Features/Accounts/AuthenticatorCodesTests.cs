using System.Text;
using Kalejdo.Portal.Features.Accounts;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public sealed class AuthenticatorCodesTests
{
    private static readonly byte[] Key = Encoding.ASCII.GetBytes("12345678901234567890");

    // RFC 6238, appendix B; of its eight digits the last six.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Are_those_of_the_standard(long seconds, string code)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        Assert.Equal(code, AuthenticatorCodes.Of(Key, AuthenticatorCodes.StepOf(time)));
        Assert.Equal(AuthenticatorCodes.StepOf(time), AuthenticatorCodes.StepOf(Key, code, time));
    }

    [Theory]
    [InlineData(-30, true)]
    [InlineData(59, true)]
    [InlineData(-31, false)]
    [InlineData(60, false)]
    public void Are_good_for_the_neighbouring_half_minutes(int seconds, bool good)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(1_200_000_030);
        var code = AuthenticatorCodes.Of(Key, AuthenticatorCodes.StepOf(time));
        Assert.Equal(good, AuthenticatorCodes.StepOf(Key, code, time.AddSeconds(seconds)) is not null);
        Assert.Null(AuthenticatorCodes.StepOf(Key, "", time));
        Assert.Null(AuthenticatorCodes.StepOf(Key, code + "0", time));
    }

    [Fact]
    public void Their_key_is_written_as_apps_read_it()
    {
        Assert.Equal("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", AuthenticatorCodes.Text(Key));
        Assert.Equal("MZXW6YTBOI", AuthenticatorCodes.Text("foobar"u8.ToArray()));
        Assert.Equal(
            "otpauth://totp/Kalejdo%20Mina%20uppgifter:anna%40exempel.se?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kalejdo%20Mina%20uppgifter",
            AuthenticatorCodes.Address(Key, "Kalejdo Mina uppgifter", "anna@exempel.se"));
    }
}
