using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Postgres
{
    // As on SQLite: what is written in audit and ledger stays so. Against the tables' owner triggers are only a guard;
    // docs/postgresql.md takes the right to change them away from the role that the portal runs as.
    public partial class AppendOnly : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION '% is append-only: no %', TG_TABLE_NAME, TG_OP;
                END $$
                """);

            // By statement: INSERT … ON CONFLICT DO UPDATE asks them too, and TRUNCATE has no rows.
            migrationBuilder.Sql("""
                CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER erasure_ledger_no_change BEFORE UPDATE OR TRUNCATE ON erasure_ledger
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
                """);

            // A person must not stand in the ledger for longer than a backup may hold them.
            migrationBuilder.Sql("""
                CREATE FUNCTION erasure_ledger_expired() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NOT EXISTS (
                        SELECT 1 FROM erasure_ledger AS completed
                        WHERE completed.case_number = OLD.case_number AND completed.expires_at <= now()) THEN
                        RAISE EXCEPTION 'erasure_ledger is append-only: no DELETE before the case''s completion has expired';
                    END IF;
                    RETURN OLD;
                END $$
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER erasure_ledger_no_delete BEFORE DELETE ON erasure_ledger
                FOR EACH ROW EXECUTE FUNCTION erasure_ledger_expired()
                """);
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER erasure_ledger_no_delete ON erasure_ledger");
            migrationBuilder.Sql("DROP TRIGGER erasure_ledger_no_change ON erasure_ledger");
            migrationBuilder.Sql("DROP TRIGGER audit_entries_no_change ON audit_entries");
            migrationBuilder.Sql("DROP FUNCTION erasure_ledger_expired()");
            migrationBuilder.Sql("DROP FUNCTION refuse_change()");
        }
    }
}
