/** The English texts of what comes late on the canvas: search, undo list, menus. */

import { words } from "./words.js";

export const say = Object.freeze({
  searchFlow: "Search in this flow",
  findNext: "Next find",
  findPrevious: "Find before",
  closeSearch: "Close the search",
  finds: (/** @type {number} */ at, /** @type {number} */ n) => (n ? `${at} of ${n}` : words.announce.noFind),
  undoList: "What was done",
  now: "Now",
  opened: "The flow as it was opened",
  undone: (/** @type {string} */ label) => `${label}, undone`,
  menuOf: (/** @type {string} */ what) => `Menu of ${what}`,
  menuSubjects: { edge: "the line", note: "the note", canvas: "the canvas" },
  leadFrom: "Lead this line from elsewhere",
  colors: "Colour of the note",
  pasteByKey: (/** @type {string} */ keys) => `This browser lets a page paste only with the keys: press ${keys}.`,
  singleKeys: "Single letters are keys while the canvas has the focus",
});
