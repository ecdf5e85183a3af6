/** Keys to commands. Single letters work only while the canvas has the focus, and can be switched off; Tab is never taken. */

/** @import {Command, Context, Store} from "./types.js" */

import { isMac } from "./gestures/machine.js";
import { readClip } from "./model/clipboard.js";
import { styled } from "./view/dom.js";

/** A command line, a phone number or JSON that is not our own steps: what it means here is found out when it comes. */
const FOREIGN = /^\s*(?:(?:\$\s+)?curl(?:\.exe)?\s|\+[\d\s()./-]{7,30}$|[{[](?!\s*"segue"\s*:\s*"nodes"))/i;

/** @param {Store} store @param {Context} context @param {HTMLElement} stage */
export function listenToKeys(store, context, stage) {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const inField = isField(event.target);
    const onCanvas = onStage() || document.activeElement?.closest("[data-commands]") !== null;
    const command = commandFor(context, event, store.state.preferences.single_keys !== false);
    if (!command) return;
    if (command.where !== "page" && (!onCanvas || inField)) return;
    // A key that is held must not eat its way through the flow.
    if (event.repeat && command.group === context.words.groups.edit && /Delete|Backspace/.test(event.key)) return event.preventDefault();
    // Inside a field Ctrl-Z is the browser's own until Save Changes.
    if (inField && (command.id === "undo" || command.id === "redo")) return;
    if (command.id === "find" && !store.state.search) expectTyping();
    if (context.commands.run(command.id) || command.id === "save-form") event.preventDefault();
  });

  addEventListener("copy", (event) => clipboard(event, "copy"));
  addEventListener("cut", (event) => clipboard(event, "cut"));
  addEventListener("paste", (event) => {
    if (!onStage() || isField(event.target)) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const at = lastPointer && inView(lastPointer) ? context.canvas.toWorld(lastPointer.x, lastPointer.y) : context.canvas.center();
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length || FOREIGN.test(text)) {
      event.preventDefault();
      styled(import("./view/pasting.js"), "transfer").then(({ pasteForeign }) => pasteForeign(store, context, { text, files, at }));
    } else if (context.commands.run("paste", readClip(text) ? { text, at } : { at })) event.preventDefault();
  });

  /** @type {{x: number, y: number}|null} */
  let lastPointer = null;
  stage.addEventListener("pointermove", (event) => {
    lastPointer = { x: event.clientX, y: event.clientY };
  });
  /** @param {{x: number, y: number}} point */
  const inView = (point) => {
    const box = stage.getBoundingClientRect();
    return point.x > box.left && point.x < box.right && point.y > box.top && point.y < box.bottom;
  };
  const onStage = () => document.activeElement === stage || document.activeElement === document.body;

  /** By the browser's own event, so that it works without permission and on plain http. @param {ClipboardEvent} event @param {"copy"|"cut"} id */
  function clipboard(event, id) {
    if (!onStage() || isField(event.target) || String(getSelection() ?? "")) return;
    if (!context.commands.run(id) || !store.state.clipboard) return;
    event.clipboardData?.setData("text/plain", JSON.stringify(store.state.clipboard));
    event.preventDefault();
  }
}

/**
 * What is typed before the field that was asked for is here belongs into it; on the canvas letters would be commands.
 * @template T @param {Promise<T>} [asked] over when nothing is asked any more @returns {Promise<T>|undefined}
 */
export function expectTyping(asked) {
  /** @type {string[]} */
  const typed = [];
  let given = false;
  const late = setTimeout(end, 10_000);
  addEventListener("keydown", keep, true);
  addEventListener("focusin", give);
  const over = () => given || end();
  asked?.finally(over);
  return asked;

  /** @param {KeyboardEvent} event */
  function keep(event) {
    if (!event.isTrusted || event.ctrlKey || event.metaKey || event.altKey || !/^(.|Enter|Escape|Arrow.*)$/u.test(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    typed.push(event.key);
  }

  /** @param {FocusEvent} event */
  async function give(event) {
    if (given || !isField(event.target)) return;
    given = true;
    // A turn for each: Enter may close this field and open the next one.
    for (let key = typed.shift(); key; key = typed.shift()) {
      await new Promise((turn) => setTimeout(turn));
      if (key.length === 1) document.execCommand("insertText", false, key);
      else document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    }
    end();
  }

  function end() {
    clearTimeout(late);
    removeEventListener("keydown", keep, true);
    removeEventListener("focusin", give);
  }
}

/** @param {Context} context @param {KeyboardEvent} event @param {boolean} singleKeys @returns {Command|undefined} */
function commandFor(context, event, singleKeys) {
  const pressed = keyOf(event);
  if (!singleKeys && /^(Shift\+)?.$/.test(pressed)) return undefined;
  return context.commands.all().find((command) => !command.byEvent && command.keys.includes(pressed));
}

/** "Mod+Shift+z": the way the table of commands writes keys. @param {KeyboardEvent} event */
export function keyOf(event) {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^[a-z]$/.test(key) || event.key.length > 1;
  return `${mod ? "Mod+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey && letter ? "Shift+" : ""}${key}`;
}

/** @type {Record<string, string>} */
const NAMES = {
  Mod: isMac ? "⌘" : "Ctrl",
  Shift: isMac ? "⇧" : "Shift",
  Alt: isMac ? "⌥" : "Alt",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Delete: "Del",
  Escape: "Esc",
};

/** "Mod+ArrowDown" -> "Ctrl ↓". @param {string|undefined} keys */
export function shownKeys(keys) {
  if (!keys) return "";
  return keys
    .split("+")
    .map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))
    .join(" ");
}

/** @param {EventTarget|null} target */
const isField = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
