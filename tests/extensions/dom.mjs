// As much of a browser's page as the extension's two scripts use, and nothing more: what they reach for beyond it throws.
import fs from 'node:fs';
import vm from 'node:vm';
import { extension } from './places.mjs';

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

class Node {
  attributes = new Map();
  children = [];
  listeners = [];
  parent = null;
  #text = '';

  constructor(tag = new.target.tag) {
    this.tag = tag;
    this.dataset = new Proxy({}, {
      get: (_, name) => this.getAttribute(`data-${kebab(name)}`) ?? undefined,
      set: (_, name, value) => (this.setAttribute(`data-${kebab(name)}`, value), true),
    });
    this.classList = {
      add: (name) => (this.className = [...new Set([...this.#classes, name])].join(' ')),
      remove: (name) => (this.className = this.#classes.filter((other) => other !== name).join(' ')),
    };
  }

  get #classes() { return (this.className ?? '').split(' ').filter(Boolean); }

  getAttribute(name) { return this.attributes.get(name) ?? null; }

  setAttribute(name, value) { this.attributes.set(name, String(value)); }

  get textContent() { return this.#text + this.children.map((child) => child.textContent).join(''); }

  set textContent(value) {
    this.children = [];
    this.#text = String(value);
  }

  append(...nodes) {
    for (const node of nodes) {
      node.remove();
      node.parent = this;
      this.children.push(node);
    }
  }

  replaceChildren(...nodes) {
    for (const child of this.children) child.parent = null;
    this.children = [];
    this.append(...nodes);
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = null;
  }

  contains(node) { return !!node && (node === this || this.contains(node.parent)); }

  cloneNode() {
    const clone = new Node(this.tag);
    for (const [name, value] of this.attributes) clone.setAttribute(name, value);
    clone.textContent = this.#text;
    clone.append(...this.children.map((child) => child.cloneNode(true)));
    return clone;
  }

  *#below() {
    for (const child of this.children) {
      yield child;
      yield* child.#below();
    }
  }

  querySelectorAll(selector) {
    const [last, ...outer] = selector.split(' ').reverse();
    return [...this.#below()].filter((node) => node.matches(last) && outer.every((part) => node.#isInside(part)));
  }

  querySelector(selector) { return this.querySelectorAll(selector)[0] ?? null; }

  #isInside(part) { return !!this.parent && (this.parent.matches(part) || this.parent.#isInside(part)); }

  matches(simple) {
    const parts = simple.match(/^[a-z][\w-]*|\.[\w-]+|\[[\w-]+(?:=[\w-]+)?\]/g);
    return parts.every((part) => {
      if (part[0] === '.') return this.#classes.includes(part.slice(1));
      if (part[0] !== '[') return this.tag === part;
      const [name, value] = part.slice(1, -1).split('=');
      return value === undefined ? this.attributes.has(name) : this.getAttribute(name) === value;
    });
  }

  addEventListener(type, listener, { signal } = {}) { this.listeners.push({ type, listener, signal }); }

  dispatch(type, event = {}) {
    for (const { listener } of this.listeners.filter((entry) => entry.type === type && !entry.signal?.aborted)) {
      listener({ target: this, preventDefault() {}, ...event });
    }
  }

  focus() {}

  scrollIntoView() {}

  get elements() { return Object.fromEntries(this.querySelectorAll('input').map((input) => [input.getAttribute('name'), input])); }
}

for (const name of ['href', 'src', 'alt', 'width', 'height', 'class', 'hidden']) {
  Object.defineProperty(Node.prototype, name === 'class' ? 'className' : name, {
    get() { return name === 'hidden' ? this.attributes.has(name) : this.getAttribute(name) ?? ''; },
    set(value) { if (name === 'hidden' && !value) this.attributes.delete(name); else this.setAttribute(name, value); },
  });
}

/** h('a', { href: '/x' }, 'text') or h('ul', {}, child, child) */
export function h(tag, attributes = {}, ...content) {
  const node = new Node(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const part of content) typeof part === 'string' ? (node.textContent = part) : node.append(part);
  return node;
}

/**
 * A page that has loaded the scripts. `fetch` is the test's; time stands still until `later` is called; whoever writes to the
 * console or reaches for storage gets an error.
 */
export function page(fetch, { lang = 'en', scripts = ['guard-chat.js', 'guard-recommendations.js'] } = {}) {
  const defined = new Map();
  const timers = new Map();
  let lastTimer = 0;
  const document = { activeElement: null, documentElement: { lang }, createElement: (tag) => new Node(tag) };
  const context = vm.createContext({
    HTMLElement: Node,
    AbortController,
    Intl,
    document,
    fetch,
    customElements: { get: (tag) => defined.get(tag), define: (tag, type) => defined.set(tag, Object.assign(type, { tag })) },
    setTimeout: (run, milliseconds) => (timers.set(++lastTimer, { run, milliseconds }), lastTimer),
    clearTimeout: (id) => timers.delete(id),
  });
  for (const script of scripts) {
    vm.runInContext(fs.readFileSync(new URL(`assets/${script}`, extension), 'utf8'), context, { filename: script });
  }

  return {
    document,
    defined,
    waitingTimers: () => timers.size,
    /** Moves markup into a custom element, as the parser's upgrade does. */
    upgrade(markup) {
      const node = new (defined.get(markup.tag))();
      for (const [name, value] of markup.attributes) node.setAttribute(name, value);
      node.append(...markup.children);
      node.connectedCallback();
      return node;
    },
    later(milliseconds) {
      for (const [id, timer] of [...timers]) {
        timer.milliseconds -= milliseconds;
        if (timer.milliseconds <= 0) {
          timers.delete(id);
          timer.run();
        }
      }
    },
  };
}

/** Lets everything that is already decided happen. */
export const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

export const json = (body, init = {}) => new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' }, ...init });

/** A request that is only ever ended by its caller. */
export const never = (_, { signal }) => new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
