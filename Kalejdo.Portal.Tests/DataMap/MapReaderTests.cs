using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>Slips in map files: each is named with file, line and what to write instead.</summary>
public sealed class MapReaderTests
{
    private const string Good = """
        dataset:
          - fides_key: shop
            collections:
              - name: customer
                fields:
                  - name: id
                    fides_meta: {primary_key: true}
                  - name: email
                    data_categories: [user.contact.email]
                    fides_meta: {identity: email}
        """;

    [Fact]
    public void A_map_of_Fides_has_no_problems() => Assert.Empty(Problems(Good));

    [Theory]
    [InlineData("fides_meta: {identity: email}", "fides_meta: {identity: email", 10, "error: this is not YAML")]
    [InlineData("identity: email", "identity: [email]", 10, "error: 'identity' must be one value")]
    [InlineData("primary_key: true", "primary_key: ja", 7, "error: 'primary_key' must be true or false, not 'ja'")]
    [InlineData("identity: email", "identity: email, length: lång", 10, "error: 'length' must be a whole number above 0, not 'lång'")]
    [InlineData("primary_key: true", "primari_key: true", 7, "warning: 'primari_key' is not used here and is ignored")]
    [InlineData("fides_key: shop", "nyckel: shop", 2, "error: 'fides_key' is missing; write for example 'fides_key: kalejdo'")]
    [InlineData("name: id", "name: email", 8, "error: the field 'email' is described twice; join the two")]
    [InlineData("identity: email", "references: [{dataset: shop, field: customer.address.street}]", 10, "error: 'customer.address.street' cannot be referenced; write 'collection.column'")]
    [InlineData("identity: email", "references: [{dataset: shop, field: id}]", 10, "error: 'id' cannot be referenced; write 'collection.column'")]
    [InlineData("identity: email", "references: [{dataset: butik, field: customer.id}]", 10, "error: there is no dataset 'butik' in the map; known are shop")]
    [InlineData("identity: email", "references: [{dataset: shop, field: kund.id}]", 10, "error: the dataset 'shop' has no collection 'kund'")]
    [InlineData("identity: email", "references: [{dataset: shop, field: customer.idd}]", 10, "error: the collection 'shop.customer' has no field 'idd'; known are id, email")]
    [InlineData("identity: email", "references: [{dataset: shop, field: customer.id, direction: up}]", 10, "error: 'direction: up' is unknown; write from, to")]
    [InlineData("identity: email", "masking_strategy_override: {strategy: sudda}", 10, "error: 'strategy: sudda' is unknown; write null_rewrite, string_rewrite")]
    [InlineData("identity: email", "masking_strategy_override: {}", 10, "error: 'strategy' is missing; write for example 'strategy: null_rewrite'")]
    [InlineData("name: email", "name: e.mail", 8, "warning: 'e.mail' has a dot: the column is read, but no reference can name it")]
    [InlineData("- name: customer", "- name: customer\n        portal: {kind: kontakt}", 4, "error: there is no kind 'kontakt'; known are none")]
    [InlineData("- name: customer", "- name: customer\n        portal: {on_erasure: bort}", 5, "error: 'on_erasure: bort' is unknown; write delete, anonymise, retain")]
    [InlineData("- name: customer", "- name: customer\n        portal: {on_erasure: retain}", 5, "error: 'on_erasure: retain' needs its ground; write 'retain: {rule: NAME, from: COLUMN}'")]
    [InlineData("- name: customer", "- name: customer\n        portal: {on_erasure: retain, retain: {rule: evigt, from: id}}", 5, "error: there is no retention rule 'evigt'; known are none")]
    [InlineData("- name: customer", "- name: customer\n        portal: {on_erasure: retain, retain: {rule: r, from: a.b.c}}", 5, "error: 'from' names a column, or 'collection.column' of the same dataset")]
    [InlineData("- name: customer", "- name: customer\n        portal: {label: {sv: Kund}}", 5, "error: 'label' needs both languages; write 'label: {sv: …, en: …}'")]
    [InlineData("- name: customer", "- name: customer\n        portal: {newest_first: datum}", 4, "error: the collection 'shop.customer' has no field 'datum'; known are id, email")]
    [InlineData("- name: customer", "- name: customer\n        fides_meta: {erase_after: [customer]}", 4, "error: there is no collection 'customer' to come after; write 'dataset.collection'")]
    [InlineData("- name: customer", "- name: customer\n        fides_meta: {masking_strategy_override: {strategy: hash}}", 5, "error: a collection's masking strategy can only be 'delete'")]
    [InlineData("fides_meta: {identity: email}", "fides_meta: {identity: email}\n            portal: {correct: {rule: namn}}", 11, "error: 'rule: namn' is unknown; write email, phone, name")]
    [InlineData("fides_meta: {identity: email}", "fides_meta: {identity: email}\n            portal: {correct: {rule: choice}}", 11, "error: 'rule: choice' needs its values; write 'choices:")]
    [InlineData("dataset:", "portal: {kinds: [{key: k, service: tele, label: {sv: k, en: k}}]}\ndataset:", 1, "error: there is no service 'tele'; known are none")]
    [InlineData("dataset:", "portal: {kinds: [{key: k}, {key: k}]}\ndataset:", 1, "error: 'k' is defined twice; rename one")]
    [InlineData("dataset:", "portal: {services: [{key: tv}]}\ndataset:", 1, "error: 'label' is missing; write 'label: {sv: …, en: …}'")]
    [InlineData("dataset:", "portal: {retention: {r: {ground: {sv: a, en: b}, keep: 7 år, counted_from: date}}}\ndataset:", 1, "error: 'keep: 7 år' is not a duration of whole days or more; write for example 'keep: P7Y'")]
    [InlineData("dataset:", "portal: {retention: {r: {ground: {sv: a, en: b}, counted_from: date}}}\ndataset:", 1, "error: 'keep' is missing")]
    [InlineData("dataset:", "portal: {retention: {r: {ground: {sv: a, en: b}, keep: P7Y}}}\ndataset:", 1, "error: 'counted_from' is missing")]
    [InlineData("dataset:", "portal: {retention: {r: {ground: {sv: a, en: b}, keep: P7Y, counted_from: condition}}}\ndataset:", 1, "error: a rule with 'counted_from: condition' lasts as long as the condition; leave 'keep' out")]
    [InlineData("dataset:", "portal: {retention: {r: {ground: {sv: a, en: b}, keep: P7Y, counted_from: date, fiscal_year_ends: 31-12}}}\ndataset:", 1, "error: 'fiscal_year_ends: 31-12' is not a day of the year")]
    [InlineData("dataset:", "portal: {retention: {r: {keep: P7Y, counted_from: date}}}\ndataset:", 1, "error: 'ground' is missing")]
    [InlineData("dataset:", "system: [{fides_key: s, name: s, privacy_declarations: [{name: d, portal: {kinds: [x], purpose: {sv: a, en: b}}}]}]\ndataset:", 1, "error: there is no kind 'x'; known are none")]
    [InlineData("dataset:", "policy: []\ndataset:", 1, "warning: 'policy' is not used here and is ignored")]
    [InlineData("fides_key: shop", "fides_key: min butik", 2, "error: 'fides_key: min butik' may hold letters from a to z, digits")]
    [InlineData("fides_key: shop", "fides_key: shop\n    fides_meta: {after: [butik]}", 2, "warning: there is no dataset 'butik' to come after; known are shop")]
    [InlineData("identity: email", "data_type: varchar", 10, "warning: 'data_type: varchar' is unknown and is ignored; write string, integer, float, boolean, object, object_id, date, datetime, with '[]' behind it for a list")]
    [InlineData("fides_meta: {identity: email}", "fields: [{name: inside}]\n            fides_meta: {data_type: string}", 11, "error: 'email' has fields inside, so it is no string; write 'data_type: object'")]
    [InlineData("fides_meta: {identity: email}", "fields: [{name: inside, fides_meta: {identity: email}}]", 10, "warning: 'inside' lies inside the column 'email', so its identity and references are ignored")]
    [InlineData("name: customer", "name: customer.eu", 4, "warning: 'customer.eu' has a dot: the table is read, but no reference can name it")]
    [InlineData("name: email", "name: e.mail\n            fides_meta: {references: [{dataset: shop, field: customer.e.mail}]}\n          - name: email", 9, "error: 'customer.e.mail' cannot be referenced; write 'collection.column' (a name with a dot")]
    [InlineData("- name: customer", "- name: customer\n        portal: {household: {own: id, egen: id}}", 5, "warning: 'egen' is not used here and is ignored")]
    [InlineData("dataset:", "portal: {retention: {r: {ground: {sv: a, en: b}, keep: P7Y, counted_from: date, fiscal_year_ends: 08-31}}}\ndataset:", 1, "warning: 'fiscal_year_ends' has no effect here")]
    // Fideslang's keys that change nothing here.
    [InlineData("fides_key: shop", "fides_key: shop\n    organization_fides_key: default_organization", 3, "warning: 'organization_fides_key' is not used here")]
    [InlineData("fides_key: shop", "fides_key: shop\n    meta: {a: b}", 3, "warning: 'meta' is not used here")]
    [InlineData("fides_key: shop", "fides_key: shop\n    data_purposes: [a]", 3, "warning: 'data_purposes' is not used here")]
    [InlineData("fides_key: shop", "fides_key: shop\n    fides_meta: {resource_id: r}", 3, "warning: 'resource_id' is not used here")]
    [InlineData("fides_key: shop", "fides_key: shop\n    fides_meta: {namespace: {schema: main, project_id: p}}", 3, "warning: 'project_id' is not used here")]
    [InlineData("- name: customer", "- name: customer\n        fides_meta: {partitioning: {field: created}}", 5, "warning: 'partitioning' is not used here")]
    [InlineData("- name: customer", "- name: customer\n        fides_meta: {masking_strategy_override: {strategy: delete, configuration: {a: b}}}", 5, "warning: 'configuration' is not used here")]
    [InlineData("- name: customer", "- name: customer\n        data_uses: [essential]", 5, "warning: 'data_uses' is not used here")]
    [InlineData("identity: email", "data_type: 'string[]', return_all_elements: true", 10, "warning: 'return_all_elements' is not used here")]
    [InlineData("identity: email", "custom_request_field: tenant", 10, "warning: 'custom_request_field' is not used here")]
    [InlineData("identity: email", "redact: name", 10, "warning: 'redact' is not used here")]
    [InlineData("identity: email", "masking_strategy_override: {strategy: hash, configuration: {algorithm: SHA-512}}", 10, "warning: 'algorithm: SHA-512' is ignored; hashes are SHA-256")]
    [InlineData("fides_meta: {identity: email}", "fides_meta: {identity: email}\n            fidesops_meta: {primary_key: true}", 11, "warning: 'fidesops_meta' is not used here")]
    [InlineData("dataset:", "system: [{fides_key: s, name: s, egress: [], privacy_declarations: []}]\ndataset:", 1, "warning: 'egress' is not used here")]
    public void A_slip_is_named_with_its_line_and_what_to_write_instead(string what, string with, int line, string message)
    {
        var changed = Good.Replace(what, with, StringComparison.Ordinal);
        Assert.NotEqual(Good, changed);

        Assert.Contains(Problems(changed), p => p.StartsWith($"map.yml:{line}: {message}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "there is no dataset; a file needs a 'dataset:' list")]
    [InlineData("dataset: []", "there is no dataset; a file needs a 'dataset:' list")]
    [InlineData("just words", "a map file holds the keys 'dataset:', 'system:' or 'portal:'")]
    [InlineData("- a\n- b", "a map file holds the keys 'dataset:', 'system:' or 'portal:'")]
    [InlineData("dataset: shop", "'dataset' must be a list of entries, each with keys of its own")]
    [InlineData("a: 1\na: 2", "the key 'a' stands twice in the same place; join the two")]
    public void What_is_no_map_is_said_to_be_none(string text, string message) => Assert.Contains(Problems(text), p => p.Contains($"error: {message}", StringComparison.Ordinal));

    [Fact]
    public void A_missing_file_is_an_error_of_that_file()
    {
        var (_, problems) = MapReader.Read(["/finns/inte.yml"]);

        Assert.StartsWith("/finns/inte.yml:1: error: the file cannot be read", problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Fidesops_meta_is_read_as_fides_meta()
    {
        var map = Read(Good.Replace("fides_meta", "fidesops_meta", StringComparison.Ordinal), out var problems);

        Assert.Empty(problems);
        Assert.Equal(["email"], map.IdentityNames);
        Assert.True(map.Find("shop", "customer")!.Find("id")!.PrimaryKey);
    }

    [Fact]
    public void A_namespace_may_be_a_name_or_a_mapping()
    {
        Assert.Equal("public", Read(Good.Replace("fides_key: shop", "fides_key: shop\n    fides_meta: {namespace: {schema: public}}", StringComparison.Ordinal), out _).Datasets[0].Schema);
        Assert.Equal("public", Read(Good.Replace("fides_key: shop", "fides_key: shop\n    namespace: public", StringComparison.Ordinal), out _).Datasets[0].Schema);
    }

    [Fact]
    public void Email_ignores_case_and_others_do_not_where_nothing_is_said()
    {
        var collection = Read(Good.Replace("fides_meta: {primary_key: true}", "fides_meta: {identity: number}", StringComparison.Ordinal), out _).Collections.Single();

        Assert.False(collection.Find("id")!.IgnoreCase);
        Assert.True(collection.Find("email")!.IgnoreCase);
    }

    [Fact]
    public void Only_a_file_with_portal_keys_is_annotated()
    {
        Assert.False(Read(Good, out _).Datasets[0].Annotated);
        Assert.True(Read(Good.Replace("- name: customer", "- name: customer\n        portal: {explain: {sv: a, en: b}}", StringComparison.Ordinal), out _).Datasets[0].Annotated);
    }

    [Theory]
    [InlineData("dataset:", "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\ndataset:", true)]
    [InlineData("- fides_key: shop", "- fides_key: shop\n    portal: {}", true)]
    [InlineData("name: id", "name: id\n            portal: {technical: true}", true)]
    // Composite references are a matter of the database, and a draft has them too.
    [InlineData("identity: email", "references: [{dataset: shop, field: customer.id, portal: {reference: fk}}]", false)]
    [InlineData("name: id", "name: id\n            description: 'portal: {}'", false)]
    public void A_file_is_annotated_by_a_portal_key_of_file_dataset_collection_or_field(string what, string with, bool annotated) =>
        Assert.Equal(annotated, Read(Good.Replace(what, with, StringComparison.Ordinal), out _).Datasets[0].Annotated);

    [Theory]
    [InlineData("yes", true)]
    [InlineData("True", true)]
    [InlineData("on", true)]
    [InlineData("no", false)]
    [InlineData("Off", false)]
    [InlineData("~", false)]
    public void Flags_are_read_as_Fides_reads_them(string text, bool key)
    {
        var map = Read(Good.Replace("primary_key: true", $"primary_key: {text}", StringComparison.Ordinal), out var problems);

        Assert.Empty(problems);
        Assert.Equal(key, map.Find("shop", "customer")!.Find("id")!.PrimaryKey);
    }

    [Fact]
    public void Anchors_aliases_and_merges_are_read_as_Fides_reads_them()
    {
        var map = Read("""
            dataset:
              - fides_key: shop
                collections:
                  - name: customer
                    fields: &people
                      - &email {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
                      - {<<: *email, name: reply_to}
                  - {name: supplier, fields: *people}
            """, out var problems);

        Assert.Empty(problems);
        Assert.Equal(["customer.email", "customer.reply_to", "supplier.email", "supplier.reply_to"], map.Collections.SelectMany(c => c.Fields.Where(f => f.Identity == "email").Select(f => $"{c.Name}.{f.Name}")));
    }

    [Fact]
    public void An_entry_knows_its_lines()
    {
        var collection = Read("""
            dataset:
            - fides_key: shop

              collections:
              # the customers
              - name: customer
                fields:
                  - name: id
                    description: >
                      a long
                      story

                  # and then
                  - {name: email,
                     data_categories: [user.contact.email]}

                  - name: name
                    data_categories:
                      - user.name
              # the end

            """, out _).Collections.Single();

        Assert.Equal(new EntryLines(6, 19, 4), collection.Lines);
        Assert.Equal([new EntryLines(8, 12, 8), new EntryLines(14, 15, 8), new EntryLines(17, 19, 8)], collection.Fields.Select(f => f.Lines));
    }

    [Fact]
    public void Files_are_joined_into_one_map()
    {
        var folder = Directory.CreateTempSubdirectory("portal-maps-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "a.yml"), Good);
            File.WriteAllText(Path.Combine(folder, "b.yml"), "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\nsystem:\n  - {fides_key: s, name: S, privacy_declarations: [{name: d, portal: {kinds: [k], purpose: {sv: a, en: b}}}]}");
            var (map, problems) = MapReader.Read([Path.Combine(folder, "a.yml"), Path.Combine(folder, "b.yml")]);

            Assert.Empty(problems);
            Assert.Equal("a", map.PurposesOf(map.Kinds.Single()).Single().Declaration.Purpose!.Sv);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<string> Problems(string text)
    {
        Read(text, out var problems);
        return problems;
    }

    private static Map Read(string text, out List<string> problems)
    {
        var folder = Directory.CreateTempSubdirectory("portal-maps-").FullName;
        try
        {
            var file = Path.Combine(folder, "map.yml");
            File.WriteAllText(file, text);
            var (map, found) = MapReader.Read([file]);
            problems = [.. found.Select(p => p.ToString().Replace($"{folder}/", "", StringComparison.Ordinal))];
            return map;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
