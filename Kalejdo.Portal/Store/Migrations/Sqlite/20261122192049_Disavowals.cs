using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Disavowals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "address_holds",
                columns: table => new
                {
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    address_hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    sealed_payload = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    ends_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    detached_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    undone_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_address_holds", x => x.case_number);
                    table.ForeignKey(
                        name: "FK_address_holds_cases_case_number",
                        column: x => x.case_number,
                        principalTable: "cases",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "address_notices",
                columns: table => new
                {
                    account_id = table.Column<string>(type: "TEXT", nullable: false),
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_address_notices", x => new { x.account_id, x.case_number });
                    table.ForeignKey(
                        name: "FK_address_notices_accounts_account_id",
                        column: x => x.account_id,
                        principalTable: "accounts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "blocked_addresses",
                columns: table => new
                {
                    address_hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    blocked_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    expires_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_blocked_addresses", x => x.address_hash);
                });

            migrationBuilder.CreateTable(
                name: "incidents",
                columns: table => new
                {
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    aware_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    report_by = table.Column<DateTime>(type: "TEXT", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    decided_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_incidents", x => x.case_number);
                    table.ForeignKey(
                        name: "FK_incidents_cases_case_number",
                        column: x => x.case_number,
                        principalTable: "cases",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "IX_address_holds_address_hash",
                table: "address_holds",
                column: "address_hash");

            migrationBuilder.CreateIndex(
                name: "IX_address_holds_ends_at",
                table: "address_holds",
                column: "ends_at");

            migrationBuilder.CreateIndex(
                name: "IX_address_notices_case_number",
                table: "address_notices",
                column: "case_number");

            migrationBuilder.CreateIndex(
                name: "IX_address_notices_expires_at",
                table: "address_notices",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "IX_blocked_addresses_expires_at",
                table: "blocked_addresses",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "IX_incidents_state_report_by",
                table: "incidents",
                columns: new[] { "state", "report_by" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "address_holds");

            migrationBuilder.DropTable(
                name: "address_notices");

            migrationBuilder.DropTable(
                name: "blocked_addresses");

            migrationBuilder.DropTable(
                name: "incidents");
        }
    }
}
