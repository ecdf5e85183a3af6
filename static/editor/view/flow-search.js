/** The bar that looks for a text in the flow: how many finds, the next, the one before. Escape leaves it at what was found. */

/** @import {Context, State, Store} from "../types.js" */

import { searchCommands } from "../model/commands/search.js";
import { find } from "../model/searching.js";
import { say } from "../model/words-canvas.js";
import { h, icon, setText } from "./dom.js";

/** @param {Store} store @param {Context} context */
export function createFlowSearch(store, context) {
  for (const command of searchCommands) context.commands.register(command);
  context.focusSearch = focus;
  const input = h("input", { class: "input", type: "search", "aria-label": say.searchFlow, placeholder: say.searchFlow, autocomplete: "off" });
  const count = h("output", { class: "flow-search-count", "aria-live": "polite" });
  const button = (/** @type {string} */ id, /** @type {string} */ label, /** @type {string} */ name) =>
    h("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: () => context.commands.run(id) }, icon(name));
  const dom = h(
    "div",
    { class: "flow-search", role: "search", "aria-label": say.searchFlow, hidden: true },
    input,
    count,
    button("find-previous", say.findPrevious, "chevron-up"),
    button("find-next", say.findNext, "chevron-down"),
    h("button", { class: "icon-button", type: "button", "aria-label": say.closeSearch, onclick: close }, icon("x")),
  );

  function focus() {
    input.focus();
    input.select();
  }

  /** What one stands at is selected, so that the next key is about it. */
  function close() {
    const { search } = store.state;
    const here = search && find(store.state, search.query)[search.at];
    store.dispatch((state) => ({ ...state, search: null }));
    if (here?.kind === "node") context.commands.run("select", { node: here.id });
    context.canvas.focus();
  }

  input.addEventListener("input", () => context.commands.run("find-text", { query: input.value }));
  dom.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.target === input) context.commands.run(event.shiftKey ? "find-previous" : "find-next");
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    dom,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (state !== before && state.search === before.search && state.document === before.document) return;
      const opened = dom.hidden && state.search !== null;
      dom.hidden = state.search === null;
      if (!state.search) return;
      if (opened) {
        input.value = state.search.query;
        focus();
      }
      const found = find(state, state.search.query);
      setText(count, state.search.query.trim() ? say.finds(found.length ? state.search.at + 1 : 0, found.length) : "");
    },
  };
}
