/** mapping: what to keep of an answer: a JSONPath, the name of the variable, a default; with the value of the last Send. */
/** @import {FieldOptions, FormEnv, Rendered} from "./index.js" */

import { readPath } from "../../model/mapping.js";
import { short } from "../../model/words-values.js";
import { h, icon } from "../dom.js";
import { rowList } from "./rows.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function mapping({ field, id, value, change, form }) {
  const part = rowList({
    value,
    readonly: form.readonly(),
    add: "Add a value to keep",
    item: (n) => `row ${n + 1} of ${field.label}`,
    blank: () => ({ path: "$.", variable: "", default: "" }),
    max: field.limits?.max_items,
    make: (item, n, send) => row(form, `${id}-${n}`, n, item, send),
    change,
  });
  return { ...part, group: true };
}

/** @param {FormEnv} form @param {string} id @param {number} n @param {any} item @param {(item: any) => void} send */
function row(form, id, n, item, send) {
  let here = item;
  /** @param {string} name @param {string} label @param {string} placeholder */
  const input = (name, label, placeholder) => {
    const dom = /** @type {HTMLInputElement} */ (
      h("input", {
        class: "input mono",
        type: "text",
        id: name === "path" ? id : `${id}-${name}`,
        "aria-label": `${label} ${n + 1}`,
        placeholder,
        autocomplete: "off",
        spellcheck: false,
        readonly: form.readonly() ? "" : null,
      })
    );
    dom.addEventListener("input", () => {
      here = { ...here, [name]: name === "variable" ? dom.value.replace(/\s/g, "_") : dom.value };
      send(here);
      mark();
    });
    return dom;
  };
  const path = input("path", "JSONPath", "$.ticket.id");
  const variable = input("variable", "Variable", "variable");
  const other = input("default", "Default", "default");
  const found = h("p", { class: "mapping-found", hidden: true });

  function mark() {
    const data = form.results.get(form.node)?.data;
    found.hidden = data === undefined;
    if (data === undefined) return;
    const value = readPath(data, here?.path ?? "");
    found.replaceChildren(icon(value === undefined ? "alert" : "check"), value === undefined ? "not in the last answer" : short(value, 80));
    found.dataset.tone = value === undefined ? "warn" : "ok";
  }

  /** @param {any} next */
  function show(next) {
    here = next;
    for (const [dom, name] of /** @type {[HTMLInputElement, string][]} */ ([
      [path, "path"],
      [variable, "variable"],
      [other, "default"],
    ])) {
      const text = next?.[name] === null || next?.[name] === undefined ? "" : String(next[name]);
      if (dom.value !== text) dom.value = text;
    }
    mark();
  }

  show(item);
  const dom = h(
    "div",
    { class: "mapping-row" },
    path,
    h("div", { class: "prefixed" }, h("span", { class: "prefix", "aria-hidden": "true" }, "vars."), variable),
    other,
    found,
  );
  form.watch(() => dom.isConnected && mark(), dom);
  return { dom, set: (/** @type {any} */ next) => next !== here && show(next), focus: () => path.focus() };
}
