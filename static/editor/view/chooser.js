/** Choosing one thing by typing its name: a search field over a list, arrows and Enter. The search keeps the focus. */

import { search } from "../model/match.js";
import { outline } from "../model/words-outline.js";
import { h, icon } from "./dom.js";
import { openPopover } from "./popover.js";

/** @typedef {{id: string, label: string, hint?: string, glyph?: Node|null, refused?: string|null}} Choice  refused: shown, with the reason, but not to be had */

/**
 * @param {HTMLElement} layer
 * @param {Element|{x: number, y: number}} anchor client coordinates
 * @param {{title: string, choices: Choice[]}} options
 * @returns {Promise<string|null>} the id of a choice
 */
export function openChooser(layer, anchor, { title, choices }) {
  return new Promise((resolve) => {
    /** @type {string|null} */
    let chosen = null;
    let active = 0;
    let found = choices;
    const input = h("input", {
      class: "input",
      type: "search",
      placeholder: outline.typeName,
      "aria-label": title,
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "chooser-list",
      autocomplete: "off",
    });
    const list = h("div", { class: "app-list", role: "listbox", id: "chooser-list", "aria-label": title, tabindex: "-1" });
    const popover = openPopover(layer, anchor, {
      label: title,
      class: "picker chooser",
      content: [h("p", { class: "picker-title", "aria-hidden": "true" }, title), h("div", { class: "picker-search" }, icon("search"), input), list],
      onclose: () => resolve(chosen),
    });

    /** @param {Choice|undefined} choice */
    function choose(choice) {
      if (!choice || choice.refused) return;
      chosen = choice.id;
      popover.close("chosen");
    }

    function draw() {
      const query = input.value.trim();
      found = search(choices, query, (each) => [each.label, each.hint ?? ""]);
      if (query) found = [...found.filter((each) => !each.refused), ...found.filter((each) => each.refused)];
      active = Math.max(
        0,
        found.findIndex((each) => !each.refused),
      );
      list.replaceChildren(...(found.length ? found.map(option) : [h("p", { class: "pick-none" }, outline.none(query))]));
      mark(active);
      popover.place();
    }

    /** @param {Choice} choice @param {number} n */
    function option(choice, n) {
      const dom = h(
        "div",
        { class: "app-row chooser-row", role: "option", id: `choice-${n}`, "aria-disabled": choice.refused ? "true" : null },
        choice.glyph ?? null,
        h(
          "span",
          { class: "palette-text" },
          h("span", { class: "palette-label" }, choice.label),
          choice.refused || choice.hint ? h("span", { class: "palette-help" }, choice.refused || choice.hint) : null,
        ),
      );
      dom.addEventListener("pointermove", () => mark(n));
      dom.addEventListener("click", () => choose(choice));
      return dom;
    }

    /** @param {number} to */
    function mark(to) {
      active = to;
      for (const [n, row] of [...list.children].entries()) row.setAttribute("aria-selected", String(n === active && row.getAttribute("role") === "option"));
      const row = found.length ? list.children[active] : undefined;
      row?.scrollIntoView({ block: "nearest" });
      if (row) input.setAttribute("aria-activedescendant", row.id);
      else input.removeAttribute("aria-activedescendant");
    }

    input.addEventListener("input", draw);
    input.addEventListener("keydown", (event) => {
      const last = found.length - 1;
      /** @type {Record<string, number>} */
      const moves = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 8, PageUp: active - 8 };
      if (event.key === "Enter") choose(found[active]);
      else if (event.key in moves) mark(Math.max(0, Math.min(last, moves[event.key])));
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    draw();
    input.focus();
  });
}
