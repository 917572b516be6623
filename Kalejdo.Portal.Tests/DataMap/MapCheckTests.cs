using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>What the check finds, one by one (design.md 3).</summary>
public sealed class MapCheckTests
{
    private const string Sql = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
        CREATE INDEX ix_email ON customer (lower(trim(email)));
        """;

    private static readonly string Customer = Collection("customer", "", Key(), Identity(), Personal("name"));

    [Theory, EveryEngine]
    public async Task A_map_that_fits_has_no_findings(Provider provider) => Assert.Empty(await FindAsync(provider, Sql, Dataset(Customer)));

    [Theory, EveryEngine]
    public async Task Unknown_tables_and_columns_are_errors_with_the_nearest_name(Provider provider)
    {
        Assert.Equal(["error: the database of 'shop' has no table 'custommer'; did you mean 'customer'?"], await FindAsync(provider, Sql, Dataset(Collection("custommer", "", Key()))));
        Assert.Equal(["error: the table 'customer' has no column 'e_mail'; did you mean 'email'?"], await FindAsync(provider, Sql, Dataset(Collection("customer", "", Key(), Identity("e_mail")))));
    }

    [Theory, EveryEngine]
    public async Task Columns_and_tables_that_no_map_mentions_are_told(Provider provider)
    {
        var found = await FindAsync(provider, Sql + "CREATE TABLE secret (id INTEGER PRIMARY KEY);", Dataset(Collection("customer", "", Key(), Identity())));

        Assert.Contains(found, f => f.StartsWith("warning: no map mentions these columns of 'customer': name;", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("warning: no map mentions the table 'secret'", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Missing_indexes_are_told_by_their_way_of_matching(Provider provider)
    {
        var found = await FindAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, number TEXT);
            CREATE INDEX ix_email ON customer (email);
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER);
            """, Dataset(Collection("customer", "", Key(), Identity(), Identity("number")), Collection("login", "", Key(), From("customer_id", "customer.id"))));

        Assert.Contains(found, f => f.Contains("CREATE INDEX … ON customer (lower(trim(email)))", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Contains("CREATE INDEX … ON customer (number)", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Contains("CREATE INDEX … ON login (customer_id)", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task A_foreign_key_that_the_map_does_not_know_is_told(Provider provider) => Assert.Contains(
        "warning: the foreign key login(customer_id) to customer is not a reference of the map; 'datamap update' prints what to paste, after the table 'customer' is described",
        await FindAsync(provider, Sql + "CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id));", Dataset(Customer, Collection("login", "", Key(), Plain("customer_id")))));

    [Theory, EveryEngine]
    public async Task A_missing_key_is_an_error_where_the_map_is_annotated(Provider provider)
    {
        const string Click = "CREATE TABLE click (email TEXT, page TEXT); CREATE INDEX ix_click ON click (lower(trim(email)));";
        Assert.Contains(await FindAsync(provider, Click, Dataset(Collection("click", "", Identity(), Plain("page")))), f => f.StartsWith("warning: the table 'click' has no primary key", StringComparison.Ordinal));
        Assert.Contains(await FindAsync(provider, Click, Dataset(Collection("click", "on_erasure: delete", Identity(), Plain("page")))), f => f.StartsWith("error: the table 'click' has no primary key", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Masks_that_the_database_would_refuse_are_told(Provider provider)
    {
        var found = await FindAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL, code TEXT UNIQUE);
            CREATE INDEX ix_email ON customer (lower(trim(email)));
            """, Dataset(Collection("customer", "", Key(), Identity(), Masked("code", "string_rewrite"))));

        Assert.Contains(found, f => f.StartsWith("error: the column 'email' is NOT NULL and has no mask, so erasing it would be refused", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("error: the column 'code' is unique, but its mask writes the same value", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Types_that_do_not_fit_are_told(Provider provider) => Assert.Contains(
        await FindAsync(provider, "CREATE TABLE customer (id INTEGER PRIMARY KEY, number INTEGER UNIQUE);", Dataset(Collection("customer", "", Key(), Identity("number", meta: "data_type: string")))),
        f => f.StartsWith("warning: 'data_type: string' does not fit the column 'number'", StringComparison.Ordinal));

    [Theory, EveryEngine]
    public async Task A_trigger_is_told(Provider provider) => Assert.Contains(
        await FindAsync(provider, Sql + (provider == Provider.Sqlite
            ? "CREATE TRIGGER copy AFTER DELETE ON customer BEGIN SELECT 1; END;"
            : "CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER copy AFTER DELETE ON customer FOR EACH ROW EXECUTE FUNCTION copy();"), Dataset(Customer)),
        f => f.StartsWith("warning: the table 'customer' has the trigger 'copy', which may copy or keep what is erased", StringComparison.Ordinal));

    [Theory, EveryEngine]
    public async Task Anonymous_data_that_leads_to_a_person_or_device_is_an_error(Provider provider)
    {
        var found = await FindAsync(provider, Sql + "CREATE TABLE telemetry (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), serial TEXT);", Dataset(Customer,
            Collection("telemetry", "anonymous: true", Key(), Plain("customer_id"), "{name: serial, data_categories: [user.device.device_id]}")));

        Assert.Contains(found, f => f.StartsWith("error: 'telemetry' is said to be anonymous, but customer_id refers to 'customer', which leads to a person", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("error: 'telemetry' is said to be anonymous, but 'serial' tells one person or device from another", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Anonymous_data_leads_to_nobody_by_tables_that_no_map_knows_either(Provider provider)
    {
        const string Hidden = """
            CREATE TABLE box (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id));
            CREATE TABLE telemetry (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES box (id));
            """;
        Assert.Contains(await FindAsync(provider, Sql + Hidden, Dataset(Customer, Collection("telemetry", "anonymous: true", Key(), Plain("box_id")))),
            f => f.StartsWith("error: 'telemetry' is said to be anonymous, but box_id refers to 'box', which leads to a person", StringComparison.Ordinal));
        Assert.Contains(await FindAsync(provider, Sql + "CREATE TABLE telemetry (id INTEGER PRIMARY KEY, who INTEGER);", Dataset(Customer, Collection("telemetry", "anonymous: true", Key(), Plain("who", Reference("customer.id", "from"))))),
            f => f.StartsWith("error: 'telemetry' is said to be anonymous, but 'who' refers to 'customer'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Provider.Sqlite, "UNIQUE", "error")]
    [InlineData(Provider.Postgresql, "UNIQUE", "error")]
    [InlineData(Provider.Sqlite, "", "warning")]
    [InlineData(Provider.Postgresql, "", "warning")]
    public async Task Anonymous_data_that_a_person_refers_to_is_told(Provider provider, string unique, string severity) => Assert.Contains(
        await FindAsync(provider, $"CREATE TABLE telemetry (id INTEGER PRIMARY KEY); CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, telemetry_id INTEGER {unique} REFERENCES telemetry (id));",
            Dataset(Collection("customer", "", Key(), Identity(), Personal("name"), Plain("telemetry_id")), Collection("telemetry", "anonymous: true", Key()))),
        f => f.StartsWith($"{severity}: 'telemetry' is said to be anonymous, but customer(telemetry_id), which leads to a person, refers to it", StringComparison.Ordinal));

    [Theory, EveryEngine]
    public async Task Anonymous_data_that_identifies_nobody_is_left_alone(Provider provider) => Assert.DoesNotContain(
        await FindAsync(provider, Sql + "CREATE TABLE model (id INTEGER PRIMARY KEY); CREATE TABLE telemetry (day DATE PRIMARY KEY, model_id INTEGER REFERENCES model (id), started INTEGER, town TEXT);", Dataset(Customer,
            Collection("telemetry", "anonymous: true", Key("day"), Plain("model_id"), Plain("started"), "{name: town, data_categories: [user.location.imprecise]}"))),
        f => f.Contains("anonymous", StringComparison.Ordinal));

    [Theory, EveryEngine]
    public async Task A_trigger_that_only_raises_is_no_concern(Provider provider)
    {
        Assert.DoesNotContain(await FindAsync(provider, Sql + (provider == Provider.Sqlite
            ? "CREATE TRIGGER never BEFORE DELETE ON customer WHEN OLD.id < 0 BEGIN SELECT RAISE(ABORT, 'INSERT INTO copy: no'); END;"
            : """
                CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN -- INSERT INTO copy
                    IF NOT EXISTS (SELECT 1 FROM customer WHERE id = OLD.id AND coalesce(name, '') = 'x') THEN RAISE EXCEPTION 'no DELETE of % ', OLD.id; END IF;
                    RETURN OLD;
                END $$;
                CREATE TRIGGER never BEFORE DELETE ON customer FOR EACH ROW EXECUTE FUNCTION never();
                """), Dataset(Customer)), f => f.Contains("trigger", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("CREATE TRIGGER t BEFORE UPDATE ON c BEGIN SELECT RAISE(ABORT, 'no'); END", true)]
    [InlineData("create trigger t before insert on c when exists (select 1 from c) begin select case when new.a then raise(fail, 'it''s') end; end", true)]
    [InlineData("CREATE TRIGGER t AFTER DELETE ON c BEGIN INSERT INTO copy VALUES (OLD.email); END", false)]
    [InlineData("CREATE TRIGGER t AFTER DELETE ON c BEGIN SELECT RAISE(ABORT, 'no') WHERE 0; INSERT INTO copy VALUES (OLD.email); END", false)]
    [InlineData("CREATE TRIGGER t BEFORE DELETE ON c BEGIN SELECT RAISE(IGNORE); END", false)]
    [InlineData("CREATE TRIGGER t BEFORE DELETE ON c BEGIN SELECT 'raise(abort)'; END", false)]
    public void Triggers_of_SQLite_that_do_more_than_raise_are_told_apart(string statement, bool onlyRaises) => Assert.Equal(onlyRaises, TriggerBody.OnlyRaisesInSqlite(statement));

    [Theory]
    [InlineData("BEGIN RAISE EXCEPTION '% is append-only: no %', TG_TABLE_NAME, TG_OP; END", true)]
    [InlineData("BEGIN IF current_setting('a.b', true) IS NULL THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END", true)]
    [InlineData("BEGIN RETURN OLD; END", false)]
    [InlineData("BEGIN RAISE NOTICE '%', OLD.email; RETURN OLD; END", false)]
    [InlineData("BEGIN IF OLD.a THEN RAISE EXCEPTION 'no'; END IF; INSERT INTO copy SELECT OLD.*; RETURN OLD; END", false)]
    [InlineData("BEGIN IF OLD.a THEN RAISE EXCEPTION 'no'; END IF; PERFORM keep(OLD.email); RETURN OLD; END", false)]
    [InlineData("BEGIN IF keep(OLD.email) THEN RAISE EXCEPTION 'no'; END IF; RETURN OLD; END", false)]
    [InlineData("BEGIN IF OLD.a THEN RAISE EXCEPTION 'no'; END IF; NEW.email := OLD.email; RETURN NEW; END", false)]
    [InlineData("BEGIN IF OLD.a THEN RAISE EXCEPTION 'no'; END IF; NEW.email = OLD.email; RETURN NEW; END", false)]
    [InlineData("BEGIN IF OLD.a THEN RAISE EXCEPTION 'no'; END IF; RETURN NULL; END", false)]
    public void Functions_of_PostgreSQL_that_do_more_than_raise_are_told_apart(string source, bool onlyRaises) => Assert.Equal(onlyRaises, TriggerBody.OnlyRaisesInPostgres("plpgsql", source));

    [Fact]
    public async Task Keys_triggers_and_rules_of_partitions_count_for_their_table()
    {
        const string Partitioned = Sql + """
            CREATE TABLE login (id INTEGER, customer_id INTEGER, day DATE, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
            CREATE TABLE login_old PARTITION OF login FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
            CREATE TABLE login_new PARTITION OF login FOR VALUES FROM ('2020-01-01') TO ('2040-01-01');
            ALTER TABLE login_old ADD FOREIGN KEY (customer_id) REFERENCES customer (id);
            ALTER TABLE login_new ADD FOREIGN KEY (customer_id) REFERENCES customer (id);
            CREATE TABLE remark (id INTEGER PRIMARY KEY, login_id INTEGER, login_day DATE, FOREIGN KEY (login_id, login_day) REFERENCES login (id, day));
            CREATE TABLE old_remark (id INTEGER PRIMARY KEY, login_id INTEGER, login_day DATE, FOREIGN KEY (login_id, login_day) REFERENCES login_old (id, day));
            CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER copy_old AFTER DELETE ON login_old FOR EACH ROW EXECUTE FUNCTION copy();
            CREATE RULE keep AS ON DELETE TO remark DO ALSO NOTIFY gone;
            """;
        var found = await FindAsync(Provider.Postgresql, Partitioned, Dataset(Customer, Collection("login", "", Key(), Key("day"), Plain("customer_id")),
            Collection("remark", "", Key(), Plain("login_id"), Plain("login_day")), Collection("old_remark", "", Key(), Plain("login_id"), Plain("login_day"))));

        Assert.Single(found, f => f.StartsWith("warning: the foreign key login(customer_id) to customer is not a reference of the map", StringComparison.Ordinal));
        Assert.Single(found, f => f.StartsWith("warning: the foreign key remark(login_id, login_day) to login is not a reference of the map", StringComparison.Ordinal));
        Assert.Single(found, f => f.StartsWith("warning: the foreign key old_remark(login_id, login_day) to login is not a reference of the map", StringComparison.Ordinal));
        Assert.Single(found, f => f.StartsWith("warning: the table 'login' has the trigger 'copy_old'", StringComparison.Ordinal));
        Assert.Single(found, f => f.StartsWith("warning: the table 'remark' has the trigger 'keep'", StringComparison.Ordinal));
        Assert.DoesNotContain(found, f => f.Contains("no primary key", StringComparison.Ordinal) || f.Contains("login_old'", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task A_foreign_key_is_known_by_its_columns_and_its_target(Provider provider) => Assert.Contains(
        await FindAsync(provider, Sql + "CREATE TABLE seller (id INTEGER PRIMARY KEY); CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES seller (id));",
            Dataset(Customer, Collection("seller", "", Key()), Collection("login", "", Key(), From("customer_id", "customer.id")))),
        f => f.StartsWith("warning: the foreign key login(customer_id) to seller is not a reference", StringComparison.Ordinal));

    [Theory, EveryEngine]
    public async Task References_need_an_index_on_the_side_they_lead_to(Provider provider)
    {
        const string Tables = Sql + "CREATE TABLE note (id INTEGER PRIMARY KEY, number INTEGER, customer_no INTEGER, a INTEGER, b INTEGER); CREATE INDEX ix_b ON note (b, a);";
        var found = await FindAsync(provider, Tables + "CREATE TABLE login (id INTEGER PRIMARY KEY, note_number INTEGER, email TEXT, a INTEGER, b INTEGER);", Dataset(Customer,
            Collection("note", "", Key(), Plain("number"), Plain("customer_no"), Plain("a"), Plain("b")),
            Collection("login", "", Key(), Identity(), To("note_number", "note.number"), Plain("a", Reference("note.a", "to", group: "ab")), Plain("b", Reference("note.b", "to", group: "ab")))));

        Assert.Contains("warning: the reference column 'number' of 'note' has no index; 'CREATE INDEX … ON note (number)' makes it fast", found);
        Assert.DoesNotContain(found, f => f.Contains("'note_number'", StringComparison.Ordinal) || f.Contains("reference column 'a'", StringComparison.Ordinal) || f.Contains("reference column 'b'", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task References_to_another_database_need_an_index_at_both_ends(Provider provider)
    {
        await using var crm = await UnmappedAsync(provider, Sql + "CREATE TABLE device (id INTEGER PRIMARY KEY, serial TEXT, box TEXT, customer_id INTEGER); CREATE INDEX ix_box ON device (box); CREATE INDEX ix_customer ON device (customer_id);");
        await using var shop = await UnmappedAsync(MappedDatabasesUnderTest.Other(provider), "CREATE TABLE viewing (id INTEGER PRIMARY KEY, serial TEXT, box TEXT, customer_id INTEGER); CREATE INDEX ix_serial ON viewing (serial);");
        await File.WriteAllTextAsync(crm.MapFile, MappedDatabasesUnderTest.Maps(
            DatasetOf("crm", "", Customer, Collection("device", "", Key(), Plain("serial"), Plain("box"), From("customer_id", "customer.id").Replace("dataset: shop", "dataset: crm", StringComparison.Ordinal))),
            DatasetOf("shop", "", Collection("viewing", "", Key(), Plain("serial", Reference("device.serial", "from", "crm")), Plain("box", Reference("device.box", "to", "crm")), Plain("customer_id", Reference("customer.id", "from", "crm"))))), Cancellation);
        var (map, problems) = MapReader.Read([crm.MapFile]);
        Assert.Empty(problems);
        var schemas = new List<(IReadOnlyList<Dataset>, DatabaseSchema)>();
        foreach (var (key, source) in new[] { ("crm", crm.Source), ("shop", shop.Source) })
        {
            schemas.Add(([map.Datasets.Single(d => d.Key == key)], (await Databases.ReadSchemaAsync(source, Cancellation)).Schema!));
        }

        Assert.Equal(
            [
                "the reference column 'serial' of 'device' has no index; 'CREATE INDEX … ON device (serial)' makes it fast",
                "the reference column 'box' of 'viewing' has no index; 'CREATE INDEX … ON viewing (box)' makes it fast",
                "the reference column 'customer_id' of 'viewing' has no index; 'CREATE INDEX … ON viewing (customer_id)' makes it fast",
            ],
            MapCheck.Run(map, schemas).Select(p => p.Message).Where(m => m.Contains("has no index", StringComparison.Ordinal)));
    }

    [Theory, EveryEngine]
    public async Task Masks_that_do_not_fit_their_column_are_told(Provider provider)
    {
        var found = await FindAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, born DATE, visits INTEGER, flat TEXT, house TEXT, nick TEXT, UNIQUE (house, flat));
            CREATE INDEX ix_email ON customer (lower(trim(email)));
            CREATE UNIQUE INDEX ix_nick ON customer (lower(nick));
            """, Dataset(Collection("customer", "", Key(), Identity(), Masked("born", "hash"), Masked("visits", "string_rewrite", "rewrite_value: många"), Masked("house", "string_rewrite"), Personal("flat"), Masked("nick", "string_rewrite"))));

        Assert.Contains(found, f => f.StartsWith("error: the column 'born' is ", StringComparison.Ordinal) && f.Contains("but its mask writes text", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("error: the column 'visits' is ", StringComparison.Ordinal) && f.Contains("which its mask's value does not fit", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("error: the column 'house' is part of the unique index", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("error: the column 'nick' is part of the unique index 'ix_nick'", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Every_type_is_compared(Provider provider)
    {
        const string Tables = "CREATE TABLE customer (id INTEGER PRIMARY KEY, a TEXT, b NUMERIC(5,2), c BOOLEAN, d DATE, e TIMESTAMP, f REAL);";
        string[] columns = ["a", "b", "c", "d", "e", "f"];
        Assert.DoesNotContain(await FindAsync(provider, Tables, Dataset(Collection("customer", "", [Key(), .. columns.Zip(["string", "float", "boolean", "date", "datetime", "float"], (c, t) => Plain(c, $"data_type: {t}"))]))),
            f => f.Contains("data_type", StringComparison.Ordinal));
        Assert.Equal(6, (await FindAsync(provider, Tables, Dataset(Collection("customer", "", [Key(), .. columns.Zip(["integer", "string", "string", "float", "boolean", "integer"], (c, t) => Plain(c, $"data_type: {t}"))]))))
            .Count(f => f.StartsWith("warning: 'data_type: ", StringComparison.Ordinal) && (f.Contains("; write 'data_type: ", StringComparison.Ordinal) || f.EndsWith("leave 'data_type' out", StringComparison.Ordinal))));
    }

    [Theory, EveryEngine]
    public async Task What_only_the_portals_keys_ask_for_is_no_error_in_a_file_of_Fides(Provider provider)
    {
        var found = await FindAsync(provider, "CREATE TABLE click (email TEXT, page TEXT);", Dataset(Collection("click", "", Identity(), Personal("page"))));

        Assert.Contains(found, f => f.StartsWith("warning: the table 'click' has no primary key", StringComparison.Ordinal));
        Assert.DoesNotContain(found, f => f.StartsWith("error", StringComparison.Ordinal) || f.Contains("kind", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task A_finding_names_the_line_of_what_it_is_about(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, "CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL, region INTEGER REFERENCES customer (id));");
        await File.WriteAllTextAsync(shop.MapFile, Dataset(Collection("customer", "", Key(), Identity(), Plain("region"))), Cancellation);
        var (map, _) = MapReader.Read([shop.MapFile]);
        var (schema, _) = await Databases.ReadSchemaAsync(shop.Source, Cancellation);

        Assert.Equal([(9, "the identity column"), (9, "the column 'email' is NOT NULL"), (10, "the foreign key")],
            MapCheck.Run(map, [(map.Datasets, schema!)]).Select(p => (p.At.Line, p.Message)).Select(p => (p.Line, new[] { "the identity column", "the column 'email' is NOT NULL", "the foreign key" }.FirstOrDefault(p.Message.StartsWith) ?? p.Message)));
    }

    [Theory, EveryEngine]
    public async Task A_kind_without_purpose_basis_period_or_label_is_an_error(Provider provider)
    {
        Assert.Contains(await FindAsync(provider, Sql, Dataset(Collection("customer", "kind: k", Key(), Identity(), Personal("name"))) + "portal: {kinds: [{key: k}]}\n"),
            f => f.StartsWith("error: the kind 'k' lacks 'label:", StringComparison.Ordinal) && f.Contains("'keep:", StringComparison.Ordinal) && f.Contains("a purpose", StringComparison.Ordinal));
        Assert.Contains(await FindAsync(provider, Sql, Dataset(Collection("customer", "on_erasure: delete", Key(), Identity(), Personal("name")))),
            f => f.StartsWith("error: the collection 'customer' belongs to no kind", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Grounds_must_look_at_a_fitting_column_within_reach(Provider provider)
    {
        var found = await FindAsync(provider, Sql + "CREATE TABLE other (id INTEGER PRIMARY KEY, day DATE);", Dataset(
            Collection("customer", "kind: k, on_erasure: retain, retain: [{rule: years, from: name}, {rule: runs, from: name}, {rule: years, from: other.day}]", Key(), Identity(), Personal("name")),
            Collection("other", "kind: k", Key(), Plain("day"))) + Retention("years: {ground: {sv: a, en: b}, keep: P7Y, counted_from: date}\nruns: {ground: {sv: a, en: b}, counted_from: condition}") + "  kinds: [{key: k}]\n");

        string[] said = provider == Provider.Sqlite
            ? ["years", "runs"]
            : ["error: 'name' is no date, so the days of 'years' cannot count from it", "error: the condition on the text column 'name' needs its values; write 'equals: [open]'"];
        // SQLite has no type for days: a text may be one.
        Assert.All(said, text => Assert.Contains(provider == Provider.Sqlite ? $"warning: 'name' is text: '{text}' counts from the days and instants of UTC that it holds, and keeps the row where it holds anything else" : text, found));
        Assert.Contains("error: no reference joins 'customer' and 'other'", found);
    }

    private static async Task<List<string>> FindAsync(Provider provider, string sql, string map)
    {
        await using var shop = await UnmappedAsync(provider, sql);
        await File.WriteAllTextAsync(shop.MapFile, map, Cancellation);
        var (read, problems) = MapReader.Read([shop.MapFile]);
        Assert.Empty(problems);
        var (schema, _) = await Databases.ReadSchemaAsync(shop.Source, Cancellation);
        // PostgreSQL's server holds the schemas of other tests; the check looks at those that the map describes.
        return [.. MapCheck.Run(read, [(read.Datasets, schema!)]).Select(p => p.ToString()[(p.At.ToString().Length + 2)..])];
    }
}
