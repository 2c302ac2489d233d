const BOX = `
  :host { display: block; } :host([display="none"]) { display: none; } :host([overflow="hidden"]) { overflow: hidden; }
  :host([accessibilityvisibility="exclusive"]) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .box { min-inline-size: 0; }`;
const RADIUS = { none: '0', 'small-200': '050', 'small-100': '100', small: '150', base: '200', large: '300', 'large-100': '300', 'large-200': '400', max: 'full' };
const PAINT = { subdued: 'secondary', base: '', strong: 'brand' };
const BORDER = { base: '', subdued: '-secondary', strong: '-tertiary' };
const LANDMARKS = { main: 'main', header: 'banner', footer: 'contentinfo', section: 'region', region: 'region', aside: 'complementary',
  navigation: 'navigation', status: 'status', alert: 'alert', 'ordered-list': 'list', 'unordered-list': 'list', 'list-item': 'listitem',
  separator: 'separator', presentation: 'presentation', none: 'none' };

class Box extends Part {
  static css = BOX;

  render() {
    super.render();
    this.internals.role = LANDMARKS[this.attr('accessibilityrole')] ?? null;
    this.internals.ariaLabel = this.attr('accessibilitylabel') || null;
    this.internals.ariaHidden = this.attr('accessibilityvisibility') === 'hidden' ? 'true' : null;
  }

  html() { return `<style>:host { ${this.hostStyle()} }</style><div class="box" style="${this.boxStyle()}${this.inner()}"><slot></slot></div>`; }

  // Inside the shadow root: a style attribute on the element itself would be the page's, not ours.
  hostStyle() {
    const style = [];
    for (const side of ['inlinesize', 'blocksize', 'mininlinesize', 'maxinlinesize', 'minblocksize', 'maxblocksize']) {
      const property = side.replace(/^(min|max)/, '$1-').replace('size', '-size');
      if (this.has(side) && !this.attr(side).startsWith('@')) style.push(`${property}: ${this.attr(side)}`);
    }
    return style.join('; ');
  }

  inner() { return ''; }

  boxStyle() {
    const style = [];
    const background = this.attr('background');
    if (background in PAINT) style.push(`background: var(--p-color-bg-surface${PAINT[background] && `-${PAINT[background]}`})`);
    const [width, color = 'base', line = 'solid'] = this.attr('border').split(/\s+/);
    const thick = this.attr('borderwidth') || width;
    if (thick && thick !== 'none') {
      const wide = thick.startsWith('large') ? '2px' : '1px';
      const shade = BORDER[this.attr('bordercolor') || color] ?? '';
      style.push(`border: ${wide} ${(this.attr('borderstyle') || line).replace('auto', 'solid')} var(--p-color-border${shade})`);
    }
    const radius = this.attr('borderradius').split(/\s+/).filter(Boolean);
    if (radius.length) style.push(`border-radius: ${radius.map((word) => `var(--p-border-radius-${RADIUS[word] ?? '0'})`).join(' ')}`);
    for (const name of ['padding', 'paddingblock', 'paddingblockstart', 'paddingblockend', 'paddinginline', 'paddinginlinestart', 'paddinginlineend']) {
      const value = this.attr(name);
      if (value && !value.startsWith('@')) style.push(`${name.replace(/(block|inline)/, '-$1').replace(/(start|end)$/, '-$1')}: ${space(value)}`);
    }
    return style.map((rule) => `${rule}; `).join('');
  }

  flow() {
    const style = [];
    for (const [name, property] of [['gap', 'gap'], ['rowgap', 'row-gap'], ['columngap', 'column-gap']]) {
      const value = this.attr(name);
      if (value && !value.startsWith('@')) style.push(`${property}: ${space(value)}`);
    }
    for (const name of ['align-items', 'justify-items', 'place-items', 'align-content', 'justify-content', 'place-content']) {
      const value = this.attr(name.replace('-', ''));
      if (value) style.push(`${name}: ${value}`);
    }
    return style.map((rule) => `${rule}; `).join('');
  }
}
define('s-box', Box);
define('s-grid-item', class extends Box {
  hostStyle() {
    return [super.hostStyle(), this.has('gridcolumn') && `grid-column: ${this.attr('gridcolumn')}`, this.has('gridrow') && `grid-row: ${this.attr('gridrow')}`]
      .filter(Boolean).join('; ');
  }
});
define('s-stack', class extends Box {
  inner() { return `display: flex; flex-flow: ${this.attr('direction') === 'inline' ? 'row wrap' : 'column'}; ${this.flow()}`; }
});
define('s-grid', class extends Box {
  inner() {
    // Responsive values read like `@container (inline-size > 500px) 1fr 1fr, 1fr`; the stand-in has room for the first.
    const tracks = (value) => value.replace(/^@container\s*[^)]*\)\s*/, '').split(/,(?![^(]*\))/)[0];
    const columns = this.attr('gridtemplatecolumns');
    const rows = this.attr('gridtemplaterows');
    return `display: grid; ${columns && `grid-template-columns: ${escape(tracks(columns))}; `}${rows && `grid-template-rows: ${escape(tracks(rows))}; `}${this.flow()}`;
  }
});
define('s-scroll-box', class extends Box { inner() { return 'overflow: auto; block-size: 100%; '; } });
define('s-query-container', class extends Part { static css = ':host { display: block; container-type: inline-size; }'; });
define('s-divider', class extends Part {
  static css = ':host { display: block; } :host([direction="block"]) { align-self: stretch; } hr { border: 0; margin: 0; border-block-start: 1px solid var(--p-color-border); } :host([color="strong"]) hr { border-color: var(--p-color-border-tertiary); }';

  html() { return '<hr>'; }
});

define('s-page', class extends Part {
  static css = `
    :host { display: block; padding: var(--p-space-600); }
    .page { max-inline-size: 62.375rem; margin-inline: auto; } :host([inlinesize="small"]) .page { max-inline-size: 41.375rem; } :host([inlinesize="large"]) .page { max-inline-size: none; }
    header { display: flex; align-items: center; flex-wrap: wrap; gap: var(--p-space-200); margin-block-end: var(--p-space-400); }
    h1 { flex: 1; margin: 0; font-size: var(--p-font-size-500); line-height: var(--p-font-line-height-600); font-weight: var(--p-font-weight-semibold); letter-spacing: var(--p-font-letter-spacing-dense); }
    .columns { display: grid; gap: var(--p-space-400); align-items: start; grid-template-columns: minmax(0, 1fr); }
    .body, .aside { display: flex; flex-direction: column; gap: var(--p-space-400); min-inline-size: 0; }
    .columns.two { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); }
    @media (max-width: 48rem) { :host { padding: var(--p-space-400); } .columns.two { grid-template-columns: minmax(0, 1fr); } }`;

  html() {
    const tag = this.closest('main') ? 'div' : 'main';
    return `<${tag} class="page"><header><slot name="breadcrumb-actions"></slot>${this.has('heading') ? `<h1>${escape(this.attr('heading'))}</h1>` : ''}<slot name="secondary-actions"></slot><slot name="primary-action"></slot></header>
      <slot name="supplemental-start"></slot>
      <div class="columns"><div class="body"><slot></slot></div><div class="aside" data-if-filled><slot name="aside"></slot></div></div></${tag}>`;
  }

  render() {
    super.render();
    const aside = this.$('slot[name="aside"]');
    const arrange = () => this.$('.columns').classList.toggle('two', aside.assignedElements().length > 0);
    aside.addEventListener('slotchange', arrange);
    arrange();
  }
});

define('s-section', class extends Part {
  static css = `
    :host { display: block; }
    section { background: var(--p-color-bg-surface); border-radius: var(--p-border-radius-300); box-shadow: var(--p-shadow-100), var(--p-shadow-bevel-100); padding: var(--p-space-400); }
    section.flush { padding: 0; overflow: hidden; } section.flush header { padding: var(--p-space-400) var(--p-space-400) 0; }
    section.nested { background: none; box-shadow: none; padding: 0; border-radius: 0; }
    header { display: flex; align-items: center; gap: var(--p-space-200); margin-block-end: var(--p-space-300); }
    .words { flex: 1; } p { margin: 0; color: var(--p-color-text-secondary); }
    h2, h3, h4 { margin: 0; font-size: var(--p-font-size-350); line-height: var(--p-font-line-height-500); font-weight: var(--p-font-weight-semibold); } h3, h4 { font-size: var(--p-font-size-325); }
    .body { display: flex; flex-direction: column; gap: var(--p-space-400); }
    section.flush .body { gap: 0; }`;

  html() {
    let level = 2;
    for (let up = this.parentElement; up; up = up.parentElement) if (up.localName === 's-section') level++;
    const tag = `h${Math.min(level, 4)}`;
    const label = this.attr('accessibilitylabel') || this.attr('heading');
    const heading = `${this.has('heading') ? `<${tag}>${escape(this.attr('heading'))}</${tag}>` : ''}${this.has('subheading') ? `<p>${escape(this.attr('subheading'))}</p>` : ''}`;
    return `<section class="${this.attr('padding') === 'none' ? 'flush' : ''} ${level > 2 ? 'nested' : ''}" ${label ? `aria-label="${escape(label)}"` : ''}>
      <header data-if-filled ${heading ? 'data-filled' : ''}><slot name="graphic"></slot><div class="words">${heading}</div><slot name="accessory"></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot></header>
      <div class="body"><slot></slot></div><slot name="supplemental"></slot></section>`;
  }
});
