using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Recipients;

public class RecipientRegisterTests : IAsyncLifetime
{
    private RecipientOffice _office = null!;

    [Fact]
    public async Task The_settings_fill_an_empty_store_once_and_then_the_store_counts()
    {
        _office.Options.Partners.Add(Partner("Utskick"));
        _office.Options.Systems.Add(new RecipientsOptions.OwnSystem { System = "kalejdo_game", Name = new() { Sv = "Spelet", En = "The game" }, Address = "spel@kalejdo.example", Identities = ["email"] });
        await _office.Register.SeedAsync(Cancellation);
        _office.Options.Partners.Add(Partner("Sen"));
        await _office.Register.SeedAsync(Cancellation);

        await using var db = _office.Store.Open();
        Assert.Equal([("Utskick", RecipientKind.Partner), ("kalejdo_game", RecipientKind.OwnSystem)], db.Recipients.OrderBy(row => row.Id).AsEnumerable().Select(row => (row.Key, row.Kind)));
        Assert.Equal("invoices", Assert.Single(await db.RecipientAgreements.ToListAsync(Cancellation)).Kinds);
        Assert.Equal(2, await db.RecipientSecrets.CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_given_secret_is_used_and_stands_nowhere_in_the_clear()
    {
        var key = StandardWebhook.NewKey();
        _office.Options.Partners.Add(Partner("Utskick", StandardWebhook.SecretOf(key)));
        await _office.Register.SeedAsync(Cancellation);

        await using var db = _office.Store.Open();
        var recipient = await db.Recipients.SingleAsync(Cancellation);
        Assert.Equal([key], await _office.Register.KeysOfAsync(db, recipient.Id, Cancellation));
        var kept = (await db.RecipientSecrets.SingleAsync(Cancellation)).SealedKey;
        Assert.True(kept.AsSpan().IndexOf(key) < 0);
    }

    [Fact]
    public async Task Whom_a_notice_is_about_stands_nowhere_in_the_clear()
    {
        await _office.AddPartnerAsync("Utskick", "https://utskick.example/");
        await _office.EraseAsync();

        var payload = Assert.Single(await _office.RowsAsync()).SealedPayload!;
        Assert.True(payload.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(RecipientOffice.CustomerNumber)) < 0);
    }

    [Fact]
    public async Task Nobody_else_has_a_secret() => Assert.Null(await _office.Register.NewSecretAsync("Finns inte", Cancellation));

    [Theory]
    [InlineData(RecipientChannel.Mail, "ingen adress", null)]
    [InlineData(RecipientChannel.Mail, "Namn <a@b.example>", null)]
    [InlineData(RecipientChannel.Webhook, "http://utskick.example/", null)]
    [InlineData(RecipientChannel.Webhook, "https://user:pass@utskick.example/", null)]
    [InlineData(RecipientChannel.Webhook, "/besked", null)]
    [InlineData(RecipientChannel.Webhook, "https://utskick.example/", "hemligt")]
    [InlineData(RecipientChannel.Webhook, "https://utskick.example/", "whsec_c2hvcnQ=")]
    public void Wrong_settings_are_named(RecipientChannel channel, string address, string? secret)
    {
        var partner = Partner("Utskick AB", secret);
        (partner.Channel, partner.Address) = (channel, address);

        var result = new RecipientsOptions.Validator().Validate(null, new RecipientsOptions { Partners = [partner] });

        Assert.True(result.Failed);
        Assert.Contains("Utskick AB", result.FailureMessage, StringComparison.Ordinal);
        Assert.DoesNotContain("hemligt", result.FailureMessage, StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync() => _office = await RecipientOffice.OpenAsync();

    public ValueTask DisposeAsync() => _office.DisposeAsync();

    private static RecipientsOptions.Partner Partner(string name, string? secret = null) => new()
    {
        Name = name,
        Address = "dataskydd@utskick.example",
        Identities = ["customer_number"],
        Secret = secret,
        Kinds = ["invoices"],
        Task = new() { Sv = "skickar", En = "sends" },
        Receives = new() { Sv = "namn", En = "name" },
        StoredIn = new() { Sv = "Sverige", En = "Sweden" },
    };
}

[OnPostgres]
public sealed class RecipientRegisterOnPostgresTests : RecipientRegisterTests;
