/** json_value: any JSON value as text. schema: a JSON Schema, which can be made from an example answer. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { schemaOf } from "../../model/schema-of.js";
import { h, icon } from "../dom.js";
import { plainInput } from "./text.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function jsonValue(options) {
  const state = h("p", { class: "json-state", "aria-live": "polite", hidden: true });
  let last = options.value;
  const part = plainInput({ ...options, value: written(options.value), change: read }, { multiline: true, mono: true });

  /** Text that is no JSON stays in the field and is not sent on, so a half-typed value destroys nothing. @param {string} text */
  function read(text) {
    try {
      last = text.trim() ? JSON.parse(text) : null;
    } catch {
      state.hidden = false;
      state.dataset.tone = "warn";
      state.replaceChildren(icon("alert"), "Not JSON yet: kept here, not in the flow.");
      return;
    }
    state.hidden = true;
    options.change(last);
  }

  return {
    dom: h("div", {}, part.dom, state),
    set(next) {
      if (JSON.stringify(next) === JSON.stringify(last)) return;
      last = next;
      state.hidden = true;
      part.set(written(next));
    },
    focus: part.focus,
  };
}

/** @param {any} value */
const written = (value) => (value === null || value === undefined ? "" : JSON.stringify(value, null, 2));

/** @param {FieldOptions} options @returns {Rendered} */
export function schema(options) {
  const part = jsonValue(options);
  const ask = async () => {
    const answer = await options.form.context.dialog({
      title: "Schema from an example",
      text: "Paste an answer as this flow gives it. Every member becomes a property of that type.",
      input: { label: "Example (JSON)", value: '{"ok": true}' },
      buttons: [
        { id: "cancel", label: "Cancel" },
        { id: "make", label: "Make schema", kind: "primary" },
      ],
    });
    if (answer?.button !== "make") return;
    try {
      const made = schemaOf(JSON.parse(answer.value));
      part.set(made);
      options.change(made);
    } catch {
      options.form.context.toast("That was no JSON, so the schema is as it was.", { kind: "warn" });
    }
  };
  const button = h(
    "button",
    { class: "button button-quiet button-small", type: "button", hidden: options.form.readonly(), onclick: ask },
    icon("zap"),
    "Make from an example",
  );
  return { ...part, dom: h("div", {}, part.dom, button) };
}
