using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class BypassAndProtections : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "bypass_decisions",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    on = table.Column<bool>(type: "boolean", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: true),
                    way = table.Column<string>(type: "text", nullable: false),
                    author = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_bypass_decisions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "protection_proofs",
                schema: "guard",
                columns: table => new
                {
                    protection = table.Column<string>(type: "text", nullable: false),
                    drilled = table.Column<bool>(type: "boolean", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    milliseconds = table.Column<double>(type: "double precision", nullable: false),
                    server = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_protection_proofs", x => new { x.protection, x.drilled });
                });

            migrationBuilder.CreateIndex(
                name: "IX_bypass_decisions_shop_at",
                schema: "guard",
                table: "bypass_decisions",
                columns: new[] { "shop", "at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "bypass_decisions",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "protection_proofs",
                schema: "guard");
        }
    }
}
