/** json_body: JSON text with variables. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { checkJson } from "../../model/json-check.js";
import { h, icon } from "../dom.js";
import { templateInput } from "../template-input.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function jsonBody({ field, id, value, change, form, describedby, siblings }) {
  const state = h("p", { class: "json-state", "aria-live": "polite" });
  const part = templateInput({
    id,
    label: field.label,
    value,
    multiline: true,
    mono: true,
    json: () => siblings?.().type !== "text",
    secure: field.secure,
    describedby,
    change: (text) => {
      check(text);
      change(text);
    },
    form,
  });

  /** @param {any} text */
  function check(text) {
    // The same field holds a plain text body, which need not be JSON.
    const message = checkJson(String(text ?? ""));
    state.hidden = !text || siblings?.().type === "text";
    state.dataset.tone = message ? "warn" : "ok";
    state.replaceChildren(icon(message ? "alert" : "check"), message ?? "Valid JSON");
  }

  check(value);
  return {
    dom: h("div", {}, part.dom, state),
    set(next) {
      check(next);
      part.set(next);
    },
    focus: part.focus,
  };
}
