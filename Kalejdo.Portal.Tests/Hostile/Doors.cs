using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Hostile;

/// <summary>A form as its page shows it.</summary>
/// <param name="Page">Where it stands.</param>
/// <param name="Address">Where it goes.</param>
/// <param name="Name">What tells it from others of its kind of page.</param>
internal sealed record Form(string Page, string Address, string Name, IReadOnlyList<FormPart> Parts);

/// <param name="Values">What a browser may send: the value that stands there, or those to choose from.</param>
internal sealed record FormPart(string Name, IReadOnlyList<string> Values);

/// <summary>What one person finds who follows every link: a few pages of each kind, and their forms.</summary>
internal sealed class Doors
{
    // Of pages that differ by what they are about alone; and of their forms.
    private const int OfAKind = 3;
    private readonly List<TemplateMatcher> routes;
    private readonly Dictionary<string, int> kinds = [];
    private readonly HashSet<string> seen = [];
    private readonly HtmlParser parser = new();

    private Doors(IReadOnlyList<string> routes) => this.routes = [.. routes.Select(route => new TemplateMatcher(TemplateParser.Parse(route), []))];

    public List<string> Pages { get; } = [];

    public List<Form> Forms { get; } = [];

    /// <summary>Every address of the portal with its parameters' names, those without any first.</summary>
    public static IReadOnlyList<string> RoutesOf(IServiceProvider portal) =>
        [.. portal.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(route => "/" + route.RoutePattern.RawText!.TrimStart('/'))
            .Where(route => !Path.HasExtension(route) && !route.StartsWith("/_", StringComparison.Ordinal)).Distinct()
            .OrderBy(route => route.Count(sign => sign == '{')).ThenBy(route => route, StringComparer.Ordinal)];

    /// <param name="routes">Of <see cref="RoutesOf"/>.</param>
    public static async Task<Doors> OfAsync(HttpClient browser, IReadOnlyList<string> routes, params string[] starts)
    {
        var doors = new Doors(routes);
        var waiting = new Queue<string>(starts);
        while (waiting.TryDequeue(out var address))
        {
            if (!doors.seen.Add(address) || !doors.IsNew(doors.Kind(address)))
            {
                continue;
            }

            using var answer = await browser.GetAsync(new Uri(address, UriKind.Relative), TestContext.Current.CancellationToken);
            if (answer.Content.Headers.ContentType?.MediaType != "text/html" || !answer.IsSuccessStatusCode)
            {
                continue;
            }

            doors.Pages.Add(address);
            doors.Read(address, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ForEach(waiting.Enqueue);
        }

        return doors;
    }

    private List<string> Read(string address, string html)
    {
        var page = parser.ParseDocument(html);
        foreach (var form in page.Forms.Where(form => form.Method == "post"))
        {
            var parts = form.Elements.Select(Part).OfType<(string Name, string[] Values)>().GroupBy(part => part.Name)
                .Select(part => new FormPart(part.Key, [.. part.SelectMany(one => one.Values)])).ToList();
            var to = form.GetAttribute("action") is { Length: > 0 } action ? action : address;
            // What is on every page is one form.
            var name = parts.Find(part => part.Name == "_handler")?.Values[0] ?? to;
            if (IsNew(name == to ? Kind(to) : $"{Kind(address)} {name}"))
            {
                Forms.Add(new(address, to, name, parts));
            }
        }

        return [.. page.Links.Select(link => link.GetAttribute("href")!).Where(link => link.StartsWith('/') && !link.StartsWith("/utveckling", StringComparison.Ordinal)).Select(link => link.Split('#')[0])];
    }

    private static (string, string[])? Part(AngleSharp.Dom.IElement element) => element switch
    {
        IHtmlInputElement { Name.Length: > 0 } input => (input.Name!, [input.Value]),
        IHtmlSelectElement { Name.Length: > 0 } select => (select.Name!, [.. select.Options.Select(option => option.Value)]),
        IHtmlTextAreaElement { Name.Length: > 0 } area => (area.Name!, [area.Value]),
        IHtmlButtonElement { Name.Length: > 0 } button => (button.Name!, [button.Value]),
        _ => null,
    };

    private bool IsNew(string kind) => (kinds[kind] = kinds.GetValueOrDefault(kind) + 1) <= OfAKind;

    private string Kind(string address)
    {
        var (path, query) = address.Split('?') is [var before, var after] ? (before, after) : (address, "");
        var route = routes.Find(route => route.TryMatch(path, []))?.Template.TemplateText ?? path;
        return $"{route}?{string.Join('&', query.Split('&').Select(one => one.Split('=')[0]))}";
    }
}
