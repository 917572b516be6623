using Kalejdo.Portal.Mail;
using Microsoft.Extensions.Configuration;

namespace Kalejdo.Portal.Tests.Mail;

public class MailOptionsTests
{
    [Theory]
    [InlineData("From", "inte en adress", "Mail:From")]
    [InlineData("From", "Namn <namn@exempel.se>", "Mail:From")]
    [InlineData("FromName", "", "FromName")]
    [InlineData("Transport", "Smtp", "Mail:Smtp:Host")]
#if !FULL_FEED
    [InlineData("Smtp:Port", "465", "Mail:Smtp:Port")]
    [InlineData("Smtp:OAuth:Scope", "mail", "Mail:Smtp:OAuth")]
#endif
    [InlineData("BounceAddress", "inte en adress", "Mail:BounceAddress")]
    [InlineData("Smtp:Port", "0", "Port")]
    [InlineData("Smtp:User", "portal", "Mail:Smtp:Password")]
    [InlineData("Smtp:TimeoutSeconds", "0", "TimeoutSeconds")]
    [InlineData("Parallel", "0", "Parallel")]
    public void A_wrong_setting_is_refused_with_its_name(string setting, string value, string named)
    {
        var result = Validate((setting, value));

        Assert.True(result.Failed);
        Assert.Contains(named, result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_is_sent_over_tls_or_not_at_all() => Assert.Contains(
        "Mail:Smtp:RequireTls", Validate(("Smtp:RequireTls", "false"), ("Smtp:User", "portal"), ("Smtp:Password", "hemligt")).FailureMessage, StringComparison.Ordinal);

    [Fact]
    public void What_an_operator_sets_for_a_mail_server_is_accepted() =>
        Assert.True(Validate(("Transport", "Smtp"), ("Smtp:Host", "smtp.exempel.se"), ("Smtp:User", "portal"), ("Smtp:Password", "hemligt")).Succeeded);

    private static Microsoft.Extensions.Options.ValidateOptionsResult Validate(params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string?> { ["From"] = "portal@exempel.se", ["FromName"] = "Portalen" };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        var options = new ConfigurationBuilder().AddInMemoryCollection(all).Build().Get<MailOptions>()!;
        return new MailOptions.Validator().Validate(null, options);
    }
}
