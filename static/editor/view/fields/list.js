/** list: items that are all of one kind; objects become cards that can be moved. */
/** @import {Field} from "../../types.js" */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { newId } from "../../model/document.js";
import { isOwnId } from "./object.js";
import { rowList } from "./rows.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function list({ field, id, pointer, value, change, form }) {
  const item = /** @type {Field} */ (field.item ?? { name: "item", kind: "text", label: "Item" });
  const one = singular(field.label);
  const card = item.kind === "object";
  const part = rowList({
    value,
    readonly: form.readonly(),
    add: `Add ${one.toLowerCase()}`,
    item: (n) => `${one} ${n + 1}`,
    title: card ? titleOf : undefined,
    blank: (items) => blankOf(item, items),
    max: field.limits?.max_items,
    card,
    make: (each, n, send) =>
      form.field({
        field: { ...item, label: `${one} ${n + 1}` },
        id: `${id}-${n}`,
        pointer: `${pointer}/${n}`,
        value: each,
        change: send,
        form,
        compact: true,
      }),
    change,
  });
  return { ...part, group: true };
}

/** @param {any} item */
function titleOf(item) {
  return typeof item?.label === "string" && item.label ? item.label : typeof item?.name === "string" ? item.name : "";
}

/** @param {string} label */
function singular(label) {
  return label.endsWith("ches") ? label.slice(0, -2) : label.replace(/s$/, "");
}

/** A new item: defaults only where the server would not fill them in, an id that no other item has. @param {Field} item @param {any[]} items */
function blankOf(item, items) {
  if (item.kind !== "object") return item.default ?? "";
  const taken = new Set(items.map((each) => each?.id));
  const own = (item.fields ?? []).filter(isOwnId).map((field) => [field.name, newId("b", (wish) => taken.has(wish))]);
  const required = (item.fields ?? [])
    .filter((field) => !isOwnId(field) && ["text", "variable_name", "long_text"].includes(field.kind))
    .map((field) => [field.name, field.default ?? ""]);
  return Object.fromEntries([...own, ...required]);
}
