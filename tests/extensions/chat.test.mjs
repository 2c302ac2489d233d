import assert from 'node:assert/strict';
import { test } from 'node:test';
import { h, json, never, page, settled } from './dom.mjs';

const question = (summary, answer) => h('details', {}, h('summary', {}, summary), h('p', {}, answer));

const block = () => h('guard-chat',
  {
    'data-proxy': '/apps/guard', 'data-currency': 'EUR', 'data-text-you': 'You', 'data-text-waiting': 'Looking …', 'data-text-live': 'AI answer',
    'data-text-shop': 'Shop information', 'data-text-found': 'Our shop says:', 'data-text-personal': 'You can reach us here:',
  },
  h('button', { class: 'guard-chat__open' }),
  h('div', { popover: '' },
    question('How fast do you deliver?', 'We deliver within two days.'),
    question('Can I return a product?', 'Yes, within 30 days.'),
    h('ol', { class: 'guard-chat__messages' }),
    h('form', { hidden: '' }, h('p', { class: 'guard-chat__disclosure' }, 'This is an AI.'), h('input', { name: 'message' })),
    h('nav', { class: 'guard-chat__links' }, h('a', { href: '/pages/contact' }, 'Contact'), h('a', { href: '/pages/booking' }, 'Booking'))));

function open(fetch) {
  const shop = page(fetch);
  const element = shop.upgrade(block());
  const form = element.querySelector('form');
  return {
    shop,
    element,
    form,
    lines: () => element.querySelectorAll('li'),
    async ask(message) {
      form.elements.message.value = message;
      form.dispatch('submit');
      await settled();
      return element.querySelectorAll('li').at(-1);
    },
  };
}

const reply = (answer, more = {}) => ({ feature: 'chat', mode: 'Live', source: 'live', reason: null, answer: { text: 'Take this.', products: [], links: [], ...answer }, disclosure: null, ...more });

test('The script reveals the form and tells whether the panel is open', () => {
  const { element, form } = open();
  const opener = element.querySelector('.guard-chat__open');
  assert.equal(form.hidden, false);
  assert.equal(opener.getAttribute('aria-expanded'), 'false');
  element.querySelector('[popover]').dispatch('toggle', { newState: 'open' });
  assert.equal(opener.getAttribute('aria-expanded'), 'true');
});

test('A live answer takes the place of the waiting line and says that it is from an AI', async () => {
  const { ask, lines } = open(async () => json(reply({ text: 'The Voyager.' }, { disclosure: 'An AI speaks.' })));
  const line = await ask('What is good for travel?');
  assert.deepEqual(lines().map((each) => each.dataset.role), ['user', 'assistant']);
  assert.equal(line.dataset.source, 'live');
  assert.equal(line.textContent, 'The Voyager.AI answer');
});

test('The disclosure of the answer is shown', async () => {
  const { ask, element } = open(async () => json(reply({}, { disclosure: 'An AI speaks.' })));
  await ask('What is good for travel?');
  assert.equal(element.querySelector('.guard-chat__disclosure').textContent, 'An AI speaks.');
});

test('Products become cards with a price and a link into the shop', async () => {
  const products = [
    { handle: 'voyager', title: 'Voyager <b>', url: 'https://evil.example/', price: '39.90', currency: 'EUR', image: '/v.svg' },
    { handle: 'dollar', title: 'Dollar', url: '/products/dollar', price: '1.00', currency: 'USD', image: 'javascript:alert(1)' },
    { title: 'No handle' },
  ];
  const line = await open(async () => json(reply({ products }))).ask('What is good for travel?');
  const cards = line.querySelectorAll('.guard-chat__product');
  assert.deepEqual(cards.map((card) => card.getAttribute('href')), ['/products/voyager', '/products/dollar']);
  assert.deepEqual(cards.map((card) => card.textContent), ['Voyager <b>€39.90', 'Dollar']);
  assert.equal(cards[1].querySelector('img'), null);
});

test('Products lead to their page in the language of this page', async () => {
  const { ask, element } = open(async () => json(reply({ products: [{ handle: 'voyager', title: 'Voyager', url: '/products/voyager', image: '/v.svg?v=1' }] })));
  element.setAttribute('data-root', '/de');
  const card = (await ask('What is good for travel?')).querySelector('.guard-chat__product');
  assert.equal(card.getAttribute('href'), '/de/products/voyager');
  assert.equal(card.querySelector('img').src, '/v.svg?v=1&width=112');
});

test('Only harmless links are shown', async () => {
  const links = ['/pages/contact', 'https://shop.example/', 'tel:112', 'mailto:a@b.example', 'javascript:alert(1)', '//evil.example', 'data:text/html,x', null]
    .map((url) => ({ label: 'Link', url }));
  const line = await open(async () => json(reply({ links }))).ask('Links please');
  assert.deepEqual(line.querySelectorAll('a').map((link) => link.getAttribute('href')), ['/pages/contact', 'https://shop.example/', 'tel:112', 'mailto:a@b.example']);
});

test('While it waits the line has no source yet, and another question has to wait', async () => {
  let asked = 0;
  const { ask, lines, form } = open((url, options) => (asked++, never(url, options)));
  const line = await ask('How fast do you deliver?');
  assert.equal(line.dataset.source, undefined);
  assert.equal(line.textContent, 'Looking …');
  form.elements.message.value = 'Hello?';
  form.dispatch('submit');
  assert.equal(asked, 1);
  assert.equal(lines().length, 2);
});

const failures = {
  'an error page of the proxy': async () => new Response('<!doctype html>', { status: 502 }),
  'a network that is gone': async () => { throw new TypeError('Failed to fetch'); },
  'half an answer': async () => new Response('{"answer":{"te'),
  'an answer without text': async () => json(reply({ text: ' ' })),
  'an answer that is no object': async () => json([]),
  'a feature that is off': async () => json({ feature: 'chat', mode: 'Off', source: 'static', answer: null }),
};

for (const [what, fetch] of Object.entries(failures)) {
  test(`After ${what} the page helps itself`, async () => {
    const { ask, shop } = open(fetch);
    const line = await ask('How long does a delivery take?');
    assert.equal(line.dataset.source, 'static');
    assert.equal(line.dataset.reason, 'page-no-answer');
    assert.equal(line.textContent, 'Our shop says: We deliver within two days.ContactBookingShop information');
    assert.equal(shop.waitingTimers(), 0);
  });
}

test('Within five seconds something useful stands there, and the request is ended', async () => {
  let ended = false;
  const { ask, shop, lines } = open((url, options) => (options.signal.addEventListener('abort', () => (ended = true)), never(url, options)));
  await ask('How fast do you deliver?');
  shop.later(4900);
  await settled();
  assert.equal(ended, true);
  assert.equal(lines().at(-1).dataset.source, 'static');
  assert.equal(lines().at(-1).dataset.reason, 'page-timeout');
});

test('A question that no frequent question fits leads to people', async () => {
  const line = await open(async () => new Response('', { status: 504 })).ask('Do you sell unicorns?');
  assert.equal(line.querySelector('.guard-chat__text').textContent, 'You can reach us here:');
  assert.deepEqual(line.querySelectorAll('a').map((link) => link.getAttribute('href')), ['/pages/contact', '/pages/booking']);
});

test('The next question works after a failure', async () => {
  let up = false;
  const { ask } = open(async () => (up ? json(reply()) : new Response('', { status: 502 })));
  await ask('First?');
  up = true;
  assert.equal((await ask('Second?')).dataset.source, 'live');
});

test('At most six earlier turns travel along, the latest ones', async () => {
  const bodies = [];
  const { ask } = open(async (url, { body }) => (bodies.push(JSON.parse(body)), json(reply({ text: `Answer ${bodies.length}` }))));
  for (let number = 1; number <= 5; number++) await ask(`Question ${number}`);
  assert.deepEqual(bodies[0], { message: 'Question 1', conversation: [] });
  assert.deepEqual(bodies[4].conversation.map((turn) => turn.text),
    ['Question 2', 'Answer 2', 'Question 3', 'Answer 3', 'Question 4', 'Answer 4']);
  assert.deepEqual(bodies[4].conversation[0], { role: 'user', text: 'Question 2' });
});

test('A shopper’s words are text, and blank ones are no question', async () => {
  let asked = 0;
  const { ask, lines } = open(async () => (asked++, json(reply())));
  await ask('   ');
  assert.equal(asked, 0);
  await ask('<b>bold</b>');
  assert.equal(lines()[0].textContent, 'You: <b>bold</b>');
});
