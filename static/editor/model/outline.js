/**
 * The flow as a nested list. A node stands in full once: after the step that alone leads to it, in the branch that alone leads to
 * it, or, where branches come together again, after the branches at the level of the split. Every other way to it is a row that
 * names it: `continues at ...`, or `back to ...` for a way back.
 */

/** @import {Catalogue, Edge, FlowDocument, FlowNode, Port} from "../types.js" */

import { portsOf } from "./catalogue.js";
import { dominators, indexOf, triggerOf } from "./graph.js";

/**
 * @typedef {object} Row
 * @property {string} key         the same for the same thing in every version of the flow
 * @property {"node"|"port"|"link"|"back"|"open"} kind  port: a branch of a step with several; open: a way out that leads nowhere yet
 * @property {number} level       1 at the top
 * @property {number} at          place among its siblings, from 1
 * @property {number} of          number of its siblings
 * @property {number} parent      index of the row it is folded under, -1 at the top
 * @property {boolean} folds      it has rows below it
 * @property {string} node        the node itself; of other rows, the node the way leaves
 * @property {string} port        of a node row, the port by which one comes to it ("" for a start)
 * @property {string} label       of a port row, the port's label
 * @property {string|null} edge   the edge of a port, link or back row; of a node row, the one it stands at the end of
 * @property {string|null} target where a link or a way back leads
 * @property {boolean} loose      a start nothing leads to, though it is no trigger
 */

/** @typedef {{id: string, edge: Edge|null, level: number, parent: number, loose?: boolean}} Due  a row that comes later, on a stack */

/** @type {WeakMap<readonly FlowNode[], {edges: readonly Edge[], catalogue: Catalogue, rows: Row[]}>} */
const known = new WeakMap();

/** @param {FlowDocument} document @param {Catalogue} catalogue @returns {Row[]} in reading order */
export function outlineOf(document, catalogue) {
  const past = known.get(document.nodes);
  if (past && past.edges === document.edges && past.catalogue === catalogue) return past.rows;
  const rows = counted(rowsOf(document, catalogue));
  known.set(document.nodes, { edges: document.edges, catalogue, rows });
  return rows;
}

/** What is left when some rows are folded. @param {Row[]} rows @param {ReadonlySet<string>} folded keys @returns {number[]} indexes */
export function shownRows(rows, folded) {
  const hidden = new Set();
  return rows.flatMap((row, n) => {
    const parent = rows[row.parent];
    if (parent && (hidden.has(row.parent) || folded.has(parent.key))) {
      hidden.add(n);
      return [];
    }
    return [n];
  });
}

/** The ways out of a node in order: its ports, then those its edges still name. @param {FlowDocument} document @param {Catalogue} catalogue @param {FlowNode} node @returns {{port: Port, edge: Edge|null}[]} */
export function waysOut(document, catalogue, node) {
  const { byId, out } = indexOf(document);
  const edges = (out.get(node.id) ?? []).filter((edge) => byId.has(edge.target));
  const ports = portsOf(node, catalogue);
  const named = new Set(ports.map((port) => port.id));
  const stray = edges.filter((edge) => !named.has(edge.port)).map((edge) => ({ id: edge.port, label: edge.port, required: false }));
  return [...ports, ...stray].map((port) => ({ port, edge: edges.find((edge) => edge.port === port.id) ?? null }));
}

/** @param {FlowDocument} document @param {Catalogue} catalogue @returns {Row[]} */
function rowsOf(document, catalogue) {
  const { byId } = indexOf(document);
  const ways = new Map(document.nodes.map((node) => [node.id, waysOut(document, catalogue, node)]));
  const leaving = (/** @type {string} */ id) => (ways.get(id) ?? []).flatMap(({ edge }) => edge ?? []);
  const trigger = triggerOf(document, catalogue);
  const { trees, back } = grown(startsOf(document, trigger), leaving);
  /** @type {Row[]} */
  const rows = [];
  /** @type {Map<string, string[]>} */
  const joins = new Map();
  /** Edges at whose end the target stands in full. */
  const inline = new Set();
  for (const tree of trees) plant(tree, leaving, back, joins, inline);

  for (const tree of trees) {
    /** @type {Due[]} */
    const due = [{ id: tree[0] ?? "", edge: null, level: 1, parent: -1, loose: tree[0] !== trigger?.id }];
    for (let next = due.pop(); next; next = due.pop()) {
      const { edge } = next;
      if (next.id.includes("\n")) due.push(...branchRow(next));
      else if (edge && !inline.has(edge.id)) rows.push(linkRow(next, edge, back.has(edge.id)));
      else due.push(...nodeRow(next));
    }
  }
  return rows;

  /** @param {Due} here @returns {Due[]} what comes after, last first */
  function nodeRow({ id, edge, level, parent, loose = false }) {
    const at = rows.length;
    const out = ways.get(id) ?? [];
    const after = (joins.get(id) ?? []).map((join) => ({ id: join, edge: null, level, parent }));
    rows.push({ ...EMPTY, key: id, kind: "node", level, parent, node: id, port: edge?.port ?? "", edge: edge?.id ?? null, loose, folds: out.length > 1 });
    const [only] = out;
    if (out.length > 1) {
      const branches = out.map(({ port }) => ({ id: `${id}\n${port.id}`, edge: null, level: level + 1, parent: at }));
      return [...branches, ...after].reverse();
    }
    if (only && !only.edge) rows.push({ ...EMPTY, key: `${id}/${only.port.id}/open`, kind: "open", level, parent, node: id, port: only.port.id });
    return only?.edge ? [...after.reverse(), { id: only.edge.target, edge: only.edge, level, parent }] : after.reverse();
  }

  /** @param {Due} here `id` is node and port @returns {Due[]} */
  function branchRow({ id, level, parent }) {
    const [node = "", portId = ""] = id.split("\n");
    const way = ways.get(node)?.find(({ port }) => port.id === portId);
    const edge = way?.edge ?? null;
    const at = rows.length;
    const label = way?.port.label || portId;
    rows.push({ ...EMPTY, key: `${node}/${portId}`, kind: "port", level, parent, node, port: portId, label, edge: edge?.id ?? null, folds: edge !== null });
    return edge ? [{ id: edge.target, edge, level: level + 1, parent: at }] : [];
  }

  /** @param {Due} here @param {Edge} edge @param {boolean} isBack @returns {Row} */
  function linkRow({ level, parent }, edge, isBack) {
    const target = byId.has(edge.target) ? edge.target : null;
    const kind = isBack ? "back" : "link";
    return { ...EMPTY, key: `${edge.source}/${edge.port}/to`, kind, level, parent, node: edge.source, port: edge.port, edge: edge.id, target };
  }
}

/** @type {Row} */
const EMPTY = {
  key: "",
  kind: "node",
  level: 1,
  at: 0,
  of: 0,
  parent: -1,
  folds: false,
  node: "",
  port: "",
  label: "",
  edge: null,
  target: null,
  loose: false,
};

/** The trigger, nodes nothing leads to, then whatever is left (circles nothing leads to). @param {FlowDocument} document @param {FlowNode|undefined} trigger */
function startsOf(document, trigger) {
  const { into } = indexOf(document);
  const heads = document.nodes.filter((node) => !into.get(node.id)?.length);
  return [...new Set([...(trigger ? [trigger] : []), ...heads, ...document.nodes])].map((node) => node.id);
}

/**
 * Depth first in port order without recursion: for every start the nodes it adds, each after all that lead to it, and the ways back.
 * @param {string[]} starts @param {(id: string) => Edge[]} leaving
 */
function grown(starts, leaving) {
  /** @type {Map<string, "open"|"done">} */
  const state = new Map();
  const back = new Set();
  /** @type {string[][]} */
  const trees = [];
  for (const start of starts) {
    if (state.has(start)) continue;
    /** @type {string[]} */
    const order = [];
    const stack = [{ id: start, edges: leaving(start), at: 0 }];
    state.set(start, "open");
    for (let top = stack[stack.length - 1]; top; top = stack[stack.length - 1]) {
      const edge = top.edges[top.at++];
      if (!edge) {
        order.push(top.id);
        state.set(top.id, "done");
        stack.pop();
      } else if (state.get(edge.target) === "open") back.add(edge.id);
      else if (!state.has(edge.target)) {
        state.set(edge.target, "open");
        stack.push({ id: edge.target, edges: leaving(edge.target), at: 0 });
      }
    }
    trees.push(order.reverse());
  }
  return { trees, back };
}

/**
 * Decides where the nodes of one tree stand: at the end of the only edge that leads to them, or as a join of the split they hang on.
 * @param {string[]} tree @param {(id: string) => Edge[]} leaving @param {Set<string>} back @param {Map<string, string[]>} joins filled @param {Set<string>} inline filled
 */
function plant(tree, leaving, back, joins, inline) {
  const own = new Set(tree);
  const forward = (/** @type {string} */ id) => leaving(id).filter((edge) => !back.has(edge.id) && own.has(edge.target));
  /** @type {Map<string, Edge[]>} */
  const into = new Map(tree.map((id) => [id, []]));
  for (const id of tree) for (const edge of forward(id)) into.get(edge.target)?.push(edge);
  const above = dominators(tree[0] ?? "", (id) => [...new Set(forward(id).map((edge) => edge.target))]);
  for (const id of tree.slice(1)) {
    const [only, ...more] = into.get(id) ?? [];
    const split = above.get(id) ?? "";
    if (only && !more.length) inline.add(only.id);
    else joins.set(split, [...(joins.get(split) ?? []), id]);
  }
}

/** Places among siblings, for who cannot see them. @param {Row[]} rows */
function counted(rows) {
  const sizes = new Map();
  for (const row of rows) {
    row.at = (sizes.get(row.parent) ?? 0) + 1;
    sizes.set(row.parent, row.at);
  }
  for (const row of rows) row.of = sizes.get(row.parent);
  return rows;
}
