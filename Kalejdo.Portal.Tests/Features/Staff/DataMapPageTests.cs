using System.Globalization;
using System.Text.RegularExpressions;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Features.Staff.DataMap;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>The data map as staff see it: whether it fits, what it leaves out, and its picture.</summary>
public sealed partial class DataMapPageTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Theory]
    [InlineData("sv", StaffRoles.CaseWorker, "Datakarta", "Kontrollerad när portalen startade", "Så hänger uppgifterna ihop: kalejdo", "Kontaktuppgifter", "Abonnemang")]
    [InlineData("en", StaffRoles.Auditor, "Data map", "Checked when the portal started", "How the data hangs together: kalejdo", "Contact details", "Subscriptions")]
    public async Task Everybody_of_staff_sees_its_health_and_its_picture(string language, string role, string heading, string checkedAt, string title, params string[] words)
    {
        using var browser = await SignedIn.StaffAsync(portal, role, language);
        var page = await browser.PageAsync(PortalUrls.DataMap);
        Assert.Equal(heading, Html.Heading(page));
        Assert.Contains(checkedAt, page, StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);

        var picture = Picture().Matches(page)[0].Value;
        Assert.Contains("role=\"img\"", picture, StringComparison.Ordinal);
        Assert.Contains($">{title}</title>", picture, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, picture, StringComparison.Ordinal));
        // What the picture shows the table says.
        var table = page.Split("aria-labelledby=\"bild-kalejdo-tabell\"")[1].Split("</table>")[0];
        Assert.Equal(Regex.Count(picture, "<g "), Regex.Count(table, "role=\"rowheader\""));
        Assert.Matches(@"<code>invoice</code>.*?data-label=""[^""]+""><div>[^<]*subscriber", table.ReplaceLineEndings(" "));
    }

    [Fact]
    public async Task What_no_map_mentions_and_what_the_check_says_stand_with_file_and_line()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Languages.Swedish;
        await portal.KalejdoAsync("CREATE TABLE marketing_import (id INTEGER PRIMARY KEY, mejl TEXT)");
        await portal.KalejdoAsync("ALTER TABLE subscriber ADD COLUMN smeknamn TEXT");
        using var map = new LiveMap(portal.Services.GetRequiredService<IConfiguration>());
        var page = await RenderAsync(new MapHealth(map, portal.Time));
        Assert.Matches(@"<code>kalejdo\.dataset\.yml:\d+</code>", page);
        var gaps = page.Split("aria-labelledby=\"luckor-kalejdo\"")[1].Split("</table>")[0];
        Assert.Matches("<code>marketing_import</code>.*Hela tabellen", gaps.ReplaceLineEndings(" "));
        Assert.Matches("<code>subscriber</code>.*smeknamn", gaps.ReplaceLineEndings(" "));
    }

    [Fact]
    public void A_picture_needs_no_end_of_a_circle()
    {
        var column = new Column("id", "integer", ColumnType.Integer, NotNull: true, null, Generated: false);
        var other = column with { Name = "other" };
        Table Of(string name) => new("", name, true, true, false, [], [column, other], ["id"], [], [], []);
        var fields = new[] { "a", "b", "c" };
        var folder = Directory.CreateTempSubdirectory("portal-circle-").FullName;
        var file = Path.Combine(folder, "circle.yml");
        File.WriteAllText(file, "dataset:\n  - fides_key: d\n    collections:\n" + string.Concat(fields.Select((name, i) =>
            $"      - name: {name}\n        fields:\n          - {{name: id, fides_meta: {{primary_key: true}}}}\n          - {{name: other, fides_meta: {{references: [{{dataset: d, field: {fields[(i + 1) % 3]}.id, direction: to}}]}}}}\n")));
        var layout = new GraphLayout(new Graph(MapReader.Read([file]).Map.Datasets, new DatabaseSchema([.. fields.Select(Of)])));
        Directory.Delete(folder, recursive: true);

        Assert.Equal(3, layout.Edges.Count);
        Assert.Equal(3, layout.Nodes.Select(node => (node.X, node.Y)).Distinct().Count());
        Assert.All(layout.Nodes, node => Assert.InRange(node.X + GraphLayout.NodeWidth, 0, layout.Width));
    }

    private static async Task<string> RenderAsync(MapHealth health)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(health).BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<CascadingValue<HttpContext>>(ParameterView.FromDictionary(new Dictionary<string, object?>
        {
            ["Value"] = new DefaultHttpContext(),
            ["ChildContent"] = (RenderFragment)(builder =>
            {
                builder.OpenComponent<DataMapPage>(0);
                builder.CloseComponent();
            }),
        }))).ToHtmlString());
    }

    [GeneratedRegex("<svg class=\"graph\".*?</svg>", RegexOptions.Singleline)]
    private static partial Regex Picture();
}
