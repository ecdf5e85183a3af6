/** Questions about the graph of a document: who follows whom, what lies upstream, who lies on every way to whom. */

/** @import {Catalogue, Edge, FlowDocument, FlowNode} from "../types.js" */

import { isTrigger, portIdsOf } from "./catalogue.js";

/** @typedef {{byId: Map<string, FlowNode>, out: Map<string, Edge[]>, into: Map<string, Edge[]>}} Index */

/** @type {WeakMap<readonly any[], {nodes: readonly FlowNode[], index: Index}>} */
const indexes = new WeakMap();

/** Nodes by id and edges by their ends; derived once for each pair of lists. @param {FlowDocument} document @returns {Index} */
export function indexOf(document) {
  const past = indexes.get(document.edges);
  if (past?.nodes === document.nodes) return past.index;
  const byId = new Map();
  for (const node of document.nodes) byId.set(node.id, node);
  const index = { byId, out: grouped(document.edges, "source"), into: grouped(document.edges, "target") };
  indexes.set(document.edges, { nodes: document.nodes, index });
  return index;
}

/** The flow's trigger, if there is one. @param {FlowDocument} document @param {Catalogue} catalogue */
export const triggerOf = (document, catalogue) => document.nodes.find((node) => isTrigger(node, catalogue));

/** Edges that leave a node, in port order; edges of ports it no longer has are left out. @param {FlowDocument} document @param {Catalogue} catalogue @param {string} id @returns {Edge[]} */
export function edgesInPortOrder(document, catalogue, id) {
  const { byId, out } = indexOf(document);
  const node = byId.get(id);
  if (!node) return [];
  const edges = out.get(id) ?? [];
  return portIdsOf(node, catalogue).flatMap((port) => edges.find((edge) => edge.port === port && byId.has(edge.target)) ?? []);
}

/** Where a node's connected ports lead, in port order, each once. @param {FlowDocument} document @param {Catalogue} catalogue @returns {(id: string) => string[]} */
export function nextOf(document, catalogue) {
  /** @type {Map<string, string[]>} */
  const known = new Map();
  return (id) => {
    let targets = known.get(id);
    if (!targets) {
      targets = [...new Set(edgesInPortOrder(document, catalogue, id).map((edge) => edge.target))];
      known.set(id, targets);
    }
    return targets;
  };
}

/** Everything one can come to from `starts`, themselves included. @param {Iterable<string>} starts @param {(id: string) => string[]} next @returns {Set<string>} */
export function reachable(starts, next) {
  const seen = new Set(starts);
  const pending = [...seen];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    for (const target of next(id)) {
      if (seen.has(target)) continue;
      seen.add(target);
      pending.push(target);
    }
  }
  return seen;
}

/** Nodes that lead to this one (itself only on a cycle). @param {FlowDocument} document @param {Catalogue} catalogue @param {string} id @returns {Set<string>} */
export function upstream(document, catalogue, id) {
  const next = nextOf(document, catalogue);
  /** @type {Map<string, string[]>} */
  const sources = new Map();
  for (const node of document.nodes) {
    for (const target of next(node.id)) sources.set(target, [...(sources.get(target) ?? []), node.id]);
  }
  const before = (/** @type {string} */ each) => sources.get(each) ?? [];
  return reachable(before(id), before);
}

/** Nodes this one leads to. @param {FlowDocument} document @param {string} id @returns {Set<string>} */
export function downstream(document, id) {
  const { out } = indexOf(document);
  const next = (/** @type {string} */ each) => (out.get(each) ?? []).map((edge) => edge.target);
  return reachable(next(id), next);
}

/**
 * Immediate dominators from `start` (Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm"): for each reachable node the
 * nearest one that lies on every way to it.
 * @param {string} start @param {(id: string) => string[]} next @returns {Map<string, string>}
 */
export function dominators(start, next) {
  const order = postOrder(start, next);
  const number = new Map(order.map((id, at) => [id, at]));
  /** @type {Map<string, string[]>} */
  const sources = new Map(order.map((id) => [id, []]));
  for (const id of order) for (const target of next(id)) sources.get(target)?.push(id);
  const immediate = new Map([[start, start]]);
  const meet = (/** @type {string} */ left, /** @type {string} */ right) => {
    let [a, b] = [left, right];
    const at = (/** @type {string} */ id) => number.get(id) ?? 0;
    const up = (/** @type {string} */ id) => immediate.get(id) ?? start;
    while (a !== b) {
      while (at(a) < at(b)) a = up(a);
      while (at(b) < at(a)) b = up(b);
    }
    return a;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const id of order.slice(0, -1).reverse()) {
      const settled = (sources.get(id) ?? []).filter((source) => immediate.has(source));
      const common = settled.reduce(meet, settled[0] ?? start);
      if (immediate.get(id) !== common) changed = true;
      immediate.set(id, common);
    }
  }
  return immediate;
}

/** Every node that has surely run when `id` starts, nearest first. @param {Map<string, string>} immediate @param {string} id @returns {Set<string>} */
export function certainBefore(immediate, id) {
  const result = new Set();
  for (let at = id; immediate.has(at); ) {
    const up = /** @type {string} */ (immediate.get(at));
    if (up === at) break;
    result.add(up);
    at = up;
  }
  return result;
}

/** Depth first without recursion, so that a chain of 10,000 nodes is as safe as one of ten. @param {string} start @param {(id: string) => string[]} next @returns {string[]} */
export function postOrder(start, next) {
  /** @type {string[]} */
  const order = [];
  const seen = new Set([start]);
  const stack = [{ id: start, targets: next(start), at: 0 }];
  for (let top = stack[stack.length - 1]; top; top = stack[stack.length - 1]) {
    const target = top.targets[top.at++];
    if (target === undefined) {
      order.push(top.id);
      stack.pop();
    } else if (!seen.has(target)) {
      seen.add(target);
      stack.push({ id: target, targets: next(target), at: 0 });
    }
  }
  return order;
}

/** @param {readonly Edge[]} edges @param {"source"|"target"} end @returns {Map<string, Edge[]>} */
function grouped(edges, end) {
  /** @type {Map<string, Edge[]>} */
  const groups = new Map();
  for (const edge of edges) {
    const group = groups.get(edge[end]);
    if (group) group.push(edge);
    else groups.set(edge[end], [edge]);
  }
  return groups;
}
