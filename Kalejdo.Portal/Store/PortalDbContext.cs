using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Store;

/// <summary>
/// The portal's own tables, for every engine. Nothing here may be particular to one: what is stands in the engine's
/// context and its migrations.
/// </summary>
public abstract partial class PortalDbContext(DbContextOptions options) : IdentityDbContext<Account, IdentityRole, string>(options)
{
    public DbSet<Case> Cases => Set<Case>();

    public DbSet<CaseEvent> CaseEvents => Set<CaseEvent>();

    public DbSet<CaseAssignment> CaseAssignments => Set<CaseAssignment>();

    public DbSet<CaseLook> CaseLooks => Set<CaseLook>();

    public DbSet<SavedView> SavedViews => Set<SavedView>();

    public DbSet<CaseContact> CaseContacts => Set<CaseContact>();

    public DbSet<LedgerEntry> Ledger => Set<LedgerEntry>();

    public DbSet<WorkingSet> WorkingSets => Set<WorkingSet>();

    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    public DbSet<AuditHead> AuditHeads => Set<AuditHead>();

    public DbSet<AuditPerson> AuditPeople => Set<AuditPerson>();

    public DbSet<AuditNote> AuditNotes => Set<AuditNote>();

    public DbSet<RestrictedKind> RestrictedKinds => Set<RestrictedKind>();

    public DbSet<ClosedSelfService> ClosedSelfServices => Set<ClosedSelfService>();

    public DbSet<SecretDisclosure> SecretDisclosures => Set<SecretDisclosure>();

    public DbSet<OutboxMail> Outbox => Set<OutboxMail>();

    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    public DbSet<AccountLink> AccountLinks => Set<AccountLink>();

    public DbSet<SecondFactor> SecondFactors => Set<SecondFactor>();

    public DbSet<SignInSession> SignInSessions => Set<SignInSession>();

    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();

    public DbSet<OneTimeCode> OneTimeCodes => Set<OneTimeCode>();

    public DbSet<MailLink> MailLinks => Set<MailLink>();

    public DbSet<ScheduledErasure> ScheduledErasures => Set<ScheduledErasure>();

    public DbSet<ErasureProposal> ErasureProposals => Set<ErasureProposal>();

    public DbSet<PendingCorrection> PendingCorrections => Set<PendingCorrection>();

    public DbSet<RetainedRows> RetainedRows => Set<RetainedRows>();

    public DbSet<AttemptCount> AttemptCounts => Set<AttemptCount>();

    public DbSet<ErasureFollowUp> ErasureFollowUps => Set<ErasureFollowUp>();

    public DbSet<StaffTask> StaffTasks => Set<StaffTask>();

    public DbSet<BouncedAddress> BouncedAddresses => Set<BouncedAddress>();

    public DbSet<AddressHold> AddressHolds => Set<AddressHold>();

    public DbSet<AddressNotice> AddressNotices => Set<AddressNotice>();

    public DbSet<Incident> Incidents => Set<Incident>();

    public DbSet<IncidentNote> IncidentNotes => Set<IncidentNote>();

    public DbSet<BlockedAddress> BlockedAddresses => Set<BlockedAddress>();

    public DbSet<ReceiptKey> ReceiptKeys => Set<ReceiptKey>();

    public DbSet<Recipient> Recipients => Set<Recipient>();

    public DbSet<RecipientAgreement> RecipientAgreements => Set<RecipientAgreement>();

    public DbSet<RecipientSecret> RecipientSecrets => Set<RecipientSecret>();

    public DbSet<RecipientNotice> RecipientNotices => Set<RecipientNotice>();

    /// <summary>Behind a SELECT whose rows a job claims: rows that another node is claiming are left to it. Empty where one writes at a time.</summary>
    public virtual string SkipLocked => "";

    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        CountVersions();
        return base.SaveChanges(acceptAllChangesOnSuccess);
    }

    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        CountVersions();
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        configurationBuilder.Properties<DateTime>().HaveConversion<UtcConverter>();
        configurationBuilder.Properties<Enum>().HaveConversion<string>().HaveMaxLength(32);
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        base.OnModelCreating(builder);
        builder.Entity<IdentityRole>().ToTable("roles");
        builder.Entity<IdentityRoleClaim<string>>().ToTable("role_claims");
        builder.Entity<IdentityUserRole<string>>().ToTable("account_roles");
        builder.Entity<IdentityUserClaim<string>>().ToTable("account_claims");
        builder.Entity<IdentityUserLogin<string>>().ToTable("account_logins");
        builder.Entity<IdentityUserToken<string>>().ToTable("account_tokens");
        builder.Entity<IdentityUserPasskey<string>>().ToTable("account_passkeys").OwnsOne(row => row.Data).ToJson("data");
        builder.ApplyConfigurationsFromAssembly(typeof(PortalDbContext).Assembly);

        // Operators meet these columns in the data map and in SQL, where names in capitals would need quotes.
        // (What lies within JSON has none.)
        foreach (var property in builder.Model.GetEntityTypes().Where(entity => !entity.IsMappedToJson()).SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(WordStart().Replace(property.Name, "_$0").ToLowerInvariant());
        }
    }

    // No engine's own row version is the other's, so the portal counts.
    private void CountVersions()
    {
        foreach (var changed in ChangeTracker.Entries<Case>().Where(entry => entry.State == EntityState.Modified))
        {
            changed.Entity.Version++;
        }
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
