using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>What somebody of staff looks for often among the cases; their own.</summary>
public sealed class SavedView
{
    public const int LongestName = 60;

    public long Id { get; private set; }

    public required string AccountId { get; init; }

    public required string Name { get; init; }

    /// <summary>As in the address of the page.</summary>
    public required string Query { get; init; }
}

internal sealed class SavedViewConfiguration : IEntityTypeConfiguration<SavedView>
{
    public void Configure(EntityTypeBuilder<SavedView> builder)
    {
        builder.ToTable("saved_views").HasKey(row => row.Id);
        builder.Property(row => row.Name).HasMaxLength(SavedView.LongestName);
        builder.Property(row => row.Query).HasMaxLength(400);
        builder.HasIndex(row => new { row.AccountId, row.Name }).IsUnique();
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
    }
}
