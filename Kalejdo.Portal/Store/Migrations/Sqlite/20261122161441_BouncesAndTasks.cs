using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class BouncesAndTasks : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "bounced_addresses",
                columns: table => new
                {
                    address_hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    reason_code = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    bounced_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_bounced_addresses", x => x.address_hash);
                });

            migrationBuilder.CreateTable(
                name: "staff_tasks",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    place = table.Column<string>(type: "TEXT", maxLength: 400, nullable: false),
                    reason_code = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    rows = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    done_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_staff_tasks", x => x.id);
                    table.ForeignKey(
                        name: "FK_staff_tasks_cases_case_number",
                        column: x => x.case_number,
                        principalTable: "cases",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_bounced_addresses_expires_at",
                table: "bounced_addresses",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "IX_staff_tasks_case_number_kind_place",
                table: "staff_tasks",
                columns: new[] { "case_number", "kind", "place" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_staff_tasks_done_at",
                table: "staff_tasks",
                column: "done_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "bounced_addresses");

            migrationBuilder.DropTable(
                name: "staff_tasks");
        }
    }
}
