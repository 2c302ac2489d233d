using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class IncidentFacts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "region",
                schema: "guard",
                table: "pins",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "proposal",
                schema: "guard",
                table: "incident_steps",
                type: "jsonb",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_evidence_heads_at",
                schema: "guard",
                table: "evidence_heads",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_attempts_at",
                schema: "guard",
                table: "attempts",
                column: "at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_evidence_heads_at",
                schema: "guard",
                table: "evidence_heads");

            migrationBuilder.DropIndex(
                name: "IX_attempts_at",
                schema: "guard",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "region",
                schema: "guard",
                table: "pins");

            migrationBuilder.DropColumn(
                name: "proposal",
                schema: "guard",
                table: "incident_steps");
        }
    }
}
