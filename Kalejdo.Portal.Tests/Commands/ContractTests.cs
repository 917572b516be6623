using System.Text.Json;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Commands;

/// <summary>The contract of design.md 10, kept by the real program on databases and maps given on its command line.</summary>
public sealed class ContractTests : IDisposable
{
    private readonly Shop shop = new();

    public void Dispose() => shop.Dispose();

    [Fact]
    public async Task Access_prints_every_reachable_collection_with_the_columns_of_the_map_and_no_others()
    {
        var run = await shop.RunAsync("access", "--identity", "email= åke@exempel.EXAMPLE ");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(
            """{"identity":{"email":" åke@exempel.EXAMPLE "},"collections":{"shop.customer":[{"id":1,"email":"Åke@Exempel.example","loyalty":"L-1","name":"Åke Öberg"}],"shop.purchase":[{"id":1,"customer_id":1,"amount":"199.5","bought_on":"2026-03-04","gift":true,"weight":0.25,"photo":"AP8Q"}],"shop.review":[{"id":1,"customer_id":1,"text":"=HYPERLINK(\"http://x.example\";\"klicka\")","written_at":"2026-01-02T03:04:05"}],"shop.visit":[{"email":"åke@exempel.example","times":7}]}}""",
            run.Output.TrimEnd());
        Assert.Contains("neither case, ledger nor audit is written", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(shop.Folder, "var")), "No portal database is needed, so none is made.");
    }

    [Fact]
    public async Task Several_identities_of_one_person_are_united()
    {
        var run = await shop.RunAsync("access", "--identity", "email=åke@exempel.example", "--identity", "loyalty=L-3");

        Assert.Equal(0, run.ExitCode);
        var collections = JsonDocument.Parse(run.Output).RootElement.GetProperty("collections");
        Assert.Equal([1, 3], collections.GetProperty("shop.customer").EnumerateArray().Select(r => r.GetProperty("id").GetInt32()));
        Assert.Equal([2, 1], collections.GetProperty("shop.review").EnumerateArray().Select(r => r.GetProperty("id").GetInt32()));
    }

    [Fact]
    public async Task Somebody_who_is_not_found_has_empty_collections_and_no_steps()
    {
        var before = shop.Dump();
        var access = await shop.RunAsync("access", "--identity", "email=ingen@exempel.example");
        var erase = await shop.RunAsync("erase", "--identity", "email=ingen@exempel.example", "--format", "json");

        Assert.Equal((0, 0), (access.ExitCode, erase.ExitCode));
        Assert.EndsWith("""{"shop.customer":[],"shop.purchase":[],"shop.review":[],"shop.visit":[]}}""", access.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("""{"steps":[],"left":0}""", erase.Output.TrimEnd());
        Assert.Equal(before, shop.Dump());
    }

    [Fact]
    public async Task What_free_text_and_unmapped_columns_still_say_of_the_erased_is_reported_without_saying_it()
    {
        shop.Execute("UPDATE review SET text = 'Svar till ÅKE@exempel.example: tack!' WHERE customer_id = 2");
        shop.Execute("UPDATE customer SET internal_note = 'se även åke@exempel.example' WHERE id = 2");
        shop.Execute("CREATE TABLE old_mail (body TEXT)");
        shop.Execute("INSERT INTO old_mail VALUES ('från åke@exempel.example'), ('åke@exempel.example'), ('från bo')");

        var run = await shop.RunAsync("erase", "--identity", "email=åke@exempel.example");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("shop, review.text (1 rows)", run.Error, StringComparison.Ordinal);
        Assert.Contains("shop, customer.internal_note (1 rows)", run.Error, StringComparison.Ordinal);
        Assert.Contains("shop, old_mail.body (2 rows)", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("exempel.example", run.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_dry_run_prints_the_plan_that_erasing_then_carries_out()
    {
        var before = shop.Dump();
        var dry = await shop.RunAsync("erase", "--identity", "email=åke@exempel.example", "--dry-run", "--format", "json");
        Assert.True(dry.ExitCode == 0, dry.ToString());
        Assert.Equal(before, shop.Dump());

        var erased = await shop.RunAsync("erase", "--identity", "email=åke@exempel.example", "--format", "json");
        Assert.True(erased.ExitCode == 0, erased.ToString());

        var (plan, done) = (JsonDocument.Parse(dry.Output).RootElement, JsonDocument.Parse(erased.Output).RootElement);
        Assert.Equal(plan.GetProperty("steps").ToString(), done.GetProperty("steps").ToString());
        Assert.Equal(JsonValueKind.Null, plan.GetProperty("left").ValueKind);
        Assert.Equal(0, done.GetProperty("left").GetInt32());
        Assert.Equal(
            """[{"collection":"shop.customer","action":"reduce","rows":1,"ground":null,"until":null},{"collection":"shop.purchase","action":"retain","rows":1,"ground":"the Accounting Act","until":"2033-12-31"},{"collection":"shop.review","action":"delete","rows":1,"ground":null,"until":null},{"collection":"shop.visit","action":"delete","rows":1,"ground":null,"until":null}]""",
            plan.GetProperty("steps").ToString());
        Assert.DoesNotContain("Åke", shop.Dump().Replace("Åke igen", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Erasing_twice_does_it_once()
    {
        Assert.Equal(0, (await shop.RunAsync("erase", "--identity", "loyalty=L-3")).ExitCode);
        var after = shop.Dump();
        var again = await shop.RunAsync("erase", "--identity", "loyalty=L-3", "--format", "json");

        Assert.Equal((0, """{"steps":[],"left":0}"""), (again.ExitCode, again.Output.TrimEnd()));
        Assert.Equal(after, shop.Dump());
    }

    [Fact]
    public async Task A_kind_limits_the_erasure()
    {
        var run = await shop.RunAsync("erase", "--identity", "email=åke@exempel.example", "--kind", "words", "--format", "json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(["1|Åke@Exempel.example|L-1|Åke Öberg|hidden"], Dumps.Query(shop.DatabaseFile, "SELECT * FROM customer WHERE id = 1"));
        Assert.Empty(Dumps.Query(shop.DatabaseFile, "SELECT * FROM review WHERE customer_id = 1 UNION ALL SELECT email, 1, 1, 1 FROM visit"));
    }

    [Theory]
    [InlineData("no map knows the identity 'telefon'; known are email, loyalty", "--identity", "telefon=1")]
    [InlineData("no map knows the kind 'allt'; known are purchases, words", "--identity", "email=bo@exempel.example", "--kind", "allt")]
    [InlineData("has no value", "--identity", "email=  ")]
    [InlineData("holds control characters", "--identity", "email=bo@exempel.example\u0007")]
    public async Task What_cannot_be_asked_is_refused_with_what_can(string reason, params string[] arguments)
    {
        var before = shop.Dump();
        var run = await shop.RunAsync(["erase", "--format", "json", .. arguments]);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bo@exempel", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, shop.Dump());
    }

    [Theory]
    [InlineData("access")]
    [InlineData("erase")]
    public async Task An_overlong_identity_is_refused(string verb)
    {
        var run = await shop.RunAsync(verb, "--identity", "email=" + new string('a', 5000));

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("longer than 1,000 characters", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("acess")]
    [InlineData("access")]
    [InlineData("access", "--identity", "email")]
    [InlineData("access", "--identity", "email=a@b.example", "--format", "xml")]
    [InlineData("access", "--identity", "email=a@b.example", "--frobnicate")]
    [InlineData("erase", "--identity", "email=a@b.example", "--source", "shop=mysql:Password=hemligt")]
    [InlineData("erase", "--identity", "email=a@b.example", "--source", "Password=hemligt")]
    [InlineData("datamap")]
    [InlineData("rectify", "--identity", "email=a@b.example")]
    public async Task Wrong_usage_ends_in_two_and_tells_no_secret(params string[] arguments)
    {
        var run = await PortalProcess.RunAsync(shop.Folder, arguments);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.NotEqual("", run.Error);
        Assert.DoesNotContain("hemligt", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a@b.example", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shop=postgresql:Host=127.0.0.1;Port=1;Username=u;Password=hemligt;Timeout=2", "shop")]
    [InlineData("shop=postgresql:Nonsense=hemligt", "not a Postgresql connection string")]
    [InlineData("shop=sqlite:Data Source=x.db;Password=hemligt;Nonsense=1", "not a Sqlite connection string")]
    [InlineData("shop=sqlite:missing.db", "cannot be opened")]
    [InlineData("other=sqlite:shop.db", "belongs to no dataset")]
    public async Task A_source_that_cannot_be_used_is_refused_without_its_password(string source, string reason)
    {
        var run = await PortalProcess.RunAsync(shop.Folder, "access", "--identity", "email=bo@exempel.example", "--map", shop.MapFile, "--source", source);

        Assert.True(run is { ExitCode: 1, Output: "" }, run.ToString());
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hemligt", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(shop.Folder, "missing.db")));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        await File.WriteAllTextAsync(shop.DatabaseFile, new string('x', 5000), TestContext.Current.CancellationToken);
        var run = await shop.RunAsync("erase", "--identity", "email=bo@exempel.example");

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("is not a SQLite database", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_locked_database_is_read_and_not_written()
    {
        shop.Execute("PRAGMA journal_mode = wal");
        using var other = shop.Open();
        using var transaction = other.BeginTransaction(deferred: false);
        var access = await shop.RunAsync("access", "--identity", "email=bo@exempel.example");
        var erase = await shop.RunAsync("erase", "--identity", "email=bo@exempel.example");
        transaction.Rollback();

        Assert.Equal(0, access.ExitCode);
        Assert.Equal((1, ""), (erase.ExitCode, erase.Output));
        Assert.Contains("another program has locked it", erase.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", erase.Error, StringComparison.Ordinal);
        Assert.NotEmpty(Dumps.Query(shop.DatabaseFile, "SELECT 1 FROM review WHERE customer_id = 2"));
    }

    [Fact]
    public async Task A_read_only_database_is_shown_and_its_erasure_refused()
    {
        var before = shop.Dump();
        shop.MakeReadOnly();
        var access = await shop.RunAsync("access", "--identity", "email=bo@exempel.example");
        var erase = await shop.RunAsync("erase", "--identity", "email=bo@exempel.example");

        Assert.True(access.ExitCode == 0, access.ToString());
        Assert.True(erase is { ExitCode: 1, Output: "" }, erase.ToString());
        Assert.Contains("cannot be written", erase.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", erase.Error, StringComparison.Ordinal);
        Assert.Equal(before, shop.Dump());
    }

    [Fact]
    public async Task The_answer_goes_to_a_file_of_its_owners_alone()
    {
        var file = Path.Combine(shop.Folder, "svar.json");
        var run = await shop.RunAsync("access", "--identity", "email=bo@exempel.example", "--out", file);

        Assert.Equal((0, ""), (run.ExitCode, run.Output));
        Assert.Equal("bo@exempel.example", JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).RootElement.GetProperty("identity").GetProperty("email").GetString());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Theory]
    [InlineData("no/such/folder/svar.json")]
    [InlineData("shop.db/svar.json")]
    [InlineData(".")]
    public async Task An_unwritable_place_is_told(string place)
    {
        var files = Directory.GetFiles(shop.Folder);
        var run = await shop.RunAsync("access", "--identity", "email=bo@exempel.example", "--out", place);

        Assert.True(run is { ExitCode: 1, Output: "" }, run.ToString());
        Assert.Contains("The output cannot be written", run.Error, StringComparison.Ordinal);
        Assert.Equal(files, Directory.GetFiles(shop.Folder));
    }

    [Fact]
    public async Task A_refused_answer_leaves_an_earlier_file_as_it_was()
    {
        var file = Path.Combine(shop.Folder, "svar.json");
        await File.WriteAllTextAsync(file, "förut", TestContext.Current.CancellationToken);
        var run = await shop.RunAsync("access", "--identity", "telefon=1", "--out", file);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("förut", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Correcting_changes_the_value_that_stands_there_and_no_other()
    {
        string[] name = ["rectify", "--identity", "email=bo@exempel.example", "--field", "shop.customer.name"];
        var stale = await shop.RunAsync([.. name, "--old", "Bosse", "--new", "Bo Ek"]);
        var done = await shop.RunAsync([.. name, "--old", "Bo", "--new", "Bo Åström"]);
        var wrong = await shop.RunAsync("rectify", "--identity", "email=bo@exempel.example", "--field", "shop.customer.loyalty", "--old", "L-2", "--new", "L-9");

        Assert.Equal((1, 0, 1), (stale.ExitCode, done.ExitCode, wrong.ExitCode));
        Assert.Equal("Corrected in 1 row.", done.Output.TrimEnd());
        Assert.Equal(["Åke Öberg", "Bo Åström", "Åke igen"], Dumps.Query(shop.DatabaseFile, "SELECT name FROM customer ORDER BY id"));
    }

    [Fact]
    public async Task A_map_with_faults_is_refused_with_file_and_line()
    {
        await File.WriteAllTextAsync(shop.MapFile, Shop.Map.Replace("name: loyalty", "name: loyality", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var check = await shop.RunAsync("datamap", "check");
        var access = await shop.RunAsync("access", "--identity", "email=bo@exempel.example");

        Assert.Equal((1, 1, ""), (check.ExitCode, access.ExitCode, access.Output));
        Assert.Contains("shop.yml:18: error: the table 'customer' has no column 'loyality'; did you mean 'loyalty'?", check.Output, StringComparison.Ordinal);
        Assert.Contains("shop.yml:18", access.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_it_with_nothing_changed()
    {
        var before = shop.Dump();
        using var other = shop.Open();
        using var transaction = other.BeginTransaction(deferred: false);
        await using var erasing = PortalProcess.Start(shop.Folder, ["erase", "--identity", "email=bo@exempel.example", .. shop.Explicit]);
        // The lock keeps it from coming further than this.
        await erasing.SaysAsync("Working on");
        await erasing.InterruptAsync();
        var run = await erasing.EndAsync();
        transaction.Rollback();

        Assert.True(run is { ExitCode: 1, Output: "" }, run.ToString());
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, shop.Dump());
    }

    [Fact]
    public async Task Ctrl_C_rolls_back_what_is_under_way()
    {
        var file = Path.Combine(shop.Folder, "kalejdo.db");
        await using var seeding = PortalProcess.Start(shop.Folder, "seed", "--subscribers", "1000000", "--source", $"kalejdo=sqlite:{file}");
        await seeding.SaysAsync("1000 of");
        await seeding.InterruptAsync();
        var run = await seeding.EndAsync();

        Assert.True(run is { ExitCode: 1, Output: "" }, run.ToString());
        Assert.Contains("Stopped.", run.Error, StringComparison.Ordinal);
        Assert.Equal(["0"], Dumps.Query(file, "SELECT count(*) FROM sqlite_master"));
    }
}
