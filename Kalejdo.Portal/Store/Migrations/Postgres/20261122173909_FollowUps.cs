using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class FollowUps : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "steps_done",
                table: "working_sets",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "steps_total",
                table: "working_sets",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "bounced_addresses",
                columns: table => new
                {
                    address_hash = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    bounced_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_bounced_addresses", x => x.address_hash);
                });

            migrationBuilder.CreateTable(
                name: "erasure_follow_ups",
                columns: table => new
                {
                    case_number = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    sealed_payload = table.Column<byte[]>(type: "bytea", nullable: true),
                    awaits_overwrite = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    due_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    claimed_by = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    claimed_until = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_erasure_follow_ups", x => x.case_number);
                    table.ForeignKey(
                        name: "FK_erasure_follow_ups_cases_case_number",
                        column: x => x.case_number,
                        principalTable: "cases",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "receipt_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    public_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    sealed_private_key = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_receipt_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "retained_rows",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    case_number = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    subject = table.Column<long>(type: "bigint", nullable: false),
                    due_on = table.Column<DateOnly>(type: "date", nullable: false),
                    sealed_keys = table.Column<byte[]>(type: "bytea", nullable: false),
                    claimed_by = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    claimed_until = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_retained_rows", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "staff_tasks",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    case_number = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: true),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    place = table.Column<string>(type: "character varying(400)", maxLength: 400, nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    rows = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    done_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
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
                name: "IX_erasure_follow_ups_due_at",
                table: "erasure_follow_ups",
                column: "due_at");

            migrationBuilder.CreateIndex(
                name: "IX_receipt_keys_created_at",
                table: "receipt_keys",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "IX_retained_rows_case_number",
                table: "retained_rows",
                column: "case_number");

            migrationBuilder.CreateIndex(
                name: "IX_retained_rows_due_on",
                table: "retained_rows",
                column: "due_on");

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
                name: "erasure_follow_ups");

            migrationBuilder.DropTable(
                name: "receipt_keys");

            migrationBuilder.DropTable(
                name: "retained_rows");

            migrationBuilder.DropTable(
                name: "staff_tasks");

            migrationBuilder.DropColumn(
                name: "steps_done",
                table: "working_sets");

            migrationBuilder.DropColumn(
                name: "steps_total",
                table: "working_sets");
        }
    }
}
