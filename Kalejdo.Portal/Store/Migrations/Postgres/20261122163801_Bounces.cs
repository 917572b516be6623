using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Bounces : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterColumn<string>(
                name: "case_number",
                table: "staff_tasks",
                type: "character varying(16)",
                maxLength: 16,
                nullable: true,
                oldClrType: typeof(string),
                oldType: "character varying(16)",
                oldMaxLength: 16);

            migrationBuilder.AddColumn<string>(
                name: "reason_code",
                table: "staff_tasks",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

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

            migrationBuilder.CreateIndex(
                name: "IX_staff_tasks_done_at",
                table: "staff_tasks",
                column: "done_at");

            migrationBuilder.CreateIndex(
                name: "IX_bounced_addresses_expires_at",
                table: "bounced_addresses",
                column: "expires_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "bounced_addresses");

            migrationBuilder.DropIndex(
                name: "IX_staff_tasks_done_at",
                table: "staff_tasks");

            migrationBuilder.DropColumn(
                name: "reason_code",
                table: "staff_tasks");

            migrationBuilder.AlterColumn<string>(
                name: "case_number",
                table: "staff_tasks",
                type: "character varying(16)",
                maxLength: 16,
                nullable: false,
                defaultValue: "",
                oldClrType: typeof(string),
                oldType: "character varying(16)",
                oldMaxLength: 16,
                oldNullable: true);
        }
    }
}
