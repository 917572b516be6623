using System.Globalization;
using System.Net.Mime;
using System.Security.Claims;
using System.Text.Json;
using Kalejdo.Portal.Components;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.Staff.AccessLog;

/// <summary>The log as a file, as long as it is; the numbers stay numbers.</summary>
internal static class LogFile
{
    public const string FormatField = "format";
    public const string Csv = "csv";
    public const string Json = "json";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost(PortalUrls.AccessLogFile, SendAsync).RequireAuthorization(StaffRoles.Oversight).RequireRateLimiting(RateLimits.Downloads);

    // Asking for the form makes its antiforgery token count.
    private static async Task<IResult> SendAsync(IFormCollection form, HttpContext context, LogReading log, LiveMap liveMap, TimeProvider time)
    {
        var (errors, format) = (new FormErrors(), form[FormatField].ToString());
        var filter = LogFilter.Read(name => form[name], map: null, errors);
        if (errors.Any || format is not (Csv or Json))
        {
            return TypedResults.BadRequest();
        }

        if (await log.ExportAsync(filter, $"staff:{context.User.FindFirstValue(ClaimTypes.NameIdentifier)}", context.RequestAborted) is not { } entries)
        {
            return TypedResults.LocalRedirect(PortalUrls.AccessLog);
        }

        var map = (await liveMap.OpenAsync(context.RequestAborted)).Databases?.Map;
        return TypedResults.Stream(
            output => format == Csv ? WriteCsvAsync(output, entries, map, context.RequestAborted) : JsonSerializer.SerializeAsync(output, entries, JsonSerializerOptions.Web, context.RequestAborted),
            format == Csv ? MediaTypeNames.Text.Csv : MediaTypeNames.Application.Json,
            string.Create(CultureInfo.InvariantCulture, $"{LogText.FileName}-{SwedishDays.Today(time):yyyy-MM-dd}.{format}"));
    }

    private static async Task WriteCsvAsync(Stream output, IAsyncEnumerable<AuditEntry> entries, Map? map, CancellationToken cancellation)
    {
        await using var writer = CsvTable.Over(output);
        await writer.WriteAsync(CsvTable.Line(LogText.Sequence, LogText.TimeUtc, LogText.Event, LogText.EventCode, LogText.ReasonCode, LogText.Case, LogText.ActorNumber, LogText.SubjectNumber, LogText.Hash));
        await foreach (var row in entries.WithCancellation(cancellation))
        {
            await writer.WriteAsync(CsvTable.Line(
                Number(row.Sequence), row.At.ToString("O", CultureInfo.InvariantCulture), LogWords.Of(map, "event", row.Event), row.Event, row.ReasonCode, row.CaseNumber,
                Number(row.Actor), Number(row.Subject), row.Hash));
        }
    }

    private static string? Number(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
