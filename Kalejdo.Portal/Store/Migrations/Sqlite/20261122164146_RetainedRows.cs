using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class RetainedRows : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "retained_rows",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    subject = table.Column<long>(type: "INTEGER", nullable: false),
                    due_on = table.Column<DateOnly>(type: "TEXT", nullable: false),
                    sealed_keys = table.Column<byte[]>(type: "BLOB", nullable: false),
                    claimed_by = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    claimed_until = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_retained_rows", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_retained_rows_case_number",
                table: "retained_rows",
                column: "case_number");

            migrationBuilder.CreateIndex(
                name: "IX_retained_rows_due_on",
                table: "retained_rows",
                column: "due_on");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "retained_rows");
        }
    }
}
