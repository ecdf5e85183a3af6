// `/` goes to the search for calls, unless single keys are off or somebody is typing.
/** @param {Document} document */
export function wireFinding(document) {
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-find]"));
  if (!field || document.body.dataset.singleKeys === "off") return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/** @type {HTMLElement} */ (event.target).closest("input, textarea, select, dialog, [contenteditable]")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
