/** Commands of the search in the flow; registered when it is opened first. */

/** @import {Command, State} from "../../types.js" */

import { announced } from "../history.js";
import { find, rectOf } from "../searching.js";
import { revealRect } from "../spatial.js";
import { words } from "../words.js";

const group = words.groups.view;

/** Looks for a text in the flow and goes to the first find, or `by` finds further. @param {State} state @param {{query?: string, by?: number}} [args] @returns {State|null} */
function search(state, args = {}) {
  const past = state.search ?? { query: "", at: 0 };
  const query = args.query ?? past.query;
  const found = find(state, query);
  const at = query === past.query && found.length ? (past.at + (args.by ?? 0) + found.length) % found.length : 0;
  const here = found[at];
  const next = { ...state, search: { query, at } };
  return here ? revealRect(next, rectOf(state, here)) : next;
}

/** @param {State} state @param {number} by @returns {State|null} */
function searchOn(state, by) {
  if (!state.search?.query) return null;
  const next = search(state, { by });
  return find(state, state.search.query).length ? next : announced(state, words.announce.noFind);
}

/** @type {Command[]} */
export const searchCommands = [
  { id: "find-text", label: words.commands.find, keys: [], group, hidden: true, run: search },
  { id: "find-next", label: words.commands.findNext, keys: ["F3"], group, where: "page", run: (state) => searchOn(state, 1) },
  { id: "find-previous", label: words.commands.findPrevious, keys: ["Shift+F3"], group, where: "page", run: (state) => searchOn(state, -1) },
];
