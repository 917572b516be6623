using System.Text;
using Kalejdo.Portal.Recipients;

namespace Kalejdo.Portal.Tests.Recipients;

public class StandardWebhookTests
{
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const long Timestamp = 1614265330;

    private static readonly byte[] Key = StandardWebhook.KeyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");
    private static readonly DateTimeOffset Then = DateTimeOffset.FromUnixTimeSeconds(Timestamp);

    /// <summary>The example that the libraries of the specification are tested with.</summary>
    [Fact]
    public void Signs_as_the_specification_s_own_example() =>
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", StandardWebhook.Sign([Key], Id, Timestamp, Body));

    [Theory]
    [InlineData(0, WebhookCheck.Genuine)]
    [InlineData(300, WebhookCheck.Genuine)]
    [InlineData(-300, WebhookCheck.Genuine)]
    [InlineData(301, WebhookCheck.Stale)]
    [InlineData(-301, WebhookCheck.Stale)]
    internal void Holds_for_five_minutes_either_way(int later, WebhookCheck expected) =>
        Assert.Equal(expected, CheckAt(StandardWebhook.Sign([Key], Id, Timestamp, Body), Then.AddSeconds(later)));

    [Fact]
    public void Any_of_several_signatures_and_keys_will_do()
    {
        var (old, other) = (StandardWebhook.NewKey(), StandardWebhook.NewKey());
        var both = StandardWebhook.Sign([Key, old], Id, Timestamp, Body);

        Assert.Equal(WebhookCheck.Genuine, StandardWebhook.Check([old], Id, $"{Timestamp}", both, Body, Then));
        Assert.Equal(WebhookCheck.Genuine, StandardWebhook.Check([other, Key], Id, $"{Timestamp}", $"v1a,x {both} v9,y", Body, Then));
        Assert.Equal(WebhookCheck.WrongSignature, StandardWebhook.Check([other], Id, $"{Timestamp}", both, Body, Then));
        Assert.Equal(WebhookCheck.WrongSignature, StandardWebhook.Check([], Id, $"{Timestamp}", both, Body, Then));
    }

    [Fact]
    public void Nothing_of_it_may_be_changed()
    {
        var signed = StandardWebhook.Sign([Key], Id, Timestamp, Body);

        Assert.Equal(WebhookCheck.WrongSignature, StandardWebhook.Check([Key], Id + "x", $"{Timestamp}", signed, Body, Then));
        Assert.Equal(WebhookCheck.WrongSignature, StandardWebhook.Check([Key], Id, $"{Timestamp + 1}", signed, Body, Then));
        Assert.Equal(WebhookCheck.WrongSignature, StandardWebhook.Check([Key], Id, $"{Timestamp}", signed, [.. Body, (byte)' '], Then));
    }

    [Theory]
    [InlineData("")]
    [InlineData("v1,")]
    [InlineData("v1,AAAA")]
    [InlineData("v1,!")]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    [InlineData("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    public void What_is_no_signature_of_ours_is_none(string signature) => Assert.NotEqual(WebhookCheck.Genuine, CheckAt(signature, Then));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-5")]
    [InlineData("99999999999999999999")]
    public void A_timestamp_is_a_number(string? timestamp) =>
        Assert.Equal(WebhookCheck.Malformed, StandardWebhook.Check([Key], Id, timestamp, StandardWebhook.Sign([Key], Id, Timestamp, Body), Body, Then));

    [Fact]
    public void A_timestamp_from_the_end_of_time_is_stale() =>
        Assert.Equal(WebhookCheck.Stale, StandardWebhook.Check([Key], Id, $"{long.MaxValue}", StandardWebhook.Sign([Key], Id, long.MaxValue, Body), Body, Then));

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_")]
    [InlineData("whsec_åäö")]
    [InlineData("whsec_c2hvcnQ=")]
    public void A_secret_has_its_prefix_and_at_least_24_bytes(string secret) => Assert.Null(StandardWebhook.KeyOf(secret));

    [Fact]
    public void A_new_secret_reads_back()
    {
        var key = StandardWebhook.NewKey();
        Assert.Equal(key, StandardWebhook.KeyOf(StandardWebhook.SecretOf(key)));
        Assert.Equal(32, key.Length);
    }

    private static WebhookCheck CheckAt(string signature, DateTimeOffset now) => StandardWebhook.Check([Key], Id, $"{Timestamp}", signature, Body, now);
}
