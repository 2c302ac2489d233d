using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class EndpointsAndEvidence : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "attested_until",
                schema: "guard",
                table: "attempts",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "basis",
                schema: "guard",
                table: "attempts",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "chain",
                schema: "guard",
                table: "attempts",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "operator",
                schema: "guard",
                table: "attempts",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "previous_at",
                schema: "guard",
                table: "attempts",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "previous_seal",
                schema: "guard",
                table: "attempts",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "seal",
                schema: "guard",
                table: "attempts",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "sequence",
                schema: "guard",
                table: "attempts",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "try",
                schema: "guard",
                table: "attempts",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "endpoint_versions",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    settings = table.Column<string>(type: "jsonb", nullable: true),
                    sealed_key = table.Column<byte[]>(type: "bytea", nullable: true),
                    author = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    saved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_endpoint_versions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "evidence_heads",
                schema: "guard",
                columns: table => new
                {
                    chain = table.Column<string>(type: "text", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: false),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    last_seal = table.Column<byte[]>(type: "bytea", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    seal = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_evidence_heads", x => x.chain);
                });

            migrationBuilder.CreateIndex(
                name: "IX_attempts_chain_sequence",
                schema: "guard",
                table: "attempts",
                columns: new[] { "chain", "sequence" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_endpoint_versions_endpoint_id",
                schema: "guard",
                table: "endpoint_versions",
                columns: new[] { "endpoint", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_evidence_heads_shop",
                schema: "guard",
                table: "evidence_heads",
                column: "shop");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "endpoint_versions",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "evidence_heads",
                schema: "guard");

            migrationBuilder.DropIndex(
                name: "IX_attempts_chain_sequence",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "attested_until",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "basis",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "chain",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "operator",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "previous_at",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "previous_seal",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "seal",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "sequence",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "try",
                schema: "guard",
                table: "attempts");
        }
    }
}
