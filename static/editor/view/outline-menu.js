/** What can be done with a row of the outline: the same commands as on the canvas, named for a list. */
/** @import {Context, Store} from "../types.js" */
/** @import {Row} from "../model/outline.js" */

import { shownKeys } from "../keymap.js";
import { nodeOf } from "../model/document.js";
import { shownDocument } from "../model/state.js";
import { outline } from "../model/words-outline.js";
import { icon } from "./dom.js";
import { lookOf, nodeName } from "./outline-rows.js";

/**
 * @param {{store: Store, context: Context, layer: HTMLElement, row: Row, anchor: HTMLElement, add: () => void, goTo: (node: string) => void, rename: () => void}} about
 * @returns {{label: string, items: {label: string, run: () => void, icon?: SVGElement, keys?: string, danger?: boolean, disabled?: boolean}[]}}
 */
export function menuOf({ store, context, layer, row, anchor, add, goTo, rename }) {
  const name = (/** @type {string|null} */ id) => nodeName(lookOf(store.state), id ?? "");
  const command = (/** @type {string} */ id, /** @type {string} */ glyph, more = {}, /** @type {any} */ args = undefined) => {
    const found = context.commands.all().find((each) => each.id === id);
    return {
      label: found?.label ?? id,
      icon: icon(glyph),
      keys: shownKeys(found?.keys[0]),
      disabled: !context.commands.applies(id, args),
      run: () => void context.commands.run(id, args),
      ...more,
    };
  };
  const connect = { label: outline.connect, icon: icon("link"), keys: "C", run: () => run("connect-to", { node: row.node, port: row.port, anchor }) };
  const cut = { label: outline.disconnect, icon: icon("unlink"), danger: true, disabled: !row.edge, run: () => run("disconnect", { edge: row.edge }) };
  const addRow = { label: row.kind === "node" ? outline.addAfter : outline.addHere, icon: icon("plus"), keys: "N", run: add };
  const run = (/** @type {string} */ id, /** @type {any} */ args) => void context.commands.run(id, args);

  if (row.kind === "port") return { label: row.label, items: [addRow, connect, cut] };
  if (row.kind !== "node")
    return {
      label: outline.more(name(row.target)),
      items: [{ label: outline.openTarget(name(row.target)), icon: icon("arrow-right"), run: () => goTo(row.target ?? "") }, addRow, connect, cut],
    };
  const node = nodeOf(shownDocument(store.state), row.node);
  return {
    label: name(row.node),
    items: [
      command("open", "settings"),
      addRow,
      { ...connect, run: () => run("connect-to", { node: row.node, anchor }) },
      command("connect-from", "link", { label: outline.connectFrom, run: () => run("connect-from", { node: row.node, anchor }) }, { node: row.node }),
      command("rename", "pencil", { run: rename }),
      command("replace", "refresh", { run: () => run("replace", { anchor }) }),
      command("disable", node?.disabled ? "eye" : "eye-off"),
      command("move-earlier", "arrow-up", { keys: shownKeys("Alt+ArrowUp") }),
      command("move-later", "arrow-down", { keys: shownKeys("Alt+ArrowDown") }),
      {
        label: outline.moveTo,
        icon: icon("flow"),
        run: async () => (await import("./choosing.js")).moveByName(store, context, layer, { node: row.node, anchor }),
      },
      command("duplicate", "layers"),
      command("heal", "unlink"),
      command("delete", "trash", { danger: true }),
    ],
  };
}
