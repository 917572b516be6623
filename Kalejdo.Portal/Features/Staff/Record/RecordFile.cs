using System.Globalization;
using System.Net.Mime;
using Kalejdo.Portal.Rights;
using Microsoft.AspNetCore.Mvc;

namespace Kalejdo.Portal.Features.Staff.Record;

/// <summary>The record as a table for a spreadsheet.</summary>
internal static class RecordFile
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost(PortalUrls.RecordFile, SendAsync).RequireAuthorization(StaffRoles.Any).RequireRateLimiting(RateLimits.Downloads);

    // The form is bound for the sake of its antiforgery token.
    private static async Task<IResult> SendAsync([FromForm] Nothing form, HttpContext context, ProcessingRecord record, TimeProvider time)
    {
        if (await record.ReadAsync(context.RequestAborted) is not { } processings)
        {
            return TypedResults.LocalRedirect(PortalUrls.Record);
        }

        return TypedResults.Stream(
            async output =>
            {
                await using var writer = CsvTable.Over(output);
                await writer.WriteAsync(CsvTable.Line(
                    RecordText.System, RecordText.Purpose, RecordText.Basis, RecordText.Persons, RecordText.Data, RecordText.Recipients, RecordText.Retention, RecordText.Security, RecordText.Transfers));
                foreach (var one in processings)
                {
                    await writer.WriteAsync(CsvTable.Line(
                        one.System, one.Purpose, one.LegalBasis, one.Persons, one.Data, string.Join("; ", one.Recipients), string.Join("; ", one.Retention), one.Security, one.Transfers));
                }
            },
            MediaTypeNames.Text.Csv, string.Create(CultureInfo.InvariantCulture, $"{RecordText.FileName}-{SwedishDays.Today(time):yyyy-MM-dd}.csv"));
    }

    internal sealed class Nothing;
}
