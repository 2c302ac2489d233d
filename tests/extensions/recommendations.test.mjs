import assert from 'node:assert/strict';
import { test } from 'node:test';
import { h, json, never, page, settled } from './dom.mjs';

const card = (handle, price = '€10.00', reason = '') => h('li', { class: 'guard-card', 'data-handle': handle },
  h('a', { href: `/products/${handle}` },
    h('span', { class: 'guard-card__picture' }, h('img', { src: `/${handle}.svg` })),
    h('span', { class: 'guard-card__title' }, `Title of ${handle}`)),
  h('p', { class: 'guard-card__price' }, price),
  h('p', { class: 'guard-card__reason' }, reason));

const block = (attributes = {}) => h('guard-recommendations',
  { 'data-source': 'precomputed', 'data-product': '8102', 'data-count': '3', 'data-currency': 'EUR', 'data-proxy': '/apps/guard', ...attributes },
  h('ul', {}, card('one', '€1.00', 'Because one.'), card('two'), card('three')));

const item = (handle, more = {}) => ({
  handle, title: `News of ${handle}`, url: `/products/${handle}`, price: '12.90', currency: 'EUR', image: `/img/${handle}.png`, reason: `For ${handle}.`, ...more,
});

const answer = (items, more = {}) => ({ feature: 'recommendations', mode: 'Live', source: 'live', reason: null, items, ...more });

async function shown(fetch, attributes, prepare = () => {}) {
  const shop = page(fetch);
  const markup = block(attributes);
  prepare(shop, markup);
  const element = shop.upgrade(markup);
  await settled();
  return { shop, element, cards: element.querySelectorAll('li'), text: element.textContent };
}

const untouched = block().textContent;

test('A live answer changes the cards and never their number', async () => {
  const { element, cards } = await shown(async () => json(answer([item('nine'), item('eight'), item('seven'), item('six')])));
  assert.equal(element.dataset.source, 'live');
  assert.deepEqual(cards.map((each) => each.dataset.handle), ['nine', 'eight', 'seven']);
  assert.equal(cards[0].querySelector('.guard-card__title').textContent, 'News of nine');
  assert.equal(cards[0].querySelector('.guard-card__price').textContent, '€12.90');
  assert.equal(cards[0].querySelector('.guard-card__reason').textContent, 'For nine.');
  assert.equal(cards[0].querySelector('img').src, '/img/nine.png?width=400');
  assert.equal(cards[0].querySelector('a').href, '/products/nine');
});

test('It asks for this product, as many as there are cards, once', async () => {
  const asked = [];
  await shown(async (url) => (asked.push(url), json(answer([item('nine')]))));
  assert.deepEqual(asked, ['/apps/guard/recommendations?product_id=8102&limit=3']);
});

test('A product that is on the page keeps the price that the shop itself has written', async () => {
  const { cards } = await shown(async () => json(answer([item('two', { price: '99.00' })])));
  assert.equal(cards[0].dataset.handle, 'two');
  assert.equal(cards[0].querySelector('.guard-card__price').textContent, '€10.00');
  assert.equal(cards[0].querySelector('.guard-card__reason').textContent, 'For two.');
});

test('A short answer is filled up with the cards that were there', async () => {
  const { cards } = await shown(async () => json(answer([item('nine')])));
  assert.deepEqual(cards.map((each) => each.dataset.handle), ['nine', 'one', 'two']);
});

test('Markup in an answer stays text, and a link stays in the shop', async () => {
  const { cards } = await shown(async () => json(answer([item('nine', {
    title: '<img src=x onerror=alert(1)>', url: 'javascript:alert(1)', image: 'javascript:alert(1)',
  }), item('eight', { url: '//evil.example/' })])));
  assert.equal(cards[0].querySelector('.guard-card__title').textContent, '<img src=x onerror=alert(1)>');
  assert.equal(cards[0].querySelector('a').href, '/products/nine');
  assert.equal(cards[0].querySelector('img'), null);
  assert.equal(cards[1].querySelector('a').href, '/products/eight');
});

test('A price in another currency than the page shows is left out', async () => {
  const { cards } = await shown(async () => json(answer([item('nine')])), { 'data-currency': 'USD' });
  assert.equal(cards[0].querySelector('.guard-card__price').textContent, '');
});

const failures = {
  'an error page of the proxy': async () => new Response('<!doctype html>', { status: 502 }),
  'a network that is gone': async () => { throw new TypeError('Failed to fetch'); },
  'half an answer': async () => new Response('{"items":[{"han'),
  'an answer that is not JSON': async () => new Response('<p>hello</p>'),
  'an answer that is no object': async () => json(null),
  'no items': async () => json(answer([])),
  'items that are not whole': async () => json(answer([{ handle: 'nine' }, null, 'x'])),
  'static content, which the page has already': async () => json(answer([item('nine')], { mode: 'Fallback', source: 'static' })),
  'a feature that is off': async () => json(answer([], { mode: 'Off', source: 'static' })),
};

for (const [what, fetch] of Object.entries(failures)) {
  test(`Nothing changes on ${what}`, async () => {
    const { element, text, shop } = await shown(fetch);
    assert.equal(text, untouched);
    assert.equal(element.dataset.source, 'precomputed');
    assert.equal(shop.waitingTimers(), 0);
  });
}

test('Nothing changes when no answer comes within five seconds, and the request is ended', async () => {
  let ended = false;
  const { element, shop } = await shown((url, options) => (options.signal.addEventListener('abort', () => (ended = true)), never(url, options)));
  shop.later(4999);
  assert.equal(ended, false);
  shop.later(1);
  await settled();
  assert.equal(ended, true);
  assert.equal(element.textContent, untouched);
});

test('Whoever is in the list with the keyboard keeps the place', async () => {
  const { text } = await shown(async () => json(answer([item('nine')])), {}, (shop, markup) => (shop.document.activeElement = markup.querySelector('a')));
  assert.equal(text, untouched);
});

test('Links stay in the language of the page', async () => {
  const { cards } = await shown(async () => json(answer([item('nine')])), { 'data-root': '/de' });
  assert.equal(cards[0].querySelector('a').href, '/de/products/nine');
});

test('Without a proxy path nothing is asked', async () => {
  const shop = page(() => assert.fail('asked'));
  const markup = block();
  markup.attributes.delete('data-proxy');
  shop.upgrade(markup);
  await settled();
});
