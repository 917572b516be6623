using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    // Against mistakes of ours and of whoever opens the file: what is written in audit and ledger stays so. A migration
    // that makes EF rebuild one of these tables loses its triggers silently and must create them anew; a test sees it.
    public partial class AppendOnly : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            foreach (var table in new[] { "audit_entries", "erasure_ledger" })
            {
                migrationBuilder.Sql($"""
                    CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
                    BEGIN SELECT RAISE(ABORT, '{table} is append-only: no UPDATE'); END
                    """);
            }

            migrationBuilder.Sql("""
                CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
                BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only: no DELETE'); END
                """);

            // A person must not stand in the ledger for longer than a backup may hold them.
            migrationBuilder.Sql("""
                CREATE TRIGGER erasure_ledger_no_delete BEFORE DELETE ON erasure_ledger
                WHEN NOT EXISTS (
                    SELECT 1 FROM erasure_ledger AS completed
                    WHERE completed.case_number = OLD.case_number
                      AND completed.expires_at <= strftime('%Y-%m-%d %H:%M:%f', 'now'))
                BEGIN SELECT RAISE(ABORT, 'erasure_ledger is append-only: no DELETE before the case''s completion has expired'); END
                """);

            // INSERT OR REPLACE deletes without asking the triggers above.
            migrationBuilder.Sql("""
                CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries
                WHEN EXISTS (SELECT 1 FROM audit_entries WHERE sequence = NEW.sequence OR hash = NEW.hash)
                BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only: no REPLACE'); END
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER erasure_ledger_no_replace BEFORE INSERT ON erasure_ledger
                WHEN EXISTS (SELECT 1 FROM erasure_ledger WHERE id = NEW.id)
                BEGIN SELECT RAISE(ABORT, 'erasure_ledger is append-only: no REPLACE'); END
                """);
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var table in new[] { "audit_entries", "erasure_ledger" })
            {
                foreach (var what in new[] { "update", "delete", "replace" })
                {
                    migrationBuilder.Sql($"DROP TRIGGER {table}_no_{what}");
                }
            }
        }
    }
}
