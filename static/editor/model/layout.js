/**
 * Tidy: places for all nodes, from the graph alone, the same on every machine.
 *
 * Rank = longest path from the trigger without ways back (found depth first in port order). A node's block is the node, the blocks
 * of the nodes only it leads to (its children in the dominator tree) left to right in port order, error last, and below them the
 * joins of its branches, each under the median of its sources. Blocks are packed rank by rank with intervals, so a long branch and
 * a short one share the space.
 */

/** @import {Catalogue, FlowDocument, FlowNode, Point} from "../types.js" */

import { portsOf } from "./catalogue.js";
import { make } from "./document.js";
import { COLUMN_GAP, heightOf, RANK_GAP, spanOf, WIDTH } from "./geometry.js";
import { dominators, edgesInPortOrder, postOrder, triggerOf } from "./graph.js";

const LANE = 64;

/** @typedef {{id: string, x: number, rank: number, span: number}} Item  x: centre, relative to its block */
/** @typedef {{items: Item[], rows: Map<number, [number, number][]>, dx: number}} Block */

/** @param {FlowDocument} document @param {Catalogue} catalogue @returns {Record<string, Point>} a top-left corner for every node */
export function tidy(document, catalogue) {
  const next = forward(document, catalogue);
  const roots = rootsOf(document, catalogue, next);
  /** @type {Record<string, Point>} */
  const result = {};
  /** @type {Block|null} */
  let all = null;
  for (const root of roots) {
    const block = blockOf(root, next, document, catalogue);
    if (!all) all = block;
    else all = merge(all, block, Math.max(0, offsetRightOf(all, block)));
  }
  if (!all) return result;
  const tops = rankTops(all, document);
  const nodes = new Set(document.nodes.map((node) => node.id));
  for (const item of all.items) if (nodes.has(item.id)) result[item.id] = { x: Math.round(item.x + all.dx - WIDTH / 2), y: tops.get(item.rank) ?? 0 };
  const first = result[roots[0]?.[0] ?? ""] ?? { x: 0, y: 0 };
  return Object.fromEntries(Object.entries(result).map(([id, place]) => [id, { x: place.x - first.x, y: place.y - first.y }]));
}

/**
 * Tidy of some nodes: laid out as if they were all there is, their top left corner where it was.
 * @param {FlowDocument} document @param {Catalogue} catalogue @param {ReadonlySet<string>} chosen @returns {Record<string, Point>}
 */
export function tidyOnly(document, catalogue, chosen) {
  const nodes = document.nodes.filter((node) => chosen.has(node.id));
  const edges = document.edges.filter((edge) => chosen.has(edge.source) && chosen.has(edge.target));
  const places = tidy({ ...document, nodes, edges }, catalogue);
  const old = placesOf(document, catalogue);
  const corner = (/** @type {Record<string, Point>} */ all, /** @type {"x"|"y"} */ axis) => Math.min(...nodes.map((node) => all[node.id]?.[axis] ?? 0));
  const by = { x: corner(old, "x") - corner(places, "x"), y: corner(old, "y") - corner(places, "y") };
  return Object.fromEntries(nodes.map((node) => [node.id, { x: (places[node.id]?.x ?? 0) + by.x, y: (places[node.id]?.y ?? 0) + by.y }]));
}

/** @type {WeakMap<FlowDocument, {catalogue: Catalogue, places: Record<string, Point>}>} */
const placed = new WeakMap();

/** @type {WeakMap<object, readonly FlowNode[]>} layouts that were found to place all of a list of nodes */
const completed = new WeakMap();

/** @param {FlowDocument} document */
function complete(document) {
  if (completed.get(document.layout) === document.nodes) return true;
  const all = document.nodes.every((node) => node.id in document.layout);
  if (all) completed.set(document.layout, document.nodes);
  return all;
}

/** The layout, with places for nodes that have none (in view only; nothing is stored). @param {FlowDocument} document @param {Catalogue} catalogue @returns {Record<string, Point>} */
export function placesOf(document, catalogue) {
  if (complete(document)) return document.layout;
  const past = placed.get(document);
  if (past?.catalogue === catalogue) return past.places;
  const tidied = tidy(document, catalogue);
  const anchor = document.nodes.find((node) => node.id in document.layout);
  const from = anchor ? /** @type {Point} */ (document.layout[anchor.id]) : { x: 0, y: 0 };
  const to = (anchor && tidied[anchor.id]) ?? { x: 0, y: 0 };
  const shifted = Object.entries(tidied).map(([id, place]) => [id, { x: place.x - to.x + from.x, y: place.y - to.y + from.y }]);
  const places = { ...Object.fromEntries(shifted), ...document.layout };
  placed.set(document, { catalogue, places });
  return places;
}

/** The document with a stored place for every node: an edit that moves one must not move those that had none. @param {FlowDocument} document @param {Catalogue} catalogue @returns {FlowDocument} */
export function pinned(document, catalogue) {
  const places = placesOf(document, catalogue);
  if (places === document.layout) return document;
  return make(document, { layout: Object.fromEntries(document.nodes.map((node) => [node.id, places[node.id] ?? { x: 0, y: 0 }])) });
}

/** Targets in port order with the error port last, ways back left out. @param {FlowDocument} document @param {Catalogue} catalogue @returns {Map<string, string[]>} */
function forward(document, catalogue) {
  const raw = new Map(
    document.nodes.map((node) => {
      const edges = edgesInPortOrder(document, catalogue, node.id);
      const ordered = [...edges.filter((edge) => edge.port !== "error"), ...edges.filter((edge) => edge.port === "error")];
      return [node.id, [...new Set(ordered.map((edge) => edge.target))].filter((id) => id !== node.id)];
    }),
  );
  const next = new Map([...raw.keys()].map((id) => [id, /** @type {string[]} */ ([])]));
  const state = new Map();
  const trigger = triggerOf(document, catalogue);
  const starts = [...(trigger ? [trigger.id] : []), ...withoutSources(document, raw), ...raw.keys()];
  for (const start of starts) if (!state.has(start)) keepForward(start, raw, next, state);
  return next;
}

/** @param {string} start @param {Map<string, string[]>} raw @param {Map<string, string[]>} next @param {Map<string, "open"|"done">} state */
function keepForward(start, raw, next, state) {
  const stack = [{ id: start, at: 0 }];
  state.set(start, "open");
  for (let top = stack[stack.length - 1]; top; top = stack[stack.length - 1]) {
    const target = raw.get(top.id)?.[top.at++];
    if (target === undefined) {
      state.set(top.id, "done");
      stack.pop();
    } else if (state.get(target) !== "open") {
      next.get(top.id)?.push(target);
      if (!state.has(target)) {
        state.set(target, "open");
        stack.push({ id: target, at: 0 });
      }
    }
  }
}

/** Starts of the pieces that hang together, the trigger first: each is the list of nodes one block is made from. @param {FlowDocument} document @param {Catalogue} catalogue @param {Map<string, string[]>} next @returns {string[][]} */
function rootsOf(document, catalogue, next) {
  const trigger = triggerOf(document, catalogue);
  const starts = [...(trigger ? [trigger.id] : []), ...withoutSources(document, next).filter((id) => id !== trigger?.id)];
  const seen = new Set();
  return starts.map((start) => {
    const own = postOrder(start, (id) => (next.get(id) ?? []).filter((target) => !seen.has(target))).reverse();
    for (const id of own) seen.add(id);
    return own;
  });
}

/** @param {FlowDocument} document @param {Map<string, string[]>} next */
function withoutSources(document, next) {
  const targets = new Set([...next.values()].flat());
  return document.nodes.filter((node) => !targets.has(node.id)).map((node) => node.id);
}

/** The block of one piece; `own` in topological order, its root first. @param {string[]} own @param {Map<string, string[]>} next @param {FlowDocument} document @param {Catalogue} catalogue @returns {Block} */
function blockOf(own, next, document, catalogue) {
  const inside = new Set(own);
  const root = own[0] ?? "";
  const step = (/** @type {string} */ id) => (next.get(id) ?? []).filter((target) => inside.has(target));
  const ranks = new Map(own.map((id) => [id, 0]));
  /** @type {Map<string, string[]>} */
  const sources = new Map(own.map((id) => [id, []]));
  for (const id of own) {
    for (const target of step(id)) {
      ranks.set(target, Math.max(ranks.get(target) ?? 0, (ranks.get(id) ?? 0) + 1));
      sources.get(target)?.push(id);
    }
  }
  const immediate = dominators(root, step);
  /** @type {Map<string, string[]>} */
  const children = new Map(own.map((id) => [id, []]));
  for (const id of own.slice(1)) children.get(immediate.get(id) ?? root)?.push(id);
  const byId = new Map(document.nodes.map((node) => [node.id, node]));
  /** @type {Map<string, Block>} */
  const blocks = new Map();
  for (const id of [...own].reverse()) {
    const below = children.get(id) ?? [];
    const rank = ranks.get(id) ?? 0;
    const isHead = (/** @type {string} */ child) => below.includes(child) && sources.get(child)?.length === 1;
    const columns = step(id).flatMap((child) => (isHead(child) ? [/** @type {Block} */ (blocks.get(child))] : laneTo(child, id, rank, ranks.get(child) ?? 0)));
    const joins = below
      .filter((child) => !isHead(child))
      .map((join) => ({ id: join, block: /** @type {Block} */ (blocks.get(join)), sources: sources.get(join) ?? [] }));
    const span = spanOf(portsOf(/** @type {FlowNode} */ (byId.get(id)), catalogue).length);
    blocks.set(id, assemble({ id, x: 0, rank, span }, columns, joins));
  }
  return /** @type {Block} */ (blocks.get(root));
}

/** A free lane for a line that passes ranks on its way to a join, so that it runs beside the cards and not behind them. @param {string} join @param {string} source @param {number} from @param {number} to ranks @returns {Block[]} */
function laneTo(join, source, from, to) {
  if (to - from < 2) return [];
  /** @type {Block["rows"]} */
  const rows = new Map();
  for (let rank = from + 1; rank < to; rank++) rows.set(rank, [[-LANE / 2, LANE / 2]]);
  return [{ items: [{ id: laneId(source, join), x: 0, rank: from + 1, span: LANE }], rows, dx: 0 }];
}

/** No node has such an id. @param {string} source @param {string} join */
const laneId = (source, join) => `${source}>${join}`;

/** @param {Item} item @param {Block[]} columns in port order @param {{id: string, block: Block, sources: string[]}[]} joins @returns {Block} */
function assemble(item, columns, joins) {
  /** @type {Block|null} */
  let body = null;
  let last = 0;
  for (const column of columns) {
    last = body ? offsetRightOf(body, column) : 0;
    body = body ? merge(body, column, last) : column;
  }
  if (body) body.dx -= last / 2;
  for (const join of joins) body = addJoin(body, join);
  const own = single(item);
  return body ? merge(body, own, 0) : own;
}

/** Under the median of its sources (or of their lanes), or at the nearest place beside what is there. @param {Block|null} body @param {{id: string, block: Block, sources: string[]}} join @returns {Block} */
function addJoin(body, { id, block, sources }) {
  if (!body) return block;
  const at = new Map(body.items.map((item) => [item.id, item.x + body.dx]));
  const centres = sources.flatMap((source) => at.get(laneId(source, id)) ?? at.get(source) ?? []).sort((a, b) => a - b);
  const middle = centres.length ? ((centres[(centres.length - 1) >> 1] ?? 0) + (centres[centres.length >> 1] ?? 0)) / 2 : 0;
  const candidates = freeOffsets(body, block, middle);
  const best = candidates.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b)[0] ?? middle;
  return merge(body, block, best);
}

/** Shifts at which a block touches nothing: the wish, or just right or left of each neighbour. @param {Block} body @param {Block} block @param {number} wish @returns {number[]} */
function freeOffsets(body, block, wish) {
  const tries = [wish];
  for (const [rank, intervals] of block.rows) {
    for (const [left, right] of body.rows.get(rank) ?? []) {
      for (const [from, to] of intervals) {
        tries.push(right + body.dx + COLUMN_GAP - from - block.dx, left + body.dx - COLUMN_GAP - to - block.dx);
      }
    }
  }
  return tries.filter((shift) => clear(body, block, shift));
}

/** @param {Block} body @param {Block} block @param {number} shift */
function clear(body, block, shift) {
  for (const [rank, intervals] of block.rows) {
    for (const [left, right] of body.rows.get(rank) ?? []) {
      for (const [from, to] of intervals) {
        if (from + block.dx + shift < right + body.dx + COLUMN_GAP - 0.01 && to + block.dx + shift > left + body.dx - COLUMN_GAP + 0.01) return false;
      }
    }
  }
  return true;
}

/** The least shift that puts `block` right of `body` on every rank they share; right of all when they share none. @param {Block} body @param {Block} block */
function offsetRightOf(body, block) {
  let shift = Number.NEGATIVE_INFINITY;
  for (const [rank, intervals] of block.rows) {
    const right = Math.max(...(body.rows.get(rank) ?? []).map(([, to]) => to + body.dx));
    const left = Math.min(...intervals.map(([from]) => from + block.dx));
    if (right > Number.NEGATIVE_INFINITY) shift = Math.max(shift, right + COLUMN_GAP - left);
  }
  return shift === Number.NEGATIVE_INFINITY ? 0 : shift;
}

/** Two blocks as one, the second moved by `shift`; the smaller is copied, so a chain of any length costs n log n. @param {Block} a @param {Block} b @param {number} shift @returns {Block} */
function merge(a, b, shift) {
  b.dx += shift;
  const [big, small] = a.items.length >= b.items.length ? [a, b] : [b, a];
  const move = small.dx - big.dx;
  for (const item of small.items) big.items.push({ ...item, x: item.x + move });
  for (const [rank, intervals] of small.rows) {
    const row = big.rows.get(rank) ?? /** @type {[number, number][]} */ ([]);
    for (const [from, to] of intervals) row.push([from + move, to + move]);
    big.rows.set(rank, row);
  }
  return big;
}

/** @param {Item} item @returns {Block} */
const single = (item) => ({ items: [item], rows: new Map([[item.rank, [[-item.span / 2, item.span / 2]]]]), dx: 0 });

/** @param {Block} block @param {FlowDocument} document @returns {Map<number, number>} y of each rank */
function rankTops(block, document) {
  const byId = new Map(document.nodes.map((node) => [node.id, node]));
  /** @type {number[]} */
  const heights = [];
  for (const item of block.items) {
    const node = byId.get(item.id);
    heights[item.rank] = Math.max(heights[item.rank] ?? 0, node ? heightOf(node) : 0);
  }
  const tops = new Map();
  let y = 0;
  heights.forEach((height, rank) => {
    tops.set(rank, y);
    y += height + RANK_GAP;
  });
  return tops;
}
