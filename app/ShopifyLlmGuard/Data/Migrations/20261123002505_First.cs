using System;
using System.Collections.Generic;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;
using NpgsqlTypes;

#nullable disable

namespace ShopifyLlmGuard.Data.Migrations
{
    /// <inheritdoc />
    public partial class First : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "guard");

            migrationBuilder.CreateTable(
                name: "attempts",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: false),
                    feature = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    endpoint = table.Column<string>(type: "text", nullable: true),
                    region = table.Column<string>(type: "text", nullable: true),
                    jurisdiction = table.Column<string>(type: "text", nullable: true),
                    model = table.Column<string>(type: "text", nullable: true),
                    outcome = table.Column<string>(type: "text", nullable: false),
                    input_tokens = table.Column<long>(type: "bigint", nullable: true),
                    output_tokens = table.Column<long>(type: "bigint", nullable: true),
                    first_token_milliseconds = table.Column<double>(type: "double precision", nullable: true),
                    milliseconds = table.Column<double>(type: "double precision", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_attempts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "catalog_versions",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    stored = table.Column<long>(type: "bigint", nullable: false),
                    computed = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_catalog_versions", x => x.shop);
                });

            migrationBuilder.CreateTable(
                name: "endpoint_changes",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    detail = table.Column<string>(type: "text", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_endpoint_changes", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "endpoint_standings",
                schema: "guard",
                columns: table => new
                {
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    detail = table.Column<string>(type: "text", nullable: true),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_endpoint_standings", x => x.endpoint);
                });

            migrationBuilder.CreateTable(
                name: "fallback_versions",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    shop = table.Column<string>(type: "text", nullable: false),
                    content = table.Column<string>(type: "jsonb", nullable: false),
                    author = table.Column<string>(type: "text", nullable: false),
                    saved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fallback_versions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "flag_changes",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    shop = table.Column<string>(type: "text", nullable: false),
                    feature = table.Column<string>(type: "text", nullable: false),
                    on = table.Column<bool>(type: "boolean", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_flag_changes", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "flags",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    feature = table.Column<string>(type: "text", nullable: false),
                    on = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_flags", x => new { x.shop, x.feature });
                });

            migrationBuilder.CreateTable(
                name: "pins",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: true),
                    feature = table.Column<string>(type: "text", nullable: true),
                    mode = table.Column<string>(type: "text", nullable: false),
                    holder = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    released_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    released_by = table.Column<string>(type: "text", nullable: true),
                    release_reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_pins", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "privacy_records",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    shop = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    rows = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_privacy_records", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "probe_results",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    good = table.Column<bool>(type: "boolean", nullable: false),
                    milliseconds = table.Column<double>(type: "double precision", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    detail = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_probe_results", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "products",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false),
                    handle = table.Column<string>(type: "text", nullable: false),
                    title = table.Column<string>(type: "text", nullable: false),
                    vendor = table.Column<string>(type: "text", nullable: false),
                    product_type = table.Column<string>(type: "text", nullable: false),
                    tags = table.Column<List<string>>(type: "text[]", nullable: false),
                    tag_text = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: false),
                    price = table.Column<decimal>(type: "numeric", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    image_url = table.Column<string>(type: "text", nullable: true),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    removed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    search = table.Column<NpgsqlTsVector>(type: "tsvector", nullable: false, computedColumnSql: "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', tag_text), 'B') ||\nsetweight(to_tsvector('english', product_type || ' ' || vendor), 'C') ||\nsetweight(to_tsvector('english', description), 'D')", stored: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_products", x => new { x.shop, x.id });
                });

            migrationBuilder.CreateTable(
                name: "published_metafields",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    owner = table.Column<string>(type: "text", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    hash = table.Column<string>(type: "text", nullable: false),
                    published_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_published_metafields", x => new { x.shop, x.owner, x.key });
                });

            migrationBuilder.CreateTable(
                name: "related_products",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    product_id = table.Column<long>(type: "bigint", nullable: false),
                    items = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_related_products", x => new { x.shop, x.product_id });
                });

            migrationBuilder.CreateTable(
                name: "serving_changes",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    shop = table.Column<string>(type: "text", nullable: false),
                    feature = table.Column<string>(type: "text", nullable: false),
                    mode = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    detail = table.Column<string>(type: "text", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_serving_changes", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "shop_tokens",
                schema: "guard",
                columns: table => new
                {
                    shop = table.Column<string>(type: "text", nullable: false),
                    access_token = table.Column<byte[]>(type: "bytea", nullable: false),
                    access_expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    refresh_token = table.Column<byte[]>(type: "bytea", nullable: false),
                    refresh_expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    scope = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_shop_tokens", x => x.shop);
                });

            migrationBuilder.CreateTable(
                name: "shops",
                schema: "guard",
                columns: table => new
                {
                    domain = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    jurisdictions = table.Column<List<string>>(type: "text[]", nullable: false),
                    app_installation_id = table.Column<string>(type: "text", nullable: true),
                    installed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    uninstalled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_shops", x => x.domain);
                });

            migrationBuilder.CreateTable(
                name: "webhook_deliveries",
                schema: "guard",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    shop = table.Column<string>(type: "text", nullable: false),
                    topic = table.Column<string>(type: "text", nullable: false),
                    triggered_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    body = table.Column<string>(type: "text", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    processed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webhook_deliveries", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_attempts_shop_at",
                schema: "guard",
                table: "attempts",
                columns: new[] { "shop", "at" });

            migrationBuilder.CreateIndex(
                name: "IX_fallback_versions_shop_id",
                schema: "guard",
                table: "fallback_versions",
                columns: new[] { "shop", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_flag_changes_shop_at",
                schema: "guard",
                table: "flag_changes",
                columns: new[] { "shop", "at" });

            migrationBuilder.CreateIndex(
                name: "IX_pins_released_at",
                schema: "guard",
                table: "pins",
                column: "released_at");

            migrationBuilder.CreateIndex(
                name: "IX_privacy_records_shop",
                schema: "guard",
                table: "privacy_records",
                column: "shop");

            migrationBuilder.CreateIndex(
                name: "IX_probe_results_endpoint_id",
                schema: "guard",
                table: "probe_results",
                columns: new[] { "endpoint", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_products_search",
                schema: "guard",
                table: "products",
                column: "search")
                .Annotation("Npgsql:IndexMethod", "gin");

            migrationBuilder.CreateIndex(
                name: "IX_products_shop_handle",
                schema: "guard",
                table: "products",
                columns: new[] { "shop", "handle" });

            migrationBuilder.CreateIndex(
                name: "IX_serving_changes_shop_feature_id",
                schema: "guard",
                table: "serving_changes",
                columns: new[] { "shop", "feature", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_webhook_deliveries_processed_at_received_at",
                schema: "guard",
                table: "webhook_deliveries",
                columns: new[] { "processed_at", "received_at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "attempts",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "catalog_versions",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "endpoint_changes",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "endpoint_standings",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "fallback_versions",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "flag_changes",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "flags",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "pins",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "privacy_records",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "probe_results",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "products",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "published_metafields",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "related_products",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "serving_changes",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "shop_tokens",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "shops",
                schema: "guard");

            migrationBuilder.DropTable(
                name: "webhook_deliveries",
                schema: "guard");
        }
    }
}
