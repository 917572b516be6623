using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Recipients : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "recipient_notices",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    message_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    case_number = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    subject = table.Column<long>(type: "INTEGER", nullable: false),
                    recipient_id = table.Column<long>(type: "INTEGER", nullable: false),
                    recipient_sv = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    recipient_en = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    @event = table.Column<string>(name: "event", type: "TEXT", maxLength: 32, nullable: false),
                    kinds = table.Column<string>(type: "TEXT", nullable: false),
                    sealed_payload = table.Column<byte[]>(type: "BLOB", nullable: true),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    due_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    claimed_by = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    claimed_until = table.Column<DateTime>(type: "TEXT", nullable: true),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    sent_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    ended_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    failure_code = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recipient_notices", x => x.id);
                    table.ForeignKey(
                        name: "FK_recipient_notices_cases_case_number",
                        column: x => x.case_number,
                        principalTable: "cases",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "recipients",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    key = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    name_sv = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    name_en = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    channel = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    address = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: false),
                    language = table.Column<string>(type: "TEXT", maxLength: 8, nullable: false),
                    identity_names = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recipients", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "recipient_agreements",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    recipient_id = table.Column<long>(type: "INTEGER", nullable: false),
                    in_force_from = table.Column<DateOnly>(type: "TEXT", nullable: false),
                    in_force_to = table.Column<DateOnly>(type: "TEXT", nullable: true),
                    kinds = table.Column<string>(type: "TEXT", nullable: false),
                    task_sv = table.Column<string>(type: "TEXT", nullable: false),
                    task_en = table.Column<string>(type: "TEXT", nullable: false),
                    receives_sv = table.Column<string>(type: "TEXT", nullable: false),
                    receives_en = table.Column<string>(type: "TEXT", nullable: false),
                    stored_in_sv = table.Column<string>(type: "TEXT", nullable: false),
                    stored_in_en = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recipient_agreements", x => x.id);
                    table.ForeignKey(
                        name: "FK_recipient_agreements_recipients_recipient_id",
                        column: x => x.recipient_id,
                        principalTable: "recipients",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "recipient_secrets",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    recipient_id = table.Column<long>(type: "INTEGER", nullable: false),
                    sealed_key = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    retires_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recipient_secrets", x => x.id);
                    table.ForeignKey(
                        name: "FK_recipient_secrets_recipients_recipient_id",
                        column: x => x.recipient_id,
                        principalTable: "recipients",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_recipient_agreements_recipient_id",
                table: "recipient_agreements",
                column: "recipient_id");

            migrationBuilder.CreateIndex(
                name: "IX_recipient_notices_case_number_recipient_id_event",
                table: "recipient_notices",
                columns: new[] { "case_number", "recipient_id", "event" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_recipient_notices_due_at",
                table: "recipient_notices",
                column: "due_at",
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_recipient_notices_message_id",
                table: "recipient_notices",
                column: "message_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_recipient_secrets_recipient_id",
                table: "recipient_secrets",
                column: "recipient_id");

            migrationBuilder.CreateIndex(
                name: "IX_recipients_key",
                table: "recipients",
                column: "key",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "recipient_agreements");

            migrationBuilder.DropTable(
                name: "recipient_notices");

            migrationBuilder.DropTable(
                name: "recipient_secrets");

            migrationBuilder.DropTable(
                name: "recipients");
        }
    }
}
