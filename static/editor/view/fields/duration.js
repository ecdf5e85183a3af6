/** duration: seconds, shown as a number and a unit. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h } from "../dom.js";
import { templateInput } from "../template-input.js";
import { numberOf } from "./number.js";
import { plainInput } from "./text.js";

/** @type {[string, number][]} */
const UNITS = [
  ["seconds", 1],
  ["minutes", 60],
  ["hours", 3600],
  ["days", 86400],
];

/** The largest unit that shows whole numbers. @param {any} seconds */
export function unitOf(seconds) {
  if (typeof seconds !== "number" || !seconds) return 1;
  return (
    UNITS.filter(([, size]) => seconds % size === 0)
      .map(([, size]) => size)
      .at(-1) ?? 1
  );
}

/** @param {FieldOptions} options @returns {Rendered} */
export function duration(options) {
  const { field, id, value, change, form, describedby } = options;
  let unit = unitOf(value);
  const send = (/** @type {string} */ text) => {
    const amount = numberOf(text);
    change(typeof amount === "number" ? amount * unit : amount);
  };
  const shown = (/** @type {any} */ next) => (typeof next === "number" ? next / unit : next);
  const part = field.template
    ? templateInput({ id, label: field.label, value: shown(value), describedby, change: send, form, preview: false })
    : plainInput({ ...options, value: shown(value), change: send }, { type: "number", mode: "decimal" });
  const select = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { class: "select", "aria-label": `Unit of ${field.label}`, disabled: form.readonly() },
      ...UNITS.map(([name, size]) => h("option", { value: String(size) }, name)),
    )
  );
  select.value = String(unit);
  select.addEventListener("change", () => {
    unit = Number(select.value);
    send(part.control.value);
  });
  let last = value;
  return {
    dom: h("div", { class: "amount" }, part.dom, select),
    set(next) {
      const own = numberOf(part.control.value);
      if (next === last || (typeof own === "number" ? own * unit : own) === next) return;
      last = next;
      unit = unitOf(next);
      select.value = String(unit);
      part.set(shown(next));
    },
    focus: part.focus,
  };
}
