/** Questions that stop everything: a native modal dialog, so the browser keeps the focus inside and gives it back. */
/** @import {DialogOptions} from "../types.js" */

import { h } from "./dom.js";

/**
 * @param {HTMLElement} layer
 * @param {DialogOptions} options
 * @returns {Promise<any>} the id of the button, null for Escape; with `input`, `{button, value}`
 */
export function ask(layer, options) {
  return new Promise((resolve) => {
    const input = options.input ? h("input", { class: "input", type: "text", id: "dialog-input", value: options.input.value, maxlength: "500" }) : null;
    const answer = (/** @type {string|null} */ id) => {
      dialog.close();
      dialog.remove();
      resolve(input && id ? { button: id, value: /** @type {HTMLInputElement} */ (input).value } : id);
    };
    const buttons = options.buttons.map((each) =>
      h("button", { class: `button ${STYLES[each.kind ?? ""] ?? ""}`, type: "button", onclick: () => answer(each.id) }, each.label),
    );
    const dialog = /** @type {HTMLDialogElement} */ (
      h(
        "dialog",
        { class: "dialog", "aria-labelledby": "dialog-title", ...(options.text ? { "aria-describedby": "dialog-text" } : {}) },
        h("div", { class: "dialog-head" }, h("h2", { id: "dialog-title" }, options.title)),
        h(
          "div",
          { class: "dialog-body" },
          options.text ? h("div", { id: "dialog-text" }, options.text) : null,
          input ? h("div", { class: "field" }, h("label", { class: "label", for: "dialog-input" }, options.input?.label ?? ""), input) : null,
        ),
        h("div", { class: "dialog-foot" }, ...buttons),
      )
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(null);
    });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    layer.append(dialog);
    dialog.showModal();
    const primary = options.buttons.findIndex((each) => each.kind === "primary");
    input?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || primary < 0) return;
      // The focus goes back to what opened the dialog; this same Enter must not press it again.
      event.preventDefault();
      answer(options.buttons[primary].id);
    });
    (input ?? buttons[primary] ?? buttons[0])?.focus();
  });
}

/** @type {Record<string, string>} */
const STYLES = { primary: "button-primary", danger: "button-danger", quiet: "button-quiet" };
