/** The menu of what is under the pointer (or of the selection, with the keyboard). Rows are commands of the table. */

/** @import {Context, State, Store} from "../types.js" */

import { chosen } from "../gestures/machine.js";
import { shownKeys } from "../keymap.js";
import { hit, planeOf } from "../model/spatial.js";
import { shownDocument, shownPlaces } from "../model/state.js";
import { h, icon } from "./dom.js";

/** @typedef {{kind: "node"|"edge"|"note"|"canvas", args: any}} Subject */

const ROWS = {
  node: ["open", "rename", "replace", "disable", "", "connect-to", "create-down", "", "copy", "cut", "duplicate", "", "select-downstream", "heal", "delete"],
  edge: ["add", "", "delete"],
  note: ["copy", "duplicate", "", "delete"],
  canvas: ["add", "add-note", "paste", "", "select-all", "tidy", "fit", "full-size"],
};
/** @type {Record<string, string>} */
const ICONS = {
  add: "plus",
  "add-note": "note",
  delete: "trash",
  heal: "unlink",
  copy: "copy",
  cut: "eject",
  paste: "paste",
  duplicate: "layers",
  rename: "pencil",
  disable: "eye-off",
  replace: "refresh",
  open: "settings",
  fit: "fit",
  "connect-to": "link",
};

/** @param {Context} context @param {HTMLElement} layer */
function createContextMenu(context, layer) {
  /** @type {HTMLElement|null} */
  let menu = null;

  function close() {
    menu?.remove();
    menu = null;
    removeEventListener("pointerdown", outside, true);
  }
  /** @param {PointerEvent} event */
  function outside(event) {
    if (!menu?.contains(/** @type {Node} */ (event.target))) close();
  }

  /** @param {Subject} subject @param {{x: number, y: number}} at client coordinates */
  function open(subject, at) {
    close();
    const commands = new Map(context.commands.all().map((command) => [command.id, command]));
    const rows = ROWS[subject.kind].map((id) => {
      const command = commands.get(id);
      if (!command) return h("div", { class: "menu-line", role: "separator" });
      const keys = shownKeys(command.keys[0]);
      const run = () => {
        close();
        context.canvas.focus();
        context.commands.run(id, { ...subject.args, anchor: ["add", "replace"].includes(id) ? at : undefined });
      };
      return h(
        "button",
        {
          class: "menu-item",
          role: "menuitem",
          type: "button",
          tabIndex: -1,
          disabled: !context.commands.applies(id, subject.args),
          onclick: run,
          ...(id === "delete" ? { "data-tone": "bad" } : {}),
        },
        ICONS[id] ? icon(ICONS[id] ?? "", "icon icon-small") : h("span", { class: "icon-small" }),
        h("span", {}, command.label),
        keys ? h("kbd", { class: "kbd" }, keys) : null,
      );
    });
    menu = h("div", { class: "menu canvas-menu", role: "menu", "aria-label": subject.kind }, rows);
    menu.addEventListener("keydown", keydown);
    layer.append(menu);
    const width = menu.offsetWidth;
    const height = menu.offsetHeight;
    Object.assign(menu.style, {
      left: `${Math.max(8, Math.min(at.x, innerWidth - width - 8))}px`,
      top: `${Math.max(8, Math.min(at.y, innerHeight - height - 8))}px`,
    });
    items()[0]?.focus();
    addEventListener("pointerdown", outside, true);
  }

  const items = () => /** @type {HTMLButtonElement[]} */ ([...(menu?.querySelectorAll(".menu-item:not(:disabled)") ?? [])]);

  /** @param {KeyboardEvent} event */
  function keydown(event) {
    event.stopPropagation();
    const list = items();
    const at = list.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to !== undefined) list[(to + list.length) % list.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      close();
      context.canvas.focus();
    } else return;
    event.preventDefault();
  }

  return { open, close };
}

/** Opens on the right button, on Shift-F10 and on the menu key. @param {Store} store @param {Context} context @param {HTMLElement} stage @param {HTMLElement} layer */
export function attachContextMenu(store, context, stage, layer) {
  const menu = createContextMenu(context, layer);
  stage.addEventListener("contextmenu", (event) => {
    if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    const byKey = event.button !== 2;
    const world = context.canvas.toWorld(event.clientX, event.clientY);
    const subject = byKey ? subjectOf(store.state) : under(store, world);
    menu.open(subject, byKey ? placeOf(store.state, context) : { x: event.clientX, y: event.clientY });
  });
  stage.addEventListener("keydown", (event) => {
    if (event.key !== "ContextMenu" && !(event.key === "F10" && event.shiftKey)) return;
    event.preventDefault();
    menu.open(subjectOf(store.state), placeOf(store.state, context));
  });
}

/** What lies under a point; it is selected, so that the rows are about it. @param {Store} store @param {{x: number, y: number}} world @returns {Subject} */
function under(store, world) {
  const { state } = store;
  const shown = shownDocument(state);
  const found = hit(planeOf(shown, state.catalogue), shown.notes, world, state.camera.zoom);
  if (!found) return { kind: "canvas", args: { at: world } };
  const id = found.kind === "edge" ? found.edge : found.kind === "note" ? found.note : found.node;
  const held = found.kind === "edge" ? state.selection.edges : found.kind === "note" ? state.selection.notes : state.selection.nodes;
  if (!held.has(id) && !state.form?.dirty) store.dispatch((past) => chosen(past, found, false));
  if (found.kind === "edge") return { kind: "edge", args: { edge: found.edge } };
  return { kind: found.kind === "note" ? "note" : "node", args: {} };
}

/** @param {State} state @returns {Subject} */
function subjectOf(state) {
  if (state.selection.nodes.size || state.focused) return { kind: "node", args: {} };
  const [edge] = state.selection.edges;
  if (edge !== undefined) return { kind: "edge", args: { edge } };
  return state.selection.notes.size ? { kind: "note", args: {} } : { kind: "canvas", args: {} };
}

/** @param {State} state @param {Context} context */
function placeOf(state, context) {
  const id = state.focused ?? [...state.selection.nodes][0];
  const place = id === undefined ? undefined : shownPlaces(state)[id];
  const at = place ? { x: place.x + 24, y: place.y + 48 } : context.canvas.center();
  return context.canvas.toClient(at.x, at.y);
}
