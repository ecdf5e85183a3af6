/** choice: one of a few. A value the list no longer has stays chosen and is marked. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h } from "../dom.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function choice({ field, id, value, change, form, describedby }) {
  const options = (field.options ?? []).map((each) => (typeof each === "object" ? each : { value: each, label: String(each) }));
  return selectOf({
    id,
    label: field.label,
    describedby,
    disabled: form.readonly(),
    value,
    change,
    options,
    blank: field.default === null || field.default === undefined ? "Choose…" : null,
  });
}

/**
 * @param {{id: string, label: string, describedby?: string, disabled: boolean, value: any, change: (value: any) => void, options: {value: any, label: string}[], blank: string|null}} how
 * @returns {Rendered & {control: HTMLSelectElement}}
 */
export function selectOf({ id, label, describedby, disabled, value, change, options, blank }) {
  const control = /** @type {HTMLSelectElement} */ (
    h("select", { class: "select", id, "aria-label": label, "aria-describedby": describedby ?? null, disabled })
  );
  /** @type {any[]} */
  let values = [];

  /** @param {any} next */
  function set(next) {
    const known = options.some((each) => each.value === next);
    const empty = next === null || next === undefined || next === "";
    const shown = [
      ...(blank !== null ? [{ value: null, label: blank }] : []),
      ...options,
      ...(known || empty ? [] : [{ value: next, label: `${next} (not in the list)` }]),
    ];
    if (shown.length !== values.length || shown.some((each, n) => each.value !== values[n])) {
      control.replaceChildren(...shown.map((each, n) => h("option", { value: String(n) }, each.label)));
      values = shown.map((each) => each.value);
    }
    control.value = String(Math.max(0, values.indexOf(empty ? null : next)));
  }

  control.addEventListener("change", () => change(values[Number(control.value)]));
  set(value);
  return { dom: control, set, focus: () => control.focus(), control };
}
