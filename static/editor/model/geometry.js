/**
 * Where things are, from the model alone: nothing here or elsewhere measures an element. A card is 256 wide and 64 high, 20 more
 * for each extra row; the input is at the top centre, output ports lie along the bottom.
 */

/** @import {Camera, FlowDocument, FlowNode, Point, Rect} from "../types.js" */

export const WIDTH = 256;
export const HEIGHT = 64;
export const ROW = 20;
export const GRID = 16;
export const RANK_GAP = 56;
export const COLUMN_GAP = 48;
export const MIN_PITCH = 32;
export const SNAP_RADIUS = 20;
/** Below this zoom the flow is a bitmap. */
export const FAR = 0.5;
/** Pixels around the view that the bitmap has too. */
export const FAR_MARGIN = 256;
export const ZOOM_MIN = 0.1;
export const ZOOM_MAX = 2;
/** A line longer than this falls straight and turns in the last TURN pixels: so it stays in its lane beside other cards. */
const LONG = 160;
const TURN = 72;
/** How far the line of an open port reaches down to its `+`. */
export const STUB = 32;

/** Rows under the summary: one when the node has something to say about failures. @param {FlowNode} node */
export const extraRows = (node) => ((node.settings?.retry?.max_attempts ?? 1) > 1 || (node.settings?.on_error ?? "stop") !== "stop" ? 1 : 0);

/** @param {FlowNode} node */
export const heightOf = (node) => HEIGHT + ROW * extraRows(node);

/** @param {FlowNode} node @param {Point} place @returns {Rect} */
export const nodeRect = (node, place) => ({ x: place.x, y: place.y, width: WIDTH, height: heightOf(node) });

/** Distance of neighbouring ports of a node that has `count`. @param {number} count */
export const pitch = (count) => Math.max(MIN_PITCH, WIDTH / Math.max(1, count));

/** How wide a node is with its ports, which may overhang on both sides. @param {number} count */
export const spanOf = (count) => Math.max(WIDTH, pitch(count) * count);

/** @param {Point} place @returns {Point} */
export const inputPosition = (place) => ({ x: place.x + WIDTH / 2, y: place.y });

/** Centre of the index-th of `count` ports. @param {FlowNode} node @param {Point} place @param {number} index @param {number} count @returns {Point} */
export function portAt(node, place, index, count) {
  return { x: place.x + WIDTH / 2 + (index - (count - 1) / 2) * pitch(count), y: place.y + heightOf(node) };
}

/** It falls by `drop`, turns, falls by `rest`. @typedef {{kind: "down", drop: number, rest: number, bend: number} | {kind: "around", points: Point[], back: boolean}} Route */

/**
 * How a line runs: straight or in an S down to its target (a long one falls straight first, and turns just above it; that of an error
 * turns at once, away from the cards below); around, through the gap between two cards side by side; or back up the right side.
 * @param {Point} from @param {Point} to @returns {Route}
 */
export function routeOf(from, to) {
  const dy = to.y - from.y;
  if (dy >= 16) {
    const [drop, rest] = dy <= LONG ? [0, 0] : from.early ? [0, dy - RANK_GAP] : [dy - TURN, 0];
    return { kind: "down", drop, rest, bend: Math.min(Math.max((dy - drop - rest) / 2, 24), 96) };
  }
  const beside = Math.abs(to.x - from.x) >= WIDTH + 32;
  const x = beside ? (from.x + to.x) / 2 : Math.max(from.x, to.x) + WIDTH / 2 + 40;
  const [low, high] = [from.y + 24, to.y - 24];
  return { kind: "around", back: !beside, points: [from, { x: from.x, y: low }, { x, y: low }, { x, y: high }, { x: to.x, y: high }, to] };
}

/** @param {Point} from a port @param {Point} to an input @returns {string} SVG path data */
export function edgePath(from, to) {
  const route = routeOf(from, to);
  if (route.kind === "around") return rounded(route.points, 14);
  if (Math.abs(to.x - from.x) < 0.5) return `M${from.x} ${from.y}V${to.y}`;
  const [start, end] = [from.y + route.drop, to.y - route.rest];
  return `M${from.x} ${from.y}${route.drop ? `V${start}` : ""}C${from.x} ${start + route.bend} ${to.x} ${end - route.bend} ${to.x} ${end}${route.rest ? `V${to.y}` : ""}`;
}

/** A line through points whose corners are round. @param {Point[]} points @param {number} radius */
function rounded(points, radius) {
  const [first = { x: 0, y: 0 }] = points;
  let path = `M${first.x} ${first.y}`;
  for (let at = 1; at < points.length - 1; at++) {
    const [before, corner, after] = /** @type {[Point, Point, Point]} */ ([points[at - 1], points[at], points[at + 1]]);
    const into = towards(corner, before, radius);
    const out = towards(corner, after, radius);
    path += `L${into.x} ${into.y}Q${corner.x} ${corner.y} ${out.x} ${out.y}`;
  }
  const last = points.at(-1) ?? first;
  return `${path}L${last.x} ${last.y}`;
}

/** @param {Point} from @param {Point} to @param {number} by at most half the way @returns {Point} */
function towards(from, to, by) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const part = Math.min(by, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/** Where an edge's label and its `+` sit. @param {Point} from @param {Point} to @returns {{label: Point, insert: Point}} */
export function edgeMarks(from, to) {
  const route = routeOf(from, to);
  if (route.kind === "around") {
    const [, , corner = from, upper = to] = route.points;
    return { label: { x: (from.x + corner.x) / 2, y: corner.y }, insert: { x: corner.x, y: (corner.y + upper.y) / 2 } };
  }
  const at = { x: (from.x + to.x) / 2, y: (from.y + to.y - route.rest) / 2 };
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const straight = Math.abs(dx) < 0.5;
  // Near lines are named where they leave.
  const named = Math.abs(dx) < 120 ? { x: from.x + 0.16 * dx, y: from.y + 0.3 * dy } : at;
  return {
    label: straight || route.drop ? { x: from.x, y: from.y + Math.min(dy / 2, 26) } : named,
    insert: straight ? at : { x: to.x, y: to.y - Math.min(16, dy / 4) },
  };
}

/** Distance of a point from an edge's line. @param {Point} point @param {Point} from @param {Point} to @returns {number} */
export function edgeDistance(point, from, to) {
  const points = pointsOf(from, to);
  let nearest = Number.POSITIVE_INFINITY;
  for (let at = 1; at < points.length; at++)
    nearest = Math.min(nearest, segmentDistance(point, /** @type {Point} */ (points[at - 1]), /** @type {Point} */ (points[at])));
  return nearest;
}

/** The line as a chain of straight pieces. @param {Point} from @param {Point} to @returns {Point[]} */
function pointsOf(from, to) {
  const route = routeOf(from, to);
  if (route.kind === "around") return route.points;
  const { bend, drop, rest } = route;
  const [start, end] = [from.y + drop, to.y - rest];
  const curve = Array.from({ length: 13 }, (_, step) => {
    const t = step / 12;
    return { x: cubic(from.x, from.x, to.x, to.x, t), y: cubic(start, start + bend, end - bend, end, t) };
  });
  return [...(drop ? [from] : []), ...curve, ...(rest ? [to] : [])];
}

/** @param {Point} point @param {Point} a @param {Point} b */
function segmentDistance(point, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / length)) : 0;
  return Math.hypot(point.x - a.x - t * dx, point.y - a.y - t * dy);
}

/** @param {number} a @param {number} b @param {number} c @param {number} d @param {number} t */
const cubic = (a, b, c, d, t) => a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t ** 3;

/** @param {Rect} a @param {Rect} b */
export const touches = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
/** @param {Rect} outer @param {Rect} inner */
export const encloses = (outer, inner) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;
/** @param {Rect} rect @param {Point} point */
export const contains = (rect, point) => point.x >= rect.x && point.x < rect.x + rect.width && point.y >= rect.y && point.y < rect.y + rect.height;
/** @param {Rect} rect @param {number} by @returns {Rect} */
export const grown = (rect, by) => ({ x: rect.x - by, y: rect.y - by, width: rect.width + 2 * by, height: rect.height + 2 * by });

/** @param {Point} a @param {Point} b @returns {Rect} between two corners */
export const rectBetween = (a, b) => ({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) });

/** @param {Rect[]} rects @returns {Rect|null} */
export function bounds(rects) {
  if (!rects.length) return null;
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const rect of rects) {
    left = Math.min(left, rect.x);
    top = Math.min(top, rect.y);
    right = Math.max(right, rect.x + rect.width);
    bottom = Math.max(bottom, rect.y + rect.height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Rectangles of nodes and notes, all or those asked for. @param {FlowDocument} document @param {Record<string, Point>} places @param {(id: string) => boolean} [wanted] @returns {Rect[]} */
export function contentRects(document, places, wanted = () => true) {
  const nodes = document.nodes.filter((node) => wanted(node.id)).map((node) => nodeRect(node, places[node.id] ?? { x: 0, y: 0 }));
  return [...nodes, ...document.notes.filter((note) => wanted(note.id))];
}

/** @param {number} value */
export const snap = (value) => Math.round(value / GRID) * GRID;

/** @param {Camera} camera @param {Point} screen relative to the canvas element @returns {Point} */
export const toWorld = (camera, screen) => ({ x: (screen.x - camera.x) / camera.zoom, y: (screen.y - camera.y) / camera.zoom });
/** @param {Camera} camera @param {Point} world @returns {Point} */
export const toScreen = (camera, world) => ({ x: world.x * camera.zoom + camera.x, y: world.y * camera.zoom + camera.y });

/** Zooms so that the point under the pointer stays. @param {Camera} camera @param {Point} at on the screen @param {number} zoom @returns {Camera} */
export function zoomAt(camera, at, zoom) {
  const next = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom));
  const world = toWorld(camera, at);
  return { zoom: next, x: at.x - world.x * next, y: at.y - world.y * next };
}

/** Pixels kept free around what is shown whole: above lies the bar of a run, below lie the tools and what hangs from an open port. */
const AIR = { sides: 64, above: 80, below: 96 };

/** The camera that shows a rectangle whole. @param {Rect|null} rect @param {{width: number, height: number}} viewport @param {number} [most] @returns {Camera} */
export function cameraFor(rect, viewport, most = 1) {
  if (!rect) return { x: viewport.width / 2 - WIDTH / 2, y: 80, zoom: 1 };
  const [width, height] = [viewport.width - 2 * AIR.sides, viewport.height - AIR.above - AIR.below];
  const fit = Math.min(width / Math.max(rect.width, 1), height / Math.max(rect.height, 1));
  const zoom = Math.min(most, Math.max(ZOOM_MIN, fit));
  return {
    zoom,
    x: Math.round(AIR.sides + (width - rect.width * zoom) / 2 - rect.x * zoom),
    y: Math.round(AIR.above + (height - rect.height * zoom) / 2 - rect.y * zoom),
  };
}
