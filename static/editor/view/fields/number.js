/** number: a number field; with variables where the field takes them. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { templateInput } from "../template-input.js";
import { plainInput } from "./text.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function number(options) {
  const { field, value, change, form, id, describedby } = options;
  const send = (/** @type {string} */ text) => change(numberOf(text));
  if (field.template) return templateInput({ id, label: field.label, value, describedby, change: send, form });
  const part = plainInput({ ...options, change: send }, { type: "number" });
  const control = /** @type {HTMLInputElement} */ (part.control);
  if (typeof field.limits?.min === "number") control.min = String(field.limits.min);
  if (typeof field.limits?.max === "number") control.max = String(field.limits.max);
  control.step = "any";
  // While "1e" or "-" stands there the control reports "", which would be taken for "nothing".
  control.addEventListener("blur", () => part.set(numberOf(control.value)));
  return {
    ...part,
    set(next) {
      if (numberOf(control.value) !== next) part.set(next);
    },
  };
}

/** Text that is no number (a placeholder, half a number) is kept as text; nothing is null. @param {string} text @returns {number|string|null} */
export function numberOf(text) {
  const trimmed = text.trim();
  if (!trimmed) return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : text;
}
