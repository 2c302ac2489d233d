const TICK = `
  :host { display: block; } .row { display: flex; gap: var(--p-space-200); align-items: start; cursor: pointer; }
  :host([labelaccessibilityvisibility="exclusive"]) .label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  input { appearance: none; flex: none; inline-size: 1rem; block-size: 1rem; margin: var(--p-space-050) 0; border: 1px solid #8a8a8a; border-radius: var(--p-border-radius-100); background: var(--p-color-bg-surface) center/12px no-repeat; cursor: pointer; }
  input[type="radio"] { border-radius: 50%; }
  input:checked { background-color: var(--p-color-bg-fill-brand); border-color: var(--p-color-bg-fill-brand); background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 12 12' fill='none' stroke='white' stroke-width='2'%3E%3Cpath d='M2 6l3 3 5-6'/%3E%3C/svg%3E"); }
  input[type="radio"]:checked { background-image: radial-gradient(circle, #fff 0 3px, transparent 3.5px); }
  input:disabled { background-color: var(--p-color-bg-surface-disabled); border-color: var(--p-color-border-disabled); }
  .details { color: var(--p-color-text-secondary); } .error { color: var(--p-color-text-critical); } :host([disabled]) .row { color: var(--p-color-text-disabled); cursor: default; }`;

class Tick extends Part {
  static formAssociated = true;

  static focuses = true;

  static css = TICK;

  get checked() { return this.current ?? this.has('checked'); }

  set checked(on) { this.current = Boolean(on); this.show(); }

  get value() { return this.has('value') ? this.attr('value') : 'on'; }

  set value(value) { this.setAttribute('value', value); }

  get form() { return this.internals.form; }

  checkValidity() { return this.internals.checkValidity(); }

  formResetCallback() { this.current = undefined; this.show(); }

  html() {
    const error = this.attr('error');
    const told = [error && 'error', this.has('details') && 'details'].filter(Boolean).join(' ');
    const label = this.attr('accessibilitylabel');
    return `<label class="row"><input id="control" type="checkbox" ${this.constructor.extra ?? ''} ${this.has('disabled') ? 'disabled' : ''} ${this.has('required') ? 'required' : ''} ${label ? `aria-label="${escape(label)}"` : ''} ${told ? `aria-describedby="${told}"` : ''} ${error ? 'aria-invalid="true"' : ''}>
      <span><span class="label">${escape(this.attr('label'))}</span>${this.has('details') ? `<span class="details" id="details"><br>${escape(this.attr('details'))}</span>` : ''}${error ? `<span class="error" id="error" role="alert"><br>${escape(error)}</span>` : ''}</span></label>`;
  }

  render() {
    super.render();
    this.control = this.$('#control');
    this.control.addEventListener('change', () => {
      this.current = this.control.checked;
      this.show();
      this.dispatchEvent(new Event('change', { bubbles: true }));
    });
    this.show();
  }

  show() {
    if (!this.control) return;
    this.control.checked = this.checked;
    this.control.indeterminate = this.has('indeterminate') && this.current === undefined;
    this.internals.setFormValue(this.checked ? this.value : null);
    const missing = this.has('required') && !this.checked && !this.has('disabled');
    this.internals.setValidity(missing ? { valueMissing: true } : {}, missing ? this.control.validationMessage || 'Please tick this.' : '', this.control);
  }
}
define('s-checkbox', Tick);
define('s-switch', class extends Tick {
  static extra = 'role="switch"';

  static css = `${TICK} input { inline-size: 2rem; block-size: 1.25rem; margin: 0; border: 0; border-radius: 1rem; background: radial-gradient(circle at 0.625rem, #fff 0 0.4375rem, #8a8a8a 0.46rem) !important; }
    input:checked { background: radial-gradient(circle at 1.375rem, #fff 0 0.4375rem, #303030 0.46rem) !important; } input:disabled { opacity: 0.5; }`;
});

define('s-choice', class extends Part {
  static focuses = true;

  static css = TICK;

  get list() { return this.closest('s-choice-list'); }

  get selected() { return this.current ?? this.has('selected'); }

  set selected(on) { this.current = Boolean(on); if (this.control) this.control.checked = this.selected; }

  get value() { return this.attr('value'); }

  html() {
    const many = this.list?.has('multiple');
    const label = this.attr('accessibilitylabel');
    return `<label class="row"><input id="control" type="${many ? 'checkbox' : 'radio'}" ${this.selected ? 'checked' : ''} ${this.has('disabled') || this.list?.has('disabled') ? 'disabled' : ''} ${label ? `aria-label="${escape(label)}"` : ''}>
      <span><slot></slot><span class="details" data-if-filled style="display: block"><slot name="details"></slot></span></span></label><slot name="secondary-content"></slot>`;
  }

  render() {
    super.render();
    this.control = this.$('#control');
    this.control.addEventListener('change', () => this.list?.choose(this, this.control.checked));
    this.control.addEventListener('keydown', (event) => this.list?.move(this, event));
    this.list?.report?.();
  }
});
define('s-choice-list', class extends Part {
  static formAssociated = true;

  static css = `:host { display: block; } fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: var(--p-space-200); } legend { padding: 0; margin-block-end: var(--p-space-200); } .details { color: var(--p-color-text-secondary); } .error { color: var(--p-color-text-critical); }
    :host([labelaccessibilityvisibility="exclusive"]) legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }`;

  get choices() { return [...this.querySelectorAll('s-choice')]; }

  get values() { return this.choices.filter(({ selected }) => selected).map(({ value }) => value); }

  set values(values) { this.choices.forEach((choice) => { choice.selected = values.includes(choice.value); }); this.report(); }

  html() {
    return `<fieldset ${this.has('error') ? 'aria-describedby="error"' : ''}><legend>${escape(this.attr('label'))}</legend>${this.has('details') ? `<div class="details">${escape(this.attr('details'))}</div>` : ''}<slot></slot>${this.has('error') ? `<div class="error" id="error" role="alert">${escape(this.attr('error'))}</div>` : ''}</fieldset>`;
  }

  formResetCallback() {
    this.choices.forEach((choice) => { choice.current = undefined; choice.render(); });
    this.report();
  }

  choose(choice, on) {
    if (!this.has('multiple')) this.choices.forEach((other) => { other.selected = other === choice; });
    else choice.selected = on;
    this.report();
    for (const type of ['input', 'change']) this.dispatchEvent(new Event(type, { bubbles: true }));
  }

  // Radios in separate shadow roots are no group for the browser, so the arrow keys are ours.
  move(choice, event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step || this.has('multiple')) return;
    event.preventDefault();
    const all = this.choices.filter((other) => !other.has('disabled'));
    const next = all[(all.indexOf(choice) + step + all.length) % all.length];
    next.control.focus();
    this.choose(next, true);
  }

  report() {
    const data = new FormData();
    this.values.forEach((value) => data.append(this.attr('name'), value));
    this.internals.setFormValue(this.attr('name') && this.values.length ? data : null);
  }

  render() {
    super.render();
    this.report();
  }
});
