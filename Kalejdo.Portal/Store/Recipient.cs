using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>Who is told what became of data that they hold too (Art. 19): a partner under agreement, or a system of Kalejdo's own.</summary>
public sealed class Recipient
{
    public long Id { get; private set; }

    /// <summary>A partner's name; of a system of Kalejdo's own its <c>fides_key</c> in the map, which says which kinds it holds.</summary>
    public required string Key { get; init; }

    public required RecipientKind Kind { get; init; }

    public required string NameSv { get; set; }

    public required string NameEn { get; set; }

    public required RecipientChannel Channel { get; set; }

    /// <summary>Where webhooks or mails go.</summary>
    public required string Address { get; set; }

    /// <summary>Of mails and the page they lead to: <c>sv</c>, <c>en</c>, or <c>both</c>.</summary>
    public required string Language { get; set; }

    /// <summary>By which identities of the map it knows a person, with blanks between: it is told no others.</summary>
    public required string IdentityNames { get; set; }

    public string Name(string language) => language == "en" ? NameEn : NameSv;
}

public enum RecipientKind
{
    Partner,
    OwnSystem,
}

public enum RecipientChannel
{
    Webhook,

    /// <summary>A mail that leads to a page on which it is acknowledged.</summary>
    Mail,
}

internal sealed class RecipientConfiguration : IEntityTypeConfiguration<Recipient>
{
    public void Configure(EntityTypeBuilder<Recipient> builder)
    {
        builder.ToTable("recipients").HasKey(row => row.Id);
        builder.Property(row => row.Key).HasMaxLength(200);
        builder.Property(row => row.NameSv).HasMaxLength(200);
        builder.Property(row => row.NameEn).HasMaxLength(200);
        builder.Property(row => row.Address).HasMaxLength(2000);
        builder.Property(row => row.Language).HasMaxLength(8);
        builder.HasIndex(row => row.Key).IsUnique();
    }
}
