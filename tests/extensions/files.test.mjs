// What Shopify checks when an extension is deployed, what its theme check leaves out, and the promises of our own scripts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { themeCheckRun } from '@shopify/theme-check-node';
import { extension, files, read } from './places.mjs';

const liquid = ['blocks', 'snippets'].flatMap((folder) => files(folder).map((name) => `${folder}/${name}`));
const assets = files('assets').map((name) => `assets/${name}`);
const scripts = assets.filter((name) => name.endsWith('.js'));
const blocks = files('blocks').map((name) => ({ name, schema: JSON.parse(read(`blocks/${name}`).match(/{% schema %}(.*){% endschema %}/s)[1]) }));
const withoutComments = (name) => read(name).replace(/{% comment %}.*?{% endcomment %}/gs, '').replace(/^\s*(\/\/|\/\*).*$/gm, '');

async function complaints(folder) {
  const { offenses } = await themeCheckRun(folder);
  return offenses.map((offense) => `${offense.check} ${path.basename(offense.uri)}: ${offense.message}`);
}

test('Shopify’s theme check has no complaint', async () => {
  assert.deepEqual(await complaints(fileURLToPath(extension)), []);
});

test('Shopify’s theme check would complain', async () => {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'extension-'));
  try {
    fs.cpSync(extension, copy, { recursive: true });
    fs.appendFileSync(path.join(copy, 'snippets/guard-card.liquid'), "{% include 'guard-link' %}{% assign idle = 1 %}");
    const found = (await complaints(copy)).join('\n');
    assert.match(found, /AppBlockValidTags/);
    assert.match(found, /UnusedAssign/);
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
});

test('There are only folders and files that Shopify accepts', () => {
  const known = { assets: /\.(jpe?g|json|js|css|png|svg|wasm)$/, blocks: /\.liquid$/, snippets: /\.liquid$/, locales: /\.json$/ };
  for (const name of files().filter((each) => each !== 'shopify.extension.toml' && each !== '.theme-check.yml')) {
    assert.ok(known[name], `${name} is not expected`);
    for (const file of files(name)) assert.match(file, known[name]);
  }
  assert.match(read('shopify.extension.toml'), /^type = "theme"$/m);
});

test('Sizes stay within Shopify’s limits', () => {
  const size = (names) => names.reduce((sum, name) => sum + read(name).length, 0);
  assert.ok(size(liquid) < 100_000);
  for (const script of scripts) assert.ok(fs.statSync(new URL(script, extension)).size < 10_000, script);
  for (const locale of files('locales')) assert.ok(read(`locales/${locale}`).length < 15_000, locale);
});

for (const { name, schema } of blocks) {
  const settings = schema.settings ?? [];

  test(`${name}: the schema is one that Shopify accepts`, () => {
    assert.ok(['section', 'head', 'body'].includes(schema.target));
    assert.ok(!(schema.enabled_on && schema.disabled_on));
    assert.equal(new Set(settings.map((setting) => setting.id)).size, settings.length);
    for (const setting of settings) assert.match(setting.id, /^[a-z_]+$/);
    for (const { type, options, default: value } of settings.filter((setting) => setting.type === 'select')) {
      assert.ok(options.some((option) => option.value === value), type);
    }
    for (const { min, max, step, default: value } of settings.filter((setting) => setting.type === 'range')) {
      assert.ok(value >= min && value <= max && (max - min) / step <= 100);
    }
    assert.ok(assets.includes(`assets/${schema.stylesheet}`));
  });

  test(`${name}: Shopify injects no script by itself, and an outage cannot remove the block`, () => {
    assert.equal(schema.javascript, undefined);
    assert.equal(schema.available_if, undefined);
  });

  test(`${name}: every setting is used, and none that does not exist`, () => {
    const used = [...read(`blocks/${name}`).matchAll(/block\.settings\.(\w+)/g)].map((match) => match[1]);
    assert.deepEqual([...new Set(used)].sort(), settings.map((setting) => setting.id).sort());
  });

  test(`${name}: its names are short and exist in every language`, () => {
    const keys = JSON.stringify(schema).match(/(?<="t:)[\w.]+/g);
    for (const locale of files('locales').filter((file) => file.endsWith('.schema.json'))) {
      const text = (key) => key.split('.').reduce((node, part) => node?.[part], JSON.parse(read(`locales/${locale}`)));
      for (const key of keys) assert.equal(typeof text(key), 'string', `${locale}: ${key}`);
      assert.ok(text(schema.name.slice(2)).length <= 25);
      assert.doesNotMatch(text(schema.name.slice(2)), /guard/i);
    }
  });
}

test('All languages have the same texts, and each text is used', () => {
  const keys = (node, prefix = '') => Object.entries(node).flatMap(([key, value]) => (typeof value === 'string' ? `${prefix}${key}` : keys(value, `${prefix}${key}.`)));
  const of = (name) => keys(JSON.parse(read(`locales/${name}`))).sort();
  const used = [...new Set(liquid.flatMap((name) => [...read(name).matchAll(/'([\w.]+)' \| t\b/g)].map((match) => match[1])))].sort();
  assert.deepEqual(of('de.json'), of('en.default.json'));
  assert.deepEqual(of('de.schema.json'), of('en.default.schema.json'));
  assert.deepEqual(used, of('en.default.json'));
});

for (const script of scripts) {
  test(`${script}: shows text only, remembers nothing, says nothing`, () => {
    const code = withoutComments(script);
    for (const word of ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write', 'eval', 'Function(', 'cookie', 'localStorage',
      'sessionStorage', 'indexedDB', 'caches', 'console', '/cart', 'sendBeacon', 'XMLHttpRequest', 'import', 'window.']) {
      assert.ok(!code.includes(word), word);
    }
    assert.equal(code.match(/customElements\.define/g).length, 1);
  });
}

test('Nothing points to another server', () => {
  for (const name of [...liquid, ...assets]) {
    for (const [address] of withoutComments(name).matchAll(/https?:\/\/[^\s"'`]+/g)) assert.fail(`${name}: ${address}`);
  }
});

test('Whatever a merchant, a product or a model has written is escaped', () => {
  // Outputs without a filter that makes them safe; Liquid escapes nothing by itself.
  const safe = /\| (escape|t|money|image_url|asset_url|newline_to_br)\b/;
  const known = ['cards', 'source', 'shown', 'panel', 'product.id', 'block.shopify_attributes', 'block.settings.side', 'block.settings.accent',
    'cart.currency.iso_code', 'routes.root_url', 'candidate.url', 'default_title'];
  for (const name of liquid) {
    for (const [, output] of read(name).matchAll(/{{-?\s*(.*?)\s*-?}}/g)) {
      assert.ok(safe.test(output) || known.includes(output), `${name}: {{ ${output} }}`);
    }
  }
});
