/** The sheet of keys, from the table of commands. */
/** @import {Context, Store} from "../types.js" */

import { say } from "../model/words-canvas.js";
import { h, icon } from "./dom.js";

const MAC = /mac|iphone|ipad/i.test(navigator.platform);
/** @type {Record<string, string>} */
const NAMES = {
  Mod: MAC ? "⌘" : "Ctrl",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Enter: "↵",
  Escape: "Esc",
  Delete: "Del",
  Backspace: "⌫",
  Shift: MAC ? "⇧" : "Shift",
  " ": "Space",
};

/** @param {string} keys "Mod+Shift+z" @returns {string} */
export function keysText(keys) {
  if (keys === "+") return "+";
  const parts = keys.split("+").map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  return parts.join(MAC ? "" : " ");
}

/** Keys that are no commands of the table, but work in fields. @type {[string, string[]][]} */
const FIELDS = [
  ["Insert a variable", ["/", "{{"]],
  ["Save Changes in the inspector", ["Mod+Enter"]],
  ["Leave the picker, keep the character", ["Escape"]],
];

/** @param {HTMLElement} layer @param {Store} store @param {Context} context */
export function openShortcuts(layer, store, context) {
  /** @type {Map<string, [string, string[]][]>} */
  const groups = new Map();
  for (const command of context.commands.all()) {
    if (!command.keys.length || !command.label) continue;
    const rows = groups.get(command.group) ?? [];
    const same = rows.find(([label]) => label === command.label);
    // Four arrows that do one thing in four directions are one row.
    if (same) same[1] = [...same[1], ...command.keys];
    else groups.set(command.group, [...rows, [command.label, command.keys.slice(0, 2)]]);
  }
  groups.set("Fields", FIELDS);
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const single = h("input", { type: "checkbox", checked: store.state.preferences.single_keys !== false });
  single.addEventListener("change", () => context.commands.run("single-keys"));
  const dialog = h(
    "dialog",
    { class: "dialog shortcuts", "aria-labelledby": "shortcuts-title" },
    h(
      "div",
      { class: "dialog-head" },
      h("h2", { id: "shortcuts-title" }, "Keyboard shortcuts"),
      h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: close }, icon("x")),
    ),
    h("label", { class: "shortcuts-switch" }, single, say.singleKeys),
    h("div", { class: "dialog-body shortcut-columns" }, ...[...groups].map(([name, rows]) => group(name, rows))),
  );
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  layer.append(dialog);
  dialog.showModal();
}

/** @param {string} name @param {[string, string[]][]} rows */
function group(name, rows) {
  return h(
    "section",
    {},
    h("h3", {}, name),
    h(
      "dl",
      { class: "keys" },
      ...rows.map(([label, keys]) => h("div", {}, h("dt", {}, label), h("dd", {}, ...keys.map((each) => h("kbd", { class: "kbd" }, keysText(each)))))),
    ),
  );
}
