/** Making elements. Text goes in as text, by node; markup from strings does not exist here. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node|string|number|null|undefined|false|Child[]} Child */

/**
 * An element: `h("button", {class: "button", type: "button", "aria-label": "Close", onclick: close}, "Close")`.
 * Props: `on...` functions become listeners, `dataset` and `style` take objects, booleans set or leave out the attribute, `value`,
 * `checked` and other live members are set as properties, the rest as attributes. null and undefined are left out.
 * @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {Record<string, any>|null} [props] @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  setProps(element, props ?? {});
  append(element, children);
  return element;
}

/** The same for SVG. @param {string} tag @param {Record<string, any>|null} [props] @param {...Child} children @returns {SVGElement} */
export function s(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  setProps(element, props ?? {});
  append(element, children);
  return /** @type {SVGElement} */ (element);
}

/** The pictures of the sprite by name, once it is here. @type {Map<string, Element>} */
const symbols = new Map();
/** Icons that wait for it. @type {Set<Element>} */
const waiting = new Set();

/**
 * Fetches the sprite once. Icons are drawn with their own lines, not with references into it: those cost the browser a hidden tree each.
 * @param {string} url
 */
export async function useSprite(url) {
  const sprite = new DOMParser().parseFromString(await (await fetch(url)).text(), "image/svg+xml");
  for (const symbol of sprite.querySelectorAll("symbol")) symbols.set(symbol.id.slice(2), symbol);
  for (const svg of waiting) drawIcon(svg);
  waiting.clear();
}

/** An icon of the sprite; decoration, so its control needs a name of its own. @param {string} name @param {string} [className] @returns {SVGElement} */
export function icon(name, className = "icon") {
  const svg = s("svg", { class: className, viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false", "data-icon": name });
  drawIcon(svg);
  return svg;
}

/** Makes an icon another. @param {Element} svg @param {string} name */
export function setIcon(svg, name) {
  if (svg.getAttribute("data-icon") === name) return;
  svg.setAttribute("data-icon", name);
  drawIcon(svg);
}

/** @param {Element} svg */
function drawIcon(svg) {
  if (!symbols.size) return void waiting.add(svg);
  const symbol = symbols.get(svg.getAttribute("data-icon") ?? "");
  svg.replaceChildren(...Array.from(symbol?.children ?? [], (each) => each.cloneNode(true)));
}

/** An icon as a background, for what there is much of: no element at all. "" until the sprite is here. @param {string} name @param {string} color @returns {string} a CSS image */
export function iconImage(name, color) {
  const lines = symbols.get(name)?.innerHTML;
  if (lines === undefined) return "";
  const look = `fill="none" stroke="${color}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" viewBox="0 0 20 20" ${look}>${lines}</svg>`;
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
}

/** Replaces what an element holds. @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** Replaces what an element holds where some of it stays: what is moved in the page loses the focus, and gets it back. @param {Element} element @param {() => Node[]} parts */
export function rearrange(element, parts) {
  const had = element.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
  element.replaceChildren(...parts());
  if (had?.isConnected) had.focus({ preventScroll: true });
}

/** Text only when it differs, so that nothing is laid out for nothing; in the node that is there, if there is just one. @param {Element} element @param {string} text */
export function setText(element, text) {
  const only = element.firstChild;
  if (only instanceof Text && !only.nextSibling) {
    if (only.data !== text) only.data = text;
  } else if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string|null} value null removes it */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Also saying again what holds already would make the browser look at styles anew. @param {HTMLElement} element @param {boolean} hidden */
export function setHidden(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** @type {Map<string, Promise<void>>} */
const sheets = new Map();

/** Fetches static/css/<name>.css once; done when its rules hold, or when it cannot be had. @param {string} name */
export function style(name) {
  const asked = sheets.get(name);
  if (asked) return asked;
  // The import map knows the hashed names of sheets too.
  const link = h("link", { rel: "stylesheet", href: import.meta.resolve(`/static/css/${name}.css`) });
  const done = new Promise((resolve) => {
    link.onload = () => resolve(undefined);
    link.onerror = () => {
      sheets.delete(name);
      resolve(undefined);
    };
  });
  document.head.append(link);
  sheets.set(name, done);
  return done;
}

/** A part that comes late, with its sheets: `await styled(import("./x.js"), "x")`. @template T @param {Promise<T>} part @param {...string} names @returns {Promise<T>} */
export const styled = async (part, ...names) => (await Promise.all([part, ...names.map(style)]))[0];

const PROPERTIES = new Set(["value", "checked", "disabled", "indeterminate", "selected", "hidden", "open", "multiple", "readOnly", "tabIndex", "spellcheck"]);

/** @param {any} element @param {Record<string, any>} props */
function setProps(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "style" && typeof value === "object") for (const [property, each] of Object.entries(value)) setStyle(element, property, each);
    else if (name === "class" || name === "className") element.setAttribute("class", Array.isArray(value) ? value.filter(Boolean).join(" ") : value);
    else if (PROPERTIES.has(name) && name in element) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
    else if (name.startsWith("aria-")) element.setAttribute(name, "false");
  }
}

/** @param {any} element @param {string} property @param {any} value */
function setStyle(element, property, value) {
  if (property.startsWith("--")) element.style.setProperty(property, value);
  else element.style[property] = value;
}

/** @param {Element} element @param {Child[]} children */
function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}
