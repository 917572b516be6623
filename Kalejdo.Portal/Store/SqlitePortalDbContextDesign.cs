using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Kalejdo.Portal.Store;

/// <summary>
/// For <c>dotnet ef migrations add NAME --project Kalejdo.Portal --context SqlitePortalDbContext --output-dir
/// Store/Migrations/Sqlite</c>: the model alone, without settings, keys or a file.
/// </summary>
public sealed class SqlitePortalDbContextDesign : IDesignTimeDbContextFactory<SqlitePortalDbContext>
{
    public SqlitePortalDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqlitePortalDbContext>().UseSqlite("Data Source=:memory:").Options);
}
