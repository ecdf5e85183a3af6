/** toggle: a switch with its label beside it. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h } from "../dom.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function toggle({ field, id, value, change, form, describedby }) {
  const control = /** @type {HTMLInputElement} */ (
    h("input", { class: "switch", type: "checkbox", role: "switch", id, "aria-describedby": describedby ?? null, disabled: form.readonly() })
  );
  control.addEventListener("change", () => change(control.checked));
  const set = (/** @type {any} */ next) => {
    control.checked = next === true;
  };
  set(value);
  return {
    dom: h("div", { class: "toggle-line" }, h("label", { class: "label", for: id }, field.label), control),
    set,
    focus: () => control.focus(),
    labelled: true,
  };
}
