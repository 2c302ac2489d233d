const TONES = `
  :host([color="subdued"]) { color: var(--p-color-text-secondary); } :host([tone="info"]) { color: var(--p-color-text-info); }
  :host([tone="success"]) { color: var(--p-color-text-success); } :host([tone="caution"]) { color: var(--p-color-text-caution); }
  :host([tone="warning"]) { color: var(--p-color-text-warning); } :host([tone="critical"]) { color: var(--p-color-text-critical); }
  :host([fontvariantnumeric="tabular-nums"]) { font-variant-numeric: tabular-nums; }
  :host([fontweight="medium"]) { font-weight: var(--p-font-weight-medium); } :host([fontweight="semibold"]) { font-weight: var(--p-font-weight-semibold); }
  :host([fontweight="bold"]) { font-weight: var(--p-font-weight-bold); } :host([fontsize^="small"]) { font-size: var(--p-font-size-300); }
  :host([fontsize="large"]) { font-size: var(--p-font-size-350); } :host([fontsize^="large-"]) { font-size: var(--p-font-size-500); line-height: var(--p-font-line-height-600); }
  :host([accessibilityvisibility="exclusive"]) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }`;

class Words extends Part {
  render() {
    super.render();
    this.internals.ariaHidden = this.attr('accessibilityvisibility') === 'hidden' || this.attr('type') === 'redundant' ? 'true' : null;
  }
}
define('s-text', class extends Words {
  static css = `:host { display: inline; } ${TONES} :host([type="strong"]) { font-weight: var(--p-font-weight-semibold); } :host([type="address"]) { font-style: italic; }`;
});
define('s-number', class extends Words { static css = `:host { display: inline; font-variant-numeric: tabular-nums; } ${TONES}`; });
define('s-paragraph', class extends Words {
  static css = `:host { display: block; } ${TONES} p { margin: 0; } .clamp { display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden; }`;

  html() {
    const lines = this.attr('lineclamp');
    return `<p ${lines ? `class="clamp" style="-webkit-line-clamp: ${Number(lines)}"` : ''}><slot></slot></p>`;
  }
});
define('s-heading', class extends Words {
  static css = `:host { display: block; } ${TONES} h2, h3, h4, div { margin: 0; font: inherit; font-weight: var(--p-font-weight-semibold); font-size: var(--size, var(--p-font-size-325)); }
    :host([fontsize="large"]) { --size: var(--p-font-size-350); } :host([fontsize^="large-"]) { --size: var(--p-font-size-500); } :host([fontsize="small"]) { --size: var(--p-font-size-300); }`;

  html() {
    if (['presentation', 'none'].includes(this.attr('accessibilityrole'))) return '<div><slot></slot></div>';
    let level = 2;
    for (let up = this.parentElement; up; up = up.parentElement) if (up.localName === 's-section') level++;
    return `<h${Math.min(level, 4)}><slot></slot></h${Math.min(level, 4)}>`;
  }
});

define('s-badge', class extends Part {
  static css = `
    :host { display: inline-flex; align-items: center; gap: var(--p-space-100); inline-size: fit-content; padding: var(--p-space-050) var(--p-space-200); border-radius: var(--p-border-radius-200); font-size: var(--p-font-size-300); line-height: var(--p-font-line-height-400); font-weight: var(--p-font-weight-medium); color: var(--p-color-text-secondary); background: var(--p-color-bg-fill-transparent-secondary); white-space: nowrap; }
    ${['info', 'success', 'caution', 'warning', 'critical'].map((tone) => `:host([tone="${tone}"]) { background: var(--p-color-bg-fill-${tone}-secondary); color: var(--p-color-text-${tone}); } :host([tone="${tone}"][color="strong"]) { background: var(--p-color-bg-fill-${tone}); color: var(--p-color-text-${tone}-on-bg-fill); }`).join('\n')}
    :host([size^="large"]) { font-size: var(--p-font-size-325); padding: var(--p-space-100) var(--p-space-300); }`;

  html() { return `${icon(this.attr('icon'))}<slot></slot>`; }
});

// A handful of outlines; every other icon of the official list is a plain ring. Drawn for this project.
const PATHS = {
  plus: 'M10 4v12M4 10h12', minus: 'M4 10h12', x: 'M5 5l10 10M15 5L5 15', check: 'M4 10l4 4 8-8', edit: 'M4 16l1-4 8-8 3 3-8 8z', delete: 'M4 6h12M8 6V4h4v2M6 6l1 10h6l1-10',
  search: 'M9 4a5 5 0 100 10A5 5 0 009 4zM13 13l4 4', 'chevron-down': 'M5 8l5 5 5-5', 'chevron-up': 'M5 12l5-5 5 5', 'chevron-left': 'M12 5l-5 5 5 5', 'chevron-right': 'M8 5l5 5-5 5',
  'arrow-left': 'M16 10H4M9 5l-5 5 5 5', 'arrow-right': 'M4 10h12M11 5l5 5-5 5', external: 'M11 4h5v5M16 4l-7 7M8 5H4v11h11v-4', refresh: 'M15 6a6 6 0 10.5 7M16 3v4h-4',
  info: 'M10 3a7 7 0 100 14 7 7 0 000-14zM10 9v5M10 6v.5', 'alert-triangle': 'M10 4l7 12H3zM10 9v3M10 14v.3', 'alert-circle': 'M10 3a7 7 0 100 14 7 7 0 000-14zM10 6v5M10 13.5v.5',
  'check-circle': 'M10 3a7 7 0 100 14 7 7 0 000-14zM7 10l2 2 4-4', lock: 'M6 9h8v7H6zM7.5 9V7a2.5 2.5 0 015 0v2', pin: 'M8 4h4l-.5 5 2 2h-7l2-2zM10 11v5', clock: 'M10 3a7 7 0 100 14 7 7 0 000-14zM10 6v4l3 2', chat: 'M4 5h12v8H9l-4 3v-3H4z',
};
function icon(type, tone = '') {
  if (!type || type === 'empty') return '';
  return `<svg class="icon ${tone}" viewBox="0 0 20 20" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${PATHS[type] ?? 'M10 5a5 5 0 100 10 5 5 0 000-10z'}"/></svg>`;
}
define('s-icon', class extends Part {
  static css = `:host { display: inline-flex; vertical-align: middle; color: var(--p-color-icon); } ${TONES.replaceAll('--p-color-text-', '--p-color-icon-')}`;

  html() { return icon(this.attr('type')); }
});

const LIST = ':host { display: block; } div { padding-inline-start: var(--p-space-500); display: grid; gap: var(--p-space-100); }';
define('s-unordered-list', class extends Part { static css = LIST; static role = 'list'; html() { return '<div><slot></slot></div>'; } });
define('s-ordered-list', class extends Part { static css = `${LIST} div { counter-reset: list-item; list-style-type: decimal; }`; static role = 'list'; html() { return '<div><slot></slot></div>'; } });
define('s-list-item', class extends Part { static css = ':host { display: list-item; }'; static role = 'listitem'; });
define('s-chip', class extends Part {
  static css = ':host { display: inline-flex; align-items: center; gap: var(--p-space-100); padding: var(--p-space-050) var(--p-space-200); border-radius: var(--p-border-radius-200); background: var(--p-color-bg-fill-secondary); font-size: var(--p-font-size-300); } button { border: 0; background: none; padding: 0; cursor: pointer; line-height: 1; }';

  html() { return `<slot name="graphic"></slot><slot></slot>${this.has('removable') ? '<button type="button" aria-label="Remove">✕</button>' : ''}`; }

  render() {
    super.render();
    this.$('button')?.addEventListener('click', () => this.dispatchEvent(new Event('remove')));
  }
});
