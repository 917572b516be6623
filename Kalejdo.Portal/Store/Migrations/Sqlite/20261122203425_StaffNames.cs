using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Kalejdo.Portal.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class StaffNames : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "name",
                table: "accounts",
                type: "TEXT",
                maxLength: 100,
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "name",
                table: "accounts");
        }
    }
}
