using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>
/// The shapes of Fides' own relational example with rows of our own: addresses that several refer to, a key that is the personal value,
/// keys of two columns, keys of text, an employee with customers' requests; a map without any key of the portal's.
/// </summary>
public sealed class FidesShapesTests
{
    private const string Anna = "anna@exempel.se";
    private const string Bo = "bo@exempel.se";

    private const string Sql = """
        CREATE TABLE product (id INTEGER PRIMARY KEY, name VARCHAR(100), price NUMERIC(10,2));
        CREATE TABLE address (id BIGINT PRIMARY KEY, street VARCHAR(100), house INTEGER, city VARCHAR(100), zip VARCHAR(10));
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(100), created TIMESTAMP, address_id BIGINT);
        CREATE TABLE employee (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(100), address_id BIGINT);
        CREATE TABLE payment_card (id VARCHAR(100) PRIMARY KEY, name VARCHAR(100), ccn BIGINT, customer_id INTEGER, billing_address_id BIGINT);
        CREATE TABLE orders (id VARCHAR(100) PRIMARY KEY, customer_id INTEGER, shipping_address_id BIGINT, payment_card_id VARCHAR(100));
        CREATE TABLE order_item (order_id VARCHAR(100), item_no INTEGER, product_id INTEGER, quantity INTEGER, PRIMARY KEY (order_id, item_no));
        CREATE TABLE visit (email VARCHAR(100), last_visit TIMESTAMP, PRIMARY KEY (email, last_visit));
        CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER, "time" TIMESTAMP);
        CREATE TABLE service_request (id VARCHAR(100) PRIMARY KEY, email VARCHAR(100), alt_email VARCHAR(100), opened DATE, employee_id INTEGER);
        CREATE TABLE report (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(100), month INTEGER);
        INSERT INTO product VALUES (1, 'Röd matta', 10), (2, 'Blå stol', 20.5), (3, 'Lampa', 30);
        INSERT INTO address VALUES (1, 'Storgatan', 1, 'Umeå', '90325'), (2, 'Lillgatan', 2, 'Umeå', '90326'), (3, 'Backen', 3, 'Luleå', '97231'), (4, 'Ön', 4, 'Malmö', '21114');
        INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna', '2020-04-01 11:47:42', 1), (2, 'bo@exempel.se', 'Bo', '2020-04-01 11:47:42', 2), (3, 'cia@exempel.se', 'Cia', '2020-04-01 11:47:42', 4);
        INSERT INTO employee VALUES (1, 'dag@exempel.se', 'Dag', 3), (2, 'eva@exempel.se', 'Eva', 3);
        INSERT INTO payment_card VALUES ('kort-1', 'Annas', 123456789, 1, 1), ('kort-2', 'Bos', 987654321, 2, 1), ('kort-3', 'Cias', 373719391, 3, 4);
        INSERT INTO orders VALUES ('a-1', 1, 2, 'kort-1'), ('a-2', 1, 1, 'kort-1'), ('b-1', 2, 1, 'kort-2'), ('c-1', 3, 4, 'kort-3');
        INSERT INTO order_item VALUES ('a-1', 1, 1, 1), ('a-1', 2, 2, 1), ('a-2', 1, 1, 3), ('b-1', 1, 1, 1);
        INSERT INTO visit VALUES ('anna@exempel.se', '2021-01-06 01:00:00'), ('bo@exempel.se', '2021-01-06 01:00:00');
        INSERT INTO login VALUES (1, 1, '2021-01-01 01:00:00'), (2, 1, '2021-01-02 01:00:00'), (3, 2, '2021-01-03 01:00:00');
        INSERT INTO service_request VALUES ('s-1', 'anna@exempel.se', NULL, '2021-01-01', 1), ('s-2', 'bo@exempel.se', NULL, '2021-01-02', 1), ('s-3', 'finn@exempel.se', 'anna.andra@exempel.se', '2021-01-03', 1), ('s-4', 'finn@exempel.se', NULL, '2021-02-01', 2);
        INSERT INTO report VALUES (1, 'chef@exempel.se', 'Månad', 8), (2, 'chef@exempel.se', 'Månad', 9);
        """;

    private static readonly string s_map = Dataset(
        Collection("product", "", Key(), Plain("name"), Plain("price")),
        Collection("address", "", Key(), Personal("street"), Personal("house"), Personal("city"), Personal("zip")),
        Collection("customer", "", "{name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}", Identity(), Personal("name", "length: 40"), Plain("created"), To("address_id", "address.id")),
        Collection("employee", "", Key(), Identity(), Personal("name"), To("address_id", "address.id")),
        Collection("payment_card", "", Key(), Personal("name"), Personal("ccn"), From("customer_id", "customer.id"), To("billing_address_id", "address.id")),
        Collection("orders", "", Key(), From("customer_id", "customer.id"), To("shipping_address_id", "address.id"), Plain("payment_card_id")),
        Collection("order_item", "", From("order_id", "orders.id"), Key("item_no"), To("product_id", "product.id"), Plain("quantity")),
        Collection("visit", "", Identity(), Plain("last_visit")),
        Collection("login", "", Key(), From("customer_id", "customer.id"), Personal("time")),
        Collection("service_request", "", Key(), Identity(), Identity("alt_email", identity: "email"), Plain("opened"), From("employee_id", "employee.id")),
        Collection("report", "", Key(), Identity(), Personal("name"), Plain("month")));

    [Theory, EveryEngine]
    public async Task Everybody_has_the_rows_counted_by_hand(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, s_map);

        foreach (var (person, counts) in new[]
        {
            // customer, employee, report, visit, login, orders, payment_card, service_request, address, order_item, product
            (Anna, "1 0 0 1 2 2 1 1 2 3 2"), (Bo, "1 0 0 1 1 1 1 1 2 1 1"), ("cia@exempel.se", "1 0 0 0 0 1 1 0 1 0 0"), ("dag@exempel.se", "0 1 0 0 0 0 0 3 1 0 0"),
            ("chef@exempel.se", "0 0 2 0 0 0 0 0 0 0 0"), ("finn@exempel.se", "0 0 0 0 0 0 0 2 0 0 0"), ("anna.andra@exempel.se", "0 0 0 0 0 0 0 1 0 0 0"),
        })
        {
            var seen = await shop.AccessAsync(Email(person));
            string[] collections = ["customer", "employee", "report", "visit", "login", "orders", "payment_card", "service_request", "address", "order_item", "product"];
            Assert.Equal($"{person} {counts}", $"{person} {string.Join(' ', collections.Select(c => seen[$"shop.{c}"]!.AsArray().Count))}");
        }
    }

    [Theory, EveryEngine]
    public async Task Erasing_one_customer_leaves_the_others_shared_address_whole_and_lets_the_visit_go(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, s_map);
        var bo = (await shop.AccessAsync(Email(Bo))).ToJsonString();
        var addresses = await shop.ColumnAsync("SELECT street || ' ' || house || ' ' || city || ' ' || zip FROM address ORDER BY id");

        var steps = await shop.EraseAsync(Anna);

        Assert.Contains("address shared 2", steps);
        Assert.Contains("customer anonymise 1", steps);
        Assert.Contains("visit delete 1", steps);
        Assert.Equal(addresses, await shop.ColumnAsync("SELECT street || ' ' || house || ' ' || city || ' ' || zip FROM address ORDER BY id"));
        Assert.Equal(bo, (await shop.AccessAsync(Email(Bo))).ToJsonString());
        Assert.Equal(["-", "Bo", "Cia"], await shop.ColumnAsync("SELECT name FROM customer ORDER BY id"));
        Assert.Equal([Bo], await shop.ColumnAsync("SELECT email FROM visit"));
        // No reference of hers leads to what is Bo's as well.
        Assert.Equal(["0"], await shop.ColumnAsync("SELECT (SELECT count(*) FROM customer WHERE id = 1 AND address_id IS NOT NULL) + (SELECT count(*) FROM payment_card WHERE customer_id = 1 AND billing_address_id IS NOT NULL) + (SELECT count(*) FROM orders WHERE customer_id = 1 AND shipping_address_id IS NOT NULL)"));
    }
}
