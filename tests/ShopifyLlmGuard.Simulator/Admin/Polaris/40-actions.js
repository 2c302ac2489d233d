// Links stay in the frame: a click raises `shopify:navigate`, for the app's router to follow.
function follow(element, event, anchor) {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const href = element.attr('href');
  const away = !['', 'auto', '_self'].includes(element.attr('target')) || element.has('download');
  if (away || new URL(anchor.href, location.href).origin !== location.origin || href.startsWith('#') || !window.__appBridge) return;
  event.preventDefault();
  window.__appBridge.navigate(element, href);
}

class Action extends Part {
  static formAssociated = true;

  static focuses = true;

  html() {
    const label = this.attr('accessibilitylabel');
    const name = label ? `aria-label="${escape(label)}"` : '';
    const off = this.has('disabled') || this.has('loading');
    const target = this.attr('target');
    const body = `${this.has('loading') ? '<span class="spin" role="img" aria-label="Loading"></span>' : icon(this.attr('icon'))}<span class="text"><slot></slot></span>`;
    return this.has('href') && !off
      ? `<a class="act" href="${escape(this.attr('href'))}" ${name} ${target && target !== 'auto' ? `target="${escape(target)}" rel="noopener"` : ''} ${this.has('download') ? `download="${escape(this.attr('download'))}"` : ''}>${body}</a>`
      : `<button class="act" type="button" ${name} ${this.has('disabled') ? 'disabled' : ''} ${this.has('loading') ? 'aria-busy="true" aria-disabled="true"' : ''} ${this.extra()}>${body}</button>`;
  }

  extra() { return ''; }

  render() {
    super.render();
    this.$('a, button').addEventListener('click', (event) => this.act(event));
  }

  act(event) {
    if (this.has('disabled') || this.has('loading')) return event.preventDefault();
    if (this.has('href')) return follow(this, event, event.currentTarget);
    // After the click has reached the page's own listeners, so that they can still prevent it.
    queueMicrotask(() => {
      if (event.defaultPrevented || runCommand(this)) return;
      if (this.attr('type') === 'submit') this.internals.form?.requestSubmit();
      if (this.attr('type') === 'reset') this.internals.form?.reset();
    });
  }
}

const PRESS = `
  :host { display: inline-block; } :host([inlinesize="fill"]) { display: block; } :host([inlinesize="fill"]) .act { inline-size: 100%; }
  .act { display: inline-flex; align-items: center; justify-content: center; gap: var(--p-space-100); min-block-size: 1.75rem; padding: var(--p-space-100) var(--p-space-300); border: 0; border-radius: var(--p-border-radius-200); font-size: var(--p-font-size-300); line-height: var(--p-font-line-height-400); font-weight: var(--p-font-weight-semibold); text-decoration: none; cursor: pointer; color: var(--p-color-text); background: var(--p-color-bg-fill); box-shadow: var(--p-shadow-button); white-space: nowrap; }
  .act:hover { background: var(--p-color-bg-fill-hover); } .act:active { background: var(--p-color-bg-fill-active); box-shadow: var(--p-shadow-button-inset); }
  :host([tone="critical"]) .act { color: var(--p-color-text-critical-secondary); }
  :host([variant="primary"]) .act { color: var(--p-color-text-brand-on-bg-fill); background: var(--p-color-bg-fill-brand); box-shadow: var(--p-shadow-button-primary); }
  :host([variant="primary"]) .act:hover { background: var(--p-color-bg-fill-brand-hover); }
  :host([variant="primary"][tone="critical"]) .act { color: #fff; background: var(--p-color-bg-fill-critical); box-shadow: var(--p-shadow-button-primary-critical); }
  :host([variant="tertiary"]) .act { background: transparent; box-shadow: none; } :host([variant="tertiary"]) .act:hover { background: var(--p-color-bg-fill-transparent-hover); }
  :host([disabled]) .act { color: var(--p-color-text-disabled) !important; background: var(--p-color-bg-fill-disabled) !important; box-shadow: none !important; cursor: default; }
  :host([variant="primary"][disabled]) .act { color: #fff !important; background: var(--p-color-bg-fill-brand-disabled) !important; }
  :host([loading]) .text { opacity: 0.6; }
  .spin { inline-size: 14px; block-size: 14px; border: 2px solid currentColor; border-inline-end-color: transparent; border-radius: 50%; animation: spin 0.8s linear infinite; }
  @keyframes spin { to { rotate: 1turn; } } @media (prefers-reduced-motion: reduce) { .spin { animation-duration: 4s; } }`;
define('s-button', class extends Action { static css = PRESS; });
define('s-press-button', class extends Action {
  static css = `${PRESS} :host([pressed]) .act { background: var(--p-color-bg-fill-secondary-active); box-shadow: var(--p-shadow-button-inset); }`;

  extra() { return `aria-pressed="${this.has('pressed')}"`; }

  act(event) {
    super.act(event);
    this.toggleAttribute('pressed');
  }
});
define('s-link', class extends Action {
  static css = `:host { display: inline; } .act { display: inline; padding: 0; border: 0; background: none; color: var(--p-color-text-link); cursor: pointer; text-decoration: underline; } .act:hover { color: var(--p-color-text-link-hover); }
    :host([tone="critical"]) .act { color: var(--p-color-text-critical-secondary); } :host([tone="neutral"]) .act { color: inherit; }`;
});
define('s-clickable', class extends Box {
  static formAssociated = true;

  static focuses = true;

  static css = `${BOX} .box { display: block; inline-size: 100%; text-align: start; border: 0; background: none; color: inherit; text-decoration: none; cursor: pointer; } .box:hover { background: var(--p-color-bg-surface-hover); }`;

  html() {
    const tag = this.has('href') ? 'a' : 'button';
    return `<style>:host { ${this.hostStyle()} }</style><${tag} class="box" style="${this.boxStyle()}" ${tag === 'a' ? `href="${escape(this.attr('href'))}"` : 'type="button"'} ${this.has('disabled') ? 'disabled' : ''} ${this.has('accessibilitylabel') ? `aria-label="${escape(this.attr('accessibilitylabel'))}"` : ''}><slot></slot></${tag}>`;
  }

  extra() { return ''; }

  render() {
    super.render();
    this.$('.box').addEventListener('click', (event) => Action.prototype.act.call(this, event));
  }
});
define('s-clickable-chip', class extends Action {
  static css = `${PRESS} .act { background: var(--p-color-bg-fill-secondary); box-shadow: none; }`;
});
define('s-button-group', class extends Part {
  static css = ':host { display: inline-flex; flex-wrap: wrap; gap: var(--p-space-200); } :host([gap="none"]) { gap: 1px; }';

  static role = 'group';

  html() { return '<slot></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot>'; }
});

class Float extends Part {
  static css = ':host { display: contents; } div[popover] { margin: 0; position: fixed; inset: auto; border: 0; border-radius: var(--p-border-radius-300); box-shadow: var(--p-shadow-400), var(--p-shadow-border-inset); background: var(--p-color-bg-surface); padding: var(--p-space-200); color: var(--p-color-text); }';

  html() { return '<div popover><slot></slot></div>'; }

  showOverlay(source) {
    const place = source?.getBoundingClientRect() ?? { left: 40, bottom: 40 };
    this.dispatchEvent(new Event('show'));
    const body = this.$('[popover]');
    body.showPopover();
    body.style.left = `${Math.max(8, Math.min(place.left, innerWidth - body.offsetWidth - 8))}px`;
    body.style.top = `${place.bottom + 4}px`;
    this.dispatchEvent(new Event('aftershow'));
  }

  hideOverlay() {
    this.dispatchEvent(new Event('hide'));
    this.$('[popover]').hidePopover();
    this.dispatchEvent(new Event('afterhide'));
  }

  toggleOverlay(source) { return this.$('[popover]').matches(':popover-open') ? this.hideOverlay() : this.showOverlay(source); }
}
define('s-popover', class extends Float {});
define('s-menu', class extends Float {
  html() { return `<div popover role="group" aria-label="${escape(this.attr('accessibilitylabel') || 'Menu')}"><slot></slot></div>`; }

  render() {
    super.render();
    this.$('[popover]').addEventListener('click', () => this.hideOverlay());
  }
});
define('s-tooltip', class extends Float { html() { return '<div popover="hint" role="tooltip"><slot></slot></div>'; } });
for (const [type, method] of [['mouseover', 'showOverlay'], ['mouseout', 'hideOverlay'], ['focusin', 'showOverlay'], ['focusout', 'hideOverlay']]) {
  document.addEventListener(type, (event) => {
    const source = event.target.closest?.('[interestfor]');
    const target = source && overlayOf(source, source.getAttribute('interestfor'));
    if (target?.localName === 's-tooltip' && target.$('[popover]').matches(':popover-open') !== (method === 'showOverlay')) target[method](source);
  });
}
