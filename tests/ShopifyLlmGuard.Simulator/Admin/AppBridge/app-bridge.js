// A stand-in for Shopify's App Bridge, as strict as the original: it decorates `fetch` to the app's own origin and nothing else.
(() => {
  const script = document.currentScript;
  const complain = (text) => console.error(`App Bridge: ${text}`);
  if (!script || script.async || script.defer || script.type === 'module') {
    complain('the script must be a plain <script> without async, defer or type="module".');
    return;
  }
  if (document.querySelector('script') !== script) complain('it must be the first script of the document.');

  const admin = new URL(script.src).origin;
  const apiKey = script.dataset.apiKey || document.querySelector('meta[name="shopify-api-key"]')?.content;
  if (!apiKey) complain('<meta name="shopify-api-key"> or data-api-key is missing.');

  const query = new URLSearchParams(location.search);
  const disabled = (document.querySelector('meta[name="shopify-disabled-features"]')?.content ?? '').split(/\s*,\s*/);
  if (window.parent === window) {
    // Opened outside the admin: Shopify sends the merchant back into the frame.
    if (query.has('host') && !disabled.includes('auto-redirect')) {
      location.replace(`${new URL(admin).protocol}//${atob(query.get('host'))}/apps/${apiKey}`);
    }
  }

  // A page written over the bounce page loads this script again into the same window.
  const kept = (window.__appBridge ??= { fetch: window.fetch, push: history.pushState, replace: history.replaceState, config: {} });
  // Where third-party storage is blocked, as in a private window, even reading this property throws.
  const session = (() => { try { return window.sessionStorage; } catch { return null; } })();
  for (const name of ['host', 'shop', 'locale']) {
    kept.config[name] = query.get(name) ?? session?.getItem(`app-bridge-${name}`) ?? undefined;
    if (kept.config[name]) session?.setItem(`app-bridge-${name}`, kept.config[name]);
  }
  kept.abort?.abort();
  kept.abort = new AbortController();
  const { signal } = kept.abort;

  const waiting = new Map();
  let serial = 0;
  const tell = (event, detail = {}) => window.parent.postMessage({ shopifyApp: 1, event, ...detail }, admin);
  const ask = (name, detail = {}) => new Promise((resolve, reject) => {
    const request = `${Date.now()}-${++serial}`;
    waiting.set(request, { resolve, reject });
    window.parent.postMessage({ shopifyApp: 1, request, name, ...detail }, admin);
  });
  const idToken = () => ask('idToken', { apiKey });

  const toasts = new Map();
  const events = {
    navigate: ({ href }) => navigate(navLink(href) ?? document, href),
    save: () => save(true),
    discard: () => save(false),
    toastAction: ({ id }) => toasts.get(id)?.onAction?.(),
    toastGone: ({ id }) => { toasts.get(id)?.onDismiss?.(); toasts.delete(id); },
  };
  addEventListener('message', ({ source, origin, data }) => {
    if (source !== window.parent || origin !== admin || data?.shopifyFrame !== 1) return;
    if (data.event) return events[data.event]?.(data);
    const promise = waiting.get(data.answer);
    waiting.delete(data.answer);
    if (data.error) promise?.reject(new Error(data.error));
    else promise?.resolve(data.result);
  }, { signal });

  // --- fetch -----------------------------------------------------------------------------------------------------------
  const send = async (request, fresh) => {
    // In mode no-cors the browser drops the header; so it does with the original.
    if (fresh || !request.headers.has('Authorization')) request.headers.set('Authorization', `Bearer ${await idToken()}`);
    return kept.fetch.call(window, request);
  };
  if (!disabled.includes('fetch')) {
    window.fetch = async (input, init) => {
      if (String(input?.url ?? input).startsWith('shopify:')) throw new TypeError('Direct API access is not enabled for this app.');
      const request = new Request(input, init);
      if (new URL(request.url).origin !== location.origin) return kept.fetch.call(window, input, init);
      const again = request.clone();
      const answer = await send(request, false);
      const elsewhere = answer.headers.get('X-Shopify-API-Request-Failure-Reauthorize-Url');
      if (elsewhere) tell('redirect', { url: new URL(elsewhere, location.href).href });
      return answer.status === 401 && answer.headers.get('X-Shopify-Retry-Invalid-Session-Request') === '1'
        ? send(again, true) : answer;
    };
  }

  // --- addresses -------------------------------------------------------------------------------------------------------
  const report = () => { if (!query.has('shopify-reload')) tell('location', { path: location.pathname + location.search }); };
  for (const [name, original] of [['pushState', kept.push], ['replaceState', kept.replace]]) {
    history[name] = function (...args) {
      original.apply(this, args);
      report();
    };
  }
  addEventListener('popstate', report, { signal });
  report();

  if (query.has('shopify-reload')) bounce(new URL(query.get('shopify-reload'), location.origin));
  async function bounce(target) {
    if (target.origin !== location.origin) return complain('shopify-reload leads to another origin.');
    const answer = await fetch(target, { headers: { 'X-Shopify-Bounce': '1' } });
    const html = await answer.text();
    query.delete('shopify-reload');
    kept.replace.call(history, null, '', target);
    document.open();
    document.write(html);
    document.close();
  }

  let listeners = 0;
  const listen = document.addEventListener;
  document.addEventListener = function (type, ...rest) {
    if (type === 'shopify:navigate') listeners++;
    return listen.call(this, type, ...rest);
  };
  function navigate(source, href) {
    const link = source instanceof Element ? source : Object.assign(document.createElement('a'), { href });
    if (link !== source) document.body.append(Object.assign(link, { hidden: true }));
    const event = new CustomEvent('shopify:navigate', { bubbles: true, cancelable: true, composed: true });
    const open = link.dispatchEvent(event);
    if (link !== source) link.remove();
    if (open && !listeners) location.assign(href);
  }
  kept.navigate = navigate;

  // --- the app's menu --------------------------------------------------------------------------------------------------
  const navLink = (href) => [...document.querySelectorAll('s-app-nav > *, ui-nav-menu > *')].find((link) => link.getAttribute('href') === href);
  // A style sheet of the document: attributes on these elements are the page's own, and a router may take them away.
  const hidden = new CSSStyleSheet();
  hidden.replaceSync('s-app-nav, ui-nav-menu, ui-save-bar { display: none !important; }');
  document.adoptedStyleSheets.push(hidden);
  class AppNav extends HTMLElement {
    connectedCallback() {
      this.observer = new MutationObserver(() => this.forward());
      this.observer.observe(this, { childList: true, subtree: true, attributes: true, characterData: true });
      this.forward();
    }

    disconnectedCallback() { this.observer.disconnect(); }

    forward() {
      const items = [...this.children].map((link) => ({
        label: link.textContent.trim(), href: link.getAttribute('href') ?? '', home: link.getAttribute('rel') === 'home',
      }));
      items.filter(({ href }) => !href.startsWith('/')).forEach(({ label }) => complain(`s-app-nav: the path of "${label}" must be relative.`));
      tell('nav', { items });
    }
  }
  for (const name of ['s-app-nav', 'ui-nav-menu']) {
    if (!customElements.get(name)) customElements.define(name, class extends AppNav {});
  }

  // --- save bar --------------------------------------------------------------------------------------------------------
  let dirty = null;
  const setDirty = (owner) => { if (owner !== dirty) tell('saveBar', { visible: Boolean(dirty = owner) }); };
  const formOf = (event) => event.composedPath().find((node) => node instanceof HTMLFormElement && node.hasAttribute('data-save-bar'));
  for (const type of ['input', 'change']) document.addEventListener(type, (event) => formOf(event) && setDirty(formOf(event)), { signal });
  for (const type of ['submit', 'reset']) document.addEventListener(type, (event) => formOf(event) === dirty && setDirty(null), { signal });
  new MutationObserver(() => dirty && !dirty.isConnected && setDirty(null)).observe(document, { childList: true, subtree: true });
  setDirty(null);
  function save(yes) {
    if (dirty instanceof HTMLFormElement) return yes ? dirty.requestSubmit() : dirty.reset();
    dirty?.querySelector(yes ? 'button[variant="primary"]' : 'button:not([variant="primary"])')?.click();
  }
  const barOf = (id) => document.getElementById(id) ?? complain(`there is no save bar "${id}".`);

  // --- window.shopify --------------------------------------------------------------------------------------------------
  const missing = (name) => async () => { throw new Error(`The simulator does not implement shopify.${name}.`); };
  const overlay = (method) => async (id) => document.getElementById(id)?.[method]?.() ?? undefined;
  window.shopify = {
    config: { apiKey, ...kept.config },
    origin: admin,
    ready: Promise.resolve(),
    environment: { embedded: window.parent !== window, mobile: false, pos: false },
    idToken,
    user: async () => ({ accountAccess: 'Full access' }),
    app: { extensions: () => ask('extensions') },
    scopes: { query: () => ask('scopes'), request: missing('scopes.request'), revoke: missing('scopes.revoke') },
    loading: (on = true) => tell('loading', { on }),
    toast: {
      show(message, options = {}) {
        const id = `toast-${Date.now()}-${++serial}`;
        toasts.set(id, options);
        tell('toast', { id, message: String(message), isError: Boolean(options.isError), action: options.action, duration: options.duration ?? 5000 });
        return id;
      },
      hide: (id) => tell('hideToast', { id }),
    },
    saveBar: {
      show: async (id) => setDirty(barOf(id)),
      hide: async () => setDirty(null),
      toggle: async (id) => setDirty(dirty ? null : barOf(id)),
      leaveConfirmation: () => ask('leaveConfirmation'),
    },
    modal: { show: overlay('showOverlay'), hide: overlay('hideOverlay'), toggle: overlay('toggleOverlay') },
    webVitals: { onReport: async () => {} },
    support: { registerHandler: async () => {} },
    reviews: { request: missing('reviews.request') },
    resourcePicker: missing('resourcePicker'),
    picker: missing('picker'),
    intents: { invoke: missing('intents.invoke') },
  };
})();
