// Menus behind a <summary> close on Escape, on a click beside them and when focus leaves; the narrow page's navigation folds.
/** @param {Document} document */
export function wireMenus(document) {
  document.addEventListener("click", (event) => closeOthers(document, /** @type {Node} */ (event.target)));
  document.addEventListener("focusin", (event) => closeOthers(document, /** @type {Node} */ (event.target)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus(document)) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  document.querySelector("[data-side-toggle]")?.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  });
}

/** @param {Document} document */
function openMenus(document) {
  return /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.drop[open]"));
}

/**
 * @param {Document} document
 * @param {Node} target
 */
function closeOthers(document, target) {
  for (const menu of openMenus(document)) if (!menu.contains(target)) menu.open = false;
}
