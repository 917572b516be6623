using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Hostile;

/// <summary>
/// Generated values in every form, query and route value, by everybody: no failure of ours, nothing of it comes back as markup, nobody is sent
/// elsewhere, and nothing changes that the sender may not change.
/// </summary>
public sealed partial class HostileInputTests : IAsyncLifetime
{
    private static readonly DemoSubscriber Subscriber = new(34);
    private static readonly string[] Queries =
    [
        "till", "del", "sida", "slag", "fel", "fore", "gjort", "inget", "klar", "klart", "sparat", "tvasteg", "urval", "utloggad", "byt", "bytt", "uppgifter", "arende", "rattat", "mejl",
        "sok", "lage", "handlaggare", "ordning", "forsenade", "handelse", "fran", "aktor", "q9z",
    ];

    private static readonly string[] EndsSessions = [PortalUrls.SignOut, "end", "everywhere", "roles", "again", "sign-out", "lock"];

    private readonly AccountPortal portal = new();
    private readonly List<Person> people = [];
    private IReadOnlyList<string> routes = [];

    private static int Attempts => LongForm.IsAsked ? 50_000 : 1_000;

    public async ValueTask InitializeAsync()
    {
        // What a server refuses before the portal sees it is part of the answer.
        portal.Listen();
        routes = Doors.RoutesOf(portal.Services);
        await MeetAsync(portal.Browser(), [PortalUrls.Home, .. Pages.Open, PortalUrls.NotMyAddressLink("x"), PortalUrls.Case("x")]);
        var subscriber = await portal.SignedInAsync(Subscriber);
        using var asked = await subscriber.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", "Objection"), ("Words", "Använd inte mina uppgifter till reklam."));
        Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        await MeetAsync(subscriber, [PortalUrls.Overview, PortalUrls.EraseEverything, PortalUrls.Download]);
        foreach (var role in StaffRoles.All)
        {
            var browser = await SignedIn.StaffAsync(portal, role);
            await MeetAsync(browser, role == StaffRoles.Auditor ? [PortalUrls.Desk] : [PortalUrls.Desk, await LookedUpAsync(browser)]);
        }
    }

    public ValueTask DisposeAsync()
    {
        people.ForEach(person => person.Browser.Dispose());
        return portal.DisposeAsync();
    }

    [Fact]
    public async Task In_addresses_it_is_refused_or_ignored_and_changes_nothing()
    {
        var (kalejdo, store) = (await portal.Data.DumpAsync(), Store());
        Check(
            from who in Gen.Elements(people.ToArray())
            from route in Gen.Frequency((2, Gen.Elements(routes.ToArray())), (1, Gen.Elements(who.Doors.Pages.ToArray())))
            from values in Several
            from query in Several
            from names in Gen.Elements(Queries).ListOf(query.Count)
            select (who, Address: Filled(route, values) + string.Join("", names.Zip(query, (name, value) => $"&{name}={Uri.EscapeDataString(value)}"))),
            async attempt =>
            {
                var address = attempt.Address.Contains('?', StringComparison.Ordinal) ? attempt.Address : FirstParameter().Replace(attempt.Address, "?", 1);
                using var answer = await attempt.who.Browser.GetAsync(new Uri(address, UriKind.Relative), Cancellation);
                await JudgeAsync(answer);
            });

        Assert.Equal(kalejdo, await portal.Data.DumpAsync());
        Assert.Equal(store, Store());
    }

    // A form as its page shows it is no attack, and is not sent.
    [Fact]
    public async Task In_forms_it_is_refused_beside_its_field_or_stays_the_senders_own()
    {
        var kalejdo = await portal.Data.DumpAsync();
        var own = await OwnAsync();
        var heard = 0;
        Check(
            from who in Gen.Elements(people.ToArray())
            from form in Gen.Elements(who.Doors.Forms.Where(form => !EndsSessions.Contains(form.Name)).ToArray())
            from fields in Gen.CollectToList(form.Parts, Field)
            from extra in Several
            from names in Gen.Frequency((9, Gen.Elements("Posted.Value", "Posted.Nested[0].X", "Posted", "q9z")), (1, Gen.Elements("_handler", "__RequestVerificationToken"))).ListOf(extra.Count)
            where fields.Any(field => field.Hostile) || extra.Count > 0
            select (who, form, Fields: fields.SelectMany(field => field.Sent).Concat(names.Zip(extra, KeyValuePair.Create)).ToList()),
            async attempt =>
            {
                using var content = new FormUrlEncodedContent(attempt.Fields);
                using var answer = await attempt.who.Browser.PostAsync(new Uri(attempt.form.Address, UriKind.Relative), content, Cancellation);
                await JudgeAsync(answer);
                heard += answer.StatusCode == HttpStatusCode.BadRequest ? 0 : 1;
            });

        // The values come as far as the pages: they are not all turned away at the door.
        Assert.True(heard > Attempts / 2, $"{heard} of {Attempts}");
        var after = await portal.Data.DumpAsync();
        Assert.All(kalejdo.Except(after), row => Assert.Contains(row, own));
    }

    [Fact]
    public async Task Without_the_pages_own_token_no_form_is_heard()
    {
        var (kalejdo, store) = (await portal.Data.DumpAsync(), Store());
        Check(
            from who in Gen.Elements(people.ToArray())
            from form in Gen.Elements(who.Doors.Forms.ToArray())
            from token in HostileValue.Generator.OrNull()
            select (who, form, token),
            async attempt =>
            {
                var sent = attempt.form.Parts.Where(part => part.Name != "__RequestVerificationToken").Select(part => KeyValuePair.Create(part.Name, part.Values[0]));
                using var content = new FormUrlEncodedContent(attempt.token is null ? sent : sent.Append(new("__RequestVerificationToken", attempt.token)));
                using var answer = await attempt.who.Browser.PostAsync(new Uri(attempt.form.Address, UriKind.Relative), content, Cancellation);
                await JudgeAsync(answer);
                Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            },
            Attempts / 5);

        Assert.Equal(kalejdo, await portal.Data.DumpAsync());
        Assert.Equal(store, Store());
    }

    private static Gen<List<string>> Several => from count in Gen.Choose(0, 3) from values in HostileValue.Generator.ListOf(count) select values.ToList();

    private static Gen<(bool Hostile, List<KeyValuePair<string, string>> Sent)> Field(FormPart part) =>
        from way in Gen.Choose(0, 9)
        from usual in Gen.Elements(part.Values.DefaultIfEmpty("").ToArray())
        from value in HostileValue.Generator
        from second in HostileValue.Generator
        select part.Name is "__RequestVerificationToken" or "_handler" ? (false, [new(part.Name, usual)]) : way switch
        {
            < 4 => (false, [new(part.Name, usual)]),
            < 8 => (true, [new(part.Name, value)]),
            8 => (true, [new(part.Name, usual), new(part.Name, second)]),
            _ => (true, new List<KeyValuePair<string, string>>()),
        };

    private static void Check<T>(Gen<T> attempts, Func<T, Task> judge, int? times = null)
    {
        var seed = LongForm.IsAsked ? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) : 2026;
        Prop.ForAll(attempts.ToArbitrary(), judge).Check(Config.QuickThrowOnFailure.WithMaxTest(times ?? Attempts).WithQuietOnSuccess(true).WithReplay(new Replay(new Rnd(seed, 1123), null)));
    }

    private static async Task JudgeAsync(HttpResponseMessage answer)
    {
        Assert.True((int)answer.StatusCode < 500, $"{(int)answer.StatusCode}");
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.DoesNotContain(HostileValue.Markup, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(HostileValue.Attribute, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(answer.Headers, header => header.Key == "Set-Cookie" && header.Value.Any(cookie => cookie.StartsWith("q9z", StringComparison.Ordinal)));
        if (answer.Headers.Location is { IsAbsoluteUri: true } elsewhere)
        {
            Assert.Equal(answer.RequestMessage!.RequestUri!.Authority, elsewhere.Authority);
        }
        else if (answer.Headers.Location is { } local)
        {
            Assert.Matches("^/(?![/\\\\])", local.OriginalString);
        }
    }

    private static string Filled(string route, List<string> values)
    {
        var next = 0;
        return RouteValue().Replace(route, _ => next < values.Count ? Uri.EscapeDataString(values[next++]) : "x");
    }

    private async Task MeetAsync(HttpClient browser, string[] starts) => people.Add(new(browser, await Doors.OfAsync(browser, routes, starts)));

    private static async Task<string> LookedUpAsync(HttpClient staff)
    {
        using var found = await staff.FillInAsync(PortalUrls.FindSubscriber, "find-subscriber", ("Posted.Purpose", "purpose-contact"), ("Posted.Case", ""), ("Posted.By", "CustomerNumber"), ("Posted.Value", Subscriber.CustomerNumber));
        return Html.Links(await found.PageAsync()).First(link => link.StartsWith(PortalUrls.FindSubscriber + "/", StringComparison.Ordinal));
    }

    /// <summary>The rows of Kalejdo's database that are the subscriber's, as the engine finds them.</summary>
    private async Task<HashSet<string>> OwnAsync()
    {
        var own = new HashSet<string>();
        List<Identity> identities = [new(CurrentSubject.CustomerNumber, Subscriber.CustomerNumber), new(CurrentSubject.Email, Subscriber.OwnEmail)];
        var (databases, _) = await portal.Services.GetRequiredService<LiveMap>().OpenAsync(Cancellation);
        foreach (var database in databases!.All)
        {
            await using var located = await Located.LocateAsync(database, identities, write: false, Cancellation);
            foreach (var collection in located.Collections)
            {
                var rows = located.Rows(collection);
                own.UnionWith(await located.Session.ReadAsync(
                    $"SELECT t.* FROM {rows.From} WHERE {rows.Where}",
                    row => $"{collection.Collection.Name}: {string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? "∅" : row.GetValue(i)))}",
                    Cancellation));
            }
        }

        Assert.NotEmpty(own);
        return own;
    }

    /// <summary>What the portal keeps, but for who looked at what, and when a session was last used.</summary>
    private string Store() => Dumps.Of(Path.Combine(portal.Data.Folder, "var", "portal.db"), table => table is not ("audit_entries" or "audit_head" or "audit_people" or "sign_in_sessions"));

    private sealed record Person(HttpClient Browser, Doors Doors);

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex RouteValue();

    [GeneratedRegex("&(?=[a-z0-9]+=)")]
    private static partial Regex FirstParameter();
}
