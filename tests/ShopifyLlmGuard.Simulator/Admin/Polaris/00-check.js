// Markup that Shopify's components would ignore or misread is an error here, so that a test can fail on it.
const GLOBAL = new Set(['id', 'class', 'style', 'slot', 'hidden', 'lang', 'dir', 'key', 'data-polaris-error']);
const BRIDGE = new Set(['s-app-nav', 's-app-window']);

function wrong(element, text) {
  console.error(`Polaris: <${element.localName}>${element.id ? ` #${element.id}` : ''}: ${text}`);
  element.setAttribute('data-polaris-error', text);
}

function refuse(rule, name, value) {
  switch (rule.kind) {
    case 'boolean':
      return value === 'false' ? `${name}="false" counts as true: leave the attribute out.` : null;
    case 'number':
      return value.trim() === '' || Number.isNaN(Number(value)) ? `${name}="${value}" is no number.` : null;
    case 'text':
      return null;
  }
  if (rule.words.includes(value) || (rule.responsive && value.startsWith('@container'))) return null;
  if (rule.kind === 'size') return /^\d+(\.\d+)?(px|%)$/.test(value) ? null : `${name}="${value}" is none of: ${[...rule.words, '12px', '50%'].join(', ')}.`;
  const words = value.split(/\s+/);
  return words.length <= rule.most && words.every((word) => rule.words.includes(word))
    ? null : `${name}="${value}" is none of: ${rule.words.slice(0, 20).join(', ')}${rule.words.length > 20 ? ', …' : ''}.`;
}

function checkAttribute(element, name) {
  const value = element.getAttribute(name);
  const rule = MANIFEST[element.localName].attributes[name];
  if (value === null || (!rule && (GLOBAL.has(name) || name.startsWith('data-') || name.startsWith('aria-')))) return;
  const text = rule ? refuse(rule, name, value)
    : `unknown attribute ${name}; known are: ${Object.values(MANIFEST[element.localName].attributes).map((known) => known.field).join(', ') || 'none'}.`;
  if (text) wrong(element, text);
}

function checkSlot(element) {
  const parent = element.parentElement;
  const slots = parent && MANIFEST[parent.localName]?.slots;
  if (!slots) return;
  const slot = element.getAttribute('slot') ?? '';
  if (!slots.includes(slot)) wrong(element, `<${parent.localName}> has no slot "${slot}"; it has: ${slots.map((name) => name || '(default)').join(', ') || 'none'}.`);
}

function check(element) {
  checkSlot(element);
  if (!element.localName.startsWith('s-')) return;
  if (MANIFEST[element.localName]) element.getAttributeNames().forEach((name) => checkAttribute(element, name));
  else if (!BRIDGE.has(element.localName)) wrong(element, 'there is no such component.');
}

function checkTree(node) {
  if (!(node instanceof Element)) return;
  check(node);
  node.querySelectorAll('*').forEach(check);
}

new MutationObserver((changes) => changes.forEach(({ type, target, addedNodes, attributeName }) => {
  if (type === 'childList') addedNodes.forEach((node) => node.isConnected && checkTree(node));
  else if (attributeName === 'slot') checkSlot(target);
  else if (MANIFEST[target.localName]) checkAttribute(target, attributeName);
})).observe(document, { childList: true, subtree: true, attributes: true });
