/** Taking a step out of its line and putting it in again elsewhere: what the outline moves, since there is no place to drag to. */

/** @import {Catalogue, Edge, FlowDocument, FlowNode} from "../types.js" */

import { isTrigger, portIdsOf } from "./catalogue.js";
import { refusal } from "./connecting.js";
import { connect, edgeAt, healNodes, make, moveNodes, nodeOf, sorted } from "./document.js";
import { indexOf } from "./graph.js";
import { insertAfter } from "./inserting.js";
import { placesOf } from "./layout.js";
import { words } from "./words.js";

/** @typedef {{document: FlowDocument}|{refused: string}} Moved */

/** The step before: what the first line into a node comes from. @param {FlowDocument} document @param {string} id */
export const stepBefore = (document, id) =>
  indexOf(document)
    .into.get(id)
    ?.find((edge) => edge.source !== id)?.source;

/** The step after: where the first connected port of a node leads. @param {FlowDocument} document @param {Catalogue} catalogue @param {string} id */
export function stepAfter(document, catalogue, id) {
  const node = nodeOf(document, id);
  return node && firstEdge(document, catalogue, node)?.target;
}

/**
 * Puts a step right before another: every line that led there leads to it, its first port leads there. The two change places.
 * @param {FlowDocument} document @param {Catalogue} catalogue @param {string} id @param {string} target @returns {Moved}
 */
export function moveBefore(document, catalogue, id, target) {
  const node = nodeOf(document, id);
  const other = nodeOf(document, target);
  if (!node || !other) return { refused: words.refused.noStepThere };
  if (isTrigger(node, catalogue) || isTrigger(other, catalogue)) return { refused: words.refused.beforeTrigger };
  const [port] = portIdsOf(node, catalogue);
  if (port === undefined) return { refused: words.refused.noWayOut(node.label || node.type) };
  const places = placesOf(document, catalogue);
  const loose = detached(document, catalogue, node);
  const led = make(loose, { edges: sorted(loose.edges.map((edge) => (edge.target === target ? { ...edge, target: id } : edge))) });
  const reason = refusal(led, catalogue, id, port, target);
  if (reason) return { refused: reason };
  const [here, there] = [places[id], places[target]];
  const next = connect(led, id, port, target);
  return { document: here && there ? moveNodes(next, { [id]: there, [target]: here }) : next };
}

/**
 * Puts a step after a port of another, into the line that leaves there. Its own further branches come along.
 * @param {FlowDocument} document @param {Catalogue} catalogue @param {string} id @param {{node: string, port: string}} after @returns {Moved}
 */
export function moveAfter(document, catalogue, id, after) {
  const node = nodeOf(document, id);
  if (!node || !nodeOf(document, after.node) || after.node === id) return { refused: words.refused.noStepThere };
  if (isTrigger(node, catalogue)) return { refused: words.refused.beforeTrigger };
  if (edgeAt(document, after.node, after.port)?.target === id) return { refused: words.refused.sameTarget };
  const first = firstEdge(document, catalogue, node);
  const kept = document.edges.filter((edge) => edge.source === id && edge !== first && edge.target !== id);
  const healed = healNodes(document, [id], (each) => portIdsOf(each, catalogue));
  const reason = edgeAt(healed, after.node, after.port) && !portIdsOf(node, catalogue).length ? words.refused.noWayOut(node.label || node.type) : null;
  if (reason) return { refused: reason };
  const inserted = insertAfter(healed, catalogue, node, after.node, after.port);
  const free = kept.filter((edge) => !edgeAt(inserted, edge.source, edge.port));
  const closes = free.map((edge) => refusal(inserted, catalogue, edge.source, edge.port, edge.target)).find(Boolean);
  return closes ? { refused: closes } : { document: make(inserted, { edges: sorted([...inserted.edges, ...free]) }) };
}

/** What led to a step leads on to where its first port leads; its other ports keep their lines. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node */
function detached(document, catalogue, node) {
  const first = firstEdge(document, catalogue, node);
  const edges = document.edges.flatMap((edge) => {
    if (edge === first) return [];
    if (edge.target !== node.id || edge.source === node.id) return [edge];
    return first ? [{ ...edge, target: first.target }] : [];
  });
  return make(document, { edges: sorted(edges) });
}

/** @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node @returns {Edge|undefined} */
function firstEdge(document, catalogue, node) {
  return portIdsOf(node, catalogue)
    .map((port) => edgeAt(document, node.id, port))
    .find((edge) => edge && edge.target !== node.id);
}
