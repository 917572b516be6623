using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Kalejdo.Portal.Store;

/// <summary>
/// For <c>dotnet ef migrations add NAME --project Kalejdo.Portal --context PostgresPortalDbContext --output-dir
/// Store/Migrations/Postgres</c>: the model alone, without settings, keys or a server.
/// </summary>
public sealed class PostgresPortalDbContextDesign : IDesignTimeDbContextFactory<PostgresPortalDbContext>
{
    public PostgresPortalDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresPortalDbContext>()
            .UseNpgsql("Host=nowhere")
            .UseApplicationServiceProvider(SqlitePortalDbContextDesign.Services)
            .Options);
}
