using System.Globalization;

namespace Kalejdo.Portal.Demo;

/// <summary>Invents the rows of one subscriber after another; each has a generator of their own, so their number changes nobody.</summary>
internal sealed class SeedRows(SeedTables tables, DateOnly today)
{
    private const int ChannelCount = 12;

    private static readonly string[] Programmes =
    [
        "Kvällsnytt", "Skärgårdsdeckaren", "Fjällräddarna", "Bakdags i byn", "Ishockey: Gävle–Luleå", "Trädgård med Åsa",
        "Vinter i Visby", "Mästarkocken Junior", "Dokument: Ån", "Musikfrågan", "Sagostund", "Lördagsfilmen: Fyren",
        "Husdrömmar i norr", "Väder", "På resande fot",
    ];

    private static readonly string[] Rooms = ["Hallen", "Köket", "Vardagsrummet", "Sovrummet", "Källaren", "Växthuset"];

    private static readonly (string Model, string Name)[] Devices =
    [
        ("LAMP-2", "Taklampan"), ("LOCK-1", "Ytterdörren"), ("TEMP-3", "Termometern"), ("MOVE-1", "Rörelsevakten"),
    ];

    private static readonly string[] Levels = ["Norrsken", "Skärgården", "Ekskogen", "Gruvan", "Fäboden"];

    private static readonly (string Subject, string Question, string Answer)[] Questions =
    [
        ("Bilden hackar", "Bilden hackar när vi ser på hockey på kvällen.", "Vi har startat om er port. Hör av dig om det inte hjälpte."),
        ("Byta kanalpaket", "Jag vill byta till det mindre paketet från nästa månad.", "Det är ordnat från den första i nästa månad."),
        ("Frågor om fakturan", "Varför är fakturan högre än förra gången?", "Hyrfilmen den tolfte ingår. Se andra raden."),
        ("Appen hittar inte låset", "Appen hittar inte ytterdörren längre.", "Byt batteri i låset och para ihop det på nytt."),
    ];

    // The newest instant of the data: the beginning of the day.
    private readonly DateTime _now = today.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);

    // The latest one, which the next subscriber may share.
    private (long Id, string Street, string PostalCode, string City) _address;

    /// <summary>Lists of goods and the statistics, which concern nobody.</summary>
    public void AddCommon()
    {
        tables.DeviceModel.Add("BOX-4K", "Kalejdo", "Kalejdo TV-box 4K");
        tables.DeviceModel.Add("BOX-MINI", "Kalejdo", "Kalejdo TV-box Mini");
        tables.DeviceModel.Add("LAMP-2", "Ljus i Norr", "Dimbar lampa");
        tables.DeviceModel.Add("LOCK-1", "Låssmeden", "Dörrlås med kod");
        tables.DeviceModel.Add("TEMP-3", "Grad", "Termometer");
        tables.DeviceModel.Add("MOVE-1", "Grad", "Rörelsevakt");

        string[] channels = ["Ettan", "Tvåan", "Kanal Norr", "Kanal Syd", "Sporten", "Filmen", "Barnen", "Nyheterna", "Naturen", "Musiken", "Historien", "Köket"];
        for (var i = 0; i < ChannelCount; i++)
        {
            tables.Channel.AddNumbered(i + 1, channels[i]);
        }

        var random = new SeedRandom(0);
        for (var day = 30; day > 0; day--)
        {
            foreach (var model in (string[])["BOX-4K", "BOX-MINI"])
            {
                foreach (var firmware in (string[])["4.1.0", "4.2.1"])
                {
                    tables.Telemetry.Add(today.AddDays(-day), model, firmware, random.Between(800, 4_000), random.Below(40), random.Below(12));
                }
            }
        }
    }

    /// <param name="number">Which subscriber, from 1.</param>
    /// <param name="history">How many viewings the own profile has; null for a modest number.</param>
    /// <param name="whenRowsWait">Called now and then to write what has gathered.</param>
    public async Task AddSubscriberAsync(int number, int? history, Func<ValueTask> whenRowsWait)
    {
        var subscriber = new DemoSubscriber(number);
        var random = new SeedRandom((ulong)number);
        var everything = subscriber.Case is DemoCase.Complete or DemoCase.LargeHousehold;

        var ended = subscriber.Case switch
        {
            // Every other one so long ago that nothing needs to be kept any more.
            DemoCase.EndedAndSettled => today.AddDays(number % 40 < 20 ? -3 * 365 : -10 * 365),
            DemoCase.EndedOwing => today.AddDays(-120),
            DemoCase.NoticeGiven => today.AddDays(45),
            _ => (DateOnly?)null,
        };
        var started = subscriber.Case switch
        {
            DemoCase.OldInvoices => today.AddYears(-10),
            _ => (ended is { } end && end < today ? end : today).AddDays(-random.Between(400, 3_000)),
        };
        var since = At(started.AddDays(-14), random);
        var lastDay = ended is { } past && past < today ? past : today;
        var last = lastDay.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);

        var address = subscriber.Case == DemoCase.SharedAddress ? _address : _address = NewAddress(random);
        var company = subscriber.Case == DemoCase.Company ? $"{SwedishNames.Of(number).Last} & Co Fönsterputs AB" : null;
        var id = tables.Subscriber.AddNumbered(
            subscriber.CustomerNumber,
            subscriber.FullName,
            company,
            company is null ? null : string.Create(CultureInfo.InvariantCulture, $"559{number % 1_000:D3}-{number * 7L % 10_000:D4}"),
            company is null ? null : $"{SwedishNames.FirstOf(random)} {SwedishNames.Of(number + 7).Last}",
            subscriber.Phone,
            subscriber.Email,
            subscriber.EmailVerified ? since.AddMinutes(random.Between(2, 900)) : null,
            random.Chance(92) || number == 1 ? "sv" : "en",
            subscriber.Case == DemoCase.ProtectedIdentity,
            since,
            address.Id);
        var invoicedTo = company ?? subscriber.FullName;

        // The first of each case has a box, whose code links an account.
        var hasTv = everything || number <= DemoSubscriber.Cases || random.Chance(75);
        var hasHome = everything || random.Chance(40);
        var hasBroadband = everything || !hasTv || random.Chance(75);
        var owes = subscriber.Case is DemoCase.EndedOwing or DemoCase.NoticeGiven;
        List<(string Service, string Plan, decimal Fee)> plans = [];
        if (hasBroadband)
        {
            plans.Add(("broadband", random.Pick<string>(["Fiber 250", "Fiber 500", "Fiber 1000"]), random.Pick<decimal>([349.00m, 399.50m, 449.00m])));
        }

        if (hasTv)
        {
            plans.Add(("tv", random.Pick<string>(["TV Bas", "TV Mellan", "TV Allt"]), random.Pick<decimal>([129.00m, 249.90m, 399.00m])));
        }

        if (hasHome)
        {
            plans.Add(("smart_home", "Smarta hem", 79.90m));
        }

        var total = plans.Sum(plan => plan.Fee);
        Dictionary<string, long> subscriptions = [];
        foreach (var (service, plan, fee) in plans)
        {
            var owed = owes && subscriptions.Count == 0 ? total : 0m;
            subscriptions[service] = tables.Subscription.AddNumbered(id, address.Id, service, plan, started, ended, fee, owed);
        }

        AddConsents(id, since, last, ended is { } gone && gone < today, random);
        AddInvoices(id, invoicedTo, address, plans, started, lastDay, subscriber.Case, random);
        if (hasBroadband)
        {
            AddIpAssignments(id, invoicedTo, last, lastDay < today, random);
        }

        if (subscriptions.TryGetValue("tv", out var tv))
        {
            AddBoxes(subscriber, tv, started, last, random);
            await AddProfilesAsync(subscriber, id, since, last, history, random, whenRowsWait);
        }

        if (subscriptions.TryGetValue("smart_home", out var home))
        {
            AddHome(subscriber, home, since, last, random);
        }

        AddPlayers(subscriber, since, last, random);
        AddSupport(subscriber, id, last, random);
        if (number % 6 == 1)
        {
            AddFaultReport(subscriber, subscriptions.Values.First(), last, random);
        }

        AddNewsletter(subscriber, since, random);
        await whenRowsWait();
    }

    private static DateTime At(DateOnly day, SeedRandom random) =>
        day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc).AddSeconds(random.Between(6 * 3_600, 22 * 3_600));

    private static DateTime Before(DateTime instant, int days, SeedRandom random) =>
        instant.AddSeconds(-random.Between(1, days * 86_400));

    private (long Id, string Street, string PostalCode, string City) NewAddress(SeedRandom random)
    {
        var street = string.Create(CultureInfo.InvariantCulture, $"{random.Pick(SwedishNames.Streets)} {random.Between(1, 140)}");
        var (postalCode, city) = random.Pick(SwedishNames.Cities);
        var apartment = random.Chance(50) ? string.Create(CultureInfo.InvariantCulture, $"{random.Between(10, 16)}0{random.Between(1, 6)}") : null;
        return (tables.InstallationAddress.AddNumbered(street, apartment, postalCode, city), street, postalCode, city);
    }

    private void AddConsents(long subscriber, DateTime since, DateTime last, bool ended, SeedRandom random)
    {
        foreach (var purpose in (string[])["viewing_recommendations", "offers_by_email", "offers_by_sms"])
        {
            if (random.Chance(65))
            {
                tables.Consent.AddNumbered(subscriber, purpose, since, ended || random.Chance(20) ? Before(last, 60, random) : null);
            }
        }
    }

    private void AddInvoices(
        long subscriber,
        string name,
        (long Id, string Street, string PostalCode, string City) address,
        List<(string Service, string Plan, decimal Fee)> plans,
        DateOnly started,
        DateOnly lastDay,
        DemoCase situation,
        SeedRandom random)
    {
        var (count, daysBetween) = situation == DemoCase.OldInvoices ? (10, 365) : (5, 91);
        for (var i = count - 1; i >= 0; i--)
        {
            var date = lastDay.AddDays(-5 - i * daysBetween);
            if (date < started)
            {
                continue;
            }

            var paid = i > 0 || situation is not (DemoCase.EndedOwing or DemoCase.NoticeGiven);
            var amount = plans.Sum(plan => plan.Fee);
            var invoice = tables.Invoice.AddNumbered(
                subscriber, string.Create(CultureInfo.InvariantCulture, $"{date.Year}-{tables.Invoice.Count + 1:D7}"),
                name, address.Street, address.PostalCode, address.City,
                date, date.AddDays(30), amount, paid ? amount : 0m, paid ? date.AddDays(random.Between(0, 4)) : null);
            for (var line = 0; line < plans.Count; line++)
            {
                tables.InvoiceLine.Add(invoice, line + 1, plans[line].Plan, 1, plans[line].Fee, 25, plans[line].Fee);
            }
        }
    }

    private void AddIpAssignments(long subscriber, string name, DateTime last, bool ended, SeedRandom random)
    {
        // The first so old that it needs to be kept no longer, the second within the ten months.
        var first = last.AddDays(-random.Between(430, 600));
        var second = last.AddDays(-random.Between(330, 400));
        var third = last.AddDays(-random.Between(10, 200));
        tables.IpAssignment.AddNumbered(subscriber, name, IpAddress(random), first, second);
        tables.IpAssignment.AddNumbered(subscriber, name, IpAddress(random), second, third);
        tables.IpAssignment.AddNumbered(subscriber, name, IpAddress(random), third, ended ? last : null);
    }

    // 100.64.0.0/10 is nobody's on the Internet.
    private static string IpAddress(SeedRandom random) =>
        string.Create(CultureInfo.InvariantCulture, $"100.{random.Between(64, 127)}.{random.Below(256)}.{random.Between(1, 254)}");

    private void AddBoxes(DemoSubscriber subscriber, long subscription, DateOnly started, DateTime last, SeedRandom random)
    {
        AddBox(subscriber.BoxCode, "BOX-4K");
        if (subscriber.Case == DemoCase.LargeHousehold)
        {
            AddBox(subscriber.SecondBoxCode, "BOX-MINI");
        }

        void AddBox(string code, string model) => tables.TvBox.AddNumbered(
            subscription, model, string.Create(CultureInfo.InvariantCulture, $"KB{tables.TvBox.Count + 1:D8}"),
            code, started, Before(last, 3, random));
    }

    private async Task AddProfilesAsync(
        DemoSubscriber subscriber, long id, DateTime since, DateTime last, int? history, SeedRandom random, Func<ValueTask> whenRowsWait)
    {
        var others = subscriber.Case == DemoCase.LargeHousehold ? 4 : subscriber.Number == 1 ? 1 : random.Below(3);
        for (var i = 0; i <= others; i++)
        {
            var own = i == 0;
            var name = own ? SwedishNames.Of(subscriber.Number).First : SwedishNames.FirstOf(random);
            int? birthYear = random.Chance(own ? 20 : 60) ? last.Year - random.Between(own ? 30 : 6, 75) : null;
            var profile = tables.TvProfile.AddNumbered(id, name, own, birthYear, since.AddHours(i + 1));

            var channel = random.Below(ChannelCount);
            for (var favourite = own ? random.Between(2, 3) : random.Below(2); favourite > 0; favourite--)
            {
                channel = (channel + random.Between(1, 3)) % ChannelCount;
                tables.Favourite.Add(profile, channel + 1L, Before(last, 300, random));
            }

            for (var recording = own ? random.Between(1, 3) : random.Below(2); recording > 0; recording--)
            {
                tables.Recording.AddNumbered(profile, random.Between(1, ChannelCount) + 0L, random.Pick(Programmes), Before(last, 200, random), random.Between(600, 7_200));
            }

            await AddHistoryAsync(profile, own && history is { } asked ? asked : own ? random.Between(8, 14) : random.Between(2, 5), last, random, whenRowsWait);
        }
    }

    private async Task AddHistoryAsync(long profile, int viewings, DateTime last, SeedRandom random, Func<ValueTask> whenRowsWait)
    {
        // Two months, or as long as the number needs at two hours each, but five years at most.
        var span = Math.Clamp(viewings * 7_200L, 60 * 86_400L, 5 * 365 * 86_400L);
        var step = viewings == 0 ? 0 : (int)(span / viewings);
        for (var i = viewings; i > 0; i--)
        {
            var watched = last.AddSeconds(-(long)i * step + random.Below(Math.Max(1, step / 2)));
            tables.ViewingHistory.AddNumbered(profile, random.Between(1, ChannelCount) + 0L, random.Pick(Programmes), watched, random.Between(30, Math.Clamp(step / 2, 60, 5_400)));
            if (tables.ViewingHistory.Waiting % 10_000 == 0)
            {
                await whenRowsWait();
            }
        }
    }

    private void AddHome(DemoSubscriber subscriber, long subscription, DateTime since, DateTime last, SeedRandom random)
    {
        var home = tables.SmartHome.AddNumbered(subscription, random.Pick<string>(["Hemma", "Huset", "Sommarstugan", "Lägenheten"]), subscriber.AppCode, since);
        var others = subscriber.Case == DemoCase.LargeHousehold ? 3 : subscriber.Number == 1 ? 1 : random.Below(3);
        for (var i = 0; i <= others; i++)
        {
            var own = i == 0;
            var name = own ? SwedishNames.Of(subscriber.Number).First : SwedishNames.FirstOf(random);
            var member = tables.HomeMember.AddNumbered(home, name, own, own ? "owner" : random.Chance(70) ? "member" : "guest", since.AddHours(i));
            for (var stay = 2; stay > 0; stay--)
            {
                var arrived = last.AddDays(-stay).AddSeconds(random.Between(0, 40_000));
                tables.Presence.AddNumbered(member, arrived, arrived.AddSeconds(random.Between(1_000, 40_000)));
            }
        }

        long? first = null;
        for (var i = random.Between(2, 4); i > 0; i--)
        {
            var (model, name) = Devices[i - 1];
            var device = tables.Device.AddNumbered(home, model, name, random.Pick(Rooms), string.Create(CultureInfo.InvariantCulture, $"KD{tables.Device.Count + 1:D8}"), since.AddDays(i));
            first ??= device;
            for (var happened = random.Between(3, 6); happened > 0; happened--)
            {
                var (what, reading) = model switch
                {
                    "LAMP-2" => (happened % 2 == 0 ? "on" : "off", null),
                    "LOCK-1" => (happened % 2 == 0 ? "opened" : "closed", null),
                    "TEMP-3" => ("reading", string.Create(CultureInfo.InvariantCulture, $"{random.Between(17, 24)},{random.Below(10)} °C")),
                    _ => ("motion", null),
                };
                tables.DeviceEvent.AddNumbered(device, what, reading, last.AddHours(-happened * 5).AddSeconds(random.Below(3_600)));
            }
        }

        tables.Automation.AddNumbered(home, first, "Kvällsljus", "Tänd i hallen när dörren öppnas efter solnedgången", true);
    }

    private void AddPlayers(DemoSubscriber subscriber, DateTime since, DateTime last, SeedRandom random)
    {
        if (subscriber.Case is DemoCase.Complete or DemoCase.UnverifiedPlayer or DemoCase.FirstAgreement or DemoCase.BlanksAroundEmail or DemoCase.CapitalsInEmail)
        {
            AddPlayer(subscriber.OwnEmail, subscriber.Case != DemoCase.UnverifiedPlayer, SwedishNames.Of(subscriber.Number).First);
        }

        if (subscriber.Number % 4 == 3)
        {
            AddPlayer(string.Create(CultureInfo.InvariantCulture, $"spelare{subscriber.Number}@lek.example"), subscriber.Number % 8 == 3, "Gäst");
        }

        void AddPlayer(string email, bool verified, string nickname)
        {
            var player = tables.GamePlayer.AddNumbered(
                email, verified ? since.AddMinutes(9) : null, string.Create(CultureInfo.InvariantCulture, $"{nickname}{random.Between(10, 99)}"), since);
            for (var score = random.Between(2, 6); score > 0; score--)
            {
                tables.GameScore.AddNumbered(player, random.Pick(Levels), random.Between(10, 9_990), Before(last, 90, random));
            }
        }
    }

    private void AddSupport(DemoSubscriber subscriber, long id, DateTime last, SeedRandom random)
    {
        if (subscriber.Number % 4 == 1 && subscriber.Case is not (DemoCase.MistypedEmail or DemoCase.Dispute))
        {
            AddTicket(id, subscriber.FullName, subscriber.EmailVerified ? subscriber.OwnEmail : null, random.Chance(25) ? "open" : "closed", random.Pick(Questions));
        }

        if (subscriber.Case == DemoCase.Dispute)
        {
            AddTicket(id, subscriber.FullName, subscriber.OwnEmail, "disputed",
                ("Bestrider faktura", "Jag har aldrig beställt hyrfilmerna och bestrider fakturan.", "Vi utreder saken och återkommer."));
        }

        if (subscriber.Number % 20 == 7)
        {
            var stranger = subscriber.Number + 50_000;
            AddTicket(null, SwedishNames.Of(stranger).First, string.Create(CultureInfo.InvariantCulture, $"fragar{subscriber.Number}@mejl.example"), "closed",
                ("När kommer fibern hit?", "När kan vi få fiber på vår gata?", "Under nästa år, om tillräckligt många vill."));
        }

        void AddTicket(long? subscriberId, string name, string? email, string status, (string Subject, string Question, string Answer) about)
        {
            var opened = Before(last, 200, random);
            var ticket = tables.SupportTicket.AddNumbered(
                string.Create(CultureInfo.InvariantCulture, $"S{tables.SupportTicket.Count + 1:D7}"),
                subscriberId, name, email, about.Subject, status, opened, status == "closed" ? opened.AddHours(30) : null);
            tables.SupportMessage.AddNumbered(ticket, "customer", about.Question, opened);
            tables.SupportMessage.AddNumbered(ticket, "staff", about.Answer, opened.AddHours(random.Between(1, 29)));
        }
    }

    private void AddFaultReport(DemoSubscriber subscriber, long subscription, DateTime last, SeedRandom random)
    {
        var reported = Before(last, 300, random);
        tables.FaultReport.AddNumbered(
            subscription, subscriber.FullName, subscriber.Phone, "Ring innan ni kommer, hunden är rädd för dammsugare.",
            random.Pick<string>(["no_signal", "slow", "picture", "equipment"]), reported, random.Chance(85) ? reported.AddHours(random.Between(2, 70)) : null);
    }

    private void AddNewsletter(DemoSubscriber subscriber, DateTime since, SeedRandom random)
    {
        var borrowed = subscriber.Case is DemoCase.MistypedEmail or DemoCase.SecondAgreement or DemoCase.NoEmail;
        if (!borrowed && (subscriber.Number % 3 == 1))
        {
            tables.NewsletterConsent.Add(
                subscriber.OwnEmail, subscriber.FullName, "website", since,
                subscriber.EmailVerified ? since.AddMinutes(20) : null, random.Chance(15) ? Before(_now, 30, random) : null);
        }

        if (subscriber.Number % 10 == 9)
        {
            tables.NewsletterConsent.Add(
                string.Create(CultureInfo.InvariantCulture, $"lasare{subscriber.Number}@brev.example"), null, random.Pick<string>(["shop", "fair"]), since,
                random.Chance(60) ? since.AddHours(4) : null, null);
        }
    }
}
