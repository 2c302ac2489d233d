// Loaded after App Bridge, which adds the ID token to fetch, and before Blazor, which uses fetch.
{
  // Blazor asks in "no-cors" mode, in which browsers silently drop the token's header.
  const bridged = window.fetch;
  window.fetch = (resource, options) => bridged(resource, options?.mode === 'no-cors' && isOurs(resource)
    ? { ...options, mode: 'same-origin' } : options);

  const every = 10_000;
  let posted = false;
  let foreign = [];

  function isOurs(resource) {
    return new URL(resource.url ?? resource, location.href).origin === location.origin;
  }

  // Shopify's menu and links: same page context, no full load.
  document.addEventListener('shopify:navigate', (event) => {
    const target = new URL(event.target.getAttribute('href'), location.origin);
    const current = new URLSearchParams(location.search);
    for (const key of ['shop', 'host', 'embedded', 'locale']) {
      if (current.has(key) && !target.searchParams.has(key)) target.searchParams.set(key, current.get(key));
    }
    Blazor.navigateTo(target.pathname + target.search);
  });

  // A plain link carries no token.
  document.addEventListener('click', async (event) => {
    const link = event.target.closest?.('a[data-download]');
    if (!link) return;
    event.preventDefault();
    const answer = await fetch(link.href).catch(() => null);
    if (!answer?.ok) {
      link.textContent = 'The download failed. Try again';
      return;
    }
    const held = document.createElement('a');
    held.href = URL.createObjectURL(await answer.blob());
    held.download = link.dataset.download;
    held.click();
    setTimeout(() => URL.revokeObjectURL(held.href), every);
  }, true);

  document.addEventListener('submit', () => { posted = true; }, true);

  document.addEventListener('DOMContentLoaded', () => {
    Blazor.addEventListener('enhancednavigationstart', rememberForeign);
    Blazor.addEventListener('enhancedload', arrived);
    arrived();
    setInterval(tellTimes, every);
    setInterval(refresh, every);
  });

  // Blazor makes the document equal to what the server sent; what App Bridge and Polaris have added to it must survive that.
  function rememberForeign() {
    foreign = [...document.querySelectorAll('head > style, body > :not(s-app-nav, main, script)')];
  }

  function arrived() {
    for (const node of foreign) {
      if (!node.isConnected) (node.localName === 'style' ? document.head : document.body).append(node);
    }
    tellTimes();
    tellZone();
    tellThemeBlocks();
    if (posted) afterPost();
    posted = false;
  }

  // What the server sent is what the fields hold now; and whoever cannot see the page hears what happened.
  function afterPost() {
    for (const field of document.querySelectorAll('form [name]')) {
      if (field.localName.startsWith('s-')) field.value = field.getAttribute('value') ?? '';
    }
    const said = document.querySelector('[data-announce]');
    if (!said) return;
    said.tabIndex = -1;
    said.focus();
  }

  // The page itself is only touched when something has changed and nobody is about to fill in a form.
  async function refresh() {
    const shown = document.querySelector('[data-refresh]');
    if (!shown || isBusy()) return;
    const url = new URL(location.href);
    url.searchParams.delete('done');
    url.searchParams.delete('id_token');
    const answer = await fetch(url, { headers: { accept: 'text/html' } }).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const next = page.querySelector('[data-refresh]');
    if (next && next.dataset.refresh !== shown.dataset.refresh && shown.isConnected && !isBusy()) {
      Blazor.navigateTo(url.pathname + url.search, { replaceHistoryEntry: true });
    }
  }

  function isBusy() {
    return posted || document.visibilityState !== 'visible' || document.querySelector('details[open]') !== null ||
      document.activeElement?.closest('form, details, [data-announce]') != null;
  }

  function tellTimes() {
    const absolute = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
    for (const time of document.querySelectorAll('time[data-moment]')) {
      const moment = new Date(time.dateTime);
      const seconds = (moment - Date.now()) / 1000;
      const [size, unit] = [[86400, 'day'], [3600, 'hour'], [60, 'minute']].find(([size]) => Math.abs(seconds) >= size) ?? [];
      const distance = unit ? relative.format(Math.trunc(seconds / size), unit) : 'just now';
      time.textContent = `${absolute.format(moment)} (${distance})`;
    }
  }

  function tellZone() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const field of document.querySelectorAll('[data-zone]')) field.value = zone;
  }

  async function tellThemeBlocks() {
    const rows = document.querySelectorAll('#theme-blocks [data-block]');
    if (rows.length === 0 || !window.shopify?.app?.extensions) return;
    const extensions = await window.shopify.app.extensions().catch(() => []);
    const blocks = extensions.filter((extension) => extension.type === 'theme_app_extension')
      .flatMap((extension) => extension.activations);
    for (const row of rows) {
      const block = blocks.find((block) => block.handle === row.dataset.block);
      if (block) tellThemeBlock(row.querySelector('s-badge'), block.status);
    }
  }

  function tellThemeBlock(badge, status) {
    const words = { active: ['success', 'In your theme'], available: ['info', 'Not added yet'], unavailable: ['warning', 'Not available'] };
    const [tone, text] = words[status] ?? ['neutral', 'Not known yet'];
    badge.setAttribute('tone', tone);
    badge.textContent = text;
  }
}
