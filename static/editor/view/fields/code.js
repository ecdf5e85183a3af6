/** code: program text. A textarea until somebody means to write; then, if it can be had, a real code editor. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { plainInput } from "./text.js";

/** Tab indents, Escape then Tab leaves, as in every editor that takes Tab. @param {FieldOptions} options @returns {Rendered} */
export function code(options) {
  const part = plainInput(options, { multiline: true, mono: true });
  const control = /** @type {HTMLTextAreaElement} */ (part.control);
  control.classList.add("code-input");
  control.rows = 12;
  let leaves = false;
  control.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && !event.shiftKey && !leaves) {
      event.preventDefault();
      document.execCommand("insertText", false, "  ");
    }
    leaves = event.key === "Escape";
  });
  control.addEventListener("focus", () =>
    import("./code-editor.js").then(
      ({ replace }) => control.isConnected && Object.assign(part, replace(control, options)),
      () => {}, // without a server the textarea stays; the next focus asks again
    ),
  );
  return { dom: part.dom, set: (value) => part.set(value), focus: () => part.focus() };
}
