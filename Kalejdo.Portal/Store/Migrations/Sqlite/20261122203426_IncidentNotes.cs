using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class IncidentNotes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "incident_notes",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    recorded_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    recorded_by = table.Column<long>(type: "INTEGER", nullable: false),
                    risk = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    report = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    told = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    sealed_words = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_incident_notes", x => x.id);
                    table.ForeignKey(
                        name: "FK_incident_notes_incidents_case_number",
                        column: x => x.case_number,
                        principalTable: "incidents",
                        principalColumn: "case_number",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "IX_incident_notes_case_number",
                table: "incident_notes",
                column: "case_number");

            // What staff have documented is only added to.
            foreach (var what in new[] { "UPDATE", "DELETE" })
            {
                migrationBuilder.Sql($"""
                    CREATE TRIGGER incident_notes_no_{what.ToLowerInvariant()} BEFORE {what} ON incident_notes
                    BEGIN SELECT RAISE(ABORT, 'incident_notes is append-only: no {what}'); END
                    """);
            }

            // INSERT OR REPLACE deletes without asking the triggers above.
            migrationBuilder.Sql("""
                CREATE TRIGGER incident_notes_no_replace BEFORE INSERT ON incident_notes
                WHEN EXISTS (SELECT 1 FROM incident_notes WHERE id = NEW.id)
                BEGIN SELECT RAISE(ABORT, 'incident_notes is append-only: no REPLACE'); END
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "incident_notes");
        }
    }
}
