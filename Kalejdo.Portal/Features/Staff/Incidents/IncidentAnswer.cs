using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.Staff.Incidents;

/// <summary>What staff say of an incident.</summary>
internal sealed record IncidentAnswer(IncidentRisk Risk, IncidentReport Report, IncidentTold Told, IncidentWords Words)
{
    public const int LongestText = 4000;

    /// <summary>Reads what was posted, by the fields' names on the page.</summary>
    /// <param name="late">Whether the 72 hours are over, and nobody has reported it yet.</param>
    /// <returns>The answer, or what is wrong with it beside which field.</returns>
    public static (IncidentAnswer? Answer, IReadOnlyList<(string Field, string Message)> Flaws) Read(
        string? what, string? whose, string? risk, string? report, string? told, string? reason, bool late)
    {
        var flaws = new List<(string, string)>();
        var (happened, people, why) = (Text("what", what, IncidentText.WhatMissing), Text("whose", whose, IncidentText.WhoseMissing), Text("reason", reason, null));
        var danger = Code<IncidentRisk>("risk", risk, IncidentText.RiskMissing);
        var authority = Code<IncidentReport>("report", report, IncidentText.ReportMissing);
        var person = Code<IncidentTold>("told", told, IncidentText.ToldMissing);
        if (authority is IncidentReport.NotNeeded && danger is IncidentRisk.Likely or IncidentRisk.High)
        {
            flaws.Add(("report", IncidentText.ReportNeeded));
        }
        // Art. 33(1), 33(5), 34(3).
        else if (why is null && authority is IncidentReport.NotNeeded)
        {
            flaws.Add(("reason", IncidentText.ReasonNotReported));
        }
        else if (why is null && authority is IncidentReport.Reported && late)
        {
            flaws.Add(("reason", IncidentText.ReasonLate));
        }
        else if (why is null && danger is IncidentRisk.High && person is IncidentTold.NotNeeded)
        {
            flaws.Add(("reason", IncidentText.ReasonNotTold));
        }
        return flaws.Count > 0
            ? (null, flaws)
            : (new IncidentAnswer(danger!.Value, authority!.Value, person!.Value, new IncidentWords(happened!, people!, why)), []);

        string? Text(string field, string? posted, string? missing)
        {
            var text = posted?.Trim();
            if (string.IsNullOrEmpty(text))
            {
                if (missing is not null)
                {
                    flaws.Add((field, missing));
                }
                return null;
            }
            if (text.Length > LongestText)
            {
                flaws.Add((field, IncidentText.TooLong));
            }
            return text;
        }

        T? Code<T>(string field, string? posted, string missing) where T : struct, Enum
        {
            if (Enum.GetNames<T>().Contains(posted))
            {
                return Enum.Parse<T>(posted!);
            }
            flaws.Add((field, missing));
            return null;
        }
    }
}
