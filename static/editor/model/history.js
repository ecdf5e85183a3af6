/**
 * Undo and redo of this tab's own changes. An entry keeps the document before and after (shared structure makes that cheap); taking
 * it back applies the inverse ops whose precondition still holds, so what a colleague changed meanwhile survives.
 */

/** @import {FlowDocument, HistoryEntry, Op, State} from "../types.js" */

import { apply, diff, holds, inverse } from "./diff.js";
import { make, nodeOf } from "./document.js";
import { words } from "./words.js";

const MOST = 200;

/** The one way to change the document: one entry, one announcement. @param {State} state @param {string} label @param {FlowDocument} document @param {Partial<State>} [more] @returns {State|null} null when nothing changed */
export function commit(state, label, document, more = {}) {
  if (document === state.document) return null;
  const past = [...state.history.past, { label, before: state.document, after: document }].slice(-MOST);
  return announced({ ...state, ...more, document, history: { past, future: [] }, overlay: overlayAfter(state, document) }, label);
}

/** What is said to who listens; `urgent` interrupts: something was refused or went wrong. @param {State} state @param {string} text @param {boolean} [urgent] @returns {State} */
export const announced = (state, text, urgent = false) => ({ ...state, announcement: { text, n: state.announcement.n + 1, urgent } });

/** @param {State} state @returns {State|null} */
export function undo(state) {
  const entry = state.history.past.at(-1);
  if (!entry) return null;
  const { document, skipped } = applied(state.document, inverse(diff(entry.before, entry.after)));
  const history = { past: state.history.past.slice(0, -1), future: [...state.history.future, flipped(entry, state.document, document)] };
  return announced({ ...state, document, history, overlay: overlayAfter(state, document) }, told(words.undone(entry.label), skipped, state.document));
}

/** @param {State} state @returns {State|null} */
export function redo(state) {
  const entry = state.history.future.at(-1);
  if (!entry) return null;
  const { document, skipped } = applied(state.document, inverse(diff(entry.before, entry.after)));
  const history = { past: [...state.history.past, flipped(entry, state.document, document)], future: state.history.future.slice(0, -1) };
  return announced({ ...state, document, history, overlay: overlayAfter(state, document) }, told(words.redone(entry.label), skipped, state.document));
}

/** Several steps at once, back (n < 0) or forth. @param {State} state @param {number} n @returns {State|null} */
export function travel(state, n) {
  let at = state;
  let done = 0;
  for (; done < Math.abs(n); done++) {
    const next = n < 0 ? undo(at) : redo(at);
    if (!next) break;
    at = next;
  }
  return done ? announced({ ...at, announcement: state.announcement }, done === 1 ? at.announcement.text : words.announce.went(done, n < 0)) : null;
}

/** What was just done, so that it can be taken back in turn. @param {HistoryEntry} entry @param {FlowDocument} before @param {FlowDocument} after @returns {HistoryEntry} */
const flipped = (entry, before, after) => ({ label: entry.label, before, after });

/** Ops that still hold, applied; an edge whose ends or port were taken meanwhile stays away. @param {FlowDocument} document @param {Op[]} ops */
function applied(document, ops) {
  const holding = ops.filter((op) => holds(document, op));
  const result = apply(document, holding);
  const ids = new Set(result.nodes.map((node) => node.id));
  const own = new Set(document.edges.map((edge) => `${edge.id}\n${edge.source}\n${edge.port}`));
  const taken = new Set(result.edges.filter((edge) => own.has(`${edge.id}\n${edge.source}\n${edge.port}`)).map((edge) => `${edge.source}\n${edge.port}`));
  const edges = result.edges.filter((edge) => {
    if (!ids.has(edge.source) || !ids.has(edge.target)) return false;
    return own.has(`${edge.id}\n${edge.source}\n${edge.port}`) || !taken.has(`${edge.source}\n${edge.port}`);
  });
  const whole = edges.length === result.edges.length ? result : make(result, { edges });
  return { document: whole, skipped: ops.filter((op) => !holding.includes(op)) };
}

/** @param {string} text @param {Op[]} skipped @param {FlowDocument} document */
function told(text, skipped, document) {
  if (!skipped.length) return text;
  const names = new Set(skipped.map((op) => nodeOf(document, op.path.split("/")[2] ?? "")?.label ?? words.something));
  return `${text}. ${words.skipped([...names].join(", "))}`;
}

/** The first edit of the graph ends the overlay of a run. @param {State} state @param {FlowDocument} document */
function overlayAfter(state, document) {
  const same = document.nodes === state.document.nodes && document.edges === state.document.edges;
  return same ? state.overlay : null;
}
