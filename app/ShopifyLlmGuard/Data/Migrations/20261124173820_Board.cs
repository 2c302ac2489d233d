using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class Board : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "heartbeat_echoes",
                schema: "guard",
                columns: table => new
                {
                    number = table.Column<long>(type: "bigint", nullable: false),
                    server = table.Column<string>(type: "text", nullable: false),
                    milliseconds = table.Column<double>(type: "double precision", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_heartbeat_echoes", x => new { x.number, x.server });
                });

            migrationBuilder.CreateTable(
                name: "heartbeats",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    server = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_heartbeats", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "outbox",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    products = table.Column<bool>(type: "boolean", nullable: false),
                    bulk = table.Column<bool>(type: "boolean", nullable: false),
                    asked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    claimed_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    trouble = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_outbox", x => x.shop);
                });

            migrationBuilder.CreateIndex(
                name: "IX_heartbeat_echoes_at",
                schema: "guard",
                table: "heartbeat_echoes",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_heartbeats_at",
                schema: "guard",
                table: "heartbeats",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_outbox_bulk_due_at",
                schema: "guard",
                table: "outbox",
                columns: new[] { "bulk", "due_at" });

            // What Shopify holds is compared once with what it should hold; from then on only what changes.
            migrationBuilder.Sql(
                """
                INSERT INTO guard.outbox (shop, version, products, bulk, asked_at, due_at, attempts)
                SELECT domain, 1, true, true, now(), now(), 0 FROM guard.shops WHERE uninstalled_at IS NULL
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "heartbeat_echoes",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "heartbeats",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "outbox",
                schema: "guard");
        }
    }
}
