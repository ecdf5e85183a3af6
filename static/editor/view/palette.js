/** The palette: every type of step this kind of flow may have, searchable, by group. Drag one, or Enter adds it after the selection. */
/** @import {Context, NodeType, State, Store, View} from "../types.js" */

import { search } from "../model/match.js";
import { readonlyReason } from "../model/state.js";
import { h, icon, iconImage } from "./dom.js";

const DRAG_FROM = 3;

/** @param {Store} store @param {Context} context @returns {View & {dom: HTMLElement}} */
export function createPalette(store, context) {
  const input = h("input", { class: "input palette-search", type: "search", placeholder: "Search steps", "aria-label": "Search steps", autocomplete: "off" });
  const body = h("div", { class: "palette-body" });
  const dom = h(
    "section",
    { class: "palette", "aria-label": "Steps" },
    h("header", { class: "palette-head" }, h("h2", { class: "visually-hidden" }, "Steps"), h("div", { class: "search-box" }, icon("search"), input)),
    body,
    h(
      "footer",
      { class: "palette-foot" },
      h("p", { class: "hint" }, "Drag a step onto the canvas, or press ", h("kbd", { class: "kbd" }, "Enter"), " to add it after the selected one."),
    ),
  );
  /** @type {Set<string>} */
  const folded = new Set();

  function draw() {
    const { catalogue, flow } = store.state;
    const query = input.value.trim();
    const types = [...catalogue.types.values()].filter((type) => type.kinds.includes(flow.kind));
    const found = search(types, query, (type) => [type.label, type.app.label, ...type.keywords]);
    const groups = catalogue.groups
      .map((group) => ({ group, members: found.filter((type) => type.group.id === group.id) }))
      .filter(({ members }) => members.length);
    const closed = readonlyReason(store.state) !== null;
    body.replaceChildren(...groups.map(({ group, members }) => section(group, members, query !== "", closed)));
    if (!groups.length)
      body.append(
        h(
          "div",
          { class: "empty" },
          icon("search"),
          h("p", { class: "empty-title" }, types.length ? `No step matches “${query}”` : "No steps yet"),
          h("p", {}, types.length ? "Try what it does: request, wait, branch." : "The list of steps is not here yet."),
        ),
      );
  }

  /** @param {{id: string, label: string, color: string}} group @param {NodeType[]} members @param {boolean} searching @param {boolean} closed */
  function section(group, members, searching, closed) {
    const open = searching || !folded.has(group.id);
    const list = h(
      "div",
      { class: "palette-items", role: "list", hidden: !open, id: `palette-${group.id}` },
      ...members.map((type) => h("div", { role: "listitem" }, item(type, closed))),
    );
    const head = h(
      "button",
      { class: "palette-group", type: "button", "aria-expanded": String(open), "aria-controls": `palette-${group.id}` },
      icon("chevron-down", "icon icon-small"),
      group.label,
    );
    head.addEventListener("click", () => {
      if (folded.has(group.id)) folded.delete(group.id);
      else folded.add(group.id);
      const shown = !folded.has(group.id);
      list.hidden = !shown;
      head.setAttribute("aria-expanded", String(shown));
    });
    return h("section", { "aria-label": group.label }, h("h3", {}, head), list);
  }

  /** @param {NodeType} type @param {boolean} closed */
  function item(type, closed) {
    const text = firstSentence(type.help);
    const button = h(
      "button",
      { class: "palette-item", type: "button", disabled: closed, title: text },
      light(type),
      h("span", { class: "palette-text" }, h("span", { class: "palette-label" }, type.label), h("span", { class: "palette-help" }, text)),
    );
    /** @type {{x: number, y: number}|null} */
    let from = null;
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = { x: event.clientX, y: event.clientY };
      context.startDrop(type.type, event);
    });
    button.addEventListener("click", (event) => {
      // A drag that ends over its own item also clicks; only a press that stayed in place adds. Keys click without a place.
      const moved = from && event.detail > 0 && Math.hypot(event.clientX - from.x, event.clientY - from.y) > DRAG_FROM;
      from = null;
      if (!moved) context.addNode(type.type);
    });
    return button;
  }

  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => {
    const items = /** @type {HTMLElement[]} */ ([...body.querySelectorAll(".palette-item")]);
    if (event.key === "ArrowDown") items[0]?.focus();
    else if (event.key === "Enter" && input.value.trim()) items[0]?.click();
    else if (event.key === "Escape" && input.value) {
      input.value = "";
      draw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  body.addEventListener("keydown", (event) => {
    const items = /** @type {HTMLElement[]} */ ([...body.querySelectorAll(".palette-item")]).filter((each) => each.offsetParent !== null);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (at < 0 || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    const to = at + (event.key === "ArrowDown" ? 1 : -1);
    (to < 0 ? input : items[Math.min(to, items.length - 1)])?.focus();
  });

  draw();
  return {
    dom,
    update(/** @type {State} */ state, /** @type {State} */ before) {
      if (state.catalogue !== before.catalogue || readonlyReason(state) !== readonlyReason(before)) draw();
    },
  };
}

/** The glyph with its picture as a mask: sixty steps with all their strokes would be a third of the page. @param {NodeType} type */
function light(type) {
  const image = iconImage(type.icon, "black");
  if (!image) return glyph(type);
  return h(
    "span",
    { class: "glyph", "data-color": type.group.color, "aria-hidden": "true" },
    h("span", { class: "icon glyph-mask", style: { maskImage: image } }),
  );
}

/** @param {NodeType} type @param {string} [size] */
export function glyph(type, size = "glyph") {
  return h("span", { class: size, "data-color": type.group.color, "aria-hidden": "true" }, icon(type.icon));
}

/** @param {string} help */
export function firstSentence(help) {
  const text = (help ?? "")
    .split(/\n\s*\n/)[0]
    .replace(/[*`]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return /^.*?[.:;](?=\s|$)/.exec(text)?.[0].replace(/[:;]$/, ".") ?? text;
}
