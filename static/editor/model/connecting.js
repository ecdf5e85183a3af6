/** What may lead where: the reason a connection is refused while it is being drawn, and what an edit leaves without a way to it. */

/** @import {Catalogue, Edge, FlowDocument} from "../types.js" */

import { isTrigger, portIdsOf } from "./catalogue.js";
import { disconnect, edgeAt } from "./document.js";
import { indexOf, nextOf, reachable, triggerOf } from "./graph.js";
import { words } from "./words.js";

/** @param {FlowDocument} document @param {Catalogue} catalogue @param {string} source @param {string} port @param {string} target @returns {string|null} null: allowed */
export function refusal(document, catalogue, source, port, target) {
  const node = indexOf(document).byId.get(target);
  if (!node) return words.refused.self;
  if (source === target) return words.refused.self;
  if (isTrigger(node, catalogue)) return words.refused.trigger;
  if (edgeAt(document, source, port)?.target === target) return words.refused.sameTarget;
  return circleWithoutWaiting(document, catalogue, source, target) ? words.refused.cycle : null;
}

/** The same for a line whose upper end is moved. @param {FlowDocument} document @param {Catalogue} catalogue @param {Edge} edge @param {string} source @param {string} port @returns {string|null} null: allowed */
export function refusalFrom(document, catalogue, edge, source, port) {
  const node = indexOf(document).byId.get(source);
  if (!node || !portIdsOf(node, catalogue).includes(port) || edgeAt(document, source, port)) return words.refused.taken(node?.label || node?.key || source);
  return refusal(disconnect(document, [edge.id]), catalogue, source, port, edge.target);
}

/** The way out of a step that a line let go on it takes; its own, on the step it comes from. @param {FlowDocument} document @param {Catalogue} catalogue @param {string} node @param {Edge} edge */
export const freeWayOut = (document, catalogue, node, edge) => (node === edge.source ? edge.port : openPort(document, catalogue, node));

/** A circle may be closed only where some step on it waits. @param {FlowDocument} document @param {Catalogue} catalogue @param {string} source @param {string} target */
function circleWithoutWaiting(document, catalogue, source, target) {
  const { byId } = indexOf(document);
  const waits = (/** @type {string} */ id) => catalogue.types.get(byId.get(id)?.type ?? "")?.waits === true;
  if (waits(source) || waits(target)) return false;
  const next = nextOf(document, catalogue);
  return reachable([target], (id) => next(id).filter((each) => !waits(each))).has(source);
}

/** Names of the nodes that one could come to before and cannot any more. @param {FlowDocument} before @param {FlowDocument} after @param {Catalogue} catalogue @returns {string[]} */
export function lostWay(before, after, catalogue) {
  const start = triggerOf(after, catalogue);
  if (!start || !triggerOf(before, catalogue)) return [];
  const past = reachable([start.id], nextOf(before, catalogue));
  const present = reachable([start.id], nextOf(after, catalogue));
  return after.nodes.filter((node) => past.has(node.id) && !present.has(node.id)).map((node) => node.label || node.key);
}

/** The first port of a node without an edge, or null. @param {FlowDocument} document @param {Catalogue} catalogue @param {string} id @returns {string|null} */
export function openPort(document, catalogue, id) {
  const node = indexOf(document).byId.get(id);
  if (!node) return null;
  return portIdsOf(node, catalogue).find((port) => !edgeAt(document, id, port)) ?? null;
}
