/** Bringing together what others did and what was not sent yet. Pure, so that it is tested without a server. */

/** @import {FlowDocument, Op} from "../types.js" */

import { apply, diff, overlap } from "../model/diff.js";
import { make, nodeOf } from "../model/document.js";

/** @param {readonly Op[]} mine @param {readonly Op[]} theirs @returns {Op[]} those of mine that touch the same things */
export const conflicting = (mine, theirs) => mine.filter((op) => theirs.some((other) => overlap(op.path, other.path)));

/**
 * The document with my unsent ops put onto what others made of it. `winner` settles what both touched.
 * @param {FlowDocument} theirs @param {readonly Op[]} mine @param {readonly Op[]} theirOps @param {"mine"|"theirs"} winner @returns {FlowDocument}
 */
export function rebased(theirs, mine, theirOps, winner) {
  const lost = winner === "theirs" ? new Set(conflicting(mine, theirOps)) : new Set();
  return sound(
    apply(
      theirs,
      mine.filter((op) => !lost.has(op)),
    ),
    theirs,
  );
}

/** What the server has after it took a batch: others' ops, then the batch, without the edges it had to drop. @param {FlowDocument} acked @param {readonly Op[]} others @param {readonly Op[]} sent @param {readonly string[]} dropped @returns {FlowDocument} */
export function acknowledged(acked, others, sent, dropped) {
  const merged = apply(apply(acked, others), sent);
  return dropped.length ? make(merged, { edges: merged.edges.filter((edge) => !dropped.includes(edge.id) && !dropped.includes(`/edges/${edge.id}`)) }) : merged;
}

/** Edges whose ends or port were taken meanwhile go; keys that became equal stay for the server to name. @param {FlowDocument} document @param {FlowDocument} first whose edges win @returns {FlowDocument} */
export function sound(document, first) {
  const ids = new Set(document.nodes.map((node) => node.id));
  const older = new Set(first.edges.map((edge) => edge.id));
  const taken = new Map();
  for (const edge of document.edges) if (older.has(edge.id)) taken.set(`${edge.source}\n${edge.port}`, edge.id);
  const edges = document.edges.filter((edge) => {
    const at = `${edge.source}\n${edge.port}`;
    if (!ids.has(edge.source) || !ids.has(edge.target)) return false;
    if (!taken.has(at)) taken.set(at, edge.id);
    return taken.get(at) === edge.id;
  });
  return edges.length === document.edges.length ? document : make(document, { edges });
}

/** Names of the nodes two people changed, for the question who wins. @param {FlowDocument} document @param {readonly Op[]} ops @returns {string[]} */
export function namesOf(document, ops) {
  const names = ops.map((op) => nodeOf(document, op.path.split("/")[2] ?? "")?.label ?? "");
  return [...new Set(names.filter(Boolean))];
}

/** @param {FlowDocument} before @param {FlowDocument} after @returns {number} ops between two documents */
export const distance = (before, after) => diff(before, after).length;
