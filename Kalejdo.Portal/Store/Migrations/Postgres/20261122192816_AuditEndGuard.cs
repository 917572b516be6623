using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Postgres
{
    // The row that says where the audit chain ends moves forward only.
    public partial class AuditEndGuard : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                CREATE TRIGGER audit_head_no_change BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER audit_head_not_back BEFORE UPDATE ON audit_head
                FOR EACH ROW WHEN (NEW.sequence < OLD.sequence OR NEW.id <> OLD.id) EXECUTE FUNCTION refuse_change()
                """);
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER audit_head_not_back ON audit_head");
            migrationBuilder.Sql("DROP TRIGGER audit_head_no_change ON audit_head");
        }
    }
}
