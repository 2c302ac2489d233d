using System;
using System.Collections.Generic;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class IncidentsAndAudit : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "answer_minutes",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    minute = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    feature = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    count = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_answer_minutes", x => new { x.shop, x.minute, x.feature, x.source, x.reason });
                });

            migrationBuilder.CreateTable(
                name: "audit_entries",
                schema: "guard",
                columns: table => new
                {
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    words_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    forgets = table.Column<string>(type: "text", nullable: true),
                    previous_seal = table.Column<byte[]>(type: "bytea", nullable: true),
                    seal = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit_entries", x => x.sequence);
                });

            migrationBuilder.CreateTable(
                name: "audit_heads",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    last_seal = table.Column<byte[]>(type: "bytea", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    seal = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit_heads", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "audit_words",
                schema: "guard",
                columns: table => new
                {
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: true),
                    actor = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    detail = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    salt = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit_words", x => x.sequence);
                });

            migrationBuilder.CreateTable(
                name: "incident_cursors",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    last_change = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_incident_cursors", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "incidents",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    cause = table.Column<string>(type: "text", nullable: false),
                    title = table.Column<string>(type: "text", nullable: false),
                    detected_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    detected_by = table.Column<string>(type: "text", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    endpoints = table.Column<List<string>>(type: "text[]", nullable: false),
                    regions = table.Column<List<string>>(type: "text[]", nullable: false),
                    marks = table.Column<List<string>>(type: "text[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_incidents", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "incident_impacts",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    incident = table.Column<long>(type: "bigint", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: false),
                    feature = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_incident_impacts", x => x.id);
                    table.ForeignKey(
                        name: "FK_incident_impacts_incidents_incident",
                        column: x => x.incident,
                        principalSchema: "guard",
                        principalTable: "incidents",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "incident_steps",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    incident = table.Column<long>(type: "bigint", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: true),
                    kind = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    about = table.Column<string>(type: "text", nullable: true),
                    decision = table.Column<bool>(type: "boolean", nullable: true),
                    reference = table.Column<string>(type: "text", nullable: true),
                    assessment = table.Column<string>(type: "jsonb", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_incident_steps", x => x.id);
                    table.ForeignKey(
                        name: "FK_incident_steps_incidents_incident",
                        column: x => x.incident,
                        principalSchema: "guard",
                        principalTable: "incidents",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_answer_minutes_minute",
                schema: "guard",
                table: "answer_minutes",
                column: "minute");

            migrationBuilder.CreateIndex(
                name: "IX_audit_words_shop",
                schema: "guard",
                table: "audit_words",
                column: "shop");

            migrationBuilder.CreateIndex(
                name: "IX_incident_impacts_incident",
                schema: "guard",
                table: "incident_impacts",
                column: "incident");

            migrationBuilder.CreateIndex(
                name: "IX_incident_impacts_shop_incident",
                schema: "guard",
                table: "incident_impacts",
                columns: new[] { "shop", "incident" });

            migrationBuilder.CreateIndex(
                name: "IX_incident_steps_incident",
                schema: "guard",
                table: "incident_steps",
                column: "incident");

            migrationBuilder.CreateIndex(
                name: "IX_incident_steps_shop",
                schema: "guard",
                table: "incident_steps",
                column: "shop");

            migrationBuilder.CreateIndex(
                name: "IX_incidents_ended_at",
                schema: "guard",
                table: "incidents",
                column: "ended_at");

            // Mistakes and casual tampering are refused here; whoever can switch triggers off is found by the seals.
            migrationBuilder.Sql(
                """
                CREATE FUNCTION guard.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION '% of guard.% is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
                END $$;
                CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON guard.audit_entries FOR EACH ROW EXECUTE FUNCTION guard.refuse_change();
                CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON guard.audit_entries FOR EACH STATEMENT EXECUTE FUNCTION guard.refuse_change();
                CREATE TRIGGER append_only BEFORE UPDATE ON guard.audit_words FOR EACH ROW EXECUTE FUNCTION guard.refuse_change();
                CREATE TRIGGER only_forgotten BEFORE DELETE ON guard.audit_words FOR EACH ROW
                    WHEN (coalesce(current_setting('guard.forgets', true), '') <> 'on') EXECUTE FUNCTION guard.refuse_change();
                CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON guard.audit_words FOR EACH STATEMENT EXECUTE FUNCTION guard.refuse_change();
                CREATE TRIGGER stays BEFORE DELETE ON guard.audit_heads FOR EACH ROW EXECUTE FUNCTION guard.refuse_change();
                CREATE TRIGGER stays_whole BEFORE TRUNCATE ON guard.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION guard.refuse_change();
                CREATE TRIGGER append_only BEFORE UPDATE ON guard.incident_steps FOR EACH ROW EXECUTE FUNCTION guard.refuse_change();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "answer_minutes",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "audit_entries",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "audit_heads",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "audit_words",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "incident_cursors",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "incident_impacts",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "incident_steps",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "incidents",
                schema: "guard");
            migrationBuilder.Sql("DROP FUNCTION guard.refuse_change();");
        }
    }
}
