using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Kalejdo.Portal.Store;

/// <summary>
/// For <c>dotnet ef migrations add NAME --project Kalejdo.Portal --context SqlitePortalDbContext --output-dir
/// Store/Migrations/Sqlite</c>: the model alone, without settings, keys or a file.
/// </summary>
public sealed class SqlitePortalDbContextDesign : IDesignTimeDbContextFactory<SqlitePortalDbContext>
{
    // The context asks its services which tables of Identity to map.
    internal static readonly IServiceProvider Services = new ServiceCollection().Configure<IdentityOptions>(PortalStore.SetSchema).BuildServiceProvider();

    public SqlitePortalDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqlitePortalDbContext>()
            .UseSqlite("Data Source=:memory:")
            .UseApplicationServiceProvider(Services)
            .Options);
}
