/** A list of rows that can be added, removed and moved; the base of every field that holds a list. */

import { h, icon } from "../dom.js";

/** @typedef {{dom: HTMLElement, set: (item: any) => void, focus: () => void}} Row */

/**
 * @param {{value: any, readonly: boolean, add: string, item: (n: number) => string, blank: (list: any[]) => any, make: (item: any, n: number, change: (item: any) => void) => Row,
 *   change: (list: any[]) => void, max?: number|null, card?: boolean, title?: (item: any, n: number) => string}} options  item names a row for its buttons; card: rows are boxes with a head
 * @returns {{dom: HTMLElement, set: (value: any) => void, focus: () => void}}
 */
export function rowList(options) {
  const body = h("div", { class: options.card ? "rows is-cards" : "rows" });
  const add = h(
    "button",
    { class: "button button-quiet button-small rows-add", type: "button", hidden: options.readonly, onclick: append },
    icon("plus"),
    options.add,
  );
  const none = h("p", { class: "hint" }, "None");
  const dom = h("div", { class: "rows-box" }, body, none, add);
  /** @type {any[]} */
  let items = [];
  /** @type {Row[]} */
  let rows = [];
  /** @type {HTMLElement[]} */
  let titles = [];

  /** @param {any[]} next */
  function change(next) {
    items = next;
    titles.forEach((each, n) => {
      each.textContent = titleOf(n);
    });
    add.hidden = options.readonly || items.length >= (options.max ?? Number.POSITIVE_INFINITY);
    options.change(next);
  }

  /** @param {number} n */
  const titleOf = (n) => options.title?.(items[n], n) || options.item(n);

  /** @param {any} value */
  function set(value) {
    const next = Array.isArray(value) ? value : [];
    if (next === items && rows.length === next.length) return;
    const same = rows.length === next.length;
    items = next;
    if (same) for (const [n, row] of rows.entries()) row.set(items[n]);
    else build();
    titles.forEach((each, n) => {
      each.textContent = titleOf(n);
    });
    none.hidden = !options.readonly || items.length > 0;
  }

  function build() {
    titles = [];
    rows = items.map((item, n) => options.make(item, n, (value) => change(items.map((each, at) => (at === n ? value : each)))));
    body.replaceChildren(...rows.map(frame));
    add.hidden = options.readonly || items.length >= (options.max ?? Number.POSITIVE_INFINITY);
  }

  /** @param {Row} row @param {number} n */
  function frame(row, n) {
    const buttons = options.readonly ? [] : [moveButton(n, -1), moveButton(n, 1), removeButton(n)].filter((each) => each !== null);
    if (!options.card) return h("div", { class: "row" }, row.dom, h("div", { class: "row-buttons" }, buttons.at(-1) ?? null));
    const title = h("span", { class: "row-title" }, titleOf(n));
    titles[n] = title;
    return h(
      "div",
      { class: "row-card", role: "group", "aria-label": options.item(n) },
      h("div", { class: "row-head" }, title, h("div", { class: "row-buttons" }, ...buttons)),
      row.dom,
    );
  }

  /** @param {number} n @param {-1|1} by */
  function moveButton(n, by) {
    const to = n + by;
    if (!options.card || to < 0 || to >= items.length) return null;
    const label = `Move ${options.item(n)} ${by < 0 ? "up" : "down"}`;
    return h(
      "button",
      { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: () => move(n, to) },
      icon(by < 0 ? "chevron-up" : "chevron-down"),
    );
  }

  /** @param {number} n */
  function removeButton(n) {
    const label = `Remove ${options.item(n)}`;
    return h("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: () => remove(n) }, icon("x"));
  }

  function append() {
    change([...items, options.blank(items)]);
    build();
    rows.at(-1)?.focus();
  }

  /** @param {number} n */
  function remove(n) {
    change(items.filter((_, at) => at !== n));
    build();
    const next = rows[Math.min(n, rows.length - 1)];
    if (next) next.focus();
    else add.focus();
  }

  /** @param {number} from @param {number} to */
  function move(from, to) {
    const next = [...items];
    next.splice(to, 0, ...next.splice(from, 1));
    change(next);
    build();
    rows[to]?.focus();
  }

  set(options.value);
  return { dom, set, focus: () => (rows[0] ? rows[0].focus() : add.focus()) };
}
