using System.Net;
using System.Text;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>The record of processing: what Article 30 asks for, out of the map and the agreements.</summary>
public class RecordTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Theory]
    [InlineData("sv", StaffRoles.CaseWorker, "Registerförteckning", "Kundregistret", "Rättslig förpliktelse (artikel 6.1 c)", "Kunder, andra i hushållet", "Fakturor: ", "bokföringslagen", "Exempel Utskick AB, som trycker och skickar fakturor (lagras i Sverige)", "Ingen överföring", "fakturor kan inte ändras i efterhand")]
    [InlineData("en", StaffRoles.Auditor, "Record of processing", "The customer register", "Legal obligation (Article 6(1)(c))", "Customers, other members of the household", "Invoices: ", "Accounting Act", "Exempel Utskick AB, which prints and sends invoices (stored in Sweden)", "No transfer", "invoices cannot be changed afterwards")]
    public async Task Everybody_of_staff_reads_what_article_30_asks_for(string language, string role, string heading, params string[] words)
    {
        using var browser = await SignedIn.StaffAsync(portal, role, language);
        var page = await browser.PageAsync(PortalUrls.Record);
        Assert.Equal(heading, Html.Heading(page));
        Assert.All(words, word => Assert.Contains(word, page, StringComparison.Ordinal));
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_has_a_line_for_each_processing_and_calculates_nothing()
    {
        const string Formula = "=HYPERLINK(\"https://ond.example\")";
        await portal.StoreAsync(db => db.Recipients.Where(row => row.Key == "Exempel Spelplattform Oy").ExecuteUpdateAsync(set => set.SetProperty(row => row.NameSv, Formula), Cancellation));
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var page = await browser.PageAsync(PortalUrls.Record);
        using var refused = await browser.PostFormAsync(PortalUrls.RecordFile, "", token: null);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        using var file = await browser.PostFormAsync(PortalUrls.RecordFile, "", Html.AntiforgeryToken(page));
        Assert.Equal("text/csv", file.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("registerforteckning-20", file.Content.Headers.ContentDisposition?.FileName, StringComparison.Ordinal);
        var bytes = await file.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.Equal(Encoding.UTF8.GetPreamble(), bytes[..3]);
        var lines = Encoding.UTF8.GetString(bytes[3..]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("System;Ändamål;Rättslig grund;Om vilka;Vilka uppgifter;Mottagare;Hur länge;Säkerhetsåtgärder;Överföring till land utanför EU/EES", lines[0]);
        Assert.Equal(page.Split("<section class=\"row\"").Length, lines.Length);
        Assert.Contains(lines, line => line.Contains(";\"'=HYPERLINK(\"\"https://ond.example\"\"), som driver", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_partner_whose_agreement_has_ended_is_no_recipient()
    {
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        Assert.Contains("Exempel Fälttjänst AB", await browser.PageAsync(PortalUrls.Record), StringComparison.Ordinal);
        await portal.StoreAsync(db => EndAsync(db, "Exempel Fälttjänst AB", new DateOnly(2020, 1, 1)));
        Assert.DoesNotContain("Exempel Fälttjänst AB", await browser.PageAsync(PortalUrls.Record), StringComparison.Ordinal);
    }

    private static async Task<int> EndAsync(PortalDbContext db, string partner, DateOnly last)
    {
        var id = await db.Recipients.Where(row => row.Key == partner).Select(row => row.Id).SingleAsync(Cancellation);
        return await db.RecipientAgreements.Where(row => row.RecipientId == id).ExecuteUpdateAsync(set => set.SetProperty(row => row.InForceTo, last), Cancellation);
    }
}

[OnPostgres]
public sealed class RecordOnPostgresTests(AccountPortal portal) : RecordTests(portal);
