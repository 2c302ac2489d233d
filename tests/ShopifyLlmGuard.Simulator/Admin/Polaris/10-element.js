// What every component shares: a shadow root, attributes as properties, and the tokens on the page.
const page = new CSSStyleSheet();
page.replaceSync(`${TOKENS}
  :root { font-family: var(--p-font-family-sans); color: var(--p-color-text); background: var(--p-color-bg); }
  body { margin: 0; font: var(--p-font-weight-regular) var(--p-font-size-325)/var(--p-font-line-height-500) var(--p-font-family-sans); }
  [data-polaris-error] { outline: 2px solid red !important; outline-offset: 2px; }`);
document.adoptedStyleSheets.push(page);

const sheets = new Map();
function sheet(css) {
  if (!sheets.has(css)) {
    const made = new CSSStyleSheet();
    made.replaceSync(css);
    sheets.set(css, made);
  }
  return sheets.get(css);
}

const BASE = `
  :host { box-sizing: border-box; } :host([hidden]) { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; } [hidden] { display: none !important; }
  button, input, select, textarea { font: inherit; color: inherit; }
  :focus-visible { outline: 2px solid var(--p-color-border-focus); outline-offset: 1px; }
  .quiet { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }`;

const escape = (text) => String(text ?? '').replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]);
const SPACE = { none: '0', 'small-500': '025', 'small-400': '050', 'small-300': '100', 'small-200': '200', 'small-100': '300', small: '300',
  base: '400', large: '500', 'large-100': '500', 'large-200': '600', 'large-300': '800', 'large-400': '1000', 'large-500': '1200' };
const space = (value) => value.split(/\s+/).map((word) => word in SPACE ? `var(--p-space-${SPACE[word]})` : word).join(' ');

/** Children arrive after their parent: what wraps a slot shows itself once the slot has something. */
function showIfFilled(wrapper) {
  const slots = [...wrapper.querySelectorAll('slot')];
  const arrange = () => { wrapper.hidden = !wrapper.hasAttribute('data-filled') && !slots.some((slot) => slot.assignedElements().length > 0); };
  slots.forEach((slot) => slot.addEventListener('slotchange', arrange));
  arrange();
}

class Part extends HTMLElement {
  static get observedAttributes() { return Object.keys(MANIFEST[this.tag]?.attributes ?? {}); }

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.attachShadow({ mode: 'open', delegatesFocus: this.constructor.focuses ?? false });
    this.shadowRoot.adoptedStyleSheets = [sheet(BASE), sheet(this.constructor.css ?? ':host { display: block; }')];
    if (this.constructor.role) this.internals.role = this.constructor.role;
  }

  connectedCallback() { this.render(); }

  attributeChangedCallback(name, before, now) { if (this.isConnected && before !== now) this.render(); }

  attr(name) { return this.getAttribute(name) ?? ''; }

  has(name) { return this.hasAttribute(name); }

  render() {
    this.shadowRoot.innerHTML = this.html();
    this.shadowRoot.querySelectorAll('[data-if-filled]').forEach(showIfFilled);
  }

  html() { return '<slot></slot>'; }

  $(selector) { return this.shadowRoot.querySelector(selector); }
}

function define(tag, type = class extends Part {}) {
  type.tag = tag;
  for (const [name, { field, kind }] of Object.entries(MANIFEST[tag].attributes)) {
    if (!field || field in type.prototype) continue;
    Object.defineProperty(type.prototype, field, {
      configurable: true,
      get() { return kind === 'boolean' ? this.hasAttribute(name) : this.attr(name); },
      set(value) {
        if (kind === 'boolean') this.toggleAttribute(name, Boolean(value));
        else if (value === null || value === undefined) this.removeAttribute(name);
        else this.setAttribute(name, value);
      },
    });
  }
  customElements.define(tag, type);
}

const overlayOf = (element, id) => element.getRootNode().getElementById?.(id) ?? document.getElementById(id);
function runCommand(element) {
  const target = element.has('commandfor') && overlayOf(element, element.attr('commandfor'));
  if (!target) return false;
  const method = { '--show': 'showOverlay', '--hide': 'hideOverlay' }[element.attr('command')] ?? 'toggleOverlay';
  target[method]?.(element);
  return true;
}
