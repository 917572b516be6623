using System.Globalization;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A portal whose databases one test class may change and lock as it likes.</summary>
public sealed class PortalOfItsOwn : IAsyncDisposable
{
    private readonly Factory factory = new();

    public IServiceProvider Services => factory.Services;

    /// <summary>Of Kalejdo's own database, as another program opens it.</summary>
    public string KalejdoConnection => $"Data Source={Path.Combine(factory.Data, "var", "kalejdo.db")};Pooling=False;Default Timeout=5";

    public HttpClient Client(string language = "sv") => PortalFixture.Client(factory, language);

    /// <summary>A linked subscriber of the demonstration who has just signed in.</summary>
    public Task<HttpClient> SignedInAsync(int subscriber, string language = "sv") => SignedIn.SignedInAsync(factory, new DemoSubscriber(subscriber), language);

    public PortalDbContext Store() => Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();

    public async Task<T> ScalarAsync<T>(string sql) =>
        await WithKalejdoAsync(sql, async command => (T)Convert.ChangeType((await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!, typeof(T), CultureInfo.InvariantCulture));

    public Task<int> SqlAsync(string sql) => WithKalejdoAsync(sql, command => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

    public ValueTask DisposeAsync() => factory.DisposeAsync();

    private async Task<T> WithKalejdoAsync<T>(string sql, Func<SqliteCommand, Task<T>> run)
    {
        // The first to ask for them starts the portal, which makes its databases.
        _ = Services;
        await using var connection = new SqliteConnection(KalejdoConnection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await run(command);
    }

    private sealed class Factory : WebApplicationFactory<Program>
    {
        public string Data { get; } = Directory.CreateTempSubdirectory("portal-own-").FullName;

        protected override void ConfigureWebHost(IWebHostBuilder builder) =>
            builder.UseEnvironment(Environments.Production).UseSetting("DataRoot", Data).UseSetting("Demo:Subscribers", "40")
                .UseSetting("Limits:CodesPerNetworkAnHour", "100000").UseSetting("Limits:SignInsPerNetworkAnHour", "100000").InHaste();

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing && Directory.Exists(Data))
            {
                SqliteConnection.ClearAllPools();
                Directory.Delete(Data, recursive: true);
            }
        }
    }
}
