using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    // The row that says where the audit chain ends moves forward only.
    public partial class AuditEndGuard : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            foreach (var (name, when) in new[]
                {
                    ("not_back", "BEFORE UPDATE ON audit_head WHEN NEW.sequence < OLD.sequence OR NEW.id <> OLD.id"),
                    ("no_delete", "BEFORE DELETE ON audit_head"),
                    // INSERT OR REPLACE deletes without asking.
                    ("no_insert", "BEFORE INSERT ON audit_head"),
                })
            {
                migrationBuilder.Sql($"""
                    CREATE TRIGGER audit_head_{name} {when}
                    BEGIN SELECT RAISE(ABORT, 'audit_head is append-only: it moves forward'); END
                    """);
            }
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var name in new[] { "not_back", "no_delete", "no_insert" })
            {
                migrationBuilder.Sql($"DROP TRIGGER audit_head_{name}");
            }
        }
    }
}
