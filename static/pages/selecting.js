// A list with a checkbox per row: one box for all, and the bar of actions appears while something is chosen.
/** @param {Document} document */
export function wireSelecting(document) {
  for (const list of document.querySelectorAll("[data-selecting]")) show(list);
  document.addEventListener("change", (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    const list = box.closest("[data-selecting]");
    if (!list) return;
    if (box.matches("[data-select-all]")) for (const row of boxes(list)) row.checked = box.checked;
    show(list);
  });
}

/** @param {Element} list */
function boxes(list) {
  return /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll("input[data-select]")]);
}

/** @param {Element} list */
function show(list) {
  const chosen = boxes(list).filter((box) => box.checked).length;
  const all = /** @type {HTMLInputElement | null} */ (list.querySelector("[data-select-all]"));
  if (all) {
    all.checked = chosen > 0 && chosen === boxes(list).length;
    all.indeterminate = chosen > 0 && !all.checked;
  }
  const bar = list.querySelector("[data-selected-bar]");
  if (bar instanceof HTMLElement) bar.hidden = chosen === 0;
  const count = list.querySelector("[data-selected-count]");
  if (count) count.textContent = `${chosen} chosen`;
}
