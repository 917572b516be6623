namespace Kalejdo.Portal.DataMap;

/// <summary>Reads what stands under a file's <c>portal:</c> (services, kinds, retention rules), and the portal's parts of fields.</summary>
internal sealed class PortalReader(MapProblems problems)
{
    private static readonly string[] Rules = ["email", "phone", "name", "postal_code", "text", "date", "choice"];
    private readonly Dictionary<string, RetentionRule> retention = [];
    private readonly List<Service> services = [];
    private readonly List<Kind> kinds = [];

    public IReadOnlyList<Service> Services => services;

    public IReadOnlyList<Kind> Kinds => kinds;

    public IReadOnlyDictionary<string, RetentionRule> Retention => retention;

    public void Read(YamlSection portal)
    {
        foreach (var section in portal.Items("services"))
        {
            services.Add(new Service(section.Required("key", "tv"), section.Local("label") ?? Missing(section, "label"), section.At));
            section.WarnUnread();
        }
        foreach (var section in portal.Items("kinds"))
        {
            kinds.Add(new Kind(
                section.Required("key", "viewing_history"), section.Text("service"), section.Local("label"), section.Local("explain"),
                section.Local("source"), section.Local("keep"), Origin(section), section.At));
            section.WarnUnread();
        }
        if (portal.Sub("retention") is { } rules)
        {
            foreach (var (name, section) in rules.Entries())
            {
                ReadRetentionRule(name, section);
            }
        }
        portal.WarnUnread();
    }

    private void ReadRetentionRule(string name, YamlSection section)
    {
        var ground = section.Local("ground") ?? Missing(section, "ground");
        var countedFrom = section.Choice("counted_from",
            ("date", CountedFrom.Date), ("end_of_calendar_year", CountedFrom.EndOfCalendarYear),
            ("end_of_fiscal_year", CountedFrom.EndOfFiscalYear), ("condition", CountedFrom.Condition));
        if (countedFrom is null && !section.Has("counted_from"))
        {
            section.Error("counted_from", "'counted_from' is missing; write date, end_of_calendar_year, end_of_fiscal_year or condition");
        }
        var keep = section.Text("keep") is { } text ? Period.Parse(text) : null;
        if (section.Has("keep") && keep is null)
        {
            section.Error("keep", $"'keep: {section.Text("keep")}' is not a duration of whole days or more; write for example 'keep: P7Y' or 'keep: P90D'");
        }
        else if (countedFrom is not null && (countedFrom == CountedFrom.Condition) == (keep is not null))
        {
            section.Error("keep", countedFrom == CountedFrom.Condition
                ? "a rule with 'counted_from: condition' lasts as long as the condition; leave 'keep' out"
                : "'keep' is missing; write for example 'keep: P7Y'");
        }
        MonthDay? ends = null;
        if (section.Text("fiscal_year_ends") is { } day && (ends = MonthDay.Parse(day)) is null)
        {
            section.Error("fiscal_year_ends", $"'fiscal_year_ends: {day}' is not a day of the year; write for example 'fiscal_year_ends: 06-30'");
        }
        else if (ends is not null && countedFrom is CountedFrom.Date or CountedFrom.Condition)
        {
            section.Warn("fiscal_year_ends", "'fiscal_year_ends' has no effect here; it belongs to 'counted_from: end_of_calendar_year' or 'end_of_fiscal_year'");
        }
        section.WarnUnread();
        if (!retention.TryAdd(name, new RetentionRule(name, ground, keep, countedFrom ?? CountedFrom.Condition, ends, section.At)))
        {
            problems.Error(section.At, $"the retention rule '{name}' is defined twice; rename one");
        }
    }

    public static Correction Correction(YamlSection section)
    {
        var rule = section.Required("rule", "name");
        if (rule != "" && !Rules.Contains(rule))
        {
            section.Error("rule", $"'rule: {rule}' is unknown; write {string.Join(", ", Rules)}");
        }
        var choices = Choices(section, "choices");
        if (rule == "choice" && choices.Count == 0)
        {
            section.Error("choices", "'rule: choice' needs its values; write 'choices: [{value: sv, label: {sv: …, en: …}}]'");
        }
        var correction = new Correction(rule, section.Number("length"), choices, section.Flag("by_staff"), section.Text("only_with"));
        section.WarnUnread();
        return correction;
    }

    public static IReadOnlyList<Choice> Choices(YamlSection section, string key) =>
    [
        .. section.Items(key).Select(c =>
        {
            var choice = new Choice(c.Required("value", "sv"), c.Local("label") ?? Missing(c, "label"));
            c.WarnUnread();
            return choice;
        }),
    ];

    public static Origin? Origin(YamlSection section) =>
        section.Choice("origin", ("provided", DataMap.Origin.Provided), ("observed", DataMap.Origin.Observed), ("derived", DataMap.Origin.Derived));

    private static LocalText Missing(YamlSection section, string key)
    {
        if (!section.Has(key))
        {
            section.Error(key, $"'{key}' is missing; write '{key}: {{sv: …, en: …}}'");
        }
        return new LocalText("", "");
    }
}
