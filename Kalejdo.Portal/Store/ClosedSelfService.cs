using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>An agreement that staff alone serve, until they open it again: its subscriber's identity is protected, or the subscriber closed it.</summary>
public sealed class ClosedSelfService
{
    private const string SealPurpose = "closed self-service";

    public long Id { get; private set; }

    /// <summary>By <see cref="AccountLink.Hash"/>, so that the links of accounts are found by it.</summary>
    public required string CustomerHash { get; init; }

    /// <summary>The customer number under the portal's key: for staff who look whether the protection still holds.</summary>
    public required byte[] SealedNumber { get; init; }

    /// <summary>The number that the audit knows the person by.</summary>
    public required long Subject { get; init; }

    public required ClosedReason Reason { get; set; }

    public required DateTime Since { get; init; }

    /// <summary>The day (Europe/Stockholm) on which staff look again; null where the subscriber closed it.</summary>
    public DateOnly? ReviewOn { get; set; }

    public static byte[] Seal(PortalKeys keys, string customerNumber)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Seal(SealPurpose, Encoding.UTF8.GetBytes(customerNumber));
    }

    public string CustomerNumber(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Encoding.UTF8.GetString(keys.Unseal(SealPurpose, SealedNumber));
    }
}

public enum ClosedReason
{
    /// <summary>The tax agency has marked the person's data as secret (sekretessmarkering).</summary>
    SecrecyMarking,

    /// <summary>Registered where the person does not live (skyddad folkbokföring).</summary>
    ProtectedRegistration,

    /// <summary>The person is threatened, and no agency has decided yet.</summary>
    Threat,

    /// <summary>The subscriber closed it, for fear of somebody else in the account.</summary>
    Frozen,
}

internal sealed class ClosedSelfServiceConfiguration : IEntityTypeConfiguration<ClosedSelfService>
{
    public void Configure(EntityTypeBuilder<ClosedSelfService> builder)
    {
        builder.ToTable("closed_self_services").HasKey(row => row.Id);
        builder.Property(row => row.CustomerHash).HasMaxLength(64);
        builder.HasIndex(row => row.CustomerHash).IsUnique();
        builder.HasIndex(row => row.Subject);
        builder.HasIndex(row => row.ReviewOn);
    }
}
