/** key_values: rows of a name and a value with variables. */
/** @import {FieldOptions, FormEnv, Rendered} from "./index.js" */

import { h } from "../dom.js";
import { templateInput } from "../template-input.js";
import { rowList } from "./rows.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function keyValues({ field, id, value, change, form }) {
  const one = field.label.replace(/s$/, "").toLowerCase();
  const part = rowList({
    value,
    readonly: form.readonly(),
    add: `Add ${one}`,
    item: (n) => `${one} ${n + 1}`,
    blank: () => ({ name: "", value: "" }),
    max: field.limits?.max_items,
    make: (item, n, send) => pair(form, `${id}-${n}`, `${one} ${n + 1}`, field.secure === true, item, send),
    change,
  });
  return { ...part, group: true };
}

/** @param {FormEnv} form @param {string} id @param {string} name @param {boolean} secure @param {any} item @param {(item: any) => void} send */
function pair(form, id, name, secure, item, send) {
  let here = item;
  const key = /** @type {HTMLInputElement} */ (
    h("input", {
      class: "input",
      type: "text",
      id,
      "aria-label": `Name of ${name}`,
      placeholder: "name",
      autocomplete: "off",
      spellcheck: false,
      readonly: form.readonly() ? "" : null,
    })
  );
  key.value = String(item?.name ?? "");
  const update = (/** @type {any} */ patch) => {
    here = { ...here, ...patch };
    send(here);
  };
  key.addEventListener("input", () => update({ name: key.value }));
  const text = templateInput({
    id: `${id}-value`,
    label: `Value of ${name}`,
    value: item?.value,
    placeholder: "value",
    secure,
    change: (value) => update({ value }),
    form,
  });
  return {
    dom: h("div", { class: "pair" }, key, text.dom),
    focus: () => key.focus(),
    /** @param {any} next */
    set(next) {
      if (next === here) return;
      here = next;
      if (key.value !== String(next?.name ?? "")) key.value = String(next?.name ?? "");
      text.set(next?.value);
    },
  };
}
