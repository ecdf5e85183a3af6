/** What every panel shares: a head with a way out, a body, and the states a request goes through. */

import { h, icon } from "./dom.js";
import { say } from "../model/words-panels.js";

const PATIENCE = 200;

/**
 * @param {{title: string, onclose: () => void}} options
 * @returns {{dom: HTMLElement, title: HTMLElement, head: HTMLElement, body: HTMLElement, foot: HTMLElement}}
 */
export function panelFrame({ title, onclose }) {
  const heading = h("h2", { class: "panel-title", tabindex: "-1" }, title);
  const head = h(
    "header",
    { class: "panel-head" },
    heading,
    h("button", { class: "icon-button", type: "button", "aria-label": `${say.close} ${title}`, onclick: onclose }, icon("x")),
  );
  const body = h("div", { class: "panel-body", tabindex: "-1" });
  const foot = h("footer", { class: "panel-foot", hidden: true });
  return { dom: h("section", { class: "panel", "aria-label": title }, head, body, foot), title: heading, head, body, foot };
}

/** @param {string} title @param {string} text @param {Node|null} [action] */
export function emptyState(title, text, action = null) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", {}, text), action);
}

/** What happened, what is safe, and a way on. @param {any} error @param {string} safe @param {() => void} retry */
export function errorState(error, safe, retry) {
  return h(
    "div",
    { class: "empty is-bad", role: "alert" },
    icon("alert"),
    h("p", { class: "empty-title" }, reasonOf(error)),
    h("p", {}, safe),
    h("button", { class: "button", type: "button", onclick: retry }, say.retry),
  );
}

/** @param {any} error @returns {string} */
export function reasonOf(error) {
  if (error?.status === 0 || error instanceof TypeError) return "The server cannot be reached.";
  const first = error?.errors?.[0]?.message;
  return first || error?.detail || error?.title || error?.message || "Something went wrong.";
}

/** @param {number} rows */
export function skeleton(rows) {
  return h("div", { class: "skeletons", "aria-hidden": "true" }, ...Array.from({ length: rows }, () => h("div", { class: "skeleton" })));
}

/**
 * Shows a request's states in a box: nothing for 200 ms, then a skeleton, then the answer or the error with a retry.
 * A later call in the same box wins over an earlier one.
 * @template T
 * @param {HTMLElement} box
 * @param {{ask: () => Promise<T>, show: (value: T) => Node|Node[], safe: string, rows?: number}} options
 */
export async function load(box, options) {
  const turn = Symbol();
  turns.set(box, turn);
  const timer = setTimeout(() => turns.get(box) === turn && box.replaceChildren(skeleton(options.rows ?? 4)), PATIENCE);
  box.setAttribute("aria-busy", "true");
  /** @type {Node|Node[]} */
  let content;
  try {
    content = options.show(await options.ask());
  } catch (error) {
    content = errorState(error, options.safe, () => load(box, options));
  }
  clearTimeout(timer);
  if (turns.get(box) !== turn) return;
  box.removeAttribute("aria-busy");
  box.replaceChildren(...(Array.isArray(content) ? content : [content]));
}

/** @type {WeakMap<HTMLElement, symbol>} */
const turns = new WeakMap();

/**
 * Tabs with arrows and one tab stop.
 * @param {{label: string, tabs: {id: string, label: string}[], onchoose: (id: string) => void}} options
 * @returns {{dom: HTMLElement, select: (id: string) => void, setLabel: (id: string, label: string) => void}}
 */
export function tabList({ label, tabs, onchoose }) {
  const buttons = new Map(
    tabs.map((tab) => [
      tab.id,
      h(
        "button",
        { class: "tab", role: "tab", type: "button", id: `tab-${tab.id}`, "aria-controls": `tabpanel-${tab.id}`, onclick: () => onchoose(tab.id) },
        tab.label,
      ),
    ]),
  );
  const dom = h("div", { class: "tabs", role: "tablist", "aria-label": label }, ...buttons.values());
  const ids = tabs.map((tab) => tab.id);
  dom.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const at = ids.findIndex((id) => buttons.get(id) === document.activeElement);
    const next = ids[(at + step + ids.length) % ids.length];
    onchoose(next);
    buttons.get(next)?.focus();
  });
  return {
    dom,
    select(id) {
      for (const [each, button] of buttons) {
        button.setAttribute("aria-selected", String(each === id));
        button.tabIndex = each === id ? 0 : -1;
      }
    },
    setLabel(id, text) {
      const button = buttons.get(id);
      if (button && button.textContent !== text) button.textContent = text;
    },
  };
}
