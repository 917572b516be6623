using System.Globalization;
using System.Text;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Mail;

public class OutboxTests(PortalFixture portal)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IServiceProvider Services => portal.InMemory.Services;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Holds_a_letter_if_and_only_if_its_change_is_committed(bool commit)
    {
        var number = $"K-2026-{(commit ? "CMMTTD" : "RLLDBK")}";
        await using (var db = Open())
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            await Services.GetRequiredService<Outbox>().AddAsync(db, new AddressCodeLetter("417205"), "anna@exempel.se", "sv", number, Cancellation);
            await db.SaveChangesAsync(Cancellation);
            await (commit ? transaction.CommitAsync(Cancellation) : transaction.RollbackAsync(Cancellation));
        }

        await using var later = Open();
        Assert.Equal(commit, await later.Outbox.AnyAsync(row => row.CaseNumber == number, Cancellation));
    }

    [Fact]
    public async Task Seals_address_and_content_and_leaves_the_sender_its_language()
    {
        var before = CultureInfo.CurrentUICulture;
        await using var db = Open();
        await Services.GetRequiredService<Outbox>().AddAsync(db, new AddressCodeLetter("417205"), "anna@exempel.se", "both", null, Cancellation);

        var row = db.Outbox.Local.Single();
        Assert.Null(row.Language);
        Assert.Equal(before, CultureInfo.CurrentUICulture);
        var stored = Encoding.Latin1.GetString([.. row.Recipient!, .. row.Content!]);
        Assert.DoesNotContain("anna", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("417205", stored, StringComparison.Ordinal);
        var protector = OutboxMail.Protector(Services.GetRequiredService<IDataProtectionProvider>(), row.MessageId);
        Assert.Equal("anna@exempel.se", Encoding.UTF8.GetString(protector.Unprotect(row.Recipient!)));
        Assert.Contains("417205", Encoding.UTF8.GetString(protector.Unprotect(row.Content!)), StringComparison.Ordinal);
        Assert.Matches("^<[0-9a-f]{32}@localhost>$", row.MessageId);
    }

    private PortalDbContext Open() => Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();
}
