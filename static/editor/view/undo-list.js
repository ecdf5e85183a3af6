/** What was done in this tab, newest first: choosing an entry takes back everything after it, or does it again. */

/** @import {Context, Store} from "../types.js" */

import { say } from "../model/words-canvas.js";
import { h } from "./dom.js";
import { openPopover, roam } from "./popover.js";

/** @param {HTMLElement} layer @param {Store} store @param {Context} context @param {Element|{x: number, y: number}} anchor */
export function openUndoList(layer, store, context, anchor) {
  const { past, future } = store.state.history;
  /** @param {string} label @param {number} by steps from here @param {string} className */
  const row = (label, by, className = "") =>
    h(
      "button",
      {
        class: `menu-item ${className}`,
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        "aria-current": by === 0 ? "step" : null,
        onclick: () => choose(by),
      },
      label,
    );
  const later = future.map((entry, n) => row(say.undone(entry.label), future.length - n, "is-undone"));
  const done = past.map((entry, n) => row(entry.label, n + 1 - past.length)).reverse();
  const rows = [...later, ...done, row(say.opened, -past.length)];
  const popover = openPopover(layer, anchor, { label: say.undoList, class: "menu undo-list", role: "menu", content: rows });
  popover.dom.addEventListener("keydown", (event) => roam(event, rows));
  (rows[later.length] ?? rows[0])?.focus();

  /** @param {number} by */
  function choose(by) {
    popover.close("chosen");
    if (by) context.commands.run("travel", { by });
    context.canvas.focus();
  }
}
