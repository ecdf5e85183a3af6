/** Ctrl-K: every command that applies now, the steps of this flow, and the steps that can be added. */
/** @import {Context, Store} from "../types.js" */

import { search } from "../model/match.js";
import { shownDocument } from "../model/state.js";
import { h, icon } from "./dom.js";
import { goTo } from "./going.js";
import { keysText } from "./shortcuts.js";

/** @typedef {{label: string, hint: string, keys: string, words: string[], run: () => void}} Entry */

let open = false;

/** @param {HTMLElement} layer @param {Store} store @param {Context} context */
export function openCommandPalette(layer, store, context) {
  if (open) return;
  open = true;
  const entries = [...commands(context), ...steps(store, context), ...types(store, context)];
  const input = h("input", {
    class: "input",
    type: "search",
    placeholder: "Type a command, a step, or what to add",
    "aria-label": "All commands",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "command-list",
    autocomplete: "off",
  });
  const list = h("div", { class: "pick-list", role: "listbox", id: "command-list", tabindex: "-1", "aria-label": "Commands" });
  const dialog = h(
    "dialog",
    { class: "dialog command-palette", "aria-label": "All commands" },
    h("div", { class: "picker-search" }, icon("search"), input),
    list,
  );
  /** @type {Entry[]} */
  let found = [];
  let active = 0;

  function close() {
    open = false;
    dialog.close();
    dialog.remove();
  }

  function draw() {
    found = search(entries, input.value, (each) => [each.label, ...each.words]).slice(0, 60);
    active = 0;
    list.replaceChildren(...found.map(row));
    if (!found.length) list.append(h("p", { class: "pick-none" }, `Nothing matches “${input.value}”.`));
    mark();
  }

  /** @param {Entry} entry @param {number} n */
  function row(entry, n) {
    const dom = h(
      "div",
      { class: "menu-item", role: "option", id: `command-${n}` },
      h("span", {}, entry.label),
      h("span", { class: "hint" }, entry.hint),
      entry.keys ? h("kbd", { class: "kbd" }, entry.keys) : null,
    );
    dom.addEventListener("click", () => choose(n));
    dom.addEventListener("pointermove", () => mark(n));
    return dom;
  }

  /** @param {number} [to] */
  function mark(to = active) {
    active = to;
    [...list.querySelectorAll("[role=option]")].forEach((dom, n) => {
      dom.setAttribute("aria-selected", String(n === active));
      if (n === active) dom.scrollIntoView({ block: "nearest" });
    });
    input.setAttribute("aria-activedescendant", `command-${active}`);
  }

  /** @param {number} n */
  function choose(n) {
    const entry = found[n];
    if (!entry) return;
    close();
    entry.run();
  }

  input.addEventListener("input", draw);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "ArrowDown") active = Math.min(active + 1, found.length - 1);
    else if (event.key === "ArrowUp") active = Math.max(active - 1, 0);
    else if (event.key === "Enter") choose(active);
    // A search field keeps the first Escape for itself, to empty it.
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    mark();
  });
  layer.append(dialog);
  dialog.showModal();
  draw();
  input.focus();
}

/** @param {Context} context @returns {Entry[]} */
function commands(context) {
  return context.commands
    .all()
    .filter((command) => !command.hidden && command.label && context.commands.applies(command.id))
    .map((command) => ({
      label: command.label,
      hint: command.group,
      keys: command.keys[0] ? keysText(command.keys[0]) : "",
      words: [command.group],
      run: () => void context.commands.run(command.id),
    }));
}

/** @param {Store} store @param {Context} context @returns {Entry[]} */
function steps(store, context) {
  return shownDocument(store.state).nodes.map((node) => ({
    label: node.label || node.key,
    hint: "Go to step",
    keys: "",
    words: [node.key, node.type, JSON.stringify(node.config)],
    run: () => goTo(context, node.id),
  }));
}

/** @param {Store} store @param {Context} context @returns {Entry[]} */
function types(store, context) {
  const { catalogue, flow, readonly } = store.state;
  if (readonly) return [];
  return [...catalogue.types.values()]
    .filter((type) => type.kinds.includes(flow.kind) && !type.trigger)
    .map((type) => ({ label: `Add ${type.label}`, hint: type.group.label, keys: "", words: type.keywords, run: () => context.addNode(type.type) }));
}
