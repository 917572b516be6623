using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Audit;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>What the portal writes into its own tables as a code has a name on screen, in both languages.</summary>
public sealed class PortalCodesTests
{
    private static readonly Map Map = MapReader.Read([.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Maps"), "*.yml")]).Map;

    [Fact]
    public void Sorts_and_states_of_cases()
    {
        Named("cases", "type", Enum.GetNames<CaseType>());
        Named("cases", "status", Enum.GetNames<CaseStatus>());
    }

    [Fact]
    public void Steps_of_cases_and_who_took_them()
    {
        Named("case_events", "step", Enum.GetNames<CaseStep>());
        Named("case_events", "by", Enum.GetNames<CaseParty>());
        Assert.All(["cases", "case_events", "audit_entries"], collection => Named(collection, "reason_code", RefusalGrounds.All));
    }

    [Fact]
    public void Events_of_the_list_of_erasures() => Named("erasure_ledger", "event", Enum.GetNames<LedgerEvent>());

    [Fact]
    public void Notices_to_recipients()
    {
        Named("recipient_notices", "event", Enum.GetNames<RecipientEvent>());
        Named("recipient_notices", "state", Enum.GetNames<RecipientNoticeState>());
    }

    [Fact]
    public void Letters() => Named("outbox", "template", typeof(Letter).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Letter)) && !type.IsAbstract).Select(type => type.Name));

    [Fact]
    public void Identities() => Named("erasure_ledger", "identity_name", Map.IdentityNames);

    [Fact]
    public void Events_of_the_log() => Named("audit_entries", "event", AuditEventsTests.InCode);

    [Fact]
    public void What_was_read_by_the_kind_s_own_name()
    {
        var reasons = Field("audit_entries", "reason_code").Values;
        Assert.All(Map.Kinds, kind => Assert.Equal(kind.Label, reasons.FirstOrDefault(reason => reason.Value == kind.Key)?.Label));
    }

    private static Field Field(string collection, string field) => Map.Collections.Single(c => c.Id == $"portal.{collection}").Find(field)!;

    private static void Named(string collection, string field, IEnumerable<string> codes)
    {
        var all = codes.Distinct().ToList();
        Assert.NotEmpty(all);
        Assert.Empty(all.Except(Field(collection, field).Values.Select(value => value.Value)));
    }
}
