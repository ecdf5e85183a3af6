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
  document.addEventListener("toggle", (event) => place(/** @type {HTMLElement} */ (event.target)), true);
  document.querySelector("[data-side-toggle]")?.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  });
}

/**
 * A menu in a table stands free of it, so that the table's rim does not cut it off.
 * @param {HTMLElement} opened
 */
function place(opened) {
  const menu = opened.matches(".table details.drop[open]") && opened.querySelector(".menu");
  if (!(menu instanceof HTMLElement)) return;
  const button = opened.getBoundingClientRect();
  const below = button.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.top = `${below ? button.bottom + 4 : Math.max(4, button.top - 4 - menu.offsetHeight)}px`;
  menu.style.left = `${Math.max(8, button.right - menu.offsetWidth)}px`;
  addEventListener("scroll", () => opened.removeAttribute("open"), { once: true, capture: true });
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
