using System.Text;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.Staff;

/// <summary>Tables for a spreadsheet, written as those of the download are: what would be calculated is marked as text.</summary>
internal static class CsvTable
{
    // Without its mark Excel takes UTF-8 for the local code page.
    private static readonly UTF8Encoding ForSpreadsheets = new(encoderShouldEmitUTF8Identifier: true);

    public static StreamWriter Over(Stream output) => new(output, ForSpreadsheets, leaveOpen: true);

    public static string Line(params IEnumerable<string?> cells) => string.Join(';', cells.Select(cell => AccessCsv.Cell(cell, number: false))) + "\r\n";
}
