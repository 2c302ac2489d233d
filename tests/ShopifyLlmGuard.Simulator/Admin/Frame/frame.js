// Shopify's side of the frame: answers the App Bridge inside, and only that one, at the app's own origin.
(() => {
  const { address, appOrigin, clientId, parameters } = window.simulator;
  const frame = document.querySelector('iframe');
  const bar = document.querySelector('.save-bar');
  const nav = document.querySelector('.app-nav');
  const toasts = document.querySelector('.toasts');
  const home = '/admin/apps/llm-guard';

  const say = (message) => frame.contentWindow.postMessage({ shopifyFrame: 1, ...message }, appOrigin);
  const own = async (path) => (await fetch(path, { cache: 'no-store' })).json();

  const attention = () => {
    bar.classList.remove('attention');
    requestAnimationFrame(() => bar.classList.add('attention'));
  };

  const requests = {
    idToken: async ({ apiKey }) => {
      if (apiKey !== clientId) throw new Error(`The app's API key is ${apiKey}, but this app's client id is ${clientId}.`);
      return (await own('/admin/simulator/id-token')).idToken;
    },
    extensions: () => own('/admin/simulator/extensions'),
    scopes: () => own('/admin/simulator/scopes'),
    leaveConfirmation: async () => {
      if (!bar.hidden && !confirm('Leave this page with unsaved changes?')) throw new Error('The merchant stays.');
    },
  };

  const events = {
    location: ({ path }) => {
      const url = new URL(path, location.origin);
      parameters.forEach((name) => url.searchParams.delete(name));
      history.replaceState(null, '', home + url.pathname + url.search);
      markCurrent();
    },
    nav: ({ items }) => {
      nav.replaceChildren(...items.filter((item) => !item.home).map(({ label, href }) => {
        const link = Object.assign(document.createElement('a'), { textContent: label, href: home + href });
        link.dataset.href = href;
        const entry = document.createElement('li');
        entry.append(link);
        return entry;
      }));
      markCurrent();
    },
    saveBar: ({ visible }) => { bar.hidden = !visible; },
    loading: ({ on }) => { document.querySelector('.loading').hidden = !on; },
    toast: ({ id, message, isError, action, duration }) => show(id, message, isError, action, duration),
    hideToast: ({ id }) => remove(id),
    redirect: ({ url }) => { location.assign(new URL(url, location.href)); },
  };

  function markCurrent() {
    const path = location.pathname.slice(home.length) || '/';
    nav.querySelectorAll('a').forEach((link) => {
      const mine = new URL(link.dataset.href, location.origin).pathname;
      link.toggleAttribute('aria-current', mine !== '/' && path.startsWith(mine));
      if (link.hasAttribute('aria-current')) link.setAttribute('aria-current', 'page');
    });
  }

  function show(id, message, isError, action, duration) {
    const toast = document.createElement('div');
    toast.className = isError ? 'toast error' : 'toast';
    toast.dataset.id = id;
    toast.append(Object.assign(document.createElement('span'), { textContent: message }));
    if (action) {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: action });
      button.dataset.action = '';
      button.onclick = () => { say({ event: 'toastAction', id }); remove(id); };
      toast.append(button);
    }
    const close = Object.assign(document.createElement('button'), { type: 'button', textContent: '✕' });
    close.setAttribute('aria-label', 'Dismiss');
    close.onclick = () => remove(id);
    toast.append(close);
    toasts.append(toast);
    setTimeout(() => remove(id), duration);
  }

  function remove(id) {
    const toast = toasts.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!toast) return;
    toast.remove();
    say({ event: 'toastGone', id });
  }

  addEventListener('message', async ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== appOrigin || data?.shopifyApp !== 1) return;
    if (data.event) return events[data.event]?.(data);
    try {
      say({ answer: data.request, result: await requests[data.name](data) });
    } catch (error) {
      say({ answer: data.request, error: error.message });
    }
  });

  document.querySelector('.side').addEventListener('click', (event) => {
    const link = event.target.closest('.app a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (!bar.hidden) return attention();
    say({ event: 'navigate', href: link.dataset.href ?? '/' });
  });

  bar.addEventListener('click', (event) => {
    const what = event.target.closest('[data-save-bar]')?.dataset.saveBar;
    if (what) say({ event: what });
  });

  // Only now, so that nothing the app says is missed.
  frame.src = address;
})();
