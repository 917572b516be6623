using System.Diagnostics;
using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests;

/// <summary>
/// A page that takes an address answers as fast whether the address is known or not. Both are asked in turns, in changing order, so that
/// whatever else loads the machine falls on both; and what the database is asked is counted, which no load changes.
/// </summary>
public sealed class TimingTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private static readonly int Pairs = LongForm.IsAsked ? 400 : 30;
    private static readonly DemoSubscriber Known = new(1);
    private const string Unknown = "okand.person@exempel.se";

    public static TheoryData<string, string, string> Pages => new()
    {
        { PortalUrls.Register, "register", "Posted.Address" },
        { PortalUrls.ForgottenPassword, "forgotten", "Posted.Address" },
        { PortalUrls.NotMyAddress, "address", "address" },
        { PortalUrls.SignIn, "sign-in", "Posted.Name" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_known_address_is_answered_no_slower_and_no_faster_than_an_unknown_one(string page, string form, string field)
    {
        // Passwords as slow as people's, not as other tests'.
        await using var people = portal.WithWebHostBuilder(host => host.ConfigureTestServices(services => services.Configure<PasswordHasherOptions>(passwords => passwords.IterationCount = Passwords.Rounds)));
        await SignedIn.CreateAccountAsync(people.Services, Known);
        using var browser = PortalFixture.Client(people);
        List<Answer> known = [], unknown = [];
        // The first few find code and plans that are not compiled yet.
        for (var pair = -3; pair < Pairs; pair++)
        {
            // No limit is reached, and each pair finds the counters alike.
            portal.Time.Advance(TimeSpan.FromHours(2));
            var knownFirst = pair % 2 == 0;
            var first = await AskAsync(knownFirst ? Known.OwnEmail : Unknown);
            var second = await AskAsync(knownFirst ? Unknown : Known.OwnEmail);
            if (pair >= 0)
            {
                known.Add(knownFirst ? first : second);
                unknown.Add(knownFirst ? second : first);
            }
        }

        Assert.Equal(Assert.Single(unknown.Select(answer => answer.Text).Distinct()), Assert.Single(known.Select(answer => answer.Text).Distinct()));
        var (knownStatements, unknownStatements) = (Median(known.Select(answer => (double)answer.Statements)), Median(unknown.Select(answer => (double)answer.Statements)));
        var (knownTime, unknownTime) = (Median(known.Select(answer => answer.Milliseconds)), Median(unknown.Select(answer => answer.Milliseconds)));
        var z = MannWhitney([.. known.Select(answer => answer.Milliseconds)], [.. unknown.Select(answer => answer.Milliseconds)]);
        var seen = FormattableString.Invariant($"{page}: {Pairs} pairs, known {knownTime:F2} ms, unknown {unknownTime:F2} ms, z {z:F2}; statements {knownStatements} and {unknownStatements}");
        TestContext.Current.TestOutputHelper?.WriteLine(seen);
        Assert.True(knownStatements.Equals(unknownStatements), seen);
        // Both: a difference that is no accident, and one that is worth measuring from outside.
        Assert.False(Math.Abs(z) > 4 && Math.Abs(knownTime - unknownTime) > 0.1 * Math.Min(knownTime, unknownTime), seen);

        async Task<Answer> AskAsync(string address)
        {
            var fields = new List<KeyValuePair<string, string>>
            {
                new("_handler", form), new("__RequestVerificationToken", Html.AntiforgeryToken(await browser.PageAsync(page))), new(field, address), new("Posted.Password", "inte det rätta lösenordet"),
            };
            using var content = new FormUrlEncodedContent(fields);
            var (statements, begun) = (portal.Statements, Stopwatch.GetTimestamp());
            using var response = await browser.PostAsync(new Uri(page, UriKind.Relative), content, AccountPortal.Cancellation);
            var text = await response.Content.ReadAsStringAsync(AccountPortal.Cancellation);
            var took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            Assert.Equal(page == PortalUrls.SignIn ? HttpStatusCode.OK : HttpStatusCode.Redirect, response.StatusCode);
            // What a page says apart from the address that was typed; a redirect says where to.
            var shown = response.Headers.Location?.PathOf() ?? Html.WithoutTokens(text).Replace(WebUtility.HtmlEncode(address), "", StringComparison.Ordinal);
            return new Answer(took, portal.Statements - statements, shown);
        }
    }

    [Fact]
    public void The_comparison_tells_a_tenth_from_nothing()
    {
        var same = Enumerable.Range(0, 30).Select(i => 10 + i % 7 * 0.3).ToArray();
        Assert.InRange(MannWhitney(same, [.. same.Reverse()]), -0.1, 0.1);
        Assert.InRange(MannWhitney([.. same.Select(time => time * 1.2)], same), 4, 10);
        Assert.InRange(MannWhitney(same, [.. same.Select(time => time * 1.2)]), -10, -4);
        Assert.Equal(2.5, Median([4, 1, 2, 3]));
    }

    /// <summary>How many standard deviations the ranks of the first lie above chance.</summary>
    private static double MannWhitney(double[] first, double[] second)
    {
        var wins = first.Sum(one => second.Sum(other => one > other ? 1 : one == other ? 0.5 : 0));
        double n = first.Length, m = second.Length;
        return (wins - n * m / 2) / Math.Sqrt(n * m * (n + m + 1) / 12);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private sealed record Answer(double Milliseconds, int Statements, string Text);
}
