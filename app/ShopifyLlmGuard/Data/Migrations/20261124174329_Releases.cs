using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class Releases : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "release",
                schema: "guard",
                table: "attempts",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "golden_runs",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    release = table.Column<string>(type: "text", nullable: false),
                    passed = table.Column<bool>(type: "boolean", nullable: false),
                    results = table.Column<string>(type: "jsonb", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_golden_runs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "release_minutes",
                schema: "guard",
                columns: table => new
                {
                    feature = table.Column<string>(type: "text", nullable: false),
                    release = table.Column<string>(type: "text", nullable: false),
                    minute = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    server = table.Column<Guid>(type: "uuid", nullable: false),
                    answers = table.Column<long>(type: "bigint", nullable: false),
                    errors = table.Column<long>(type: "bigint", nullable: false),
                    fallbacks = table.Column<long>(type: "bigint", nullable: false),
                    missed = table.Column<long>(type: "bigint", nullable: false),
                    paced = table.Column<long>(type: "bigint", nullable: false),
                    refusals = table.Column<long>(type: "bigint", nullable: false),
                    slow = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_release_minutes", x => new { x.feature, x.release, x.minute, x.server });
                });

            migrationBuilder.CreateTable(
                name: "releases",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    feature = table.Column<string>(type: "text", nullable: false),
                    bundle = table.Column<string>(type: "jsonb", nullable: false),
                    added_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    added_by = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_releases", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "rollout_changes",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    feature = table.Column<string>(type: "text", nullable: false),
                    stable = table.Column<string>(type: "text", nullable: false),
                    previous = table.Column<string>(type: "text", nullable: true),
                    candidate = table.Column<string>(type: "text", nullable: true),
                    percent = table.Column<int>(type: "integer", nullable: false),
                    is_automatic = table.Column<bool>(type: "boolean", nullable: false),
                    step = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    signal = table.Column<string>(type: "text", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rollout_changes", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_golden_runs_release_id",
                schema: "guard",
                table: "golden_runs",
                columns: new[] { "release", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_release_minutes_minute",
                schema: "guard",
                table: "release_minutes",
                column: "minute");

            migrationBuilder.CreateIndex(
                name: "IX_rollout_changes_feature_id",
                schema: "guard",
                table: "rollout_changes",
                columns: new[] { "feature", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "golden_runs",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "release_minutes",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "releases",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "rollout_changes",
                schema: "guard");

            migrationBuilder.DropColumn(
                name: "release",
                schema: "guard",
                table: "attempts");
        }
    }
}
