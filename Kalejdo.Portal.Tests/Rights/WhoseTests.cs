using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>Own, another's, shared: not into strangers (design.md 4).</summary>
public sealed class WhoseTests
{
    private const string Anna = "anna@exempel.se";
    private const string Bo = "bo@exempel.se";

    private const string Addresses = """
        CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT);
        INSERT INTO address VALUES (7, 'Storgatan 1'), (8, 'Lillgatan 2');
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, address_id INTEGER REFERENCES address (id));
        INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna', 7), (2, 'bo@exempel.se', 'Bo', 7), (3, 'cia@exempel.se', 'Cia', 8);
        """;

    private static readonly string[] AddressMap =
    [
        Collection("customer", "", Key(), Identity(), Personal("name"), To("address_id", "address.id")),
        Collection("address", "", Key(), Personal("street")),
    ];

    [Theory, EveryEngine]
    public async Task An_address_of_one_is_own_and_an_address_of_two_is_shared(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Addresses, Dataset(AddressMap));

        Assert.Equal(["address anonymise 1", "customer anonymise 1"], await shop.PlanAsync("cia@exempel.se"));
        Assert.Equal(["address shared 1", "customer anonymise 1"], await shop.PlanAsync(Anna));
        Assert.Equal(["address shared 1", "customer anonymise 1"], await shop.PlanAsync(Bo));
        Assert.Equal(["Storgatan 1"], await shop.SeenAsync(Anna, "address", "street"));
    }

    [Theory, EveryEngine]
    public async Task A_shared_address_is_left_whole_and_the_reference_to_it_is_cut(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Addresses, Dataset(AddressMap));

        await shop.EraseAsync(Anna);

        Assert.Equal(["Storgatan 1"], await shop.SeenAsync(Bo, "address", "street"));
        Assert.Equal(["-", "7", "8"], await shop.ColumnAsync("SELECT address_id FROM customer ORDER BY id"));
    }

    [Theory, EveryEngine]
    public async Task The_last_of_two_sharers_erases_the_address(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Addresses, Dataset(AddressMap));

        await shop.EraseAsync(Anna);

        Assert.Equal(["address anonymise 1", "customer anonymise 1"], await shop.EraseAsync(Bo));
        Assert.Equal(["-", "Lillgatan 2"], await shop.ColumnAsync("SELECT street FROM address ORDER BY id"));
    }

    [Theory, EveryEngine]
    public async Task A_row_that_an_earlier_erasure_left_behind_makes_nothing_shared(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Addresses + "INSERT INTO customer VALUES (9, NULL, NULL, 8);", Dataset(AddressMap));

        Assert.Equal(["address anonymise 1", "customer anonymise 1"], await shop.EraseAsync("cia@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task Nobody_walks_from_a_shared_row_to_the_neighbour(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Addresses, Dataset(
            Collection("customer", "", Key(), Identity(), Personal("name"), Both("address_id", "address.id")), AddressMap[1]));

        Assert.Equal(["1"], await shop.SeenAsync(Anna, "customer", "id"));
        Assert.Equal(["address shared 1", "customer anonymise 1"], await shop.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task What_only_a_shared_row_leads_to_is_shared(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE town (id INTEGER PRIMARY KEY, name TEXT);
            INSERT INTO town VALUES (1, 'Åmål'), (2, 'Säffle');
            CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT, town_id INTEGER REFERENCES town (id));
            INSERT INTO address VALUES (7, 'Storgatan 1', 1), (8, 'Lillgatan 2', 2);
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, address_id INTEGER REFERENCES address (id));
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 7), (2, 'bo@exempel.se', 7), (3, 'cia@exempel.se', 8);
            """, Dataset(
            Collection("customer", "", Key(), Identity(), To("address_id", "address.id")),
            Collection("address", "", Key(), Personal("street"), To("town_id", "town.id")),
            Collection("town", "", Key(), Personal("name"))));

        Assert.Equal(["address shared 1", "customer anonymise 1", "town shared 1"], await shop.PlanAsync(Anna));
        Assert.Equal(["address anonymise 1", "customer anonymise 1", "town anonymise 1"], await shop.PlanAsync("cia@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task A_seller_whom_others_orders_name_is_shared_for_a_buyer_and_own_for_the_seller(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE seller (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
            INSERT INTO seller VALUES (5, 'sven@exempel.se', 'Sven');
            CREATE TABLE purchase (id INTEGER PRIMARY KEY, buyer TEXT, seller_id INTEGER REFERENCES seller (id));
            INSERT INTO purchase VALUES (1, 'anna@exempel.se', 5), (2, 'bo@exempel.se', 5);
            """, Dataset(
            Collection("purchase", "", Key(), Identity("buyer", identity: "email"), To("seller_id", "seller.id")),
            Collection("seller", "", Key(), Identity(), Personal("name"))));

        // The seller carries an address of his own: for a buyer he is somebody else.
        Assert.Equal(["-"], await shop.SeenAsync(Anna, "seller", "name"));
        Assert.Equal(["purchase anonymise 1", "seller untouched 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["seller anonymise 1"], await shop.EraseAsync("sven@exempel.se"));
        Assert.Equal(["-", "bo@exempel.se"], await shop.ColumnAsync("SELECT buyer FROM purchase ORDER BY id"));
    }

    [Theory, EveryEngine]
    public async Task A_row_with_somebody_elses_identity_is_listed_without_personal_fields_and_never_followed_or_changed(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE ticket (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO ticket VALUES (1, 'anna@exempel.se');
            CREATE TABLE message (id INTEGER PRIMARY KEY, ticket_id INTEGER REFERENCES ticket (id), email TEXT, body TEXT, sent DATE);
            INSERT INTO message VALUES (1, 1, 'anna@exempel.se', 'Hej', '2026-01-01'), (2, 1, 'bo@exempel.se', 'Svar', '2026-01-02'), (3, 1, NULL, 'Hälsning', NULL);
            CREATE TABLE attachment (id INTEGER PRIMARY KEY, message_id INTEGER REFERENCES message (id), file_name TEXT);
            INSERT INTO attachment VALUES (1, 1, 'annas'), (2, 2, 'bos');
            """, Dataset(
            Collection("ticket", "", Key(), Identity()),
            CollectionWith("message", "", "masking_strategy_override: {strategy: delete}", Key(), From("ticket_id", "ticket.id"), Identity(), Personal("body"), Plain("sent")),
            CollectionWith("attachment", "", "masking_strategy_override: {strategy: delete}", Key(), From("message_id", "message.id"), Personal("file_name"))));

        Assert.Equal(["Hej", "-", "Hälsning"], await shop.SeenAsync(Anna, "message", "body"));
        Assert.Equal(["anna@exempel.se", "-", "-"], await shop.SeenAsync(Anna, "message", "email"));
        Assert.Equal(["1"], await shop.SeenAsync(Anna, "attachment", "id"));
        // The ticket is needed by Bo's message.
        Assert.Equal(["attachment delete 1", "message delete 2", "message untouched 1", "ticket anonymise 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["Svar"], await shop.ColumnAsync("SELECT body FROM message"));
        Assert.Equal(["bos"], await shop.ColumnAsync("SELECT file_name FROM attachment"));
    }

    [Theory, EveryEngine]
    public async Task A_row_found_by_the_identity_stays_own_whoever_refers_to_it_and_is_masked_while_others_need_it(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE player (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
            INSERT INTO player VALUES (1, 'anna@exempel.se', 'Anna'), (2, 'bo@exempel.se', 'Bo');
            CREATE TABLE duel (id INTEGER PRIMARY KEY, winner_id INTEGER NOT NULL REFERENCES player (id), email TEXT);
            INSERT INTO duel VALUES (1, 1, 'bo@exempel.se'), (2, 2, 'bo@exempel.se');
            """, Dataset(
            CollectionWith("player", "", "masking_strategy_override: {strategy: delete}", Key(), Identity(), Personal("name")),
            Collection("duel", "", Key(), To("winner_id", "player.id"), Identity())));

        Assert.Equal(["player reduce 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["-", "Bo"], await shop.ColumnAsync("SELECT name FROM player ORDER BY id"));
    }

    [Theory, EveryEngine]
    public async Task Only_a_verified_identity_of_this_person_is_followed(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, number TEXT, email TEXT);
            INSERT INTO customer VALUES (1, 'K1', 'anna@exempel.se'), (2, 'K2', 'anna@exempel.se');
            CREATE TABLE newsletter (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO newsletter VALUES (1, 'anna@exempel.se');
            """, Dataset(
            Collection("customer", "", Key(), Identity("number"), Identity()), Collection("newsletter", "", Key(), Identity())));

        Assert.Equal(["1"], await shop.SeenAsync([new("number", "K1")], "customer", "id"));
        Assert.Equal(["customer anonymise 1"], await shop.EraseAsync([new Identity("number", "K1")]));
        Assert.Equal(["anna@exempel.se"], await shop.ColumnAsync("SELECT email FROM newsletter"));
    }

    [Theory, EveryEngine]
    public async Task Other_people_of_the_household_are_seen_by_name_and_their_rows_are_counted_but_not_listed(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se');
            CREATE TABLE profile (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), name TEXT, is_own BOOLEAN);
            INSERT INTO profile VALUES (1, 1, 'Anna', TRUE), (2, 1, 'Kim', FALSE), (3, 1, 'Robin', NULL), (4, 2, 'Bo', TRUE);
            CREATE TABLE viewing (id INTEGER PRIMARY KEY, profile_id INTEGER REFERENCES profile (id), programme TEXT);
            INSERT INTO viewing VALUES (1, 1, 'Nyheter'), (2, 2, 'Tecknat'), (3, 3, 'Sport'), (4, 4, 'Film');
            CREATE TABLE detail (id INTEGER PRIMARY KEY, viewing_id INTEGER REFERENCES viewing (id), note TEXT);
            INSERT INTO detail VALUES (1, 1, 'a'), (2, 2, 'b');
            """, Dataset(
            Collection("customer", "kind: k", Key(), Identity()),
            Collection("profile", "kind: k, on_erasure: delete, household: {own: is_own}", Key(), From("customer_id", "customer.id"), "{name: name, data_categories: [user.name]}", Plain("is_own")),
            Collection("viewing", "kind: k, on_erasure: delete", Key(), From("profile_id", "profile.id"), Personal("programme")),
            Collection("detail", "kind: k, on_erasure: delete", Key(), From("viewing_id", "viewing.id"), Personal("note"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");

        Assert.Equal(["Anna", "Kim", "Robin"], await shop.SeenAsync(Anna, "profile", "name"));
        Assert.Equal(["Nyheter"], await shop.SeenAsync(Anna, "viewing", "programme"));
        Assert.Equal(["a"], await shop.SeenAsync(Anna, "detail", "note"));
        Assert.Equal(["customer anonymise 1", "detail delete 2", "profile delete 3", "viewing delete 3"], await shop.EraseAsync(Anna));
        Assert.Equal(["Film"], await shop.ColumnAsync("SELECT programme FROM viewing"));
    }

    [Theory, EveryEngine]
    public async Task What_both_the_subject_and_the_household_lead_to_is_listed(Provider provider)
    {
        // Favourites have two ways in and are listed, the history is not: their channels turn up one after the other.
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se');
            CREATE TABLE profile (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), is_own BOOLEAN);
            INSERT INTO profile VALUES (1, 1, TRUE), (2, 1, FALSE);
            CREATE TABLE channel (id INTEGER PRIMARY KEY, name TEXT);
            INSERT INTO channel VALUES (1, 'both'), (2, 'own'), (3, 'others'), (4, 'nobody');
            CREATE TABLE favourite (id INTEGER PRIMARY KEY, customer_id INTEGER, profile_id INTEGER REFERENCES profile (id), channel_id INTEGER REFERENCES channel (id));
            INSERT INTO favourite VALUES (1, NULL, 2, 1), (2, NULL, 2, 3);
            CREATE TABLE viewing (id INTEGER PRIMARY KEY, profile_id INTEGER REFERENCES profile (id), channel_id INTEGER REFERENCES channel (id));
            INSERT INTO viewing VALUES (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 3);
            """, Dataset(
            Collection("customer", "kind: k", Key(), Identity()),
            Collection("profile", "kind: k, household: {own: is_own}", Key(), From("customer_id", "customer.id"), Plain("is_own")),
            Collection("favourite", "kind: k", Key(), From("customer_id", "customer.id"), From("profile_id", "profile.id"), To("channel_id", "channel.id")),
            Collection("viewing", "kind: k", Key(), From("profile_id", "profile.id"), To("channel_id", "channel.id")),
            Collection("channel", "kind: k", Key(), Plain("name"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");

        Assert.Equal(["both", "own"], await shop.SeenAsync(Anna, "channel", "name"));
    }

    [Theory, EveryEngine]
    public async Task What_only_rows_of_a_history_lead_to_is_own_when_its_last_parent_is(Provider provider)
    {
        // The second profile is decided a round later than the first, so the channel was in doubt until then.
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, profile_id INTEGER);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 2), (2, 'bo@exempel.se', 3);
            CREATE TABLE profile (id INTEGER PRIMARY KEY, customer_id INTEGER, name TEXT);
            INSERT INTO profile VALUES (1, 1, 'a'), (2, NULL, 'b'), (3, NULL, 'c');
            CREATE TABLE channel (id INTEGER PRIMARY KEY, name TEXT);
            INSERT INTO channel VALUES (1, 'ours'), (2, 'everybodys');
            CREATE TABLE viewing (id INTEGER PRIMARY KEY, profile_id INTEGER, channel_id INTEGER);
            INSERT INTO viewing VALUES (1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 3, 2);
            """, Dataset(
            Collection("customer", "kind: k, on_erasure: delete", Key(), Identity(), To("profile_id", "profile.id")),
            Collection("profile", "kind: k, on_erasure: delete", Key(), From("customer_id", "customer.id"), Personal("name")),
            Collection("viewing", "kind: k, on_erasure: delete", Key(), From("profile_id", "profile.id"), To("channel_id", "channel.id")),
            Collection("channel", "kind: k, on_erasure: delete", Key(), Personal("name"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");

        Assert.Equal(["channel delete 1", "channel shared 1", "customer delete 1", "profile delete 2", "viewing delete 3"], await shop.EraseAsync(Anna));
        Assert.Equal(["everybodys"], await shop.ColumnAsync("SELECT name FROM channel"));
    }

    [Theory, EveryEngine]
    public async Task Circles_of_references_among_own_rows_are_own(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, card_id INTEGER);
            CREATE TABLE card (id INTEGER PRIMARY KEY, customer_id INTEGER, address_id INTEGER, number TEXT);
            CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT, card_id INTEGER);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 5), (2, 'bo@exempel.se', 6);
            INSERT INTO card VALUES (5, 1, 7, '1111'), (6, 2, 8, '2222');
            INSERT INTO address VALUES (7, 'Storgatan 1', 5), (8, 'Lillgatan 2', 6);
            """, Dataset(
            Collection("customer", "", Key(), Identity(), To("card_id", "card.id")),
            Collection("card", "", Key(), Both("customer_id", "customer.id"), Both("address_id", "address.id"), Personal("number")),
            Collection("address", "", Key(), Personal("street"), To("card_id", "card.id"))));

        Assert.Equal(["address anonymise 1", "card anonymise 1", "customer anonymise 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["2222"], await shop.SeenAsync(Bo, "card", "number"));
    }
}
