using System.Globalization;
using System.Text;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Benchmarks;

/// <summary>The results as a Markdown table.</summary>
internal sealed class Table
{
    private readonly StringBuilder _rows = new("| engine | job | ours | other side | | ratio (of the best rounds) | aim | met |\n|---|---|---|---|---|---|---|---|\n");

    public void Add(Provider provider, Measured measured)
    {
        var ratio = measured.Job.Aim.StartsWith('≥')
            ? $"{Number(1 / measured.Ratio)} × the speed ({Number(1 / measured.BestRatio)})"
            : $"{Number(measured.Ratio)} × ({Number(measured.BestRatio)})";
        Line(provider, measured.Job.Name, Time(measured.Engine), Time(measured.Other), $"{measured.Job.Against}, {measured.EngineTimes.Count} rounds", ratio, measured.Job.Aim, measured.Met);
    }

    public void AddMemory(Provider provider, string name, double megabytes, double limit) => Line(
        provider, name, string.Create(CultureInfo.InvariantCulture, $"{megabytes:F0} MB"), "", "", "", string.Create(CultureInfo.InvariantCulture, $"< {limit:F0} MB"), megabytes < limit);

    public override string ToString() => _rows.ToString();

    private void Line(Provider provider, string name, string ours, string other, string against, string ratio, string aim, bool met) =>
        _rows.Append(CultureInfo.InvariantCulture, $"| {(provider == Provider.Sqlite ? "SQLite" : "PostgreSQL")} | {name} | {ours} | {other} | {against} | {ratio} | {aim} | {(met ? "yes" : "**no**")} |\n");

    private static string Number(double number) => number.ToString(number < 10 ? "F2" : "F0", CultureInfo.InvariantCulture);

    private static string Time(TimeSpan time) => time.TotalMilliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F1} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F2} s");
}
