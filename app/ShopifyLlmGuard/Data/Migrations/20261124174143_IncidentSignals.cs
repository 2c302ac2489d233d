using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class IncidentSignals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "incident_deliveries",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    signals = table.Column<string>(type: "jsonb", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    handled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_incident_deliveries", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "signal_standings",
                schema: "guard",
                columns: table => new
                {
                    source = table.Column<string>(type: "text", nullable: false),
                    dedup_key = table.Column<string>(type: "text", nullable: false),
                    signal = table.Column<string>(type: "jsonb", nullable: false),
                    opened_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    acted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    rules = table.Column<string[]>(type: "text[]", nullable: false),
                    pins = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    outcome = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_signal_standings", x => new { x.source, x.dedup_key });
                });

            migrationBuilder.CreateIndex(
                name: "IX_incident_deliveries_handled_at_due_at",
                schema: "guard",
                table: "incident_deliveries",
                columns: new[] { "handled_at", "due_at" });

            migrationBuilder.CreateIndex(
                name: "IX_signal_standings_received_at",
                schema: "guard",
                table: "signal_standings",
                column: "received_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "incident_deliveries",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "signal_standings",
                schema: "guard");
        }
    }
}
