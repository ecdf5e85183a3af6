/**
 * Differences as ops, used three ways: to save, to undo, to merge. The finest unit is one field of a node.
 *
 * An op is `{path, before, after}`; an omitted member means "absent", null is a value. Lists and objects inside a field are one
 * value. Two ops overlap when one path is a prefix of the other.
 */

/** @import {FlowDocument, FlowNode, Op} from "../types.js" */

import { make, same, sorted } from "./document.js";

const MEMBERS = ["type", "key", "label", "disabled"];
const TABLES = ["config", "settings"];

/** @param {FlowDocument} before @param {FlowDocument} after @returns {Op[]} in the order nodes, edges, layout, notes */
export function diff(before, after) {
  if (before === after) return [];
  return [
    ...listOps("nodes", before.nodes, after.nodes, nodeOps),
    ...listOps("edges", before.edges, after.edges, wholeOps),
    ...tableOps("/layout", before.layout, after.layout),
    ...listOps("notes", before.notes, after.notes, wholeOps),
  ];
}

/** @param {readonly Op[]} ops @returns {Op[]} what takes them back, in reverse order */
export function inverse(ops) {
  return [...ops].reverse().map(({ path, ...op }) => {
    /** @type {Op} */
    const back = { path };
    if ("after" in op) back.before = op.after;
    if ("before" in op) back.after = op.before;
    return back;
  });
}

/** @param {FlowDocument} document @param {readonly Op[]} ops @returns {FlowDocument} ops on something that is gone do nothing */
export function apply(document, ops) {
  if (!ops.length) return document;
  const lists = { nodes: mapped(document.nodes), edges: mapped(document.edges), notes: mapped(document.notes) };
  const layout = { ...document.layout };
  for (const op of ops) {
    const [area = "", id = "", ...rest] = split(op.path);
    if (area === "layout") write(layout, id, op);
    else if (area === "nodes" && rest.length) writeInNode(lists.nodes, id, rest, op);
    else if (area in lists) writeItem(/** @type {any} */ (lists)[area], id, op);
  }
  return make(document, {
    nodes: sorted([...lists.nodes.values()]),
    edges: sorted([...lists.edges.values()]),
    notes: sorted([...lists.notes.values()]),
    layout,
  });
}

/** Does the document still hold what the op expects before it? @param {FlowDocument} document @param {Op} op */
export function holds(document, op) {
  return same(valueAt(document, op.path), "before" in op ? op.before : undefined);
}

/** @param {string} a @param {string} b @returns {boolean} one path is the other or leads to it */
export const overlap = (a, b) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

/** @param {FlowDocument} document @param {string} path @returns {any} undefined when absent */
export function valueAt(document, path) {
  const [area = "", id = "", ...rest] = split(path);
  const from = /** @type {any} */ (document)[area];
  const item = Array.isArray(from) ? from.find((each) => each.id === id) : from?.[id];
  return rest.reduce((value, name) => value?.[name], item);
}

/** @param {string} path @returns {string[]} */
export const split = (path) =>
  path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** @param {string} part */
export const escapePart = (part) => part.replaceAll("~", "~0").replaceAll("/", "~1");

/**
 * @template {{id: string}} T @param {string} area @param {readonly T[]} before @param {readonly T[]} after
 * @param {(path: string, before: T, after: T) => Op[]} compare @returns {Op[]}
 */
function listOps(area, before, after, compare) {
  if (before === after) return [];
  const old = new Map(before.map((item) => [item.id, item]));
  /** @type {Op[]} */
  const ops = [];
  for (const item of after) {
    const path = `/${area}/${escapePart(item.id)}`;
    const past = old.get(item.id);
    old.delete(item.id);
    if (!past) ops.push({ path, after: item });
    else if (past !== item) ops.push(...compare(path, past, item));
  }
  for (const item of old.values()) ops.push({ path: `/${area}/${escapePart(item.id)}`, before: item });
  return ops;
}

/** @param {string} path @param {any} before @param {any} after @returns {Op[]} */
const wholeOps = (path, before, after) => (same(before, after) ? [] : [{ path, before, after }]);

/** @param {string} path @param {FlowNode} before @param {FlowNode} after @returns {Op[]} */
function nodeOps(path, before, after) {
  const pick = (/** @type {any} */ node) => Object.fromEntries(MEMBERS.filter((name) => name in node).map((name) => [name, node[name]]));
  return [
    ...tableOps(path, pick(before), pick(after)),
    ...TABLES.flatMap((table) => tableOps(`${path}/${table}`, /** @type {any} */ (before)[table] ?? {}, /** @type {any} */ (after)[table] ?? {})),
  ];
}

/** @param {string} path @param {Record<string, any>} before @param {Record<string, any>} after @returns {Op[]} */
function tableOps(path, before, after) {
  if (before === after) return [];
  /** @type {Op[]} */
  const ops = [];
  for (const name of Object.keys(after)) {
    const at = `${path}/${escapePart(name)}`;
    if (!(name in before)) ops.push({ path: at, after: after[name] });
    else if (!same(before[name], after[name])) ops.push({ path: at, before: before[name], after: after[name] });
  }
  for (const name of Object.keys(before)) if (!(name in after)) ops.push({ path: `${path}/${escapePart(name)}`, before: before[name] });
  return ops;
}

/** @template {{id: string}} T @param {readonly T[]} list @returns {Map<string, any>} */
const mapped = (list) => new Map(list.map((item) => [item.id, item]));

/** @param {Map<string, any>} list @param {string} id @param {Op} op */
function writeItem(list, id, op) {
  if ("after" in op) list.set(id, op.after);
  else list.delete(id);
}

/** @param {Map<string, any>} nodes @param {string} id @param {string[]} rest @param {Op} op */
function writeInNode(nodes, id, rest, op) {
  const node = nodes.get(id);
  if (!node) return;
  const [first = "", name] = rest;
  const copy = { ...node };
  if (name === undefined) write(copy, first, op);
  else {
    copy[first] = { ...node[first] };
    write(copy[first], name, op);
    if (first === "settings" && !Object.keys(copy[first]).length) delete copy[first];
  }
  nodes.set(id, copy);
}

/** @param {Record<string, any>} table @param {string} name @param {Op} op */
function write(table, name, op) {
  if ("after" in op) table[name] = op.after;
  else delete table[name];
}
