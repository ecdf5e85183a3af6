/**
 * The document and its edits: each takes a document and gives a new one, sharing what did not change.
 *
 * Rules every edit keeps: all values are frozen; nodes, edges and notes are sorted by id; an edge has both ends; a port has at
 * most one edge; a node gone takes its edges and its place along. An edit that changes nothing gives the same document back.
 */

/** @import {FlowDocument, FlowNode, Edge, Note, Point, Settings, Config} from "../types.js" */

import { renameInValue } from "./references.js";

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** @type {FlowDocument} */
export const EMPTY = deepFreeze({ schema: 1, nodes: [], edges: [], layout: {}, notes: [] });

/** Any JSON of the server as a document of the editor: sorted, frozen, with config on every node. @param {any} value @returns {FlowDocument} */
export function readDocument(value) {
  const nodes = (value.nodes ?? []).map((/** @type {any} */ node) => (node.config ? node : { ...node, config: {} }));
  return deepFreeze({
    schema: value.schema ?? 1,
    nodes: sorted(nodes),
    edges: sorted(value.edges ?? []),
    layout: { ...(value.layout ?? {}) },
    notes: sorted(value.notes ?? []),
  });
}

/** @template T @param {T} value @returns {T} */
export function deepFreeze(value) {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

/** @param {FlowDocument} document @param {string} id @returns {FlowNode|undefined} */
export const nodeOf = (document, id) => found(document.nodes, id);
/** @param {FlowDocument} document @param {string} id @returns {Edge|undefined} */
export const edgeOf = (document, id) => found(document.edges, id);
/** @param {FlowDocument} document @param {string} id @returns {Note|undefined} */
export const noteOf = (document, id) => found(document.notes, id);

/**
 * A short id, unique within one document, made on the client, also where `crypto.randomUUID` is missing (plain http).
 * @param {string} prefix @param {(id: string) => boolean} taken @returns {string}
 */
export function newId(prefix, taken = () => false) {
  for (;;) {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    const id = prefix + Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
    if (!taken(id)) return id;
  }
}

/** A key no other node has: `create_ticket`, `create_ticket_2`. @param {FlowDocument} document @param {string} wish @param {string} [self] */
export function freeKey(document, wish, self) {
  const taken = new Set(document.nodes.filter((node) => node.id !== self).map((node) => node.key));
  const base = keyFrom(wish);
  if (!taken.has(base)) return base;
  for (let n = 2; ; n++) if (!taken.has(`${base}_${n}`)) return `${base}_${n}`;
}

/** "Create ticket!" -> "create_ticket"; keys are lower case, start with a letter, at most 48 long. @param {string} text */
export function keyFrom(text) {
  const plain = text.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const key = plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "")
    .slice(0, 48);
  return key || "step";
}

/** @param {FlowDocument} document @param {FlowNode} node @param {Point} [place] @returns {FlowDocument} */
export function addNode(document, node, place) {
  const layout = place ? { ...document.layout, [node.id]: place } : document.layout;
  return make(document, { nodes: sorted([...document.nodes, node]), layout });
}

/** A fresh id for a node of this document. @param {FlowDocument} document */
export const freshNodeId = (document) => newId("n", (id) => nodeOf(document, id) !== undefined);

/** Nodes with their edges and places. @param {FlowDocument} document @param {Iterable<string>} ids @returns {FlowDocument} */
export function removeNodes(document, ids) {
  const gone = new Set(ids);
  if (!document.nodes.some((node) => gone.has(node.id))) return document;
  return make(document, {
    nodes: document.nodes.filter((node) => !gone.has(node.id)),
    edges: document.edges.filter((edge) => !gone.has(edge.source) && !gone.has(edge.target)),
    layout: Object.fromEntries(Object.entries(document.layout).filter(([id]) => !gone.has(id))),
  });
}

/**
 * Nodes go, the line stays: what led to a node leads on to the target of its first connected port.
 * @param {FlowDocument} document @param {string[]} ids @param {(node: FlowNode) => string[]} portIds in port order
 */
export function healNodes(document, ids, portIds) {
  let result = document;
  for (const id of ids) {
    const node = nodeOf(result, id);
    if (!node) continue;
    const next = portIds(node)
      .map((port) => edgeAt(result, id, port))
      .find((edge) => edge && edge.target !== id);
    const incoming = result.edges.filter((edge) => edge.target === id && edge.source !== id);
    const lines = next ? incoming.map((edge) => ({ ...edge, target: next.target })) : [];
    const rest = removeNodes(result, [id]);
    result = make(rest, { edges: sorted([...rest.edges, ...lines]) });
  }
  return result;
}

/** @param {FlowDocument} document @param {string} source @param {string} port @returns {Edge|undefined} */
export const edgeAt = (document, source, port) => document.edges.find((edge) => edge.source === source && edge.port === port);

/** Leads a port to a node; an edge the port already had is moved (its id stays). @param {FlowDocument} document @param {string} source @param {string} port @param {string} target */
export function connect(document, source, port, target) {
  const old = edgeAt(document, source, port);
  if (old?.target === target) return document;
  const id = old?.id ?? newId("e", (wish) => edgeOf(document, wish) !== undefined);
  const rest = document.edges.filter((edge) => edge !== old);
  return make(document, { edges: sorted([...rest, { id, source, port, target }]) });
}

/** The same line, from elsewhere. @param {FlowDocument} document @param {string} id @param {string} source @param {string} port */
export function leadFrom(document, id, source, port) {
  return make(document, { edges: document.edges.map((edge) => (edge.id === id ? { ...edge, source, port } : edge)) });
}

/** @param {FlowDocument} document @param {Iterable<string>} edgeIds */
export function disconnect(document, edgeIds) {
  const gone = new Set(edgeIds);
  if (!document.edges.some((edge) => gone.has(edge.id))) return document;
  return make(document, { edges: document.edges.filter((edge) => !gone.has(edge.id)) });
}

/** Puts nodes at places; x and y are top-left corners. @param {FlowDocument} document @param {Record<string, Point>} places */
export function moveNodes(document, places) {
  const changed = Object.entries(places).filter(([id, place]) => {
    const old = document.layout[id];
    return !old || old.x !== place.x || old.y !== place.y;
  });
  if (!changed.length) return document;
  return make(document, { layout: { ...document.layout, ...Object.fromEntries(changed) } });
}

/** Replaces members of a node; `undefined` removes one. @param {FlowDocument} document @param {string} id @param {Partial<FlowNode>} patch */
export function setNode(document, id, patch) {
  return make(document, {
    nodes: document.nodes.map((node) => (node.id === id ? /** @type {FlowNode} */ (without({ ...node, ...patch })) : node)),
  });
}

/**
 * What Save Changes writes: label, key (references follow), config and settings of one node, whole.
 * @param {FlowDocument} document @param {string} id @param {{label: string, key: string, config: Config, settings: Settings}} form
 */
export function configure(document, id, form) {
  const old = nodeOf(document, id);
  if (!old) return document;
  const settings = Object.keys(form.settings).length || old.settings ? form.settings : undefined;
  const configured = setNode(document, id, { label: form.label, config: form.config, settings });
  return form.key === old.key ? configured : renameKey(configured, id, form.key);
}

/** A key is part of every reference to the node's outputs, so all of them are rewritten. @param {FlowDocument} document @param {string} id @param {string} wish */
export function renameKey(document, id, wish) {
  const node = nodeOf(document, id);
  if (!node) return document;
  const key = freeKey(document, wish, id);
  if (key === node.key) return document;
  const nodes = document.nodes.map((each) => {
    const config = renameInValue(each.config, node.key, key);
    if (each.id === id) return { ...each, key, config };
    return config === each.config ? each : { ...each, config };
  });
  return make(document, { nodes });
}

/**
 * Another type in the same place: id, key, label when it was given by hand, place and edges into it stay; edges out stay where the
 * new type has the port, the first edge goes to the first port.
 * @param {FlowDocument} document @param {string} id @param {{type: string, label: string, config: Config}} replacement @param {string[]} portIds
 */
export function replaceNode(document, id, replacement, portIds) {
  const nodes = document.nodes.map((node) => (node.id === id ? { id, key: node.key, ...replacement } : node));
  const leaving = document.edges.filter((edge) => edge.source === id);
  const free = portIds.filter((port) => !leaving.some((edge) => edge.port === port));
  const kept = leaving.flatMap((edge) => {
    if (portIds.includes(edge.port)) return [edge];
    const port = free.shift();
    return port === undefined ? [] : [{ ...edge, port }];
  });
  return make(document, { nodes, edges: sorted([...document.edges.filter((edge) => edge.source !== id), ...kept]) });
}

/** Removes edges that leave ports a node no longer has. @param {FlowDocument} document @param {(node: FlowNode) => string[]} portIds */
export function dropDangling(document, portIds) {
  const byId = new Map(document.nodes.map((node) => [node.id, node]));
  const gone = document.edges.filter((edge) => {
    const node = byId.get(edge.source);
    return !node || !byId.has(edge.target) || !portIds(node).includes(edge.port);
  });
  return disconnect(
    document,
    gone.map((edge) => edge.id),
  );
}

/** @param {FlowDocument} document @param {Omit<Note, "id">} note @param {string} [id] */
export function addNote(document, note, id = newId("m", (wish) => noteOf(document, wish) !== undefined)) {
  return make(document, { notes: sorted([...document.notes, { id, ...note }]) });
}

/** @param {FlowDocument} document @param {string} id @param {Partial<Note>} patch */
export function setNote(document, id, patch) {
  return make(document, { notes: document.notes.map((note) => (note.id === id ? { ...note, ...patch } : note)) });
}

/** @param {FlowDocument} document @param {Iterable<string>} ids */
export function removeNotes(document, ids) {
  const gone = new Set(ids);
  if (!document.notes.some((note) => gone.has(note.id))) return document;
  return make(document, { notes: document.notes.filter((note) => !gone.has(note.id)) });
}

/** @template {{id: string}} T @param {readonly T[]} list @returns {T[]} sorted as the server stores it, which it mostly is already */
export function sorted(list) {
  if (list.every((each, at) => at === 0 || /** @type {T} */ (list[at - 1]).id < each.id)) return [...list];
  return [...list].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** @param {FlowDocument} document @param {Partial<FlowDocument>} patch @returns {FlowDocument} */
export function make(document, patch) {
  return deepFreeze({ ...document, ...patch });
}

/** Equality of JSON values. @param {any} a @param {any} b @returns {boolean} */
export function same(a, b) {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]));
}

/** Binary search: lists are sorted by id. @template {{id: string}} T @param {readonly T[]} list @param {string} id @returns {T|undefined} */
function found(list, id) {
  let low = 0;
  let high = list.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const item = /** @type {T} */ (list[middle]);
    if (item.id === id) return item;
    if (item.id < id) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** @param {Record<string, any>} value @returns {any} the value without its undefined members */
function without(value) {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
