using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>One line of a plan or a receipt: what, how much, and what becomes or became of it.</summary>
public sealed record PlanLine(string What, long Rows, string Fate);

/// <summary>A plan, or what was done, in the words of the map and of the page's language.</summary>
public sealed class PlanWords
{
    private readonly Map map;
    private readonly IReadOnlyList<StepRecord> steps;
    private readonly bool done;
    private readonly int daysNamed;
    private readonly List<string> order;

    /// <param name="done">Whether it has happened.</param>
    /// <param name="daysNamed">More days than these are told by their last one.</param>
    internal PlanWords(Map map, IReadOnlyList<StepRecord> steps, bool done, int daysNamed = 8)
    {
        (this.map, this.steps, this.done, this.daysNamed) = (map, steps, done, daysNamed);
        order = [.. map.Collections.Select(c => c.Id)];
    }

    public IReadOnlyList<PlanLine> Goes => Lines(s => s.Changes, s => (s.Action, done) switch
    {
        ("delete", false) => ErasureText.WillBeDeleted,
        ("delete", true) => ErasureText.WasDeleted,
        ("anonymise", false) => ErasureText.WillBeAnonymised,
        ("anonymise", true) => ErasureText.WasAnonymised,
        ("pseudonymise", false) => ErasureText.WillBePseudonymised,
        ("pseudonymise", true) => ErasureText.WasPseudonymised,
        (_, false) => ErasureText.WillBeReduced,
        (_, true) => ErasureText.WasReduced,
    });

    public IReadOnlyList<PlanLine> Stays
    {
        get
        {
            var crowded = Kept.GroupBy(s => (What(s), s.Rule)).Where(g => g.Select(s => s.Until).Distinct().Count() > daysNamed).ToDictionary(g => g.Key, g => g.Max(s => s.Until));
            return Lines(s => s.Action == "retain", s => crowded.TryGetValue((What(s), s.Rule), out var last)
                ? Say(ErasureText.KeptUntilAtMost, last, Ground(s))
                : Why(s));
        }
    }

    // A list of channels or models says nothing about anybody, and would only puzzle.
    public IReadOnlyList<PlanLine> Unaffected => Lines(
        s => s.Action is "shared" or "untouched" && Find(s)?.Fields.Any(f => f.Personal) != false, s => s.Action == "shared" ? ErasureText.IsShared : ErasureText.IsUntouched);

    /// <summary>What must end before the rest can go: a running agreement, money owed, an open dispute.</summary>
    public IReadOnlyList<string> Conditions => [.. Kept.Where(s => RuleOf(s) is { CountedFrom: CountedFrom.Condition }).Select(Ground).Distinct()];

    /// <summary>Whether what goes may belong to others of the household, whose profiles and histories go with the agreement's.</summary>
    public bool TouchesHousehold => steps.Any(s => s.Changes && s.Rows > 1 && Find(s) is { } collection
        && (collection.HouseholdOwn is not null || collection.Fields.SelectMany(f => f.References).Any(r => map.Find(r.Dataset, r.Collection)?.HouseholdOwn is not null)));

    public bool ChangesAnything => steps.Any(s => s.Changes && s.Rows > 0);

    /// <summary>The names of the kinds that something happened to.</summary>
    public IReadOnlyList<string> KindsChanged => [.. InOrder(steps.Where(s => s.Changes)).Select(s => KindLabel(map, Find(s)?.KindKey ?? s.Collection)).Distinct()];

    public static string KindLabel(Map map, string kind) =>
        map.Kinds.FirstOrDefault(k => k.Key == kind)?.Label?.In(Language) ?? kind;

    /// <summary>A field that stands in the way, as <c>dataset.collection.field</c>, in plain words.</summary>
    public static string FieldLabel(Map map, string field)
    {
        if (field.Split('.') is not [var dataset, var name, ..] parts || map.Find(dataset, name) is not { } collection)
        {
            return field;
        }
        var label = parts.Length > 2 ? collection.Find(parts[2])?.Label?.In(Language) : null;
        return label is null ? KindLabel(map, collection.KindKey) : $"{label} ({KindLabel(map, collection.KindKey)})";
    }

    private static string Language => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;

    private static string Say(string text, params object?[] values) => string.Format(CultureInfo.CurrentCulture, text, values);

    private IEnumerable<StepRecord> Kept => steps.Where(s => s.Action == "retain");

    private IReadOnlyList<PlanLine> Lines(Func<StepRecord, bool> which, Func<StepRecord, string> fate) =>
    [
        .. InOrder(steps.Where(s => which(s) && s.Rows > 0)).Select(s => (What: What(s), Fate: fate(s), s.Rows))
            .GroupBy(l => (l.What, l.Fate)).Select(g => new PlanLine(g.Key.What, g.Sum(l => l.Rows), g.Key.Fate)),
    ];

    private IEnumerable<StepRecord> InOrder(IEnumerable<StepRecord> some) => some.OrderBy(s => order.IndexOf(s.Collection)).ThenBy(s => s.Until);

    private string What(StepRecord step) => Find(step) is not { } collection
        ? step.Collection
        : collection.Label?.In(Language) ?? KindLabel(map, collection.KindKey);

    private string Why(StepRecord step) => (RuleOf(step)?.CountedFrom, step.Until) switch
    {
        (CountedFrom.Condition, _) => Say(ErasureText.KeptWhile, Ground(step)),
        (_, { } until) => Say(ErasureText.KeptUntil, until, Ground(step)),
        _ => Say(ErasureText.KeptUnder, Ground(step)),
    };

    // The map may have changed since a receipt was written; then the words that were recorded must do.
    private string Ground(StepRecord step) => RuleOf(step)?.Ground.In(Language) ?? step.Ground ?? "";

    private RetentionRule? RuleOf(StepRecord step) => step.Rule is null ? null : map.Retention.GetValueOrDefault(step.Rule);

    private Collection? Find(StepRecord step) => map.Collections.FirstOrDefault(c => c.Id == step.Collection);
}
