using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.Demo;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Commands;

/// <summary><c>seed</c>: makes a demonstration of Kalejdo's own database.</summary>
public static class SeedCommand
{
    private const int Done = 0;
    private const int Refused = 1;
    private const int WrongUsage = 2;

    /// <param name="time">Says which day it is.</param>
    /// <param name="configured">Gives the connection to the configured database, used where no <c>--source</c> is named.</param>
    public static Command Create(TimeProvider time, Func<DbConnection> configured)
    {
        // Texts, read below: a wrong number is to end in exit code 2, which the parser's own errors do not.
        var subscribers = new Option<string>("--subscribers") { Description = "How many subscribers (1–1000000)", Required = true };
        var history = new Option<string?>("--history") { Description = "How many viewings the first subscriber's own profile has (0–10000000)" };
        var today = new Option<string?>("--today") { Description = "The day that everything is counted back from, yyyy-MM-dd; today in Sweden where absent" };
        var source = new Option<string?>("--source") { Description = "kalejdo=PROVIDER:CONNECTION, PROVIDER being sqlite or postgresql; the configured database where absent" };

        var command = new Command("seed", "Fill an empty database of Kalejdo's with invented subscribers") { subscribers, history, today, source };
        command.SetAction(async (parsed, ct) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var error = parsed.InvocationConfiguration.Error;

            if (!TryCount(parsed.GetValue(subscribers), 1, 1_000_000, out var count))
            {
                await error.WriteLineAsync("--subscribers takes a whole number from 1 to 1000000.");
                return WrongUsage;
            }

            int? viewings = null;
            if (parsed.GetValue(history) is { } historyText)
            {
                if (!TryCount(historyText, 0, 10_000_000, out var asked))
                {
                    await error.WriteLineAsync("--history takes a whole number from 0 to 10000000.");
                    return WrongUsage;
                }

                viewings = asked;
            }

            var day = DayInSweden(time);
            if (parsed.GetValue(today) is { } todayText
                && (!DateOnly.TryParseExact(todayText, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) || day.Year is < 2000 or > 2100))
            {
                await error.WriteLineAsync("--today takes a day from 2000-01-01 to 2100-12-31, such as 2026-11-22.");
                return WrongUsage;
            }

            DbConnection connection;
            if (parsed.GetValue(source) is not { } sourceText)
            {
                connection = configured();
            }
            else if (Connection(sourceText) is { } named)
            {
                connection = named;
            }
            else
            {
                await error.WriteLineAsync("--source takes kalejdo=sqlite:CONNECTION or kalejdo=postgresql:CONNECTION.");
                return WrongUsage;
            }

            await using (connection)
            {
                try
                {
                    return await SeedAsync(connection, new SeedOptions(count, day, viewings), output, error, ct);
                }
                catch (DbException failure)
                {
                    await error.WriteLineAsync($"Nothing was changed: {failure.Message}");
                    return Refused;
                }
            }
        });
        return command;
    }

    private static async Task<int> SeedAsync(DbConnection connection, SeedOptions options, TextWriter output, TextWriter error, CancellationToken ct)
    {
        switch (await DemoDatabase.SeedAsync(connection, options, new Reporter(error), ct))
        {
            case Seeded seeded:
                foreach (var (table, rows) in seeded.RowsOfTables)
                {
                    await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{table,-22}{rows,10}"));
                }

                await output.WriteLineAsync();
                await output.WriteLineAsync($"{"situation",-18}{"customer no.",-14}{"box code",-10}e-mail");
                foreach (var subscriber in seeded.Worthwhile)
                {
                    await output.WriteLineAsync($"{subscriber.Case,-18}{subscriber.CustomerNumber,-14}{subscriber.BoxCode,-10}{subscriber.Email}");
                }

                return Done;
            case AlreadyFilled filled:
                await error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"The database holds {filled.Subscribers} subscribers already. Nothing was changed."));
                return Refused;
            default:
                throw new InvalidOperationException("An outcome of seeding that the command does not know.");
        }
    }

    private static bool TryCount(string? text, int lowest, int highest, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count >= lowest && count <= highest;

    private static DateOnly DayInSweden(TimeProvider time) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("Europe/Stockholm")).DateTime);

    private static DbConnection? Connection(string source)
    {
        const string sqlite = "kalejdo=sqlite:";
        const string postgres = "kalejdo=postgresql:";
        try
        {
            if (source.StartsWith(sqlite, StringComparison.Ordinal) && source.Length > sqlite.Length)
            {
                var connection = source[sqlite.Length..];
                return new SqliteConnection(connection.Contains('=', StringComparison.Ordinal) ? connection : new SqliteConnectionStringBuilder { DataSource = connection }.ToString());
            }

            return source.StartsWith(postgres, StringComparison.Ordinal) && source.Length > postgres.Length
                ? new NpgsqlConnection(source[postgres.Length..])
                : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    // Progress<T> would report on another thread, after the result perhaps.
    private sealed class Reporter(TextWriter writer) : IProgress<string>
    {
        public void Report(string value) => writer.WriteLine(value);
    }
}
