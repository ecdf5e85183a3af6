/** From a list to the step it speaks of. */
/** @import {Context} from "../types.js" */

/** @param {Context} context @param {string} node @param {string|null} [field] JSON Pointer of a field to focus */
export function goTo(context, node, field = null) {
  context.commands.run("select", { node, field });
  context.canvas.reveal(node);
}
