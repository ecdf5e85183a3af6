/** The row of canvas tools, bottom left. Every button is a command of the table. */

/** @import {Context, State} from "../types.js" */

import { shownKeys } from "../keymap.js";
import { readonlyReason } from "../model/state.js";
import { words } from "../model/words.js";
import { h, icon, setAttribute, setText } from "./dom.js";

const BUTTONS = [
  ["pointer", "cursor"],
  ["area", "marquee"],
  ["hand", "hand"],
  ["zoom-out", "minus"],
  ["zoom-in", "plus"],
  ["fit", "fit"],
];
const MORE = [
  ["undo", "undo"],
  ["redo", "redo"],
  ["history", "history"],
  ["tidy", "layers"],
  ["add-note", "note"],
  ["traffic", "chart"],
  ["find", "search"],
];

/** @param {Context} context */
export function createToolbar(context) {
  const commands = new Map(context.commands.all().map((command) => [command.id, command]));
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();
  const zoom = h("button", { class: "tool tool-zoom", type: "button", title: words.fullSize, onclick: () => context.commands.run("full-size") });
  const group = (/** @type {string[][]} */ list) =>
    h(
      "div",
      { class: "tool-group" },
      list.map(([id = "", name = ""]) => button(id, name)),
    );
  const first = group(BUTTONS);
  first.append(zoom);
  const dom = h("div", { class: "toolbar", role: "toolbar", "aria-label": words.toolbar }, first, group(MORE));

  /** @param {string} id @param {string} name */
  function button(id, name) {
    const command = commands.get(id);
    const keys = shownKeys(command?.keys[0]);
    const label = command?.label ?? id;
    const dom = h(
      "button",
      {
        class: "tool",
        type: "button",
        "data-command": id,
        "aria-label": label,
        title: keys ? `${label}  ${keys}` : label,
        onclick: () => context.commands.run(id),
      },
      icon(name),
    );
    buttons.set(id, dom);
    return dom;
  }

  /** @param {string} id @param {boolean} off */
  function disable(id, off) {
    const dom = buttons.get(id);
    if (dom) dom.disabled = off;
  }

  return {
    dom,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (
        state !== before &&
        state.camera === before.camera &&
        state.tool === before.tool &&
        state.document === before.document &&
        state.history === before.history &&
        state.overlay === before.overlay &&
        state.traffic === before.traffic &&
        state.readonly === before.readonly
      )
        return;
      setAttribute(/** @type {Element} */ (buttons.get("traffic")), "aria-pressed", String(state.traffic !== null));
      setText(zoom, words.zoomValue(state.camera.zoom));
      setAttribute(zoom, "aria-label", `${words.fullSize}, ${words.zoomValue(state.camera.zoom)}`);
      for (const [id, tool] of [
        ["pointer", "select"],
        ["area", "area"],
        ["hand", "hand"],
      ])
        setAttribute(/** @type {Element} */ (buttons.get(id ?? "")), "aria-pressed", String(state.tool === tool));
      if (state.camera !== before.camera && state.document === before.document && state !== before) return;
      const undo = state.history.past.at(-1)?.label;
      const redo = state.history.future.at(-1)?.label;
      label(buttons.get("undo"), words.commands.undo, undo);
      label(buttons.get("redo"), words.commands.redo, redo);
      disable("tidy", readonlyReason(state) !== null);
      disable("add-note", readonlyReason(state) !== null);
      disable("history", undo === undefined && redo === undefined);
    },
  };
}

/** @param {HTMLButtonElement|undefined} button @param {string} name @param {string|undefined} what */
function label(button, name, what) {
  if (!button) return;
  button.disabled = what === undefined;
  button.setAttribute("aria-label", what ? `${name}: ${what}` : name);
  button.title = what ? `${name}: ${what}` : name;
}
