/** multi_choice: several of a few, as chips that can be ticked. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h } from "../dom.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function multiChoice({ field, id, value, change, form }) {
  const options = (field.options ?? []).map((each) => (typeof each === "object" ? each : { value: each, label: String(each) }));
  return ticks({ id, options, value, change, readonly: form.readonly() });
}

/**
 * @param {{id: string, options: {value: any, label: string}[], value: any, change: (value: any[]) => void, readonly: boolean}} how
 * @returns {Rendered}
 */
export function ticks({ id, options, value, change, readonly }) {
  /** @type {any[]} */
  let chosen = [];
  const dom = h("div", { class: "ticks" });
  /** @type {HTMLInputElement[]} */
  let boxes = [];

  function build() {
    const all = [
      ...options,
      ...chosen.filter((each) => !options.some((option) => option.value === each)).map((each) => ({ value: each, label: String(each) })),
    ];
    boxes = all.map((option, n) => {
      const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", class: "visually-hidden", id: n ? `${id}-${n}` : id, disabled: readonly }));
      box.checked = chosen.includes(option.value);
      box.addEventListener("change", () => {
        chosen = box.checked
          ? all.map((each) => each.value).filter((each) => each === option.value || chosen.includes(each))
          : chosen.filter((each) => each !== option.value);
        change(chosen);
      });
      return box;
    });
    dom.replaceChildren(...boxes.map((box, n) => h("label", { class: "tick" }, box, h("span", {}, all[n].label))));
  }

  /** @param {any} next */
  function set(next) {
    const list = Array.isArray(next) ? next : [];
    if (boxes.length && list.length === chosen.length && list.every((each, n) => each === chosen[n])) return;
    chosen = list;
    build();
  }

  set(value);
  if (!boxes.length) build();
  return { dom, set, focus: () => boxes[0]?.focus(), group: true };
}
