// Asks once for better recommendations than the page already shows. Only a whole answer that comes in time changes anything,
// and it changes the words on the cards, never their number or their size.
'use strict';

// Classic scripts of one page share their top level; a block keeps ours to itself.
{
  const LIMIT_MS = 5000;

  class GuardRecommendations extends HTMLElement {
    #left = new AbortController();

    connectedCallback() {
      if (this.dataset.proxy) this.#improve();
    }

    disconnectedCallback() {
      this.#left.abort();
    }

    async #improve() {
      const timer = setTimeout(() => this.#left.abort(), LIMIT_MS);
      try {
        const { product, count, proxy } = this.dataset;
        const response = await fetch(`${proxy}/recommendations?product_id=${product}&limit=${count}`, {
          headers: { Accept: 'application/json' },
          signal: this.#left.signal,
        });
        if (response.ok) this.#show(await response.json());
      } catch {
        // What the page shows is complete. (For an error page Chromium writes a line of its own; no script can prevent that.)
      } finally {
        clearTimeout(timer);
      }
    }

    #show({ items, source, reason }) {
      const list = this.querySelector('ul');
      const wanted = Array.isArray(items) ? items.filter(isWhole).slice(0, Number(this.dataset.count)) : [];
      // Whoever has reached the list with the keyboard keeps the place.
      if (!wanted.length || !['live', 'precomputed'].includes(source) || list.contains(document.activeElement)) return;

      const cards = [...list.children];
      const handles = wanted.map((item) => item.handle);
      const fresh = wanted.map((item) => {
        const known = cards.find((card) => card.dataset.handle === item.handle);
        return fill(known ?? cards[0].cloneNode(true), item, this.dataset, !known);
      });
      const rest = cards.filter((card) => !handles.includes(card.dataset.handle));
      list.replaceChildren(...[...fresh, ...rest].slice(0, cards.length));
      this.dataset.source = source;
      this.dataset.reason = reason ?? '';
    }
  }

  const isWhole = (item) => item && [item.handle, item.title, item.price].every((value) => typeof value === 'string' && value);

  // The shop's own words on a card of the page (title, picture, live price) are never replaced: only the reason is news.
  function fill(card, item, { currency, root }, isNew) {
    card.querySelector('.guard-card__reason').textContent = typeof item.reason === 'string' ? item.reason : '';
    if (!isNew) return card;

    card.dataset.handle = item.handle;
    card.querySelector('a').href = pageOf(item, root);
    card.querySelector('.guard-card__title').textContent = item.title;
    card.querySelector('.guard-card__price').textContent = priceOf(item, currency);
    showPicture(card.querySelector('.guard-card__picture'), item.image);
    return card;
  }

  function showPicture(frame, source) {
    const image = document.createElement('img');
    image.alt = '';
    image.width = image.height = 400;
    image.onerror = () => image.remove();
    if (typeof source === 'string' && /^(https?:\/)?\//.test(source)) image.src = `${source}${source.includes('?') ? '&' : '?'}width=400`;
    frame.replaceChildren(...(image.src ? [image] : []));
  }

  // A page of this shop in the page's language and nothing else, whatever the answer says.
  const pageOf = ({ handle, url }, root) =>
    (root ?? '').replace(/\/$/, '') + (/^\/(?![/\\])/.test(url) ? url : `/products/${encodeURIComponent(handle)}`);

  // A price in another currency than the shopper sees elsewhere would mislead; the product page has the right one.
  const priceOf = ({ price, currency }, shown) =>
    currency === shown
      ? new Intl.NumberFormat(document.documentElement.lang || 'en', { style: 'currency', currency }).format(Number(price))
      : '';

  if (!customElements.get('guard-recommendations')) customElements.define('guard-recommendations', GuardRecommendations);
}
