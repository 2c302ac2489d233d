// The extension's Liquid in the simulated shop, without a browser; and the app proxy in front of an app that the test plays.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import '@shopify/shopify-api/adapters/node';
import { LogSeverity, shopifyApi } from '@shopify/shopify-api';
import { extension } from './places.mjs';
import { installation, playApp, secret, startSimulator } from './simulator.mjs';

const product = '/products/voyager-wrist-monitor';
const owner = 'gid://shopify/Product/8102';
const library = shopifyApi({
  apiKey: 'dev-client-id', apiSecretKey: secret, apiVersion: '2026-10', scopes: [], hostName: 'example.com', isEmbeddedApp: true,
  logger: { level: LogSeverity.Error },
});

const fallback = {
  greeting: 'Hello <there>', faq: [{ question: 'Do you <b>deliver</b>?', answer: 'Yes & fast' }],
  contact: { label: 'Write', url: '/pages/contact' }, booking: { label: 'Book', url: 'javascript:alert(1)' },
};

let app;
let shop;
before(async () => {
  app = await playApp();
  shop = await startSimulator({ Simulator__AppUrl: app.url });
});
after(async () => {
  await shop.stop();
  await app.stop();
});

const setMode = async (mode) => {
  await shop.setMetafield(installation, 'chat', mode && { mode, proxy: '/apps/guard', disclosure: 'An AI answers.', fallback });
  await shop.setMetafield(installation, 'recommendations', mode && { mode, proxy: '/apps/guard', heading: 'Fits well', disclosure: 'An AI chose.' });
};
const count = (html, pattern) => (html.match(pattern) ?? []).length;
const guardScripts = /<script[^>]*guard-/g;

test('An app that has published nothing yet still gives the shopper a whole page', async () => {
  await setMode(null);
  await shop.setMetafield(owner, 'recommendations', null);
  const { status, html } = await shop.page(product);
  assert.equal(status, 200);
  assert.equal(count(html, guardScripts), 0);
  assert.equal(count(html, /class="guard-card"/g), 4);
  assert.match(html, /data-source="static"/);
  assert.match(html, /<summary>How do I find the right product\?<\/summary>/);
  assert.match(html, /href="\/pages\/contact"/);
});

test('Mode Fallback shows the merchant’s words, escaped, without any script', async () => {
  await setMode('Fallback');
  const { html } = await shop.page(product);
  assert.equal(count(html, /<script/g), 0);
  assert.match(html, /Hello &lt;there&gt;/);
  assert.match(html, /Do you &lt;b&gt;deliver&lt;\/b&gt;\?/);
  assert.match(html, /<a href="\/pages\/contact">Write<\/a>/);
  assert.doesNotMatch(html, /javascript:/);
  assert.doesNotMatch(html, /<form[^>]*guard-chat/);
  assert.equal(app.asked.length, 0);
});

test('Mode Off shows nothing at all', async () => {
  await setMode('Off');
  const { html } = await shop.page(product);
  assert.doesNotMatch(html, /guard-chat|guard-recommendations|guard-recs/);
});

test('Mode Live is the same page with one script each', async () => {
  await setMode('Live');
  const { html } = await shop.page(product);
  assert.equal(count(html, guardScripts), 2);
  assert.equal(count(html, /<script src="[^"]*" defer>/g), 2);
  assert.equal(count(html, /guard\.css/g), 1);
  assert.equal(count(html, /class="guard-card"/g), 4);
  assert.match(html, /data-proxy="\/apps\/guard"/);
  assert.match(html, /An AI answers\./);
});

test('The theme editor never asks the app', async () => {
  await setMode('Live');
  const { html } = await shop.page(`${product}?design_mode`);
  assert.equal(count(html, guardScripts), 0);
  assert.match(html, /data-shopify-editor-block/);
});

test('Precomputed recommendations come with reasons, and with the price that the shop has now', async () => {
  await setMode('Fallback');
  await shop.setMetafield(owner, 'recommendations', [
    { handle: 'monitor-travel-case', reason: 'Keeps it <safe>.' }, { handle: 'gone-for-good', reason: 'x' },
    { handle: 'voyager-wrist-monitor', reason: 'itself' }, { handle: 'monitor-travel-case', reason: 'twice' }, { handle: 'wide-arm-cuff', reason: 'Fits.' },
  ]);
  await fetch(`${shop.url}/simulator/products/8106`, { method: 'PATCH', body: '{"price":"13.37"}', headers: { 'Content-Type': 'application/json' } });
  const { html } = await shop.page(product);
  const cards = html.split('<li class="guard-card"').slice(1);
  assert.match(html, /data-source="precomputed"/);
  assert.deepEqual(cards.slice(0, 2).map((card) => card.match(/data-handle="([^"]*)"/)[1]), ['monitor-travel-case', 'wide-arm-cuff']);
  assert.match(cards[0], /€13\.37/);
  assert.match(cards[0], /Keeps it &lt;safe&gt;\./);
  assert.equal(cards.length, 4);
  assert.match(html, /An AI chose\./);
});

test('The merchant’s settings decide about heading and number', async () => {
  await setMode('Fallback');
  await shop.setBlock('recommendations', { settings: { heading: 'You may like', count: 2 } });
  const { html } = await shop.page(product);
  await shop.setBlock('recommendations', { settings: {} });
  assert.match(html, />You may like</);
  assert.equal(count(html, /class="guard-card"/g), 2);
});

test('A block that the merchant switches off is not there', async () => {
  await setMode('Live');
  await shop.setBlock('chat', { active: false });
  const { html } = await shop.page('/');
  await shop.setBlock('chat', { active: true });
  assert.doesNotMatch(html, /guard-chat/);
});

test('The language follows the address, else the browser', async () => {
  await setMode(null);
  for (const [address, language] of [[`/de${product}`, 'en'], [product, 'de-AT,de;q=0.9']]) {
    const { html } = await shop.page(address, { 'Accept-Language': language });
    assert.match(html, /<html lang="de">/);
    assert.match(html, /Können wir helfen\?/);
  }
});

test('No block stands on the checkout page', async () => {
  await setMode('Live');
  assert.doesNotMatch((await shop.page('/checkout')).html, /guard/);
});

test('The app proxy signs as Shopify’s own library expects, whatever the shopper adds', async () => {
  app.asked.length = 0;
  for (const query of ['', '?product_id=8102&limit=4', '?extra=1&extra=2&b=a%20b%26c&a=%C3%A4', '?empty=&q1=x&plus=1+1']) {
    await fetch(`${shop.url}/apps/guard/recommendations${query}`);
  }
  assert.equal(app.asked.length, 4);
  for (const { url } of app.asked) {
    const address = new URL(url, app.url);
    assert.equal(address.pathname, '/proxy/recommendations');
    assert.equal(address.searchParams.get('path_prefix'), '/apps/guard');
    assert.equal(address.searchParams.get('logged_in_customer_id'), '');
    assert.equal(address.searchParams.get('shop'), 'shop-name.myshopify.com');
    const query = {};
    for (const key of new Set(address.searchParams.keys())) {
      const values = address.searchParams.getAll(key);
      query[key] = values.length > 1 ? values : values[0];
    }
    assert.ok(await library.utils.validateHmac(query, { signator: 'appProxy' }), url);
    assert.ok(!(await library.utils.validateHmac({ ...query, shop: 'other.myshopify.com' }, { signator: 'appProxy' }).catch(() => false)));
  }
});

test('A shopper cannot choose the shop: the reserved name arrives twice, for the app to refuse', async () => {
  app.asked.length = 0;
  await fetch(`${shop.url}/apps/guard/recommendations?shop=other.myshopify.com`);
  assert.deepEqual(new URL(app.asked[0].url, app.url).searchParams.getAll('shop'), ['other.myshopify.com', 'shop-name.myshopify.com']);
});

test('Method and body pass the proxy; cookies do not, in either direction', async () => {
  app.asked.length = 0;
  app.answers = (_, response) => response.writeHead(200, { 'Set-Cookie': 'a=b', Server: 'x', 'X-Powered-By': 'y', 'X-Guard-Source': 'live', 'Cache-Control': 'no-store' }).end('{"ok":true}');
  const answer = await fetch(`${shop.url}/apps/guard/chat`, { method: 'POST', body: '{"message":"hi"}', headers: { 'Content-Type': 'application/json', Cookie: 'secret=1' } });
  const [asked] = app.asked;
  assert.equal(asked.method, 'POST');
  assert.equal(asked.body, '{"message":"hi"}');
  assert.equal(asked.headers.cookie, undefined);
  assert.equal(asked.headers['content-type'], 'application/json');
  assert.ok(asked.headers['x-forwarded-for'] && asked.headers['x-forwarded-host']);
  assert.equal(await answer.text(), '{"ok":true}');
  assert.equal(answer.headers.get('set-cookie'), null);
  assert.equal(answer.headers.get('x-powered-by'), null);
  assert.equal(answer.headers.get('x-guard-source'), 'live');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
});

test('Redirects of the app are followed, not passed on', async () => {
  app.answers = (request, response) => (request.url.startsWith('/proxy/') ? response.writeHead(302, { Location: '/elsewhere' }).end() : response.end('arrived'));
  const answer = await fetch(`${shop.url}/apps/guard/x`, { redirect: 'manual' });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), 'arrived');
});

test('An app that is not there is an error page of Shopify, and the shop goes on', async () => {
  const alone = await startSimulator({ Simulator__AppUrl: 'http://127.0.0.1:9' });
  try {
    const answer = await fetch(`${alone.url}/apps/guard/chat`, { method: 'POST', body: '{}' });
    assert.equal(answer.status, 502);
    assert.match(answer.headers.get('content-type'), /text\/html/);
    assert.equal((await alone.page(product)).status, 200);
    const added = await fetch(`${alone.url}/cart/add`, { method: 'POST', body: new URLSearchParams({ id: '8102', quantity: '2' }), redirect: 'manual' });
    const cart = await alone.page('/cart', { Cookie: added.headers.get('set-cookie').split(';')[0] });
    assert.match(cart.html, /€79\.80/);
    assert.match(cart.html, /<a class="button" href="\/checkout">Checkout<\/a>/);
  } finally {
    await alone.stop();
  }
});

test('What Shopify would not accept is an error page with file and line', async () => {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'extension-'));
  fs.cpSync(extension, copy, { recursive: true });
  const file = path.join(copy, 'blocks/chat.liquid');
  const original = fs.readFileSync(file, 'utf8');
  const strict = await startSimulator({ Simulator__ExtensionFolder: copy });
  const wrong = {
    "{{ 'x' | shout }}": /The filter &#39;shout&#39; does not exist/,
    "{% include 'guard-card' %}": /The tag &#39;include&#39; does not exist in an app block/,
    '{% javascript %}{% endjavascript %}': /The tag &#39;javascript&#39; does not exist in an app block/,
    '{{ blokc.id }}': /Undefined variable &#39;blokc&#39;/,
    '{{ block.settings.nothing }}': /Undefined variable &#39;block.settings.nothing&#39;/,
    '{% if true %}': /&#39;if&#39; is not closed/,
    "{{ 'chat.nothing' | t }}": /Undefined translation &#39;chat.nothing&#39;/,
    "{% render 'nothing' %}": /There is no snippets\/nothing.liquid/,
    "{{ 'nothing.js' | asset_url }}": /There is no asset &#39;nothing.js&#39;/,
    '{% if (1 == 1) %}{% endif %}': /was expected instead of/,
    '{{ 1 | plus: 1 }': /was not expected|is never closed/,
  };
  try {
    for (const [markup, complaint] of Object.entries(wrong)) {
      fs.writeFileSync(file, `\n\n${markup}\n${original}`);
      const { status, html } = await strict.page('/');
      assert.equal(status, 500, markup);
      assert.match(html, complaint);
      assert.match(html, /<code>blocks\/chat\.liquid<\/code>, line 3</, markup);
    }

    fs.writeFileSync(file, original.replace('"target": "body"', '"target": "body",'));
    assert.equal((await strict.page('/')).status, 500, 'a comma too many in the schema');
    fs.writeFileSync(file, original);
    assert.equal((await strict.page('/')).status, 200);
  } finally {
    await strict.stop();
    fs.rmSync(copy, { recursive: true });
  }
});
