/**
 * A grid of 512 px cells over nodes, edges and notes: what is in a rectangle, what is under a point, the camera that shows it. Derived,
 * kept per document.
 */

/** @import {Catalogue, Edge, FlowDocument, FlowNode, Note, Point, Rect, State} from "../types.js" */

import { portsOf } from "./catalogue.js";
import { edgeOf, nodeOf } from "./document.js";
import {
  bounds,
  cameraFor,
  contains,
  contentRects,
  edgeDistance,
  heightOf,
  inputPosition,
  nodeRect,
  portAt,
  rectBetween,
  STUB,
  spanOf,
  touches,
  WIDTH,
} from "./geometry.js";
import { indexOf } from "./graph.js";
import { placesOf } from "./layout.js";
import { shownDocument, shownPlaces } from "./state.js";

const CELL = 512;
/** More rows of cells than any flow has. */
const ROWS = 2 ** 24;
/** The tools lie over the lower rim of the canvas. */
const TOOLS = 48;

/** @typedef {{edge: Edge, from: Point, to: Point, box: Rect}} Line */
/**
 * @typedef {(
 *   {kind: "port", node: string, port: string} |
 *   {kind: "input", node: string} |
 *   {kind: "node", node: string} |
 *   {kind: "note", note: string, corner: boolean} |
 *   {kind: "edge", edge: string}
 * )} Hit
 */

/** Of nodes and edges only: a plane outlives changes of notes. `known`: lines that somebody looked at. @typedef {{document: FlowDocument, catalogue: Catalogue, places: Readonly<Record<string, Point>>, known: Map<string, Line|null>, nodeCells: Map<number, string[]>, lineCells: Map<number, string[]>, box: Rect|null}} Plane */

/** @type {WeakMap<object, {catalogue: Catalogue, nodes: any, edges: any, plane: Plane}>} keyed by layout: it changes last and least */
const planes = new WeakMap();

/** The plane asked for last: that of the next document is mostly the same. @type {Plane|null} */
let last = null;

/** @param {FlowDocument} document @param {Catalogue} catalogue @returns {Plane} */
export function planeOf(document, catalogue) {
  const past = planes.get(document.layout);
  if (past && past.catalogue === catalogue && past.nodes === document.nodes && past.edges === document.edges) last = past.plane;
  else {
    last = patched(document, catalogue) ?? build(document, catalogue);
    planes.set(document.layout, { catalogue, nodes: document.nodes, edges: document.edges, plane: last });
  }
  return last;
}

/** Both ends of an edge on the canvas; null when its port or a node is missing. @param {FlowDocument} document @param {Catalogue} catalogue @param {Readonly<Record<string, Point>>} places @param {Edge} edge @returns {{from: Point, to: Point}|null} */
export function endsOf(document, catalogue, places, edge) {
  const { byId } = indexOf(document);
  const source = byId.get(edge.source);
  const [start, end] = [places[edge.source], places[edge.target]];
  if (!source || !start || !end) return null;
  const ports = portsOf(source, catalogue);
  const at = ports.findIndex((port) => port.id === edge.port);
  const from = at < 0 ? { x: start.x + 128, y: start.y + heightOf(source) } : portAt(source, start, at, ports.length);
  return { from: edge.port === "error" ? { ...from, early: true } : from, to: inputPosition(end) };
}

/** @type {WeakMap<readonly string[], ReadonlySet<string>>} */
const dragged = new WeakMap();

/** How far a drag has taken a node by now; null: it lies where it is stored. @param {State} state @param {string} id @returns {{dx: number, dy: number}|null} */
export function shiftOf({ gesture }, id) {
  if (gesture?.kind !== "drag") return null;
  let nodes = dragged.get(gesture.nodes);
  if (!nodes) {
    nodes = new Set(gesture.nodes);
    dragged.set(gesture.nodes, nodes);
  }
  return nodes.has(id) ? gesture : null;
}

/** @param {Plane} plane @param {Rect} area @returns {Set<string>} ids of nodes */
export function nodesIn(plane, area) {
  const { byId } = indexOf(plane.document);
  return gather(plane.nodeCells, area, (id) => {
    const node = byId.get(id);
    const place = plane.places[id];
    return node !== undefined && place !== undefined && touches(nodeRect(node, place), area);
  });
}

/** @param {Plane} plane @param {Rect} area @returns {Set<string>} ids of edges */
export const linesIn = (plane, area) =>
  gather(plane.lineCells, area, (id) => {
    const line = lineOf(plane, id);
    return line !== null && touches(line.box, area);
  });

/** A line as it runs, worked out when it is first looked at: most of a long flow is never seen. @param {Plane} plane @param {string} id @returns {Line|null} */
export function lineOf(plane, id) {
  const past = plane.known.get(id);
  if (past !== undefined) return past;
  const edge = edgeOf(plane.document, id);
  const ends = edge && endsOf(plane.document, plane.catalogue, plane.places, edge);
  const line = ends ? { edge, ...ends, box: rectOf(ends.from, ends.to) } : null;
  plane.known.set(id, line);
  return line;
}

/** @param {FlowDocument} document @param {Rect} area @returns {Note[]} */
export const notesIn = (document, area) => document.notes.filter((note) => touches(note, area));

/**
 * What a point of the canvas lies on, the nearest thing first: port, node, note, edge.
 * @param {Plane} plane @param {readonly Note[]} notes @param {Point} point @param {number} zoom @param {{reach?: number}} [how] reach: radius around ports on the screen @returns {Hit|null}
 */
export function hit(plane, notes, point, zoom, { reach = 10 } = {}) {
  const radius = Math.min(reach / zoom, 40);
  const area = { x: point.x - radius - 8, y: point.y - radius - 8, width: 2 * radius + 16, height: 2 * radius + 16 };
  const near = [...nodesIn(plane, { x: area.x - 200, y: area.y - STUB, width: area.width + 400, height: area.height + STUB })];
  const port = portAtPoint(plane, near, point, radius);
  if (port) return port;
  const { byId } = indexOf(plane.document);
  const node = near.filter((id) => contains(nodeRect(/** @type {FlowNode} */ (byId.get(id)), /** @type {Point} */ (plane.places[id])), point)).at(-1);
  if (node) return { kind: "node", node };
  const note = [...notes].reverse().find((each) => contains(each, point));
  if (note) return { kind: "note", note: note.id, corner: point.x > note.x + note.width - 16 && point.y > note.y + note.height - 16 };
  const edge = lineAt(plane, point, 10 / zoom);
  return edge ? { kind: "edge", edge } : null;
}

/** The edge within `distance` of a point, the nearest. @param {Plane} plane @param {Point} point @param {number} distance @param {(edge: Edge) => boolean} [wanted] @returns {string|null} */
export function lineAt(plane, point, distance, wanted = () => true) {
  const area = { x: point.x - distance, y: point.y - distance, width: 2 * distance, height: 2 * distance };
  let best = { id: /** @type {string|null} */ (null), distance };
  for (const id of linesIn(plane, area)) {
    const line = /** @type {Line} */ (lineOf(plane, id));
    if (!wanted(line.edge)) continue;
    const away = edgeDistance(point, line.from, line.to);
    if (away <= best.distance) best = { id, distance: away };
  }
  return best.id;
}

/** @param {Plane} plane @param {Point} point @returns {string|null} the node that lies there */
export function nodeAt(plane, point) {
  const { byId } = indexOf(plane.document);
  const here = [...nodesIn(plane, { ...point, width: 1, height: 1 })];
  return here.find((id) => contains(nodeRect(/** @type {FlowNode} */ (byId.get(id)), /** @type {Point} */ (plane.places[id])), point)) ?? null;
}

/** The node a connection would snap to: under the point, or with its input within `radius`. @param {Plane} plane @param {Point} point @param {number} radius @returns {string|null} */
export function targetAt(plane, point, radius) {
  const area = { x: point.x - radius, y: point.y - radius, width: 2 * radius, height: 2 * radius };
  const { byId } = indexOf(plane.document);
  let best = { id: /** @type {string|null} */ (null), distance: Number.POSITIVE_INFINITY };
  for (const id of nodesIn(plane, area)) {
    const place = /** @type {Point} */ (plane.places[id]);
    const input = inputPosition(place);
    const inside = contains(nodeRect(/** @type {FlowNode} */ (byId.get(id)), place), point);
    const away = Math.hypot(input.x - point.x, input.y - point.y);
    if ((inside || away <= radius) && away < best.distance) best = { id, distance: away };
  }
  return best.id;
}

/** @param {Plane} plane @param {string[]} near @param {Point} point @param {number} radius @returns {Hit|null} */
function portAtPoint(plane, near, point, radius) {
  const { byId, into } = indexOf(plane.document);
  for (const id of near) {
    const node = /** @type {FlowNode} */ (byId.get(id));
    const place = /** @type {Point} */ (plane.places[id]);
    const ports = portsOf(node, plane.catalogue);
    for (const [at, port] of ports.entries()) {
      const centre = portAt(node, place, at, ports.length);
      if (Math.hypot(centre.x - point.x, centre.y - point.y) <= radius) return { kind: "port", node: id, port: port.id };
    }
    const input = inputPosition(place);
    if (into.has(id) && Math.hypot(input.x - point.x, input.y - point.y) <= radius * 0.8) return { kind: "input", node: id };
  }
  return null;
}

/** @param {FlowDocument} document @param {Catalogue} catalogue @returns {Plane} */
function build(document, catalogue) {
  const places = placesOf(document, catalogue);
  /** @type {Plane} */
  const plane = { document, catalogue, places, known: new Map(), nodeCells: new Map(), lineCells: new Map(), box: boxOf(document, places) };
  for (const node of document.nodes) {
    const { x, y } = places[node.id] ?? ORIGIN;
    enter(plane.nodeCells, node.id, x, y, WIDTH, heightOf(node));
  }
  for (const edge of document.edges) {
    const reach = reachOf(plane, edge);
    if (reach) enter(plane.lineCells, edge.id, reach.x, reach.y, reach.width, reach.height);
  }
  return plane;
}

const ORIGIN = { x: 0, y: 0 };

/** Around all nodes. @param {FlowDocument} document @param {Readonly<Record<string, Point>>} places @returns {Rect|null} */
function boxOf(document, places) {
  if (!document.nodes.length) return null;
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const node of document.nodes) {
    const { x, y } = places[node.id] ?? ORIGIN;
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + WIDTH);
    bottom = Math.max(bottom, y + heightOf(node));
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Cells that a line can be in, whichever port it leaves by: where it runs exactly is worked out for those one looks at. @param {Plane} plane @param {Edge} edge @returns {Rect|null} */
function reachOf({ document, catalogue, places }, edge) {
  const source = indexOf(document).byId.get(edge.source);
  const [start, end] = [places[edge.source], places[edge.target]];
  if (!source || !start || !end) return null;
  const half = spanOf(portsOf(source, catalogue).length) / 2;
  const [middle, to, bottom] = [start.x + WIDTH / 2, end.x + WIDTH / 2, start.y + heightOf(source)];
  const [left, right] = [Math.min(middle - half, to) - 2, Math.max(middle + half, to) + 2];
  if (end.y - bottom >= BACK) return { x: left, y: bottom, width: right - left, height: end.y - bottom };
  const top = Math.min(bottom, end.y) - 30;
  return { x: left, y: top, width: right - left + 200, height: Math.max(bottom, end.y) + 30 - top };
}

/** More moved nodes than this are sorted in anew with all the others. */
const FEW = 100;

/**
 * The last plane with a few nodes elsewhere, where nothing but places changed: letting go of a node in a flow of thousands must not
 * sort in all of them.
 * @param {FlowDocument} document @param {Catalogue} catalogue @returns {Plane|null}
 */
function patched(document, catalogue) {
  const past = last;
  if (!past || past.catalogue !== catalogue || past.document.nodes !== document.nodes || past.document.edges !== document.edges) return null;
  const places = placesOf(document, catalogue);
  const moved = document.nodes.filter((node) => past.places[node.id] !== places[node.id]);
  if (moved.length > FEW) return null;
  /** @type {Plane} */
  const plane = { ...past, document, places, known: new Map(past.known), nodeCells: new Map(past.nodeCells), lineCells: new Map(past.lineCells) };
  const { out, into } = indexOf(document);
  for (const node of moved) {
    leave(plane.nodeCells, node.id, nodeRect(node, past.places[node.id] ?? { x: 0, y: 0 }));
    enterAnew(plane.nodeCells, node.id, nodeRect(node, places[node.id] ?? { x: 0, y: 0 }));
    for (const edge of [...(out.get(node.id) ?? []), ...(into.get(node.id) ?? [])]) {
      const [old, reach] = [reachOf(past, edge), reachOf(plane, edge)];
      plane.known.delete(edge.id);
      if (old) leave(plane.lineCells, edge.id, old);
      if (reach) enterAnew(plane.lineCells, edge.id, reach);
    }
  }
  plane.box = boxOf(document, places);
  return plane;
}

/** Cells belong to the planes before too, so they are replaced, not changed. @param {Map<number, string[]>} cells @param {string} id @param {Rect} rect */
function leave(cells, id, rect) {
  for (const key of keys(rect.x, rect.y, rect.width, rect.height))
    cells.set(
      key,
      (cells.get(key) ?? []).filter((each) => each !== id),
    );
}

/** @param {Map<number, string[]>} cells @param {string} id @param {Rect} rect */
function enterAnew(cells, id, rect) {
  for (const key of keys(rect.x, rect.y, rect.width, rect.height)) cells.set(key, [...(cells.get(key) ?? []), id]);
}

/** A line that falls by less goes around. */
const BACK = 16;

/** A line's box; a way back bulges to the right. @param {Point} from @param {Point} to @returns {Rect} */
function rectOf(from, to) {
  const box = rectBetween(from, to);
  if (to.y - from.y >= BACK) return { x: box.x - 2, y: box.y, width: box.width + 4, height: box.height };
  return { x: box.x, y: box.y - 30, width: box.width + 200, height: box.height + 60 };
}

/** @param {Map<number, string[]>} cells @param {string} id @param {number} x @param {number} y @param {number} width @param {number} height */
function enter(cells, id, x, y, width, height) {
  const [right, bottom] = [Math.floor((x + width) / CELL), Math.floor((y + height) / CELL)];
  for (let column = Math.floor(x / CELL); column <= right; column++)
    for (let row = Math.floor(y / CELL); row <= bottom; row++) {
      const key = column * ROWS + row;
      const cell = cells.get(key);
      if (cell) cell.push(id);
      else cells.set(key, [id]);
    }
}

/** @param {Map<number, string[]>} cells @param {Rect} area @param {(id: string) => boolean} wanted @returns {Set<string>} */
function gather(cells, area, wanted) {
  const found = new Set();
  for (const key of keys(area.x, area.y, area.width, area.height)) for (const id of cells.get(key) ?? []) if (!found.has(id) && wanted(id)) found.add(id);
  return found;
}

/** The numbers of the cells that a rectangle touches. @param {number} x @param {number} y @param {number} width @param {number} height @returns {number[]} */
function keys(x, y, width, height) {
  const [right, bottom] = [Math.floor((x + width) / CELL), Math.floor((y + height) / CELL)];
  const found = [];
  for (let column = Math.floor(x / CELL); column <= right; column++) for (let row = Math.floor(y / CELL); row <= bottom; row++) found.push(column * ROWS + row);
  return found;
}

/** Everything in view, or just what is selected. @param {State} state @param {boolean} [selectionOnly] @returns {State|null} */
export function fit(state, selectionOnly = false) {
  const { nodes, notes } = state.selection;
  const wanted = selectionOnly ? (/** @type {string} */ id) => nodes.has(id) || notes.has(id) : undefined;
  const box = bounds(contentRects(shownDocument(state), shownPlaces(state), wanted));
  if (selectionOnly && !box) return null;
  return { ...state, camera: cameraFor(box, state.viewport) };
}

/** A node that is out of view is brought in; nothing moves when it can be seen. @param {State} state @param {string} id @returns {State} */
export function reveal(state, id) {
  const node = nodeOf(shownDocument(state), id);
  const place = shownPlaces(state)[id];
  if (!node || !place) return state;
  return revealRect(state, nodeRect(node, place));
}

/** The same for any rectangle of the canvas. @param {State} state @param {Rect} rect @returns {State} */
export function revealRect(state, rect) {
  const { x, y, zoom } = state.camera;
  const [left, top] = [rect.x * zoom + x, rect.y * zoom + y];
  const [right, bottom] = [left + rect.width * zoom, top + rect.height * zoom];
  const margin = 24;
  const { width, height } = state.viewport;
  if (left >= margin && top >= margin && right <= width - margin && bottom <= height - TOOLS - margin) return state;
  if (right > 0 && bottom > 0 && left < width && top < height) {
    // What can be seen in part comes in whole, and nothing jumps.
    const by = { x: inward(left, right, width, margin), y: inward(top, bottom, height - TOOLS, margin) };
    return { ...state, camera: { zoom, x: x + by.x, y: y + by.y } };
  }
  const middle = { x: (width - rect.width * zoom) / 2, y: (height - rect.height * zoom) / 2 };
  return { ...state, camera: { zoom, x: Math.round(middle.x - rect.x * zoom), y: Math.round(middle.y - rect.y * zoom) } };
}

/** How far a span has to go to lie within a length, its start first. @param {number} start @param {number} end @param {number} length @param {number} margin */
const inward = (start, end, length, margin) => Math.round(Math.max(margin - start, Math.min(0, length - margin - end)));
