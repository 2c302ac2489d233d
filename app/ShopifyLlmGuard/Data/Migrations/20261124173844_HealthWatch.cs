using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class HealthWatch : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<double>(
                name: "computed",
                schema: "guard",
                table: "probe_results",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "is_own_fault",
                schema: "guard",
                table: "probe_results",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<double>(
                name: "kv_use",
                schema: "guard",
                table: "probe_results",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "prober",
                schema: "guard",
                table: "probe_results",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "running",
                schema: "guard",
                table: "probe_results",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "stage",
                schema: "guard",
                table: "probe_results",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "probe_leases",
                schema: "guard",
                columns: table => new
                {
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    holder = table.Column<string>(type: "text", nullable: false),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_probe_leases", x => x.endpoint);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "probe_leases",
                schema: "guard");

            migrationBuilder.DropColumn(
                name: "computed",
                schema: "guard",
                table: "probe_results");

            migrationBuilder.DropColumn(
                name: "is_own_fault",
                schema: "guard",
                table: "probe_results");

            migrationBuilder.DropColumn(
                name: "kv_use",
                schema: "guard",
                table: "probe_results");

            migrationBuilder.DropColumn(
                name: "prober",
                schema: "guard",
                table: "probe_results");

            migrationBuilder.DropColumn(
                name: "running",
                schema: "guard",
                table: "probe_results");

            migrationBuilder.DropColumn(
                name: "stage",
                schema: "guard",
                table: "probe_results");
        }
    }
}
