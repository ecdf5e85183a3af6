/** Short news at the foot of the page: said to screen readers too, gone by itself unless the pointer or the focus rests on it. */

import { h, icon } from "./dom.js";

const SHOWN_FOR = 6000;
/** @type {Record<string, string>} */
const ICONS = { info: "info", ok: "check", warn: "alert", bad: "alert" };

/**
 * @param {HTMLElement} layer
 * @param {(text: string) => void} announce
 * @returns {(text: string, options?: {kind?: "info"|"ok"|"warn"|"bad", action?: {label: string, run: () => void}}) => void}
 */
export function createToasts(layer, announce) {
  const list = h("div", { class: "toasts", role: "region", "aria-label": "News" });
  layer.append(list);

  return (text, { kind = "info", action } = {}) => {
    const close = () => toast.remove();
    const act = () => {
      close();
      action?.run();
    };
    const toast = h(
      "div",
      { class: "toast", "data-tone": kind },
      icon(ICONS[kind] ?? "info"),
      h("span", { class: "toast-text" }, text),
      action ? h("button", { class: "button button-quiet", type: "button", onclick: act }, action.label) : null,
      h("button", { class: "icon-button", type: "button", "aria-label": "Dismiss", onclick: close }, icon("x")),
    );
    list.append(toast);
    while (list.children.length > 3) list.firstElementChild?.remove();
    announce(text);
    leaveLater(toast, close);
  };
}

/** @param {HTMLElement} toast @param {() => void} close */
function leaveLater(toast, close) {
  let timer = setTimeout(close, SHOWN_FOR);
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = setTimeout(close, SHOWN_FOR);
  };
  for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, hold);
  for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, release);
}
