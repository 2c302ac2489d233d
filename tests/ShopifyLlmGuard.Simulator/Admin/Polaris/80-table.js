const NUMERIC = ['numeric', 'currency'];
define('s-table', class extends Part {
  static css = `:host { display: block; } .scroll { overflow-x: auto; } .table { display: table; inline-size: 100%; border-collapse: collapse; } .filters { padding: var(--p-space-200) var(--p-space-300); }
    nav { display: flex; justify-content: center; gap: var(--p-space-200); padding: var(--p-space-200); border-block-start: 1px solid var(--p-color-border); } nav button { border: 0; background: none; cursor: pointer; } :host([loading]) .table { opacity: 0.5; }`;

  html() {
    return `<div class="filters" data-if-filled><slot name="filters"></slot></div><div class="scroll" tabindex="0" role="group" aria-label="Table"><div class="table" role="presentation"><slot></slot></div></div>
      <nav ${this.has('paginate') ? '' : 'hidden'} aria-label="Pages"><button type="button" data-go="previouspage" ${this.has('haspreviouspage') ? '' : 'disabled'} aria-label="Previous page">${icon('chevron-left')}</button><button type="button" data-go="nextpage" ${this.has('hasnextpage') ? '' : 'disabled'} aria-label="Next page">${icon('chevron-right')}</button></nav>`;
  }

  render() {
    super.render();
    this.internals.role = 'table';
    this.shadowRoot.querySelectorAll('[data-go]').forEach((button) => button.addEventListener('click', () => this.dispatchEvent(new Event(button.dataset.go))));
  }
});
define('s-table-header-row', class extends Part { static css = ':host { display: table-header-group; }'; static role = 'row'; });
define('s-table-body', class extends Part { static css = ':host { display: table-row-group; }'; static role = 'rowgroup'; });
define('s-table-row', class extends Part {
  static css = ':host { display: table-row; } :host(:hover) { background: var(--p-color-bg-surface-hover); } :host([clickdelegate]) { cursor: pointer; }';

  static role = 'row';

  render() {
    super.render();
    this.onclick ??= (event) => {
      const delegate = this.attr('clickdelegate') && overlayOf(this, this.attr('clickdelegate'));
      if (delegate && !event.composedPath().includes(delegate) && !event.target.closest('s-link, s-button, a, button')) delegate.shadowRoot?.querySelector('a, button')?.click();
    };
  }
});
const CELL = ':host { display: table-cell; vertical-align: middle; padding: var(--p-space-200) var(--p-space-300); border-block-end: 1px solid var(--p-color-border-secondary); text-align: start; }';
define('s-table-header', class extends Part {
  static css = `${CELL} :host { color: var(--p-color-text-secondary); font-size: var(--p-font-size-300); font-weight: var(--p-font-weight-medium); background: var(--p-color-bg-surface-secondary); } :host([format="numeric"]), :host([format="currency"]) { text-align: end; }`;

  static role = 'columnheader';
});
define('s-table-cell', class extends Part {
  static css = `${CELL} .end { text-align: end; font-variant-numeric: tabular-nums; }`;

  static role = 'cell';

  html() {
    const at = [...(this.parentElement?.children ?? [])].indexOf(this);
    const header = this.closest('s-table')?.querySelectorAll('s-table-header')[at];
    return `<div class="${NUMERIC.includes(header?.getAttribute('format')) ? 'end' : ''}"><slot></slot></div>`;
  }
});
