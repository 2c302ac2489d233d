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

// Read when the package is loaded: it reports nothing to anybody, and it needs no network.
process.env.OPT_OUT_INSTRUMENTATION = 'true';
globalThis.fetch = () => { throw new Error('The validator must work offline.'); };
const { validateGraphqlCodeblocksToolDef } = await import('@shopify/dev-mcp/tools');
const validator = validateGraphqlCodeblocksToolDef();

const version = readFileSync(join(server, 'AdminDocument.cs'), 'utf8').match(/ApiVersion = "(.*)"/)[1];
const introspection = JSON.parse(gunzipSync(readFileSync(join(devMcp, `data/admin_${version}.json.gz`))));
const schema = buildClientSchema(introspection.data ?? introspection);
const documents = readdirSync(join(server, 'Documents')).filter((name) => name.endsWith('.graphql'));

test('there are documents to check', () => assert.ok(documents.length >= 4));

async function verdict(content) {
  const answer = await validator.handler({ api: 'admin', version, codeblocks: [{ content }] });
  return answer.content[0].text;
}

for (const name of documents) {
  const document = parse(readFileSync(join(server, 'Documents', name), 'utf8'));

  test(`${name} is valid for Admin API ${version}`, () =>
    assert.deepEqual(validate(schema, document).map((error) => error.message), []));

  test(`${name} passes Shopify's own validator`, async () =>
    assert.match(await verdict(readFileSync(join(server, 'Documents', name), 'utf8')), /Overall Status:\*\* ✅ VALID/));

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

const wrong = '{ products(first: 1) { nodes { prize } } }';

test('a wrong field would be found', () => assert.equal(validate(schema, parse(wrong)).length, 1));

test("Shopify's own validator would find it too", async () => assert.match(await verdict(wrong), /Overall Status:\*\* ❌ INVALID/));
