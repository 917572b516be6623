using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Store;

/// <summary>Finds the migrations under <c>Store/Migrations/Sqlite</c>.</summary>
public sealed class SqlitePortalDbContext : PortalDbContext
{
    public SqlitePortalDbContext(DbContextOptions<SqlitePortalDbContext> options)
        : base(options)
    {
        // A lone INSERT … RETURNING outside a transaction can be lost without an error (dotnet/efcore#32740).
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }
}
