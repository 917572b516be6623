using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Kalejdo.Portal.Store;

/// <summary>Instants are UTC on both sides of the database; any other is a mistake of the caller's and is refused.</summary>
public sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(
    written => Checked(written),
    read => DateTime.SpecifyKind(read, DateTimeKind.Utc))
{
    private static DateTime Checked(DateTime instant) => instant.Kind == DateTimeKind.Utc
        ? instant
        : throw new ArgumentException($"The store keeps instants in UTC; {instant:O} is {instant.Kind}.", nameof(instant));
}
