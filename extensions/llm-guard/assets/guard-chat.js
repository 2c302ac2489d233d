// Lets a shopper ask. Every question is answered within five seconds: by the app if a whole answer comes in time, else by the
// frequent questions and links that are in the page anyway. The conversation lives in this object and nowhere else.
'use strict';

// Classic scripts of one page share their top level; a block keeps ours to itself.
{
  const LIMIT_MS = 4700;
  const TURNS_SENT = 6;

  class GuardChat extends HTMLElement {
    #turns = [];
    #waiting = null;
    #left = new AbortController();

    connectedCallback() {
      const form = this.querySelector('form');
      if (!form) return;

      // A theme may move the element: it is disconnected, and connected again.
      this.#left = new AbortController();
      const { signal } = this.#left;
      const panel = this.querySelector('[popover]');
      const opener = this.querySelector('.guard-chat__open');
      opener.setAttribute('aria-expanded', 'false');
      panel.addEventListener('toggle', (event) => opener.setAttribute('aria-expanded', String(event.newState === 'open')), { signal });
      form.addEventListener('submit', (event) => this.#submit(event), { signal });
      form.hidden = false;
    }

    disconnectedCallback() {
      this.#left.abort();
      this.#waiting?.abort();
      // Without a listener, Enter would write the question into the page's address.
      this.querySelector('form')?.toggleAttribute('hidden', true);
    }

    #submit(event) {
      event.preventDefault();
      const input = event.target.elements.message;
      const message = input.value.trim();
      if (!message || this.#waiting) return;

      input.value = '';
      input.focus();
      this.#answer(message);
    }

    async #answer(message) {
      this.#add('user', message);
      const line = this.#add('assistant', this.dataset.textWaiting);
      line.classList.add('guard-chat__waiting');
      this.#waiting = new AbortController();
      const timer = setTimeout(() => this.#waiting.abort('timeout'), LIMIT_MS);
      const answer = (await this.#ask(message)) ?? this.#help(message);
      clearTimeout(timer);
      this.#waiting = null;
      this.#show(line, answer);
      this.#turns.push({ role: 'user', text: message }, { role: 'assistant', text: answer.text });
    }

    // Null stands for every failure there is.
    async #ask(message) {
      try {
        const response = await fetch(`${this.dataset.proxy}/chat`, {
          method: 'POST',
          headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
          body: JSON.stringify({ message, conversation: this.#turns.slice(-TURNS_SENT) }),
          signal: this.#waiting.signal,
        });
        if (!response.ok) return null;

        const { answer, source, reason, disclosure } = await response.json();
        if (typeof answer?.text !== 'string' || !answer.text.trim()) return null;

        if (disclosure) this.querySelector('.guard-chat__disclosure').textContent = disclosure;
        return { ...answer, source, reason };
      } catch {
        return null;
      }
    }

    // What the page itself knows about the question.
    #help(message) {
      const words = wordsOf(message);
      const entries = [...this.querySelectorAll('details')].map((entry) => ({
        question: entry.querySelector('summary').textContent,
        text: entry.querySelector('p').textContent,
      }));
      const score = (entry) => 2 * count(words, wordsOf(entry.question)) + count(words, wordsOf(entry.text));
      const [best] = entries.map((entry) => ({ ...entry, score: score(entry) })).sort((one, other) => other.score - one.score);
      const links = [...this.querySelectorAll('.guard-chat__links a')].map((link) => ({ label: link.textContent, url: link.getAttribute('href') }));
      const reason = this.#waiting.signal.aborted ? 'page-timeout' : 'page-no-answer';
      return best?.score > 1
        ? { text: `${this.dataset.textFound} ${best.text}`, links, source: 'static', reason }
        : { text: this.dataset.textPersonal, links, source: 'static', reason };
    }

    #show(line, { text, products, links, source, reason }) {
      line.classList.remove('guard-chat__waiting');
      line.querySelector('.guard-chat__text').textContent = text;
      const found = list(products).filter((product) => product?.handle && product.title).map((product) => this.#product(product));
      const ways = list(links).filter((link) => link?.label && isSafe(link.url)).map((link) => element('a', '', link.label, { href: link.url }));
      if (found.length) line.append(wrap('guard-chat__products', found));
      if (ways.length) line.append(wrap('guard-chat__ways', ways));
      line.append(element('small', 'guard-chat__source', source === 'live' ? this.dataset.textLive : this.dataset.textShop));
      line.dataset.reason = reason ?? '';
      line.dataset.source = source ?? 'static';
      this.dataset.source = line.dataset.source;
      line.scrollIntoView({ block: 'nearest' });
    }

    #product({ handle, title, url, price, currency, image }) {
      const page = /^\/(?![/\\])/.test(url) ? url : `/products/${encodeURIComponent(handle)}`;
      const card = element('a', 'guard-chat__product', '', { href: (this.dataset.root ?? '').replace(/\/$/, '') + page });
      if (typeof image === 'string' && /^(https?:\/)?\//.test(image)) {
        const picture = element('img', '', '', { src: `${image}${image.includes('?') ? '&' : '?'}width=112`, alt: '', width: 56, height: 56 });
        picture.onerror = () => picture.remove();
        card.append(picture);
      }
      card.append(element('span', '', title));
      // A price in another currency than the shopper sees elsewhere would mislead.
      if (price && currency === this.dataset.currency) card.append(element('strong', '', money(price, currency)));
      return card;
    }

    #add(role, text) {
      const line = element('li', `guard-chat__line guard-chat__line--${role}`);
      line.dataset.role = role;
      if (role === 'user') line.append(element('span', 'guard-hidden', `${this.dataset.textYou}: `));
      line.append(element('span', 'guard-chat__text', text));
      this.querySelector('.guard-chat__messages').append(line);
      line.scrollIntoView({ block: 'nearest' });
      return line;
    }
  }

  function element(tag, className, text = '', attributes = {}) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function wrap(className, children) {
    const made = element('span', className);
    made.append(...children);
    return made;
  }

  const list = (value) => (Array.isArray(value) ? value : []);
  const isSafe = (url) => typeof url === 'string' && /^(\/(?![/\\])|https:|mailto:|tel:)/i.test(url);
  const money = (price, currency) =>
    new Intl.NumberFormat(document.documentElement.lang || 'en', { style: 'currency', currency }).format(Number(price));

  // Words of four letters and more, cut to a stem, so that "deliveries" finds "delivery".
  const wordsOf = (text) => new Set((text.toLowerCase().match(/\p{L}{4,}/gu) ?? []).map((word) => word.slice(0, 6)));
  const count = (words, others) => [...words].filter((word) => others.has(word)).length;

  if (!customElements.get('guard-chat')) customElements.define('guard-chat', GuardChat);
}
