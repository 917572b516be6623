using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Restrictions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "restricted_kinds",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    subject = table.Column<long>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    ground = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    since = table.Column<DateTime>(type: "TEXT", nullable: false),
                    account_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    end_decided_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    end_reason_code = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    told_on = table.Column<DateOnly>(type: "TEXT", nullable: true),
                    ended_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_restricted_kinds", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_restricted_kinds_case_number",
                table: "restricted_kinds",
                column: "case_number");

            migrationBuilder.CreateIndex(
                name: "IX_restricted_kinds_subject_ended_at",
                table: "restricted_kinds",
                columns: new[] { "subject", "ended_at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "restricted_kinds");
        }
    }
}
