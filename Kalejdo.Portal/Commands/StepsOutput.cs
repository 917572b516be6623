using System.Text.Encodings.Web;
using System.Text.Json;
using Kalejdo.Portal.Features.Erasure;

namespace Kalejdo.Portal.Commands;

/// <summary>The steps of erasures as they are printed (design.md 10).</summary>
internal static class StepsOutput
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="left">Rows still found that the plan does not keep; null where nothing was done.</param>
    public static async Task PrintAsync(TextWriter output, string format, IReadOnlyList<StepRecord> steps, long? left)
    {
        if (format == "json")
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(
                new { steps = steps.Select(s => new { collection = s.Collection, action = s.Action, rows = s.Rows, ground = s.Ground, until = s.Until }), left }, Json));
            return;
        }
        foreach (var step in steps)
        {
            var until = step.Until is { } day ? $" until {day:yyyy-MM-dd}" : "";
            await output.WriteLineAsync($"{step.Action,-13}{step.Rows,8}  {step.Collection}{(step.Ground is null ? "" : $"  ({step.Ground}{until})")}");
        }
        await output.WriteLineAsync(left is null ? $"{steps.Count} steps planned; nothing was changed." : $"{steps.Count} steps; {left} rows left.");
    }
}
