/** code: program text; Tab indents, Escape then Tab leaves, as in every editor that takes Tab. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { plainInput } from "./text.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function code(options) {
  const part = plainInput(options, { multiline: true, mono: true });
  part.control.classList.add("code-input");
  /** @type {HTMLTextAreaElement} */ (part.control).rows = 12;
  let leaves = false;
  part.control.addEventListener("keydown", (raw) => {
    const event = /** @type {KeyboardEvent} */ (raw);
    if (event.key === "Tab" && !event.shiftKey && !leaves) {
      event.preventDefault();
      document.execCommand("insertText", false, "  ");
    }
    leaves = event.key === "Escape";
  });
  return part;
}
