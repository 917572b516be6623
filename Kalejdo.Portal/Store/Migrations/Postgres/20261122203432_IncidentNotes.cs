using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Postgres
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
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    case_number = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    recorded_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    recorded_by = table.Column<long>(type: "bigint", nullable: false),
                    risk = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    report = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    told = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    sealed_words = table.Column<byte[]>(type: "bytea", nullable: false)
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
            migrationBuilder.Sql("""
                CREATE TRIGGER incident_notes_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_notes
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
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
