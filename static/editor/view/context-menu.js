/** The menu of what is under the pointer (or of the selection, with the keyboard). Rows are commands of the table. */

/** @import {Context, State, Store} from "../types.js" */

import { chosen } from "../gestures/machine.js";
import { shownKeys } from "../keymap.js";
import { edgeOf, nodeOf, noteOf } from "../model/document.js";
import { hit, planeOf } from "../model/spatial.js";
import { readonlyReason, shownDocument, shownPlaces } from "../model/state.js";
import { words } from "../model/words.js";
import { say } from "../model/words-canvas.js";
import { h, icon } from "./dom.js";

/** @typedef {"node"|"edge"|"note"|"canvas"|"selection"} Kind */
/** @typedef {{kind: Kind, name: string, args: any, from?: any, to?: any}} Subject  from: what `connect-to` begins at; to: what `connect-from` leads to */

/** "" is a line. @type {Record<Kind, string[]>} */
const ROWS = {
  node: [
    "open",
    "rename",
    "replace",
    "disable",
    "fix-problem",
    "",
    "connect-to",
    "connect-from",
    "create-down",
    "",
    "copy",
    "cut",
    "duplicate",
    "",
    "select-upstream",
    "select-downstream",
    "",
    "heal",
    "delete",
  ],
  selection: ["copy", "cut", "duplicate", "", "disable", "tidy", "fit-selection", "", "heal", "delete"],
  edge: ["add", "connect-to", "connect-from", "", "delete"],
  note: ["edit-note", "color-note", "", "copy", "cut", "duplicate", "", "delete"],
  canvas: ["add", "add-note", "paste", "", "select-all", "find", "tidy", "fit", "full-size", "", "command-palette", "shortcuts"],
};
/** Rows that are called otherwise here. @type {Partial<Record<Kind, Record<string, string>>>} */
const NAMES = { edge: { add: words.insertHere, "connect-to": words.commands.reconnect, "connect-from": say.leadFrom } };
/** Commands that open something beside what they are about. */
const ANCHORED = ["add", "replace", "connect-to", "connect-from"];
/** @type {Record<string, string>} */
const ICONS = {
  add: "plus",
  "add-note": "note",
  delete: "trash",
  heal: "unlink",
  copy: "copy",
  cut: "scissors",
  paste: "paste",
  duplicate: "layers",
  rename: "pencil",
  disable: "eye-off",
  replace: "refresh",
  open: "settings",
  fit: "fit",
  "connect-to": "link",
  "connect-from": "link",
  "create-down": "plus",
  "select-upstream": "arrow-up",
  "select-downstream": "arrow-down",
  "edit-note": "pencil",
  "fix-problem": "zap",
  find: "search",
  shortcuts: "keyboard",
  "select-all": "marquee",
};

/** @param {Store} store @param {Context} context @param {HTMLElement} layer */
function createContextMenu(store, context, layer) {
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
      if (id === "color-note") return colorRow();
      const keys = shownKeys(command.keys[0]);
      const run = () => {
        close();
        context.canvas.focus();
        const args = { ...argsOf(id, subject), anchor: ANCHORED.includes(id) ? at : undefined };
        if (id === "paste") pasteFromMenu(context, args);
        else context.commands.run(id, args);
      };
      return h(
        "button",
        {
          class: "menu-item",
          role: "menuitem",
          type: "button",
          tabIndex: -1,
          // What lies on the clipboard is known only once it is pasted.
          disabled: id === "paste" ? readonlyReason(store.state) !== null : !context.commands.applies(id, argsOf(id, subject)),
          onclick: run,
          ...(id === "delete" ? { "data-tone": "bad" } : {}),
        },
        ICONS[id] ? icon(ICONS[id] ?? "", "icon icon-small") : h("span", { class: "icon-small" }),
        h("span", {}, NAMES[subject.kind]?.[id] ?? command.label),
        keys ? h("kbd", { class: "kbd", "aria-hidden": "true" }, keys) : null,
      );
    });
    menu = h("div", { class: "menu canvas-menu", role: "menu", "aria-label": say.menuOf(subject.name) }, rows);
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

  const items = () => /** @type {HTMLButtonElement[]} */ ([...(menu?.querySelectorAll("button:not(:disabled)") ?? [])]);

  function colorRow() {
    const [id] = store.state.selection.notes;
    const now = noteOf(store.state.document, id ?? "")?.color;
    const colors = Object.entries(words.noteColors).map(([color, name]) =>
      h("button", {
        class: "note-color",
        type: "button",
        role: "menuitemradio",
        tabIndex: -1,
        "data-color": color,
        "aria-label": name,
        title: name,
        "aria-checked": String(color === now),
        disabled: readonlyReason(store.state) !== null,
        onclick: () => {
          close();
          context.canvas.focus();
          context.commands.run("color-note", { color });
        },
      }),
    );
    return h("div", { class: "note-colors", role: "group", "aria-label": say.colors }, colors);
  }

  /** @param {KeyboardEvent} event */
  function keydown(event) {
    event.stopPropagation();
    const list = items();
    const at = list.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const sideways = list[at]?.getAttribute("role") === "menuitemradio" ? { ArrowRight: at + 1, ArrowLeft: at - 1 } : {};
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1, ...sideways };
    const to = moves[event.key];
    if (to !== undefined) list[(to + list.length) % list.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      close();
      context.canvas.focus();
    } else return;
    event.preventDefault();
  }

  return { open, close };
}

/** @param {string} id @param {Subject} subject */
const argsOf = (id, subject) => (id === "connect-to" ? subject.from : id === "connect-from" ? subject.to : null) ?? subject.args;

/** Opens on the right button, on Shift-F10 and on the menu key. @param {Store} store @param {Context} context @param {HTMLElement} stage @param {HTMLElement} layer */
export function attachContextMenu(store, context, stage, layer) {
  const menu = createContextMenu(store, context, layer);
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
  if (!found) return { kind: "canvas", name: say.menuSubjects.canvas, args: { at: world } };
  const id = found.kind === "edge" ? found.edge : found.kind === "note" ? found.note : found.node;
  const held = found.kind === "edge" ? state.selection.edges : found.kind === "note" ? state.selection.notes : state.selection.nodes;
  if (!held.has(id) && !state.form?.dirty) store.dispatch((past) => chosen(past, found, false));
  return found.kind === "edge" ? edgeSubject(store.state, found.edge) : subjectOf(store.state);
}

/** What the menu is about when the keyboard asks for it: the selection, else the step one stands at. @param {State} state @returns {Subject} */
function subjectOf(state) {
  const { nodes, edges, notes } = state.selection;
  if (nodes.size + notes.size > 1)
    return {
      kind: "selection",
      name: words.nodesText(
        [...nodes].map((id) => nameOf(state, id)),
        notes.size,
      ),
      args: {},
    };
  const [note] = notes;
  if (note !== undefined) return { kind: "note", name: say.menuSubjects.note, args: {} };
  const id = [...nodes][0] ?? (edges.size ? undefined : state.focused);
  if (id) return { kind: "node", name: nameOf(state, id), args: {} };
  const [edge] = edges;
  return edge === undefined ? { kind: "canvas", name: say.menuSubjects.canvas, args: {} } : edgeSubject(state, edge);
}

/** @param {State} state @param {string} id @returns {Subject} */
function edgeSubject(state, id) {
  const edge = edgeOf(shownDocument(state), id);
  return {
    kind: "edge",
    name: say.menuSubjects.edge,
    args: { edge: id },
    from: { node: edge?.source, port: edge?.port },
    to: { node: edge?.target, edge: id },
  };
}

/** @param {State} state @param {string} id */
const nameOf = (state, id) => {
  const node = nodeOf(shownDocument(state), id);
  return node?.label || node?.type || words.something;
};

/** The clipboard where the page may read it; else what was copied in this tab; else it says which keys do it. @param {Context} context @param {any} args */
async function pasteFromMenu(context, args) {
  const text = await globalThis.navigator?.clipboard?.readText?.().catch(() => "");
  if (text && context.commands.run("paste", { ...args, text })) return;
  if (!context.commands.run("paste", args)) context.toast(say.pasteByKey(shownKeys("Mod+v")), { kind: "info" });
}

/** @param {State} state @param {Context} context */
function placeOf(state, context) {
  const [note] = state.selection.notes;
  const id = [...state.selection.nodes][0] ?? state.focused ?? undefined;
  const place = id !== undefined ? shownPlaces(state)[id] : noteOf(shownDocument(state), note ?? "");
  const at = place ? { x: place.x + 24, y: place.y + 48 } : context.canvas.center();
  return context.canvas.toClient(at.x, at.y);
}
