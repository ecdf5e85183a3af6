/** Files dropped onto the canvas: pictures and JSON that carry a flow. While one is over it, the canvas says so. */
/** @import {Context, Store} from "../types.js" */

/** @param {Store} store @param {Context} context @param {HTMLElement} stage */
export function acceptFiles(store, context, stage) {
  const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  const over = (/** @type {boolean} */ on) => stage.classList.toggle("is-receiving", on);
  stage.addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    over(true);
  });
  stage.addEventListener("dragleave", () => over(false));
  stage.addEventListener("drop", async (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    over(false);
    const at = context.canvas.toWorld(event.clientX, event.clientY);
    (await import("./importing.js")).openFile(store, context, file, at);
  });
  // A file that misses the canvas must not take the page away.
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => hasFile(/** @type {DragEvent} */ (event)) && event.preventDefault());
}
