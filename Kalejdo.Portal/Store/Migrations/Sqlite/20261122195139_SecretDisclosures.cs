using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class SecretDisclosures : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "secret_disclosures",
                columns: table => new
                {
                    sequence = table.Column<long>(type: "INTEGER", nullable: false),
                    subject_hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    until = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_secret_disclosures", x => x.sequence);
                });

            migrationBuilder.CreateIndex(
                name: "IX_secret_disclosures_subject_hash",
                table: "secret_disclosures",
                column: "subject_hash");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "secret_disclosures");
        }
    }
}
