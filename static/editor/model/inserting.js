/** Putting a new node into the flow: free, after a port, on an edge; making room for it. */

/** @import {Catalogue, Edge, FlowDocument, FlowNode, NodeType, Point} from "../types.js" */

import { defaultsOf, portIdsOf, portsOf } from "./catalogue.js";
import { addNode, connect, edgeAt, edgeOf, freeKey, freshNodeId, make, moveNodes, nodeOf } from "./document.js";
import { COLUMN_GAP, grown, heightOf, nodeRect, RANK_GAP, touches, WIDTH } from "./geometry.js";
import { downstream } from "./graph.js";
import { placesOf } from "./layout.js";

/** @param {FlowDocument} document @param {NodeType} type @returns {FlowNode} */
export function newNode(document, type) {
  return { id: freshNodeId(document), type: type.type, key: freeKey(document, type.label), label: type.label, config: defaultsOf(type) };
}

/** A node at a place of its own choice, or beside it. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node @param {Point} at top-left */
export function insertFree(document, catalogue, node, at) {
  return addNode(document, node, freePlace(document, catalogue, node, at, true));
}

/** After a port: under it, or on its edge when it has one. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node @param {string} source @param {string} port @returns {FlowDocument} */
export function insertAfter(document, catalogue, node, source, port) {
  const edge = edgeAt(document, source, port);
  if (edge) return insertOnEdge(document, catalogue, node, edge.id);
  const from = /** @type {FlowNode} */ (nodeOf(document, source));
  const place = freePlace(document, catalogue, node, underPort(document, catalogue, from, port));
  return connect(addNode(document, node, place), source, port, node.id);
}

/** Steps that came without a place (a fix knows none) go under the port that leads to them. @param {FlowDocument} document @param {Catalogue} catalogue @returns {FlowDocument} */
export function placedUnder(document, catalogue) {
  let placed = document;
  for (const edge of document.edges) {
    const from = nodeOf(placed, edge.source);
    const node = nodeOf(placed, edge.target);
    if (!from || !node || node.id in placed.layout || !(from.id in placed.layout)) continue;
    const others = make(placed, { nodes: placed.nodes.filter((each) => each !== node) });
    placed = moveNodes(placed, { [node.id]: freePlace(others, catalogue, node, underPort(others, catalogue, from, edge.port)) });
  }
  return placed;
}

/** On an edge: the old target follows the first port, and what is downstream and below makes room. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node @param {string} edgeId @returns {FlowDocument} */
export function insertOnEdge(document, catalogue, node, edgeId) {
  const edge = /** @type {Edge} */ (edgeOf(document, edgeId));
  const places = placesOf(document, catalogue);
  const from = /** @type {FlowNode} */ (nodeOf(document, edge.source));
  const above = places[edge.source] ?? { x: 0, y: 0 };
  const below = places[edge.target] ?? above;
  const straight = (portsOf(from, catalogue).length === 1 ? above.x : below.x) ?? below.x;
  const place = { x: below.y > above.y ? straight : above.x, y: above.y + heightOf(from) + RANK_GAP };
  const spliced = splice(addNode(document, node, place), catalogue, node, edge);
  return makeRoom(spliced, catalogue, node.id, edge.target, place.y + heightOf(node) + RANK_GAP);
}

/** Leads an edge through a node that is there already. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node @param {Edge} edge @returns {FlowDocument} */
export function splice(document, catalogue, node, edge) {
  const [first] = portIdsOf(node, catalogue);
  const led = connect(document, edge.source, edge.port, node.id);
  return first === undefined ? led : connect(led, node.id, first, edge.target);
}

/** Under its port, columns apart where there are several. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} from @param {string} port @returns {Point} */
function underPort(document, catalogue, from, port) {
  const ports = portIdsOf(from, catalogue);
  const place = placesOf(document, catalogue)[from.id] ?? { x: 0, y: 0 };
  const column = ports.indexOf(port) - (ports.length - 1) / 2;
  return { x: place.x + column * (WIDTH + COLUMN_GAP), y: place.y + heightOf(from) + RANK_GAP };
}

/** The nearest to `wish`: on its right, or on any side. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node @param {Point} wish @param {boolean} [any] @returns {Point} */
function freePlace(document, catalogue, node, wish, any) {
  const places = placesOf(document, catalogue);
  const rects = document.nodes.map((each) => grown(nodeRect(each, places[each.id] ?? { x: 0, y: 0 }), 12));
  const at = (/** @type {number} */ x, /** @type {number} */ y) => ({ x: wish.x + x, y: wish.y + y });
  for (let far = 0; ; far++) {
    const [x, y] = [far * (WIDTH + COLUMN_GAP), far * (heightOf(node) + RANK_GAP)];
    for (const place of any ? [at(x, 0), at(-x, 0), at(0, y), at(0, -y)] : [at(x, 0)])
      if (!rects.some((rect) => touches(rect, nodeRect(node, place)))) return place;
  }
}

/** Moves what is downstream of a node and not above `target` down, so that `target` starts at `y` or lower; notes beside it come along. @param {FlowDocument} document @param {Catalogue} catalogue @param {string} id @param {string} target @param {number} y @returns {FlowDocument} */
export function makeRoom(document, catalogue, id, target, y) {
  const places = placesOf(document, catalogue);
  const top = places[target]?.y ?? y;
  const by = y - top;
  if (by <= 0) return document;
  const below = [...downstream(document, id)].filter((each) => each !== id && (places[each]?.y ?? 0) >= top);
  const moved = new Set(below);
  const shifted = Object.fromEntries(below.map((each) => [each, { x: places[each]?.x ?? 0, y: (places[each]?.y ?? 0) + by }]));
  const notes = document.notes.map((note) => (note.y >= top && moved.has(nearest(document, places, note, id)) ? { ...note, y: note.y + by } : note));
  return make(moveNodes(document, shifted), notes.some((note, at) => note !== document.notes[at]) ? { notes } : {});
}

/** The node nearest to a point, "" when there is none. @param {FlowDocument} document @param {Record<string, Point>} places @param {Point} point @param {string} [except] @returns {string} */
export function nearest(document, places, point, except) {
  let best = { id: "", distance: Number.POSITIVE_INFINITY };
  for (const node of document.nodes) {
    const place = places[node.id] ?? { x: 0, y: 0 };
    const distance = Math.abs(place.x - point.x) + Math.abs(place.y - point.y);
    if (node.id !== except && distance < best.distance) best = { id: node.id, distance };
  }
  return best.id;
}
