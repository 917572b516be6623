using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Tests.Store;

public class StoreOptionsTests
{
    [Theory]
    [InlineData("Store:Provider", "oracle", "Store:Provider must be sqlite or postgresql")]
    [InlineData("Store:Provider", "postgresql", "Store:ConnectionString must name a PostgreSQL server")]
    [InlineData("Store:ConnectionString", "Data Source=:memory:", "Store:ConnectionString")]
    [InlineData("Store:ConnectionString", "Nonsense=1", "Store:ConnectionString")]
    [InlineData("Store:LongestBackupDays", "0", "LongestBackupDays")]
    public async Task A_wrong_setting_is_refused_by_its_name(string name, string value, string told)
    {
        await using var store = await StoreOnDisk.UnmigratedAsync(KeyValuePair.Create(name, (string?)value));

        var refused = Assert.Throws<OptionsValidationException>(() => store.Services.GetRequiredService<IOptions<StoreOptions>>().Value);

        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=db.example;Database=portal;Nonsense=1")]
    [InlineData("Host=db.example")]
    [InlineData("Database=portal")]
    public async Task A_server_is_named_with_its_database(string connection)
    {
        await using var store = await StoreOnDisk.UnmigratedAsync(new("Store:Provider", "PostgreSQL"), new("Store:ConnectionString", connection));

        var refused = Assert.Throws<OptionsValidationException>(() => store.Services.GetRequiredService<IOptions<StoreOptions>>().Value);

        Assert.Contains("Host=SERVER;Database=NAME", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_told_by_the_settings_name_and_without_its_password()
    {
        await using var store = await StoreOnDisk.UnmigratedAsync(
            new("Store:Provider", "postgresql"), new("Store:ConnectionString", "Host=127.0.0.1;Port=1;Database=portal;Username=portal;Password=hemligt"));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(store.MigrateAsync);

        Assert.StartsWith("Store:ConnectionString: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hemligt", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Relative_paths_start_from_the_data_root()
    {
        await using var store = await StoreOnDisk.CreateAsync();

        Assert.True(File.Exists(store.DatabaseFile));
        Assert.True(File.Exists(store.KeyFile));
    }

    [Fact]
    public void Paths_start_from_the_repository_where_the_program_runs_from_source()
    {
        var root = Resolve(null);
        Assert.True(File.Exists(Path.Combine(root, "Kalejdo.Portal.sln")));
        Assert.Equal(Path.Combine(root, "data"), Resolve("data"));
        Assert.Equal("/srv/portal", Resolve("/srv/portal"));
    }

    private static string Resolve(string? setting) =>
        DataRoot.Resolve(new ConfigurationBuilder().AddInMemoryCollection([new("DataRoot", setting)]).Build());
}
