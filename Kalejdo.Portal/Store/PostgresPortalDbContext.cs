using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Store;

/// <summary>Finds the migrations under <c>Store/Migrations/Postgres</c>.</summary>
public sealed class PostgresPortalDbContext : PortalDbContext
{
    public PostgresPortalDbContext(DbContextOptions<PostgresPortalDbContext> options)
        : base(options)
    {
        // A transaction, and with it OneWriter's turn, around a single row too: what holds on SQLite holds here.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    public override string SkipLocked => "FOR UPDATE SKIP LOCKED";
}
