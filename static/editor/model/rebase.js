/**
 * Bringing together what I changed and what others changed meanwhile, from three documents: what both began with, mine, theirs.
 *
 * A change of mine fits where theirs still has what I saw, is done where theirs has what I want, and clashes otherwise. A clash is a
 * question about one field, step or exit; until it is answered theirs stands. Places of boxes are never asked about: the later hand
 * wins. Two steps that came by the same key at once are no question either: mine gets a free one and its references follow.
 */

/** @import {Clash, Edge, FlowDocument, FlowNode, Note, Op, Rebased} from "../types.js" */

import { apply, diff, holds, inverse, split, valueAt } from "./diff.js";
import { edgeOf, keyFrom, make, nodeOf, noteOf, renameKey, same } from "./document.js";

const PLACE = ["x", "y", "width", "height"];

/**
 * @param {FlowDocument} base @param {FlowDocument} mine @param {FlowDocument} theirs
 * @param {{choices?: Record<string, "mine"|"theirs">, isTrigger?: (type: string) => boolean}} [options] choices: by the id of a clash
 * @returns {Rebased}
 */
export function rebase(base, mine, theirs, { choices = {}, isTrigger = () => false } = {}) {
  const { document: own, renamed } = withFreeKeys(base, mine, theirs);
  const sides = { base, own, theirs, isTrigger };
  const { fitting, clashes } = sorted(sides, diff(base, own));
  const chosen = clashes.filter((clash) => choices[clash.id] === "mine").flatMap((clash) => clash.ops);
  const { document, dropped } = sound(apply(theirs, [...fitting, ...chosen]), theirs);
  const asked = new Set(clashes.flatMap((clash) => clash.ops.map((op) => op.path)));
  return { document, clashes, renamed, dropped: dropped.filter((edge) => !asked.has(`/edges/${edge.id}`) && !edgeOf(theirs, edge.id)) };
}

/** @typedef {{base: FlowDocument, own: FlowDocument, theirs: FlowDocument, isTrigger: (type: string) => boolean}} Sides */

/** My ops, sorted into those that fit and questions. @param {Sides} sides @param {readonly Op[]} ops @returns {{fitting: Op[], clashes: Clash[]}} */
function sorted(sides, ops) {
  /** @type {Map<string, Clash>} */
  const clashes = new Map();
  /** @type {Op[]} */
  const fitting = [];
  const deleted = new Set(ops.filter((op) => isWhole(op, "nodes") && !("after" in op)).map((op) => split(op.path)[1] ?? ""));
  for (const op of ops) {
    const [area = "", id = ""] = split(op.path);
    const found = JUDGES[area]?.(sides, op, id, deleted) ?? null;
    if (found === "fits") fitting.push(op);
    else if (found && "path" in found) fitting.push(found);
    else if (found) clashes.set(found.id, found);
  }
  return withDeletedTogether(sides, fitting, [...clashes.values()]);
}

/** @type {Record<string, (sides: Sides, op: Op, id: string, deleted: ReadonlySet<string>) => "fits"|null|Op|Clash>} null: nothing is left to do */
const JUDGES = { nodes: judgeNode, edges: judgeEdge, notes: judgeNote, layout: () => "fits" };

/** @param {Sides} sides @param {Op} op @param {string} id */
function judgeNode(sides, op, id) {
  const there = nodeOf(sides.theirs, id);
  if (!isWhole(op, "nodes")) return there ? judgeValue(sides, op, id) : goneClash(sides, id);
  if (!("after" in op)) {
    if (!there) return null;
    return same(there, op.before) ? "fits" : clash("changed", `/nodes/${id}`, id, [op], { theirs: there, mine: undefined });
  }
  const other = sides.theirs.nodes.find((node) => sides.isTrigger(node.type) && node.id !== id && nodeOf(sides.own, node.id) === undefined);
  if (other && sides.isTrigger(op.after.type))
    return clash("trigger", `/nodes/${id}`, id, [{ path: `/nodes/${other.id}`, before: other }, op], { mine: op.after, theirs: other });
  return judgeValue(sides, op, id);
}

/** @param {Sides} sides @param {Op} op @param {string} node @returns {"fits"|null|Clash} */
function judgeValue(sides, op, node) {
  const now = valueAt(sides.theirs, op.path);
  if (same(now, "after" in op ? op.after : undefined)) return null;
  return holds(sides.theirs, op) ? "fits" : clash("value", op.path, node, [op], { mine: op.after, theirs: now });
}

/** They deleted a step that I worked on: mine brings it back, with the lines it had here. @param {Sides} sides @param {string} id @returns {Clash} */
function goneClash({ own, theirs }, id) {
  const node = /** @type {FlowNode} */ (nodeOf(own, id));
  const lines = own.edges.filter((edge) => (edge.source === id || edge.target === id) && !edgeOf(theirs, edge.id));
  const place = own.layout[id];
  /** @type {Op[]} */
  const ops = [{ path: `/nodes/${id}`, after: node }, ...lines.map((edge) => ({ path: `/edges/${edge.id}`, after: edge }))];
  if (place) ops.push({ path: `/layout/${id}`, after: place });
  return clash("gone", `/nodes/${id}`, id, ops, { mine: node, theirs: undefined });
}

/** @param {Sides} sides @param {Op} op @param {string} id @param {ReadonlySet<string>} deleted @returns {"fits"|null|Clash} */
function judgeEdge(sides, op, id, deleted) {
  const there = edgeOf(sides.theirs, id);
  /** @type {Edge|undefined} */
  const before = op.before;
  const answers = { mine: op.after, theirs: there };
  if (!("after" in op)) {
    if (!there) return null;
    if (same(there, before)) return "fits";
    // The line went with a step of mine, and they had led it elsewhere: it no longer is in the way.
    const went = before && (deleted.has(before.source) || deleted.has(before.target));
    return went && !deleted.has(there.source) && !deleted.has(there.target) ? null : clash("value", op.path, there.source, [op], answers);
  }
  /** @type {Edge} */
  const wish = op.after;
  if (!hasEnds(sides, wish, deleted)) return "fits"; // sound() leaves it out, or keeps it with a step that is brought back
  const rival = rivalOf(sides, wish);
  if (rival) return rival.target === wish.target ? null : portClash(op, rival);
  if (before === undefined ? there === undefined : same(there, before)) return "fits";
  return same(there, wish) ? null : clash("value", op.path, wish.source, [op], answers);
}

/** @param {Sides} sides @param {Edge} edge @param {ReadonlySet<string>} deleted */
function hasEnds({ base, theirs }, edge, deleted) {
  const lives = (/** @type {string} */ id) => !deleted.has(id) && (nodeOf(theirs, id) !== undefined || nodeOf(base, id) === undefined);
  return lives(edge.source) && lives(edge.target);
}

/** Another line of theirs at the same exit that I did not take away myself. @param {Sides} sides @param {Edge} wish @returns {Edge|undefined} */
function rivalOf({ base, own, theirs }, wish) {
  const rival = theirs.edges.find((edge) => edge.id !== wish.id && edge.source === wish.source && edge.port === wish.port);
  if (!rival) return undefined;
  const known = edgeOf(base, rival.id);
  return known && same(known, rival) && !same(edgeOf(own, rival.id), known) ? undefined : rival;
}

/** @param {Op} op @param {Edge} rival @returns {Clash} */
function portClash(op, rival) {
  return clash("port", `/edges/${op.after.id}`, op.after.source, [{ path: `/edges/${rival.id}`, before: rival }, op], { mine: op.after, theirs: rival });
}

/** A note is one value, but moving it and writing in it are two things. @param {Sides} sides @param {Op} op @param {string} id @returns {"fits"|null|Op|Clash} */
function judgeNote(sides, op, id) {
  const there = noteOf(sides.theirs, id);
  /** @type {any} */
  const [before, after] = [op.before, op.after];
  if (!there || !before || !after) return judgeValue(sides, op, id);
  if (same(there, after)) return null;
  const mine = Object.keys(after).filter((name) => !same(after[name], before[name]));
  const torn = mine.filter((name) => !same(read(there, name), before[name]) && !same(read(there, name), after[name]) && !PLACE.includes(name));
  const merged = { ...there, ...Object.fromEntries(mine.map((name) => [name, after[name]])) };
  const whole = { path: op.path, before: there, after: merged };
  return torn.length ? clash("value", op.path, "", [whole], { mine: after, theirs: there }) : whole;
}

/** @param {Note} note @param {string} name */
const read = (note, name) => /** @type {any} */ (note)[name];

/**
 * What I deleted together is one question: the lines and the place of a step that perhaps stays wait for the answer.
 * @param {Sides} sides @param {Op[]} fitting @param {Clash[]} clashes
 */
function withDeletedTogether({ base }, fitting, clashes) {
  const open = new Map(clashes.filter((each) => each.kind === "changed").map((each) => [each.node, each]));
  if (!open.size) return { fitting, clashes };
  const rest = fitting.filter((op) => {
    if ("after" in op) return true;
    const [area, id = ""] = split(op.path);
    const edge = area === "edges" ? edgeOf(base, id) : undefined;
    const asked = open.get(area === "layout" ? id : (edge?.source ?? "")) ?? open.get(edge?.target ?? "");
    asked?.ops.push(op);
    return !asked;
  });
  return { fitting: rest, clashes };
}

/** @param {Clash["kind"]} kind @param {string} id @param {string} node @param {Op[]} ops @param {{mine: any, theirs: any}} answers @returns {Clash} */
const clash = (kind, id, node, ops, answers) => ({ kind, id, node, ops, ...answers });

/** @param {Op} op @param {string} area */
const isWhole = (op, area) => {
  const parts = split(op.path);
  return parts.length === 2 && parts[0] === area;
};

/**
 * Keys that came into use by both: mine get free ones, references to them in what I have follow.
 * @param {FlowDocument} base @param {FlowDocument} mine @param {FlowDocument} theirs
 * @returns {{document: FlowDocument, renamed: {node: string, from: string, to: string}[]}}
 */
function withFreeKeys(base, mine, theirs) {
  const fresh = mine.nodes.filter((node) => nodeOf(base, node.id)?.key !== node.key && nodeOf(theirs, node.id)?.key !== node.key);
  let document = mine;
  /** @type {{node: string, from: string, to: string}[]} */
  const renamed = [];
  for (const { id, key } of fresh) {
    const others = [...theirs.nodes.filter((node) => nodeOf(base, node.id) === undefined || nodeOf(document, node.id)), ...document.nodes];
    const taken = new Set(others.filter((node) => node.id !== id).map((node) => node.key));
    if (!taken.has(key)) continue;
    const stem = keyFrom(key).replace(/_\d+$/, "");
    let n = 2;
    while (taken.has(`${stem}_${n}`)) n++;
    document = renameKey(document, id, `${stem}_${n}`);
    renamed.push({ node: id, from: key, to: `${stem}_${n}` });
  }
  return { document, renamed };
}

/**
 * A document whose lines have both ends and whose exits lead one way; of two lines the one in `first` stays. Places of steps that
 * are gone go too.
 * @param {FlowDocument} document @param {FlowDocument} first @returns {{document: FlowDocument, dropped: Edge[]}}
 */
export function sound(document, first) {
  const ids = new Set(document.nodes.map((node) => node.id));
  const taken = new Map();
  for (const edge of document.edges) if (edgeOf(first, edge.id)) taken.set(`${edge.source}\n${edge.port}`, edge.id);
  const edges = document.edges.filter((edge) => {
    const at = `${edge.source}\n${edge.port}`;
    if (!ids.has(edge.source) || !ids.has(edge.target)) return false;
    if (!taken.has(at)) taken.set(at, edge.id);
    return taken.get(at) === edge.id;
  });
  const strays = Object.keys(document.layout).filter((id) => !ids.has(id) && !(id in first.layout));
  const layout = strays.length ? Object.fromEntries(Object.entries(document.layout).filter(([id]) => !strays.includes(id))) : document.layout;
  if (edges.length === document.edges.length && !strays.length) return { document, dropped: [] };
  const kept = new Set(edges);
  return { document: make(document, { edges, layout }), dropped: document.edges.filter((edge) => !kept.has(edge)) };
}

/**
 * Ops that were made on an older draft and kept somewhere else (a tab that was closed): as questions and changes on the draft as it
 * is now. `since` leads from the draft they were made on to this one.
 * @param {FlowDocument} document @param {readonly Op[]} ops @param {readonly Op[]} since
 * @param {{choices?: Record<string, "mine"|"theirs">, isTrigger?: (type: string) => boolean}} [options] @returns {Rebased}
 */
export function rebasedOps(document, ops, since, options) {
  const base = apply(document, inverse(since));
  return rebase(base, apply(base, ops), document, options);
}

/**
 * What must have come between, where the log does not reach back: from what ops saw to what is there now.
 * @param {FlowDocument} document @param {readonly Op[]} ops @returns {Op[]}
 */
export function sinceByValues(document, ops) {
  return ops.filter((op) => !holds(document, op)).map((op) => between(op, valueAt(document, op.path)));
}

/** @param {Op} op @param {any} now @returns {Op} */
function between({ path, ...op }, now) {
  /** @type {Op} */
  const step = { path };
  if ("before" in op) step.before = op.before;
  if (now !== undefined) step.after = now;
  return step;
}
