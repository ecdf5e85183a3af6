/** object: fields of its own, in a frame; inside a list without one. */
/** @import {Field} from "../../types.js" */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { fieldValue, visibleFields } from "../../model/catalogue.js";
import { h, rearrange } from "../dom.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function object(options) {
  const { field, id, pointer, value, change, form, compact = false } = options;
  const fields = (field.fields ?? []).filter((each) => !(compact && isOwnId(each)));
  const dom = h("div", { class: compact ? "object is-compact" : "object" });
  /** @type {any} */
  let here = value ?? {};
  /** @type {Map<string, Rendered>} */
  let parts = new Map();
  let shown = "";

  function build() {
    const seen = visibleFields(fields, here);
    const names = seen.map((each) => each.name).join(" ");
    for (const each of seen) parts.get(each.name)?.set(fieldValue(each, here));
    if (names === shown) return;
    shown = names;
    const old = parts;
    parts = new Map(seen.map((each) => [each.name, old.get(each.name) ?? make(each)]));
    rearrange(dom, () => seen.map((each) => /** @type {Rendered} */ (parts.get(each.name)).dom));
  }

  /** A kind and its one value (a body: JSON, text) need no labels of their own under the heading. @param {Field} each */
  const isPlain = (each) =>
    !compact &&
    fields[0]?.kind === "choice" &&
    (each === fields[0] || !["text", "number"].includes(each.kind)) &&
    fields.slice(1).every((other) => other.visible_if);

  /** @param {Field} each */
  function make(each) {
    const plain = isPlain(each);
    return form.field({
      field: plain ? { ...each, label: `${field.label} ${each.label.toLowerCase()}` } : each,
      compact: plain,
      siblings: () => here,
      id: `${id}-${each.name}`,
      pointer: `${pointer}/${each.name}`,
      value: fieldValue(each, here),
      form,
      change: (next) => {
        here = { ...here, [each.name]: next };
        change(here);
        build();
      },
    });
  }

  build();
  return {
    dom,
    set(next) {
      if (next === here) return;
      here = next ?? {};
      build();
    },
    focus: () => [...parts.values()][0]?.focus(),
    group: true,
  };
}

/** An id that names an item for ports and references is made by the editor, never typed. @param {Field} field */
export function isOwnId(field) {
  return field.name === "id" && field.kind === "text";
}
