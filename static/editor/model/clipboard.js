/** Nodes as text: what is copied, and how a paste makes it its own: new ids, own keys, references inside the set follow. */

/** @import {Catalogue, Clip, FlowDocument, FlowNode, Point, State} from "../types.js" */

import { isTrigger } from "./catalogue.js";
import { deepFreeze, freeKey, make, newId, sorted } from "./document.js";
import { bounds, nodeRect, snap } from "./geometry.js";
import { renameInValue } from "./references.js";

/** The selection as a clip; triggers stay where they are. @param {State} state @param {FlowDocument} document @param {Record<string, Point>} places @returns {Clip|null} */
export function clipOf(state, document, places) {
  const nodes = document.nodes.filter((node) => state.selection.nodes.has(node.id) && !isTrigger(node, state.catalogue));
  const notes = document.notes.filter((note) => state.selection.notes.has(note.id));
  if (!nodes.length && !notes.length) return null;
  const ids = new Set(nodes.map((node) => node.id));
  return {
    segue: "nodes",
    schema: document.schema,
    workspace: state.workspace,
    nodes,
    edges: document.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
    layout: Object.fromEntries(nodes.map((node) => [node.id, places[node.id] ?? { x: 0, y: 0 }])),
    notes,
  };
}

/** @param {string} text @returns {Clip|null} null: something else was on the clipboard */
export function readClip(text) {
  if (!text.includes('"segue"') || text.length > 2_000_000) return null;
  try {
    const value = JSON.parse(text);
    if (value?.segue !== "nodes" || !Array.isArray(value.nodes)) return null;
    const whole = value.nodes.every((/** @type {any} */ node) => typeof node?.id === "string" && typeof node.type === "string");
    return whole ? { edges: [], layout: {}, notes: [], workspace: "", schema: 1, ...value } : null;
  } catch {
    return null;
  }
}

/**
 * The document with a clip put in, centred at a point (or moved by two grid units from where it was copied).
 * @param {FlowDocument} document @param {Clip} clip @param {{at?: Point, catalogue: Catalogue, workspace: string}} how
 * @returns {{document: FlowDocument, nodes: string[], notes: string[]}}
 */
export function paste(document, clip, { at, catalogue, workspace }) {
  const own = clip.nodes.filter((node) => !isTrigger(node, catalogue));
  const ids = new Map(own.map((node) => [node.id, newId("n", (id) => document.nodes.some((each) => each.id === id))]));
  const shift = shiftOf(clip, own, at);
  const { nodes, keys } = renamed(document, own, ids);
  const foreign = clip.workspace !== workspace;
  const finished = nodes.map((node) => {
    const config = [...keys].reduce((value, [old, key]) => renameInValue(value, old, key), node.config ?? {});
    return { ...node, config: foreign ? withoutConnections(node, config, catalogue) : config };
  });
  const edges = clip.edges.flatMap((edge) => {
    const [source, target] = [ids.get(edge.source), ids.get(edge.target)];
    return source && target ? [{ id: newId("e"), source, port: edge.port, target }] : [];
  });
  const notes = clip.notes.map((note) => ({ ...note, id: newId("m"), x: note.x + shift.x, y: note.y + shift.y }));
  const layout = Object.fromEntries(
    own.map((node) => {
      const place = clip.layout[node.id] ?? { x: 0, y: 0 };
      return [ids.get(node.id) ?? "", { x: place.x + shift.x, y: place.y + shift.y }];
    }),
  );
  const pasted = make(document, {
    nodes: sorted([...document.nodes, ...deepFreeze(structuredClone(finished))]),
    edges: sorted([...document.edges, ...edges]),
    notes: sorted([...document.notes, ...notes]),
    layout: { ...document.layout, ...layout },
  });
  return { document: pasted, nodes: [...ids.values()], notes: notes.map((note) => note.id) };
}

/** @param {FlowDocument} document @param {FlowNode[]} own @param {Map<string, string>} ids */
function renamed(document, own, ids) {
  let grown = document;
  const keys = new Map();
  const nodes = own.map((node) => {
    const key = freeKey(grown, node.key ?? node.type);
    const copy = { ...node, id: ids.get(node.id) ?? node.id, key };
    grown = make(grown, { nodes: sorted([...grown.nodes, copy]) });
    if (key !== node.key) keys.set(node.key, key);
    return copy;
  });
  return { nodes, keys };
}

/** @param {Clip} clip @param {FlowNode[]} nodes @param {Point|undefined} at @returns {Point} */
function shiftOf(clip, nodes, at) {
  const box = bounds([...nodes.map((node) => nodeRect(node, clip.layout[node.id] ?? { x: 0, y: 0 })), ...clip.notes]);
  if (!box || !at) return { x: 32, y: 32 };
  return { x: snap(at.x - box.x - box.width / 2), y: snap(at.y - box.y - box.height / 2) };
}

/** Connections belong to a workspace, so they are left behind. @param {FlowNode} node @param {Record<string, any>} config @param {Catalogue} catalogue */
function withoutConnections(node, config, catalogue) {
  const refs = (catalogue.types.get(node.type)?.fields ?? []).filter((field) => field.kind === "connection_ref");
  return Object.fromEntries(Object.entries(config).filter(([name]) => !refs.some((field) => field.name === name)));
}
