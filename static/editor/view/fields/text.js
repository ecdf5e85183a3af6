/** text, long_text: with variables where the field takes them, plain otherwise. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h } from "../dom.js";
import { templateInput } from "../template-input.js";

/** @param {FieldOptions} options @returns {Rendered} */
export const text = (options) => written(options, false);

/** @param {FieldOptions} options @returns {Rendered} */
export const longText = (options) => written(options, true);

/** @param {FieldOptions} options @param {boolean} multiline @returns {Rendered} */
function written(options, multiline) {
  const { field, value, change, form, id, describedby } = options;
  if (field.template === false) return plainInput(options, { multiline });
  return templateInput({ id, label: field.label, value, multiline, secure: field.secure, describedby, change, form, preview: true });
}

/**
 * A native control without variables.
 * @param {FieldOptions} options
 * @param {{multiline?: boolean, mono?: boolean, type?: string, list?: string, prefix?: string, placeholder?: string, mode?: string}} [how]
 * @returns {Rendered & {control: HTMLInputElement|HTMLTextAreaElement}}
 */
export function plainInput({ field, id, value, change, form, describedby }, how = {}) {
  const attributes = {
    class: `${how.multiline ? "textarea" : "input"}${how.mono ? " mono" : ""}`,
    id,
    "aria-label": field.label,
    "aria-describedby": describedby ?? null,
    maxlength: field.limits?.max_length ? String(field.limits.max_length) : null,
    placeholder: how.placeholder ?? null,
    readonly: form.readonly() ? "" : null,
    spellcheck: how.mono ? false : null,
    autocomplete: "off",
    list: how.list ?? null,
    inputmode: how.mode ?? null,
  };
  const control = /** @type {HTMLInputElement|HTMLTextAreaElement} */ (
    how.multiline ? h("textarea", { ...attributes, rows: "3" }) : h("input", { ...attributes, type: how.type ?? "text" })
  );
  control.addEventListener("input", () => change(control.value));
  const set = (/** @type {any} */ next) => {
    const shown = next === null || next === undefined ? "" : String(next);
    if (control.value !== shown) control.value = shown;
  };
  set(value);
  const dom = how.prefix ? h("div", { class: "prefixed" }, h("span", { class: "prefix", "aria-hidden": "true" }, how.prefix), control) : control;
  return { dom, set, focus: () => control.focus(), control };
}
