define('s-banner', class extends Part {
  static css = `
    :host { display: block; } .banner { border-radius: var(--p-border-radius-300); background: var(--p-color-bg-surface); box-shadow: var(--p-shadow-100), var(--p-shadow-bevel-100); overflow: hidden; }
    .head { display: flex; align-items: center; gap: var(--p-space-200); padding: var(--p-space-200) var(--p-space-300); font-weight: var(--p-font-weight-semibold); background: var(--p-color-bg-fill-info); color: var(--p-color-text-info-on-bg-fill); } .head span { flex: 1; }
    ${['success', 'warning', 'critical'].map((tone) => `:host([tone="${tone}"]) .head { background: var(--p-color-bg-fill-${tone}); color: var(--p-color-text-${tone}-on-bg-fill); }`).join('\n')}
    .body { padding: var(--p-space-300); display: grid; gap: var(--p-space-300); } .actions { display: flex; gap: var(--p-space-200); }
    button { border: 0; background: none; cursor: pointer; padding: 0 var(--p-space-100); }`;

  html() {
    const urgent = this.attr('tone') === 'critical' || this.attr('tone') === 'warning';
    const sign = { success: 'check-circle', warning: 'alert-triangle', critical: 'alert-circle' }[this.attr('tone')] ?? 'info';
    return `<div class="banner" role="${urgent ? 'alert' : 'status'}"><div class="head">${icon(sign)}<span>${escape(this.attr('heading'))}</span>${this.has('dismissible') ? '<button type="button" aria-label="Dismiss">✕</button>' : ''}</div>
      <div class="body"><div><slot></slot></div><div class="actions" data-if-filled><slot name="secondary-actions"></slot></div></div></div>`;
  }

  render() {
    super.render();
    this.$('button')?.addEventListener('click', () => {
      this.dispatchEvent(new Event('dismiss'));
      this.hidden = true;
      this.dispatchEvent(new Event('afterhide'));
    });
  }
});

define('s-modal', class extends Part {
  static css = `
    :host { display: contents; } dialog { border: 0; padding: 0; border-radius: var(--p-border-radius-400); box-shadow: var(--p-shadow-600); inline-size: min(38.75rem, calc(100vw - 2rem)); color: var(--p-color-text); background: var(--p-color-bg-surface); overflow: hidden; } dialog::backdrop { background: rgb(0 0 0 / 50%); }
    :host([size^="small"]) dialog { inline-size: min(28rem, calc(100vw - 2rem)); } :host([size^="large"]) dialog { inline-size: min(61rem, calc(100vw - 2rem)); }
    header { display: flex; align-items: center; padding: var(--p-space-300) var(--p-space-400); background: var(--p-color-bg-surface-tertiary); border-block-end: 1px solid var(--p-color-border); } h2 { flex: 1; margin: 0; font-size: var(--p-font-size-350); font-weight: var(--p-font-weight-semibold); }
    header button { border: 0; background: none; cursor: pointer; padding: var(--p-space-100); } .body { padding: var(--p-space-400); max-block-size: 65vh; overflow: auto; } :host([padding="none"]) .body { padding: 0; }
    footer { display: flex; justify-content: end; gap: var(--p-space-200); padding: var(--p-space-300) var(--p-space-400); border-block-start: 1px solid var(--p-color-border); }`;

  html() {
    const name = this.attr('accessibilitylabel') || this.attr('heading');
    return `<dialog aria-label="${escape(name)}"><header><h2>${escape(this.attr('heading'))}</h2><button type="button" aria-label="Close">✕</button></header>
      <div class="body" tabindex="0"><slot></slot></div><footer data-if-filled><slot name="secondary-actions"></slot><slot name="primary-action"></slot></footer></dialog>`;
  }

  render() {
    const open = this.$('dialog')?.open;
    super.render();
    this.$('header button').addEventListener('click', () => this.hideOverlay());
    this.$('dialog').addEventListener('cancel', (event) => { event.preventDefault(); this.hideOverlay(); });
    if (open) this.$('dialog').showModal();
  }

  showOverlay() {
    if (this.$('dialog').open) return;
    this.dispatchEvent(new Event('show'));
    this.$('dialog').showModal();
    this.dispatchEvent(new Event('aftershow'));
  }

  hideOverlay() {
    if (!this.$('dialog').open) return;
    this.dispatchEvent(new Event('hide'));
    this.$('dialog').close();
    this.dispatchEvent(new Event('afterhide'));
  }

  toggleOverlay() { return this.$('dialog').open ? this.hideOverlay() : this.showOverlay(); }
});

define('s-spinner', class extends Part {
  static css = ':host { display: inline-block; } div { inline-size: 20px; block-size: 20px; border: 3px solid var(--p-color-border-tertiary); border-block-start-color: var(--p-color-icon); border-radius: 50%; animation: spin 0.8s linear infinite; } :host([size^="large"]) div { inline-size: 44px; block-size: 44px; } @keyframes spin { to { rotate: 1turn; } } @media (prefers-reduced-motion: reduce) { div { animation-duration: 4s; } }';

  html() { return `<div role="img" aria-label="${escape(this.attr('accessibilitylabel') || 'Loading')}"></div>`; }
});
define('s-progress', class extends Part {
  static css = ':host { display: block; } div { block-size: 8px; border-radius: 4px; background: var(--p-color-bg-fill-tertiary); overflow: hidden; } i { display: block; block-size: 100%; background: var(--p-color-bg-fill-brand); } :host([tone="success"]) i { background: var(--p-color-bg-fill-success); } :host([tone="critical"]) i { background: var(--p-color-bg-fill-critical); } :host([tone="warning"]) i { background: var(--p-color-bg-fill-warning); }';

  html() {
    const most = Number(this.attr('max') || 1);
    const value = Math.min(most, Number(this.attr('value') || 0));
    return `<div role="progressbar" aria-label="${escape(this.attr('accessibilitylabel') || 'Progress')}" aria-valuemin="0" aria-valuemax="${most}" aria-valuenow="${value}"><i style="inline-size: ${(100 * value) / most}%"></i></div>`;
  }
});
define('s-empty-state', class extends Part {
  static css = ':host { display: grid; justify-items: center; gap: var(--p-space-300); padding: var(--p-space-800) var(--p-space-400); text-align: center; } h2 { margin: 0; font-size: var(--p-font-size-350); font-weight: var(--p-font-weight-semibold); } .actions { display: flex; gap: var(--p-space-200); } .sub { color: var(--p-color-text-secondary); }';

  html() { return `<slot name="graphic"></slot><h2>${escape(this.attr('heading'))}</h2><div class="sub" data-if-filled><slot name="subheading"></slot></div><div class="actions" data-if-filled><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>`; }
});

class Picture extends Part {
  html() {
    const set = ['srcset', 'sizes', 'loading'].filter((name) => this.has(name)).map((name) => `${name}="${escape(this.attr(name))}"`).join(' ');
    return this.has('src') ? `<img src="${escape(this.attr('src'))}" alt="${escape(this.attr('alt'))}" ${set}>` : `<span role="img" aria-label="${escape(this.attr('alt') || this.attr('initials'))}">${escape(this.attr('initials'))}</span>`;
  }
}
define('s-image', class extends Picture {
  static css = ':host { display: block; } :host([inlinesize="auto"]) { display: inline-block; } img { inline-size: 100%; display: block; object-fit: contain; } :host([objectfit="cover"]) img { object-fit: cover; }';

  html() { return `<style>img { aspect-ratio: ${this.attr('aspectratio') || '1/1'}; }</style>${super.html()}`; }
});
define('s-thumbnail', class extends Picture {
  static css = ':host { display: inline-block; } img, span { display: block; inline-size: 40px; block-size: 40px; object-fit: cover; border-radius: var(--p-border-radius-200); border: 1px solid var(--p-color-border); background: var(--p-color-bg-surface); } :host([size^="small"]) img { inline-size: 28px; block-size: 28px; } :host([size^="large"]) img { inline-size: 60px; block-size: 60px; }';
});
define('s-avatar', class extends Picture {
  static css = ':host { display: inline-block; } img, span { display: grid; place-items: center; inline-size: 32px; block-size: 32px; border-radius: 50%; background: var(--p-color-bg-fill-tertiary); font-weight: var(--p-font-weight-semibold); }';
});
