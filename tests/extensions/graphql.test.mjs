// Every GraphQL document that the server sends, against the official Admin schema of the version that it calls.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const server = join(here, '../../app/ShopifyLlmGuard.Server/Shopify');
const devMcp = dirname(fileURLToPath(import.meta.resolve('@shopify/dev-mcp')));
const { buildClientSchema, parse, validate, TypeInfo, visit, visitWithTypeInfo } = createRequire(join(devMcp, 'index.js'))('graphql');

const version = readFileSync(join(server, 'AdminDocument.cs'), 'utf8').match(/ApiVersion = "(.*)"/)[1];
const introspection = JSON.parse(gunzipSync(readFileSync(join(devMcp, `data/admin_${version}.json.gz`))));
const schema = buildClientSchema(introspection.data ?? introspection);
const documents = readdirSync(join(server, 'Documents')).filter((name) => name.endsWith('.graphql'));

test('there are documents to check', () => assert.ok(documents.length >= 4));

for (const name of documents) {
  const document = parse(readFileSync(join(server, 'Documents', name), 'utf8'));

  test(`${name} is valid for Admin API ${version}`, () =>
    assert.deepEqual(validate(schema, document).map((error) => error.message), []));

  test(`${name} uses nothing deprecated`, () => {
    const info = new TypeInfo(schema);
    const deprecated = [];
    visit(document, visitWithTypeInfo(info, {
      Field() {
        const field = info.getFieldDef();
        if (field?.deprecationReason) deprecated.push(`${field.name}: ${field.deprecationReason}`);
      },
    }));
    assert.deepEqual(deprecated, []);
  });

  test(`${name} holds one operation of the same name`, () =>
    assert.deepEqual(document.definitions.map((definition) => `${definition.name.value}.graphql`), [name]));
}

test('a wrong field would be found', () =>
  assert.equal(validate(schema, parse('{ products(first: 1) { nodes { prize } } }')).length, 1));
