/** What comes next? A grid of apps, then an app's actions; one search goes through all of them. The search keeps the focus. */
/** @import {NodeType, PickerOptions, Store} from "../types.js" */

import { search } from "../model/match.js";
import { recentTypes, rememberType } from "../model/recent.js";
import { h, icon } from "./dom.js";
import { firstSentence, glyph } from "./palette.js";
import { openPopover } from "./popover.js";

const COLUMNS = 3;

/**
 * @param {HTMLElement} layer
 * @param {Store} store
 * @param {Element|{x: number, y: number}} anchor  client coordinates
 * @param {PickerOptions} [options]
 * @returns {Promise<string|null>} the name of a type
 */
export function openAppPicker(layer, store, anchor, options = {}) {
  return new Promise((resolve) => {
    const types = offered(store, options);
    const input = h("input", {
      class: "input",
      type: "search",
      placeholder: options.triggers ? "Search triggers" : "Search apps and actions",
      "aria-label": "Search apps and actions",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "app-picker-list",
      autocomplete: "off",
    });
    const title = h("p", { class: "picker-title" });
    const list = h("div", { class: "app-list", role: "listbox", id: "app-picker-list", tabindex: "-1", "aria-label": "Apps and actions" });
    /** @type {string|null} */
    let chosen = null;
    /** @type {string|null} */
    let app = null;
    let active = 0;
    /** @type {{dom: HTMLElement, run: () => void, tile: boolean}[]} */
    let items = [];

    const popover = openPopover(layer, anchor, {
      label: options.title ?? (options.triggers ? "Choose what starts the flow" : "Add a step"),
      class: "picker app-picker",
      content: [h("div", { class: "picker-search" }, icon("search"), input), title, list],
      onclose: () => resolve(chosen),
    });

    /** @param {NodeType} type */
    function choose(type) {
      chosen = type.type;
      rememberType(localStore(), type.type);
      popover.close("chosen");
    }

    function draw() {
      const query = input.value.trim();
      items = [];
      active = 0;
      const inApp = app ? types.filter((type) => type.app.id === app) : types;
      if (query)
        show(`${inApp.length === types.length ? "All apps" : (inApp[0]?.app.label ?? "")}`, [
          row(search(inApp, query, (type) => [type.label, type.app.label, ...type.keywords])),
        ]);
      else if (app) show(inApp[0]?.app.label ?? "", [row(inApp)]);
      else showApps();
      if (!items.length) list.replaceChildren(h("p", { class: "pick-none" }, `Nothing matches “${query}”.`));
      mark();
      popover.place();
    }

    function showApps() {
      const apps = [...new Map(types.map((type) => [type.app.id, type])).values()];
      // A grid of one app would only be a press more.
      if (apps.length <= 1 || types.length <= 5) return show("", [row(types)]);
      const recent = recentTypes(localStore())
        .map((name) => types.find((type) => type.type === name))
        .filter((type) => type !== undefined);
      return show("", [
        ...(recent.length ? [h("p", { class: "pick-group", role: "presentation" }, "Recent"), row(recent)] : []),
        h("p", { class: "pick-group", role: "presentation" }, "Apps"),
        grid(apps),
      ]);
    }

    /** @param {string} text @param {HTMLElement[]} parts */
    function show(text, parts) {
      title.hidden = !text;
      title.replaceChildren(
        ...(app ? [h("button", { class: "link-button", type: "button", tabindex: "-1", onclick: back }, icon("chevron-left", "icon icon-small"), "Apps")] : []),
        text,
      );
      list.replaceChildren(...parts);
    }

    /** @param {NodeType[]} members */
    function row(members) {
      return h(
        "div",
        { class: "app-rows", role: "presentation" },
        ...members.map((type) =>
          option(
            h(
              "div",
              { class: "app-row" },
              glyph(type, "glyph glyph-small"),
              h(
                "span",
                { class: "palette-text" },
                h("span", { class: "palette-label" }, type.label),
                h("span", { class: "palette-help" }, firstSentence(type.help)),
              ),
              h("span", { class: "app-name" }, type.app.label),
            ),
            () => choose(type),
            false,
          ),
        ),
      );
    }

    /** @param {NodeType[]} apps */
    function grid(apps) {
      return h(
        "div",
        { class: "app-grid", role: "presentation" },
        ...apps.map((first) => {
          const members = types.filter((type) => type.app.id === first.app.id);
          const open = () => (members.length === 1 ? choose(first) : enter(first.app.id));
          return option(
            h(
              "div",
              { class: "app-tile" },
              h("span", { class: "glyph", "data-color": first.group.color }, icon(first.app.icon ?? first.icon)),
              h("span", { class: "palette-label" }, first.app.label),
              h("span", { class: "palette-help" }, members.length === 1 ? first.label : `${members.length} actions`),
            ),
            open,
            true,
          );
        }),
      );
    }

    /** @param {HTMLElement} dom @param {() => void} run @param {boolean} tile */
    function option(dom, run, tile) {
      const n = items.push({ dom, run, tile }) - 1;
      dom.id = `app-option-${n}`;
      dom.setAttribute("role", "option");
      dom.addEventListener("pointermove", () => mark(n));
      dom.addEventListener("click", run);
      return dom;
    }

    /** @param {number} [to] */
    function mark(to = active) {
      active = to;
      for (const [n, { dom }] of items.entries()) dom.setAttribute("aria-selected", String(n === active));
      const here = items[active];
      here?.dom.scrollIntoView({ block: "nearest" });
      if (here) input.setAttribute("aria-activedescendant", here.dom.id);
      else input.removeAttribute("aria-activedescendant");
    }

    /** @param {string} id */
    function enter(id) {
      app = id;
      input.value = "";
      draw();
      input.focus();
    }

    function back() {
      app = null;
      draw();
      input.focus();
    }

    /** @param {KeyboardEvent} event */
    function key(event) {
      const tile = items[active]?.tile;
      const last = items.length - 1;
      /** @type {Record<string, number>} */
      const moves = {
        ArrowDown: tile ? active + COLUMNS : active + 1,
        ArrowUp: tile && items[active - COLUMNS]?.tile ? active - COLUMNS : active - 1,
        Home: 0,
        End: last,
      };
      if (tile && !input.value) Object.assign(moves, { ArrowRight: active + 1, ArrowLeft: active - 1 });
      if (event.key === "Enter") items[active]?.run();
      else if (event.key === "Backspace" && !input.value && app) back();
      else if (event.key in moves) {
        active = Math.max(0, Math.min(last, moves[event.key]));
        mark();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    }

    input.addEventListener("input", draw);
    input.addEventListener("keydown", key);
    draw();
    input.focus();
  });
}

/** @param {Store} store @param {PickerOptions} options @returns {NodeType[]} */
function offered(store, options) {
  const kinds = options.kinds ?? [store.state.flow.kind];
  return [...store.state.catalogue.types.values()].filter(
    (type) => type.trigger === (options.triggers ?? false) && type.kinds.some((kind) => kinds.includes(kind)) && !options.exclude?.includes(type.type),
  );
}

/** Storage can be forbidden; then nothing is remembered. */
function localStore() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
