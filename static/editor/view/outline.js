/**
 * The flow as a tree one walks with the arrows, and below 768 px the editor itself: the same commands as on the canvas, for who
 * cannot see it, cannot point, or holds a phone. Only the rows in view are there; each says its level and its place.
 */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */
/** @import {Row} from "../model/outline.js" */

import { arrangeCommands } from "../model/commands/arrange.js";
import { outlineOf, shownRows } from "../model/outline.js";
import { NOTHING, readonlyReason, shownDocument } from "../model/state.js";
import { outline } from "../model/words-outline.js";
import { h, icon, setText } from "./dom.js";
import { menuOf } from "./outline-menu.js";
import { contentOf, lookOf, partsOf, spokenOf } from "./outline-rows.js";
import { emptyState, panelFrame } from "./panel-frame.js";
import { openMenu } from "./popover.js";

/** Rows drawn above and below what is in view. */
const MARGIN = 12;
/** Pixels, by kind of screen; a list of known heights needs no measuring. */
const HEIGHTS = { wide: { node: 48, other: 32 }, narrow: { node: 60, other: 44 } };

/** @param {Store} store @param {Context} context @param {HTMLElement} layer @returns {Panel} */
export function createOutline(store, context, layer) {
  for (const command of arrangeCommands) context.commands.register(command);
  const frame = panelFrame({ title: outline.title, onclose: () => store.dispatch((state) => ({ ...state, right: null })) });
  const sub = h("p", { class: "panel-sub" });
  const plus = h(
    "button",
    { class: "icon-button", type: "button", "aria-label": outline.addAfter, title: outline.addAfter, onclick: () => addAtCurrent() },
    icon("plus"),
  );
  frame.title.after(sub, plus);
  frame.dom.classList.add("outline-panel");
  const help = h("p", { class: "visually-hidden", id: "outline-help" }, outline.help);
  const tree = h("div", { class: "outline", role: "tree", "aria-label": outline.title, "aria-describedby": "outline-help", "data-commands": "" });
  const empty = emptyState(outline.empty, outline.emptyText, firstButton(store, context));
  frame.body.append(help, tree, empty);

  /** @type {Map<string, {dom: HTMLElement, shown: string, row: Row}>} */
  const items = new Map();
  /** @type {Set<string>} */
  const folded = new Set();
  let rows = /** @type {Row[]} */ ([]);
  let visible = /** @type {number[]} */ ([]);
  let tops = /** @type {number[]} */ ([0]);
  /** The row with the focus, or that would get it. */
  let current = "";
  let renaming = "";

  const rowOf = (/** @type {string} */ key) => rows.find((row) => row.key === key);
  const heights = () => (store.state.narrow ? HEIGHTS.narrow : HEIGHTS.wide);

  /** Which rows there are and where each begins. @param {State} state */
  function arrange(state) {
    rows = outlineOf(shownDocument(state), state.catalogue);
    visible = shownRows(rows, folded);
    const height = heights();
    tops = [0];
    for (const n of visible) tops.push((tops.at(-1) ?? 0) + (rows[n]?.kind === "node" ? height.node : height.other));
    tree.style.height = `${tops.at(-1)}px`;
    if (!visible.some((n) => rows[n]?.key === current)) current = nearest(state);
  }

  /** Where the focus goes when its row is gone: to the focused step, else to the start. @param {State} state */
  function nearest(state) {
    const wish = state.focused ?? [...state.selection.nodes][0];
    const row = rows.find((each) => each.kind === "node" && each.node === wish) ?? rows[0];
    return row && visible.includes(rows.indexOf(row)) ? row.key : (rows[visible[0] ?? 0]?.key ?? "");
  }

  /** @param {State} state */
  function draw(state) {
    const had = tree.contains(document.activeElement);
    const inRename = renaming !== "" && document.activeElement instanceof HTMLInputElement;
    const from = frame.body.scrollTop;
    const to = from + (frame.body.clientHeight || 800);
    const first = Math.max(0, tops.findIndex((top) => top >= from) - MARGIN);
    const wanted = visible.filter((n, at) => rows[n]?.key === current || (at >= first && (tops[at] ?? 0) <= to + MARGIN * 48));
    const keys = new Set(wanted.map((n) => rows[n]?.key));
    for (const [key, item] of items) {
      if (keys.has(key)) continue;
      item.dom.remove();
      items.delete(key);
    }
    const look = lookOf(state);
    let cursor = /** @type {ChildNode|null} */ (tree.firstChild);
    for (const n of wanted) {
      const row = /** @type {Row} */ (rows[n]);
      const item = items.get(row.key) ?? newItem(row);
      paint(item, row, look);
      item.dom.style.top = `${tops[visible.indexOf(n)]}px`;
      if (item.dom === cursor) cursor = cursor.nextSibling;
      else tree.insertBefore(item.dom, cursor);
    }
    if (had && !inRename && !tree.contains(document.activeElement)) focus();
  }

  /** @param {Row} row */
  function newItem(row) {
    const dom = h("div", { class: "outline-row", role: "treeitem", tabindex: "-1" });
    dom.addEventListener("click", () => {
      const now = rowOf(row.key);
      if (!now || renaming) return;
      visit(now, true);
      if (store.state.narrow || now.kind !== "node") enter(now);
    });
    dom.addEventListener("focus", () => visit(rowOf(row.key) ?? row));
    const item = { dom, shown: "", row };
    items.set(row.key, item);
    return item;
  }

  /** @param {{dom: HTMLElement, shown: string, row: Row}} item @param {Row} row @param {ReturnType<typeof lookOf>} look */
  function paint(item, row, look) {
    const { dom } = item;
    const { state } = look;
    const content = contentOf(row, look);
    const open = row.folds && !folded.has(row.key);
    const editable = readonlyReason(state) === null;
    const selected = row.kind === "node" && state.selection.nodes.has(row.node);
    dom.tabIndex = current === row.key ? 0 : -1;
    dom.setAttribute("aria-selected", String(selected));
    // Never for what a press alone changes (the focus, what is selected): a click needs what was pressed to be there still.
    const shown = JSON.stringify([row, content, open, editable, state.narrow]);
    if (item.shown === shown || renaming === row.key) return;
    item.shown = shown;
    item.row = row;
    dom.className = `outline-row is-${row.kind}${content.off ? " is-off" : ""}`;
    dom.style.setProperty("--level", String(row.level - 1));
    dom.id = `outline-${row.key.replaceAll(/[^\w-]/g, "-")}`;
    const attributes = {
      "aria-level": row.level,
      "aria-setsize": row.of,
      "aria-posinset": row.at,
      "aria-label": spokenOf(row, look),
    };
    for (const [name, value] of Object.entries(attributes)) dom.setAttribute(name, String(value));
    if (row.folds) dom.setAttribute("aria-expanded", String(open));
    else dom.removeAttribute("aria-expanded");
    dom.replaceChildren(...partsOf(row, content, { open, editable, onfold: () => fold(row, open), onmore: (anchor) => more(row, anchor) }));
  }

  /** The row is where the keyboard is; the commands are about its step. @param {Row} row @param {boolean} [byPointer] */
  function visit(row, byPointer = false) {
    context.home = focus;
    const past = items.get(current)?.dom;
    if (past && current !== row.key) past.tabIndex = -1;
    current = row.key;
    const item = items.get(row.key);
    if (item) item.dom.tabIndex = 0;
    const { state } = store;
    const here = state.focused === row.node && (state.narrow ? !state.selection.nodes.size : state.selection.nodes.has(row.node));
    if (here && !byPointer) return;
    if (state.narrow || row.kind !== "node") store.dispatch((past) => ({ ...past, focused: row.node, ...(past.narrow ? { selection: NOTHING } : {}) }));
    else context.commands.run("select", { node: row.node });
  }

  /** Enter, or a tap: opens a step, goes on from an open end, follows a link, folds a branch. @param {Row} row */
  function enter(row) {
    if (row.kind === "node") context.commands.run("open");
    else if (row.kind === "open" || (row.kind === "port" && !row.folds)) add(row);
    else if (row.target) goTo(row.target);
    else fold(row, !folded.has(row.key));
  }

  /** @param {Row} row */
  function add(row) {
    if (row.kind === "node") context.commands.run("add", { anchor: items.get(row.key)?.dom });
    else context.commands.run("add", { after: { node: row.node, port: row.port }, anchor: items.get(row.key)?.dom });
  }

  /** The button at the head: goes on from where the keyboard is. */
  function addAtCurrent() {
    const row = rowOf(current);
    if (!row) return void context.commands.run("add", { anchor: plus });
    visit(row);
    add(row);
  }

  /** @param {string} node */
  function goTo(node) {
    for (let row = rowOf(node); row; row = rows[row.parent]) if (row.key !== node) folded.delete(row.key);
    current = node;
    arrange(store.state);
    focus();
  }

  /** @param {Row} row @param {boolean} close */
  function fold(row, close) {
    if (close) folded.add(row.key);
    else folded.delete(row.key);
    current = row.key;
    arrange(store.state);
    draw(store.state);
    focus();
  }

  /** @param {Row} row @param {HTMLElement} anchor */
  function more(row, anchor) {
    visit(row);
    openMenu(layer, anchor, menuOf({ store, context, layer, row, anchor, add: () => add(row), goTo, rename: () => rename(row) }));
  }

  /** The name is written in the row itself. @param {Row} row */
  function rename(row) {
    const item = items.get(row.key);
    const name = item?.dom.querySelector(".outline-name");
    if (!item || !name || row.kind !== "node" || readonlyReason(store.state)) return;
    renaming = row.key;
    const input = h("input", {
      class: "input outline-rename",
      "aria-label": outline.rename,
      value: name.textContent ?? "",
      maxlength: "200",
      spellcheck: false,
    });
    const finish = (/** @type {boolean} */ keep) => {
      if (!renaming) return;
      renaming = "";
      item.shown = "";
      if (keep) context.commands.run("rename-to", { node: row.node, label: input.value });
      draw(store.state);
      focus();
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter");
    });
    input.addEventListener("blur", () => finish(true));
    name.replaceWith(input);
    input.focus();
    input.select();
  }

  /** Brings the current row into view and gives it the focus. @returns {boolean} false: it cannot take it now */
  function focus() {
    if (!frame.dom.isConnected || frame.dom.closest("[hidden]")) return false;
    const at = visible.findIndex((n) => rows[n]?.key === current);
    if (at < 0) return false;
    const [top = 0, bottom = 0] = [tops[at], tops[at + 1]];
    const { scrollTop, clientHeight } = frame.body;
    if (top < scrollTop) frame.body.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) frame.body.scrollTop = bottom - clientHeight;
    draw(store.state);
    items.get(current)?.dom.focus({ preventScroll: true });
    return true;
  }

  /** @param {number} to place among the visible rows */
  function walk(to) {
    const n = visible[Math.max(0, Math.min(visible.length - 1, to))];
    if (n === undefined) return;
    current = rows[n]?.key ?? "";
    focus();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const row = rowOf(current);
    if (!row || renaming || event.target instanceof HTMLInputElement) return;
    const at = visible.findIndex((n) => rows[n]?.key === current);
    const page = Math.max(1, Math.floor(frame.body.clientHeight / heights().node) - 1);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => walk(at + 1),
      ArrowUp: () => walk(at - 1),
      PageDown: () => walk(at + page),
      PageUp: () => walk(at - page),
      Home: () => walk(0),
      End: () => walk(visible.length - 1),
      ArrowRight: () => (row.folds && folded.has(row.key) ? fold(row, false) : row.folds ? walk(at + 1) : undefined),
      ArrowLeft: () => (row.folds && !folded.has(row.key) ? fold(row, true) : rows[row.parent] ? walk(visible.indexOf(row.parent)) : undefined),
      Enter: () => enter(row),
      " ": () => enter(row),
      F2: () => rename(row),
    };
    /** @type {Record<string, string>} */
    const moves = { ArrowUp: "move-earlier", ArrowDown: "move-later" };
    const run = plain ? (keys[event.key] ?? branchKey(row, event.key)) : undefined;
    if (run) run();
    else if (event.altKey && moves[event.key]) context.commands.run(moves[event.key] ?? "");
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) more(row, items.get(row.key)?.dom ?? tree);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** On a branch, a link or an open end the keys are about that way out, not about the step it leaves. @param {Row} row @param {string} key */
  function branchKey(row, key) {
    if (row.kind === "node") return undefined;
    const letters = store.state.preferences.single_keys !== false;
    if (key === "n" && letters) return () => add(row);
    if (key === "c" && letters) return () => context.commands.run("connect-to", { node: row.node, port: row.port, anchor: items.get(row.key)?.dom });
    if (key === "Delete" || key === "Backspace") return () => context.commands.run("disconnect", { edge: row.edge });
    return /^[dr]$/.test(key) ? () => {} : undefined;
  }

  tree.addEventListener("keydown", onKey);
  frame.body.addEventListener("scroll", () => draw(store.state), { passive: true });

  return {
    dom: frame.dom,
    shown: (take) => {
      context.home = focus;
      if (take && !focus()) frame.title.focus({ preventScroll: true });
    },
    update(state, before) {
      const other = !before || shownDocument(state) !== shownDocument(before) || state.catalogue !== before.catalogue || state.narrow !== before.narrow;
      if (other) arrange(state);
      if (state.focused !== before?.focused && state.focused !== null && rowOf(current)?.node !== state.focused && rowOf(state.focused)) follow(state.focused);
      tree.hidden = !rows.length;
      empty.hidden = rows.length > 0;
      plus.hidden = readonlyReason(state) !== null || !rows.length;
      setText(sub, outline.steps(shownDocument(state).nodes.length));
      draw(state);
    },
  };

  /** What is chosen elsewhere, or was just made, is shown here too; the focus comes along when it was in the tree. @param {string} node */
  function follow(node) {
    const had = tree.contains(document.activeElement);
    for (let row = rows[rowOf(node)?.parent ?? -1]; row; row = rows[row.parent]) folded.delete(row.key);
    current = node;
    arrange(store.state);
    const at = visible.findIndex((n) => rows[n]?.key === node);
    if (had) focus();
    else if ((tops[at] ?? 0) < frame.body.scrollTop || (tops[at + 1] ?? 0) > frame.body.scrollTop + frame.body.clientHeight)
      frame.body.scrollTop = Math.max(0, (tops[at] ?? 0) - frame.body.clientHeight / 2);
  }
}

/** @param {Store} store @param {Context} context */
function firstButton(store, context) {
  if (readonlyReason(store.state)) return null;
  const button = h("button", { class: "button button-primary", type: "button" }, icon("plus"), outline.emptyAction);
  button.addEventListener("click", () => context.commands.run("add", { anchor: button }));
  return button;
}
