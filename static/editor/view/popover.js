/** A floating box beside what opened it: one at a time, gone with Escape or a press outside, focus goes back. */

import { h } from "./dom.js";

const GAP = 6;
const RIM = 8;
/** With so much room below the caret a picker stays there. */
const ENOUGH = 240;

/**
 * @typedef {object} Popover
 * @property {HTMLElement} dom
 * @property {(reason?: string) => void} close
 * @property {() => void} place   again, after its content or the anchor changed
 */

/**
 * @param {HTMLElement} layer
 * @param {Element|{x: number, y: number}|(() => DOMRect)} anchor  client coordinates
 * @param {{label: string, class?: string, role?: string, content: Node[], focus?: boolean, onclose?: (reason: string) => void}} options
 *  `focus: false` leaves the focus where it is (the picker under a field)
 * @returns {Popover}
 */
export function openPopover(layer, anchor, options) {
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const dom = h("div", { class: `popover ${options.class ?? ""}`, role: options.role ?? "dialog", "aria-label": options.label }, ...options.content);
  let open = true;

  /** @param {string} [reason] */
  function close(reason = "closed") {
    if (!open) return;
    open = false;
    const hadFocus = dom.contains(document.activeElement);
    for (const [type, listener] of listeners) document.removeEventListener(type, listener, true);
    window.removeEventListener("resize", away);
    dom.remove();
    if (hadFocus) before?.focus?.();
    options.onclose?.(reason);
  }

  const away = () => close("away");
  /** @type {[string, (event: any) => void][]} */
  const listeners = [
    ["pointerdown", (event) => outside(event.target) && close("away")],
    ["focusin", (event) => options.focus !== false && outside(event.target) && close("away")],
    ["keydown", (event) => leave(event)],
  ];

  /** @param {any} target */
  function outside(target) {
    return !dom.contains(target) && !(anchor instanceof Element && anchor.contains(target));
  }

  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close("escape");
  }

  layer.append(dom);
  for (const [type, listener] of listeners) document.addEventListener(type, listener, true);
  window.addEventListener("resize", away);
  const place = () => put(dom, anchor);
  place();
  return { dom, close, place };
}

/**
 * Below the anchor and left-aligned with it; above or shifted where there is no room. At a caret it shrinks rather than cover the line that is written.
 * @param {HTMLElement} dom
 * @param {Element|{x: number, y: number}|(() => DOMRect)} anchor
 */
function put(dom, anchor) {
  const at = typeof anchor === "function" ? anchor() : anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
  const below = at.bottom + GAP;
  const room = innerHeight - RIM - below;
  if (typeof anchor === "function") dom.style.maxHeight = `min(440px, ${room < ENOUGH ? Math.max(room, at.top - GAP - RIM) : room}px)`;
  const { width, height } = dom.getBoundingClientRect();
  const above = at.top - GAP - height;
  const top = below + height <= innerHeight - RIM || above < RIM ? Math.min(below, innerHeight - RIM - height) : above;
  dom.style.left = `${Math.max(RIM, Math.min(at.left, innerWidth - RIM - width))}px`;
  dom.style.top = `${Math.max(RIM, top)}px`;
}

/**
 * A menu: arrows move, Enter and Space choose, letters jump.
 * @param {HTMLElement} layer
 * @param {Element} anchor
 * @param {{label: string, items: {label: string, run: () => void, icon?: SVGElement, keys?: string, danger?: boolean, disabled?: boolean}[]}} options
 */
export function openMenu(layer, anchor, { label, items }) {
  const buttons = items.map((item) =>
    h(
      "button",
      {
        class: "menu-item",
        "data-tone": item.danger ? "bad" : null,
        role: "menuitem",
        type: "button",
        tabindex: "-1",
        "aria-disabled": item.disabled ? "true" : null,
        onclick: () => {
          if (item.disabled) return;
          menu.close("chosen");
          item.run();
        },
      },
      item.icon ?? null,
      h("span", {}, item.label),
      item.keys ? h("kbd", { class: "kbd" }, item.keys) : null,
    ),
  );
  const menu = openPopover(layer, anchor, { label, class: "menu", role: "menu", content: buttons });
  menu.dom.addEventListener("keydown", (event) => roam(event, buttons));
  buttons[0]?.focus();
  return menu;
}

/** @param {KeyboardEvent} event @param {HTMLElement[]} items */
export function roam(event, items) {
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  const letter =
    event.key.length === 1 && !event.ctrlKey && !event.metaKey
      ? items.findIndex((item, n) => n > at && item.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()))
      : -1;
  const to = letter >= 0 ? letter : moves[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}
