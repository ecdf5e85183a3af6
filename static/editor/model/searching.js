/** Searching the flow: names, keys, types and everything written in the configs, and the notes. */

/** @import {FlowDocument, FlowNode, Rect, State} from "../types.js" */

import { typeOf } from "./catalogue.js";
import { nodeOf, noteOf } from "./document.js";
import { nodeRect } from "./geometry.js";
import { shownDocument, shownPlaces } from "./state.js";

/** @typedef {{kind: "node"|"note", id: string, where: "name"|"config"|"note"}} Found */

/** @type {{document: FlowDocument|null, query: string, found: Found[]}} the last question: it is asked once a frame */
let last = { document: null, query: "", found: [] };

/** What holds all words of a query, by place from top to bottom. @param {State} state @param {string} query @returns {Found[]} */
export function find(state, query) {
  const document = shownDocument(state);
  if (last.document === document && last.query === query) return last.found;
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (/** @type {string} */ text) => wanted.every((word) => text.includes(word));
  /** @type {Found[]} */
  const found = [];
  if (wanted.length) {
    for (const node of document.nodes) {
      const name = nameText(state, node);
      if (holds(name)) found.push({ kind: "node", id: node.id, where: "name" });
      else if (holds(`${name} ${valuesText(node.config)}`)) found.push({ kind: "node", id: node.id, where: "config" });
    }
    for (const note of document.notes) if (holds(note.text.toLowerCase())) found.push({ kind: "note", id: note.id, where: "note" });
  }
  const top = new Map(found.map((each) => [each.id, rectOf(state, each)]));
  found.sort((a, b) => (top.get(a.id)?.y ?? 0) - (top.get(b.id)?.y ?? 0) || (top.get(a.id)?.x ?? 0) - (top.get(b.id)?.x ?? 0));
  last = { document, query, found };
  return found;
}

/** @param {State} state @param {FlowNode} node */
const nameText = (state, node) => [node.label, node.key, typeOf(state.catalogue, node.type)?.label ?? node.type].join(" ").toLowerCase();

/** Every value of a config, whatever its depth; names of fields are not searched. @param {any} value @returns {string} */
function valuesText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value).toLowerCase();
  return Object.values(value).map(valuesText).join(" ");
}

/** @param {State} state @param {Found} found @returns {Rect} */
export function rectOf(state, { kind, id }) {
  const document = shownDocument(state);
  const node = kind === "node" ? nodeOf(document, id) : undefined;
  if (node) return nodeRect(node, shownPlaces(state)[id] ?? { x: 0, y: 0 });
  return noteOf(document, id) ?? { x: 0, y: 0, width: 0, height: 0 };
}

/** Where what was found lies. @param {State} state @returns {Rect[]} */
export const foundRects = (state) => (state.search ? find(state, state.search.query).map((each) => rectOf(state, each)) : []);
