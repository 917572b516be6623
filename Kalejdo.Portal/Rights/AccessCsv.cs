using System.Buffers;
using System.Globalization;
using System.Text;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// A collection as a table for Excel in Sweden, which parts cells at semicolons, knows UTF-8 by its mark and reads 1.5 as the first of May:
/// numbers have a decimal comma here, as <c>data.json</c> has the exact values.
/// </summary>
internal static class AccessCsv
{
    private const int FlushAt = 64 * 1024;

    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(";\"\r\n");

    // Without the mark Excel reads a CSV file in the local code page, and å ä ö are broken.
    private static readonly UTF8Encoding ForSpreadsheets = new(encoderShouldEmitUTF8Identifier: true);

    /// <param name="seen">Told of each row.</param>
    public static async Task WriteAsync(LocatedCollection located, Stream stream, Action<AccessRow> seen, CancellationToken cancellationToken)
    {
        var fields = located.Collection.Fields;
        var numbers = located.Types.Select(type => type is ColumnType.Integer or ColumnType.Decimal or ColumnType.Real).ToArray();
        var text = new StringBuilder();
        await using var writer = new StreamWriter(stream, ForSpreadsheets, FlushAt, leaveOpen: true);
        text.AppendJoin(';', fields.Select(f => Cell(f.Name, number: false))).Append("\r\n");
        await foreach (var row in located.RowsAsync(cancellationToken))
        {
            seen(row);
            for (var i = 0; i < fields.Count; i++)
            {
                text.Append(i == 0 ? "" : ";");
                _ = row.Integer(i) is { } whole ? text.Append(CultureInfo.InvariantCulture, $"{whole}") : text.Append(Cell(row[i], numbers[i]));
            }
            text.Append("\r\n");
            if (text.Length > FlushAt)
            {
                await writer.WriteAsync(text, cancellationToken);
                text.Clear();
            }
        }
        await writer.WriteAsync(text, cancellationToken);
    }

    internal static string Cell(object? value, bool number)
    {
        var text = value switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            IFormattable plain => plain.ToString(null, CultureInfo.InvariantCulture),
            _ => (string)value,
        };
        if (number && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        {
            return text.Replace('.', ',');
        }
        // What a spreadsheet would calculate, or fetch from elsewhere, is marked as text.
        if (text.AsSpan().TrimStart() is [var first, ..] && first is '=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠' || text is ['\t' or '\r' or '\n', ..])
        {
            text = "'" + text;
        }
        return text.AsSpan().ContainsAny(NeedsQuotes) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
