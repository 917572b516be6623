using Kalejdo.Portal.Rights;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>A trigger may copy what is erased, unless all it can do is to refuse a change.</summary>
public sealed class TriggersTests
{
    [Fact]
    public async Task SQLite_triggers_that_only_raise_are_left_out()
    {
        await using var shop = await UnmappedAsync(Provider.Sqlite, """
            CREATE TABLE log (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE copy (text TEXT);
            CREATE TRIGGER append_only BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'append only; DELETE is refused'); END;
            CREATE TRIGGER "odd begin" BEFORE UPDATE ON log WHEN new.text IS NULL BEGIN SELECT CASE WHEN old.id > 5 THEN RAISE(ABORT, 'no') END; SELECT 1; END;
            CREATE TRIGGER copies AFTER DELETE ON log BEGIN INSERT INTO copy VALUES (old.text); END;
            CREATE TRIGGER both AFTER UPDATE ON log BEGIN SELECT 1; UPDATE copy SET text = old.text; END;
            """);

        Assert.Equal(["both", "copies"], await TriggersAsync(shop.Source));
    }

    [Fact]
    public async Task PostgreSQL_triggers_that_only_raise_are_left_out()
    {
        await using var shop = await UnmappedAsync(Provider.Postgresql, """
            CREATE TABLE log (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE copy (text TEXT);
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF old.id > 5 THEN RAISE EXCEPTION 'append only: no delete, no update'; END IF; RETURN old; END $$;
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'x'; INSERT INTO copy VALUES (old.text); RETURN old; END $$;
            CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'x'; new.text = 'y'; RETURN new; END $$;
            CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
            CREATE TRIGGER append_only BEFORE DELETE ON log FOR EACH ROW EXECUTE FUNCTION refuse();
            CREATE TRIGGER copies AFTER DELETE ON log FOR EACH ROW EXECUTE FUNCTION keep();
            CREATE TRIGGER changes BEFORE UPDATE ON log FOR EACH ROW EXECUTE FUNCTION change();
            CREATE TRIGGER swallows BEFORE DELETE ON log FOR EACH ROW EXECUTE FUNCTION quiet();
            """);

        Assert.Equal(["changes", "copies", "swallows"], await TriggersAsync(shop.Source));
    }

    private static async Task<string[]> TriggersAsync(Source source)
    {
        var (schema, _) = await Databases.ReadSchemaAsync(source, Cancellation);
        return [.. schema!.Tables.Single(t => t.Name == "log" && (source.Provider == Provider.Sqlite || t.InDefaultSchema)).Triggers.Order(StringComparer.Ordinal)];
    }
}
