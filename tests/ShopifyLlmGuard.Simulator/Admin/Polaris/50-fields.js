const FIELD = `
  :host { display: block; } .label { display: flex; margin-block-end: var(--p-space-100); } :host([labelaccessibilityvisibility="exclusive"]) .label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .line { display: flex; align-items: center; gap: var(--p-space-200); min-block-size: 2rem; padding-inline: var(--p-space-300); background: var(--p-color-bg-surface); border: 1px solid #8a8a8a; border-radius: var(--p-border-radius-200); }
  .line:hover { border-color: #616161; } .line:focus-within { outline: 2px solid var(--p-color-border-focus); outline-offset: 1px; }
  input, textarea, select { flex: 1; min-inline-size: 0; border: 0; background: none; padding: var(--p-space-150) 0; outline: none !important; } textarea { resize: vertical; line-height: var(--p-font-line-height-500); }
  input::placeholder, textarea::placeholder { color: #616161; }
  .fix { color: var(--p-color-text-secondary); }
  .details { margin-block-start: var(--p-space-100); color: var(--p-color-text-secondary); }
  .error { display: flex; gap: var(--p-space-100); margin-block-start: var(--p-space-100); color: var(--p-color-text-critical); }
  .bad .line { background: var(--p-color-bg-surface-critical); border-color: var(--p-color-border-critical-secondary); }
  :host([disabled]) .line { background: var(--p-color-bg-surface-disabled); border-color: transparent; } :host([disabled]) { color: var(--p-color-text-disabled); }
  :host([readonly]) .line { background: var(--p-color-bg-surface-secondary); }`;

/** A control that posts with its form. Attributes are its defaults; what the merchant types lives in `value`. */
class Field extends Part {
  static formAssociated = true;

  static focuses = true;

  static css = FIELD;

  get value() { return this.current ?? this.attr('value'); }

  set value(value) { this.current = String(value ?? ''); this.show(); }

  get defaultValue() { return this.attr('value'); }

  set defaultValue(value) { this.setAttribute('value', value); }

  get form() { return this.internals.form; }

  get validity() { return this.internals.validity; }

  checkValidity() { return this.internals.checkValidity(); }

  reportValidity() { return this.internals.reportValidity(); }

  formResetCallback() { this.current = undefined; this.show(); }

  formDisabledCallback(off) { if (this.control) this.control.disabled = off || this.has('disabled'); }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === now) return;
    if (name === 'value' && this.control) this.show();
    else this.render();
  }

  html() {
    const error = this.attr('error');
    const told = [error && 'error', this.has('details') && 'details'].filter(Boolean).join(' ');
    const describe = `${told ? `aria-describedby="${told}"` : ''} ${error ? 'aria-invalid="true"' : ''}`;
    return `<div class="${error ? 'bad' : ''}">
      <label class="label" for="control">${escape(this.attr('label'))}</label>
      <div class="line">${icon(this.attr('icon'))}${this.has('prefix') ? `<span class="fix">${escape(this.attr('prefix'))}</span>` : ''}${this.input(describe)}${this.has('suffix') ? `<span class="fix">${escape(this.attr('suffix'))}</span>` : ''}<slot name="accessory"></slot></div>
      ${error ? `<div class="error" id="error" role="alert">${icon('alert-circle')}<span>${escape(error)}</span></div>` : ''}
      ${this.has('details') ? `<div class="details" id="details">${escape(this.attr('details'))}</div>` : ''}</div>`;
  }

  input(describe) { return `<input id="control" type="${this.constructor.kind ?? 'text'}" ${describe} ${this.copied()}>`; }

  copied() {
    const names = { placeholder: 'placeholder', autocomplete: 'autocomplete', maxlength: 'maxlength', minlength: 'minlength', min: 'min', max: 'max', step: 'step', inputmode: 'inputmode', rows: 'rows' };
    const flags = ['required', 'disabled', 'readonly'].filter((flag) => this.has(flag));
    return `${Object.entries(names).filter(([name]) => this.has(name)).map(([name, to]) => `${to}="${escape(this.attr(name))}"`).join(' ')} ${flags.join(' ')}`;
  }

  render() {
    super.render();
    this.control = this.$('#control');
    this.control.addEventListener('input', () => { this.current = this.control.value; this.report(); });
    this.control.addEventListener('change', () => {
      this.current = this.control.value;
      this.report();
      this.dispatchEvent(new Event('change', { bubbles: true }));
    });
    this.control.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.control.localName === 'input' && !event.isComposing) this.form?.requestSubmit();
    });
    this.show();
  }

  show() {
    if (!this.control) return;
    if (this.control.value !== this.value) this.control.value = this.value;
    this.report();
  }

  report() {
    this.internals.setFormValue(this.value);
    const { validity, validationMessage, willValidate } = this.control;
    this.internals.setValidity(validity.valid || !willValidate ? {} : validity, validationMessage, this.control);
  }
}
for (const [tag, kind] of [['s-text-field', 'text'], ['s-email-field', 'email'], ['s-url-field', 'url'], ['s-search-field', 'search'], ['s-password-field', 'password'],
  ['s-number-field', 'number'], ['s-money-field', 'number'], ['s-date-field', 'text'], ['s-color-field', 'text']]) define(tag, class extends Field { static kind = kind; });
define('s-text-area', class extends Field {
  input(describe) { return `<textarea id="control" ${this.has('rows') ? '' : 'rows="2"'} ${describe} ${this.copied()}></textarea>`; }
});
define('s-color-picker', class extends Field { static kind = 'color'; });
define('s-date-picker', class extends Field { static kind = 'date'; });
define('s-drop-zone', class extends Field {
  input(describe) { return `<input id="control" type="file" ${this.has('multiple') ? 'multiple' : ''} ${this.has('accept') ? `accept="${escape(this.attr('accept'))}"` : ''} ${describe} ${this.copied()}>`; }

  report() { this.internals.setFormValue(null); }

  show() { this.report(); }
});

define('s-option', class extends Part { static css = ':host { display: none; }'; });
define('s-option-group', class extends Part { static css = ':host { display: none; }'; });
define('s-select', class extends Field {
  static css = `${FIELD} select { appearance: none; cursor: pointer; } .line::after { content: ""; inline-size: 8px; block-size: 8px; border: solid currentColor; border-width: 0 1.6px 1.6px 0; transform: translateY(-2px) rotate(45deg); pointer-events: none; }`;

  get value() {
    return this.current ?? (this.has('value') ? this.attr('value')
      : this.querySelector('s-option[selected]')?.getAttribute('value') ?? (this.has('placeholder') ? '' : this.querySelector('s-option')?.getAttribute('value') ?? ''));
  }

  set value(value) { this.current = String(value ?? ''); this.show(); }

  input(describe) { return `<select id="control" ${describe} ${this.has('required') ? 'required' : ''} ${this.has('disabled') ? 'disabled' : ''}>${this.options()}</select><slot hidden></slot>`; }

  options() {
    const one = (option) => `<option value="${escape(option.getAttribute('value') ?? option.textContent.trim())}" ${option.hasAttribute('disabled') ? 'disabled' : ''}>${escape(option.textContent.trim())}</option>`;
    const each = (child) => (child.localName === 's-option-group'
      ? `<optgroup label="${escape(child.getAttribute('label'))}">${[...child.children].map(one).join('')}</optgroup>` : one(child));
    const empty = this.has('placeholder') ? `<option value="" disabled>${escape(this.attr('placeholder'))}</option>` : '';
    return empty + [...this.children].filter(({ localName }) => localName.startsWith('s-option')).map(each).join('');
  }

  connectedCallback() {
    super.connectedCallback();
    this.watch = new MutationObserver(() => this.render());
    this.watch.observe(this, { childList: true, subtree: true, characterData: true, attributes: true });
  }

  disconnectedCallback() { this.watch.disconnect(); }
});
