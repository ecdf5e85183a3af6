/**
 * The difference of two states of a flow as something to draw over the canvas: boxes around what was added or changed, where
 * something stood that is gone, where something came from, lines that came and went. Words come from the server; this is only places.
 */

/** @import {Catalogue, Edge, FlowDocument, FlowNode, Point, Rect} from "../types.js" */

import { typeOf } from "./catalogue.js";
import { diff } from "./diff.js";
import { edgePath, nodeRect, rectBetween, touches } from "./geometry.js";
import { placesOf } from "./layout.js";
import { endsOf } from "./spatial.js";

/** @typedef {"added"|"removed"|"changed"|"moved"} GhostKind */
/** @typedef {{id: string, kind: GhostKind, rect: Rect, name: string, from: Rect|null}} GhostBox  from: where it stood, when it moved as well */
/** @typedef {{id: string, kind: "added"|"removed", path: string, box: Rect}} GhostLine */
/** @typedef {{boxes: GhostBox[], lines: GhostLine[]}} Ghosts */

/** Smaller moves are not worth a trail. */
const MOVED = 8;

/** @param {FlowDocument} before @param {FlowDocument} after @param {Catalogue} catalogue @returns {Ghosts} */
export function ghostsOf(before, after, catalogue) {
  const [was, now] = [placesOf(before, catalogue), placesOf(after, catalogue)];
  return { boxes: [...standing(before, after, was, now), ...gone(before, after, was, catalogue)], lines: linesOf(before, after, was, now, catalogue) };
}

/** What of it lies in a part of the canvas, at most `most` of each. @param {Ghosts} ghosts @param {Rect} area @param {number} most @returns {Ghosts} */
export function ghostsIn({ boxes, lines }, area, most) {
  const near = (/** @type {GhostBox} */ box) => touches(box.rect, area) || (box.from !== null && touches(spanned(box.rect, box.from), area));
  return { boxes: boxes.filter(near).slice(0, most), lines: lines.filter((line) => touches(line.box, area)).slice(0, most) };
}

/** How many of each kind there are, for the legend. @param {Ghosts} ghosts @returns {Record<GhostKind, number>} */
export function countGhosts({ boxes, lines }) {
  const counts = { added: 0, removed: 0, changed: 0, moved: 0 };
  for (const box of boxes) {
    counts[box.kind]++;
    if (box.from && box.kind !== "moved") counts.moved++;
  }
  for (const line of lines) counts[line.kind]++;
  return counts;
}

/** @param {FlowDocument} before @param {FlowDocument} after @param {Readonly<Record<string, Point>>} was @param {Readonly<Record<string, Point>>} now @returns {GhostBox[]} */
function standing(before, after, was, now) {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const changed = changedNodes(before, after);
  return after.nodes.flatMap((node) => {
    const rect = nodeRect(node, now[node.id] ?? { x: 0, y: 0 });
    const name = node.label || node.key;
    const past = old.get(node.id);
    if (!past) return [{ id: node.id, kind: /** @type {const} */ ("added"), rect, name, from: null }];
    const from = movedFrom(past, was[node.id], rect);
    const kind = changed.has(node.id) ? "changed" : from ? "moved" : null;
    return kind ? [{ id: node.id, kind: /** @type {GhostKind} */ (kind), rect, name, from }] : [];
  });
}

/** @param {FlowNode} node @param {Point|undefined} place @param {Rect} rect @returns {Rect|null} */
function movedFrom(node, place, rect) {
  return place && Math.hypot(place.x - rect.x, place.y - rect.y) >= MOVED ? nodeRect(node, place) : null;
}

/** Nodes of both whose type, name or settings differ. @param {FlowDocument} before @param {FlowDocument} after @returns {Set<string>} */
function changedNodes(before, after) {
  const nodesOnly = (/** @type {FlowDocument} */ document) => ({ ...document, edges: [], layout: {}, notes: [] });
  const places = diff(nodesOnly(before), nodesOnly(after)).map((op) => op.path.split("/"));
  return new Set(places.filter((place) => place.length > 3).map((place) => /** @type {string} */ (place[2]).replaceAll("~1", "/").replaceAll("~0", "~")));
}

/** @param {FlowDocument} before @param {FlowDocument} after @param {Readonly<Record<string, Point>>} was @param {Catalogue} catalogue @returns {GhostBox[]} */
function gone(before, after, was, catalogue) {
  const here = new Set(after.nodes.map((node) => node.id));
  return before.nodes
    .filter((node) => !here.has(node.id))
    .map((node) => ({
      id: node.id,
      kind: /** @type {const} */ ("removed"),
      rect: nodeRect(node, was[node.id] ?? { x: 0, y: 0 }),
      name: node.label || typeOf(catalogue, node.type)?.label || node.key,
      from: null,
    }));
}

/**
 * By exit, as people see lines: drawn again in the same place is no difference. A line that went is drawn between where its ends are
 * now, or where they stood when they went too.
 * @param {FlowDocument} before @param {FlowDocument} after @param {Readonly<Record<string, Point>>} was @param {Readonly<Record<string, Point>>} now @param {Catalogue} catalogue
 * @returns {GhostLine[]}
 */
function linesOf(before, after, was, now, catalogue) {
  const exit = (/** @type {Edge} */ edge) => `${edge.source}\n${edge.port}\n${edge.target}`;
  const [old, fresh] = [new Set(before.edges.map(exit)), new Set(after.edges.map(exit))];
  const here = new Set(after.nodes.map((node) => node.id));
  const mixed = { ...was, ...Object.fromEntries([...here].map((id) => [id, now[id] ?? was[id] ?? { x: 0, y: 0 }])) };
  return [
    ...after.edges.filter((edge) => !old.has(exit(edge))).flatMap((edge) => lineOf("added", edge, endsOf(after, catalogue, now, edge))),
    ...before.edges.filter((edge) => !fresh.has(exit(edge))).flatMap((edge) => lineOf("removed", edge, endsOf(before, catalogue, mixed, edge))),
  ];
}

/** @param {"added"|"removed"} kind @param {Edge} edge @param {{from: Point, to: Point}|null} ends @returns {GhostLine[]} */
function lineOf(kind, edge, ends) {
  if (!ends) return [];
  const box = rectBetween(ends.from, ends.to);
  return [
    {
      id: `${kind} ${edge.id}`,
      kind,
      path: edgePath(ends.from, ends.to),
      box: { x: box.x - 2, y: box.y - 32, width: box.width + 204, height: box.height + 64 },
    },
  ];
}

/** @param {Rect} a @param {Rect} b @returns {Rect} */
function spanned(a, b) {
  return rectBetween(
    { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y) },
    { x: Math.max(a.x + a.width, b.x + b.width), y: Math.max(a.y + a.height, b.y + b.height) },
  );
}
