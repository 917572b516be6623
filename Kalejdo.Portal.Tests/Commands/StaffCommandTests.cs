using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Commands;

public sealed class StaffCommandTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("portal-staff-").FullName;

    private string Portal => Path.Combine(data, "var", "portal.db");

    [Fact]
    public async Task The_first_administrator_is_invited_by_command_and_anew_when_the_telephone_is_lost()
    {
        var first = await PortalProcess.RunAsync(data, "staff", "invite", "--to", "chef@exempel.se", "--name", "Cecilia Chef", "--role", "administrator");
        Assert.True(first.ExitCode == 0, first.ToString());
        Assert.Matches(@"\Ahttp://localhost:5080/inbjudan/[A-Za-z0-9_-]{43}\n\z", first.Output);
        Assert.DoesNotContain("chef@exempel.se", first.Output + first.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["chef@exempel.se|Cecilia Chef|administrator|1"],
            Dumps.Query(Portal, "SELECT a.email, a.name, r.name, a.password_hash IS NULL FROM accounts a JOIN account_roles x ON x.user_id = a.id JOIN roles r ON r.id = x.role_id"));

        var again = await PortalProcess.RunAsync(data, "staff", "invite", "--to", "CHEF@exempel.se", "--role", "auditor");
        Assert.True(again.ExitCode == 0, again.ToString());
        Assert.NotEqual(first.Output, again.Output);
        Assert.Equal(["administrator"], Dumps.Query(Portal, "SELECT r.name FROM account_roles x JOIN roles r ON r.id = x.role_id"));
        Assert.Equal(["1"], Dumps.Query(Portal, "SELECT count(*) FROM mail_links WHERE purpose = 'Invitation'"));
        Assert.Equal(["staff.invited|administrator", "staff.invited-again|"], Dumps.Query(Portal, "SELECT event, reason_code FROM audit_entries ORDER BY sequence"));
    }

    [Theory]
    [InlineData("--to", "chef", "--role", "administrator")]
    [InlineData("--to", "chef@exempel.se", "--role", "root")]
    [InlineData("--to", "chef@exempel.se")]
    public async Task What_is_wrongly_written_is_wrong_usage(params string[] arguments)
    {
        var run = await PortalProcess.RunAsync(data, ["staff", "invite", .. arguments]);
        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);
    }

    public void Dispose() => Directory.Delete(data, recursive: true);
}
