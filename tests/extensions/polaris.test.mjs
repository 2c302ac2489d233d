// Shopify's own validator (@shopify/dev-mcp) on the admin's pages, as the .NET tests rendered them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

// Read when the package is loaded: it reports nothing to anybody, and it needs no network.
process.env.OPT_OUT_INSTRUMENTATION = 'true';
globalThis.fetch = () => { throw new Error('The validator must work offline.'); };
const { validateComponentCodeblocksToolDef } = await import('@shopify/dev-mcp/tools');
const validator = validateComponentCodeblocksToolDef();

const folder = new URL('../ShopifyLlmGuard.Tests/Admin/markup/', import.meta.url);
const pages = readdirSync(folder).filter((name) => name.endsWith('.html'));

async function verdict(content) {
  const answer = await validator.handler({ api: 'polaris-app-home', code: [{ content, language: 'html' }] });
  return answer.content[0].text;
}

test('there are pages to validate', () => assert.ok(pages.length >= 8));

for (const page of pages) {
  test(`${page} passes Shopify's validator`, async () => {
    const text = await verdict(readFileSync(new URL(page, folder), 'utf8'));
    assert.match(text, /Overall Status:\*\* ✅ VALID/, text);
  });
}

for (const [what, markup] of Object.entries({
  'an unknown value': '<s-badge tone="purple">Live</s-badge>',
  'an unknown attribute': '<s-box inline-size="5px">Text</s-box>',
  'an unknown element': '<s-sparkle>Text</s-sparkle>',
})) {
  test(`the validator refuses ${what}`, async () => assert.match(await verdict(markup), /Overall Status:\*\* ❌ INVALID/));
}
