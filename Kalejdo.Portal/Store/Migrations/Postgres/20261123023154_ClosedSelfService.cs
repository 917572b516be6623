using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class ClosedSelfService : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "closed_self_services",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    customer_hash = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    sealed_number = table.Column<byte[]>(type: "bytea", nullable: false),
                    subject = table.Column<long>(type: "bigint", nullable: false),
                    reason = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    since = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    review_on = table.Column<DateOnly>(type: "date", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_closed_self_services", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_closed_self_services_customer_hash",
                table: "closed_self_services",
                column: "customer_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_closed_self_services_review_on",
                table: "closed_self_services",
                column: "review_on");

            migrationBuilder.CreateIndex(
                name: "IX_closed_self_services_subject",
                table: "closed_self_services",
                column: "subject");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "closed_self_services");
        }
    }
}
