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

let sprite = "";
/** main.js says once where the sprite is. @param {string} url */
export function useSprite(url) {
  sprite = url;
}

/** An icon of the sprite; decoration, so its control needs a name of its own. @param {string} name @param {string} [className] @returns {SVGElement} */
export function icon(name, className = "icon") {
  return s("svg", { class: className, viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false" }, s("use", { href: `${sprite}#i-${name}` }));
}

/** Points an icon at another symbol. @param {Element} svg @param {string} name */
export function setIcon(svg, name) {
  const href = `${sprite}#i-${name}`;
  const use = svg.firstElementChild;
  if (use && use.getAttribute("href") !== href) use.setAttribute("href", href);
}

/** Replaces what an element holds. @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** Text only when it differs, so that nothing is laid out for nothing. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
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
