/** A JSON value as a foldable tree; where `onpick` is given, every value is a button (Send: click makes a mapping). */
/** @import {ValuePath} from "../model/mapping.js" */

import { rowsOf } from "../model/mapping.js";
import { count } from "../model/words-panels.js";
import { h, icon } from "./dom.js";

const OPEN_TO = 3;
const MOST_ROWS = 500;

/**
 * @param {any} value
 * @param {{label: string, titled?: boolean, onpick?: (path: ValuePath, value: any) => void, marked?: () => Set<string>, depth?: number}} options  titled: the label stands above it already; marked: JSONPaths mapped already
 * @returns {HTMLElement}
 */
export function jsonTree(value, options) {
  /** @type {Map<string, boolean>} */
  const folded = new Map();
  const dom = h("div", { class: "json", role: "tree", "aria-label": options.label });
  const isOpen = (/** @type {string} */ at) => folded.get(at) ?? at.split(/[.[]/).length <= (options.depth ?? OPEN_TO);

  function draw() {
    const rows = rowsOf(value, isOpen);
    const marked = options.marked?.() ?? new Set();
    dom.replaceChildren(...rows.slice(0, MOST_ROWS).map((row, n) => line(row, n, marked)));
    if (rows.length > MOST_ROWS) dom.append(h("p", { class: "hint" }, `${rows.length - MOST_ROWS} more lines are not shown; fold what you do not need.`));
  }

  /** @param {ReturnType<typeof rowsOf>[number]} row @param {number} n @param {Set<string>} marked */
  function line(row, n, marked) {
    const folds = row.size !== null && row.size > 0;
    const dom = h(
      "div",
      {
        class: `json-row is-${row.type}${marked.has(row.at) ? " is-mapped" : ""}`,
        role: "treeitem",
        "aria-level": String(row.depth + 1),
        "aria-expanded": folds ? String(row.open) : null,
        tabindex: n === 0 ? "0" : "-1",
        "data-at": row.at,
      },
      h("span", { class: "json-fold", "aria-hidden": "true" }, folds ? icon(row.open ? "chevron-down" : "chevron-right") : null),
      row.depth ? h("span", { class: "json-name" }, row.name) : h("span", { class: "json-root" }, options.titled ? fields(row) : options.label),
      h("span", { class: "json-value" }, row.type === "text" ? row.text || "“”" : row.text || (row.open ? "" : "{…}")),
      options.onpick && row.depth
        ? h(
            "span",
            {
              class: "json-pick",
              title: "Keep as a variable",
              "aria-hidden": "true",
              onclick: (/** @type {Event} */ event) => {
                event.stopPropagation();
                pick(row);
              },
            },
            icon(marked.has(row.at) ? "check" : "plus"),
          )
        : null,
    );
    dom.style.setProperty("--depth", String(row.depth));
    dom.addEventListener("click", () => act(row, folds));
    return dom;
  }

  /** @param {ReturnType<typeof rowsOf>[number]} row @param {boolean} folds */
  function act(row, folds) {
    if (!folds) return pick(row);
    folded.set(row.at, !row.open);
    draw();
    focus(row.at);
    return undefined;
  }

  /** Lists and objects fold on a click; the plus beside them, or Shift-Enter, keeps them whole. @param {ReturnType<typeof rowsOf>[number]} row */
  function pick(row) {
    if (!row.depth) return;
    options.onpick?.(row.path, at(value, row.path));
    draw();
    focus(row.at);
  }

  /** @param {string} path */
  function focus(path) {
    for (const each of rowElements()) {
      each.tabIndex = each.dataset.at === path ? 0 : -1;
      if (each.dataset.at === path) each.focus();
    }
  }

  const rowElements = () => /** @type {HTMLElement[]} */ ([...dom.querySelectorAll(".json-row")]);

  dom.addEventListener("keydown", (event) => {
    const rows = rowElements();
    const n = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (n < 0) return;
    const here = rows[n];
    const expanded = here.getAttribute("aria-expanded");
    if (event.key === "ArrowDown") focus(rows[Math.min(n + 1, rows.length - 1)].dataset.at ?? "");
    else if (event.key === "ArrowUp") focus(rows[Math.max(n - 1, 0)].dataset.at ?? "");
    else if (event.key === "Enter" && event.shiftKey) /** @type {HTMLElement|null} */ (here.querySelector(".json-pick"))?.click();
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === " ") here.click();
    else if ((event.key === "ArrowRight" && expanded === "false") || (event.key === "ArrowLeft" && expanded === "true")) here.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  draw();
  return dom;
}

/** How much there is, where a list does not say so itself. @param {ReturnType<typeof rowsOf>[number]} row */
const fields = (row) => (row.size && row.type !== "list" ? count(row.size, "field") : "");

/** @param {any} value @param {ValuePath} path */
function at(value, path) {
  return path.reduce((here, part) => here?.[part], value);
}
