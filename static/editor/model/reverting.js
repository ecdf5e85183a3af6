/**
 * Taking back one change of a review: the draft with that one thing as it was, and nothing else. A step that came takes its lines along
 * and what led past it leads there again; a step that went comes back to its place with its lines.
 */

/** @import {Catalogue, FlowDocument, FlowNode} from "../types.js" */
/** @typedef {{kind: string, node: string|null, field?: string|null, before?: any, after?: any, text: string}} Change  as the server's diff says it */

import { isTrigger, portIdsOf } from "./catalogue.js";
import { split } from "./diff.js";
import {
  addNode,
  connect,
  deepFreeze,
  disconnect,
  dropDangling,
  edgeAt,
  freeKey,
  make,
  moveNodes,
  nodeOf,
  removeNodes,
  renameKey,
  setNode,
} from "./document.js";

/**
 * @param {FlowDocument} document the draft @param {FlowDocument} past what it is compared with @param {Change} change @param {Catalogue} catalogue
 * @returns {FlowDocument} the same document when there is nothing (left) to take back
 */
export function reverted(document, past, change, catalogue) {
  const undo = WAYS[change.kind];
  return undo ? undo(document, past, change, catalogue) : document;
}

/** Several at once: what came first goes first, lines last, so that their ends are there. @param {FlowDocument} document @param {FlowDocument} past @param {readonly Change[]} changes @param {Catalogue} catalogue */
export function revertedAll(document, past, changes, catalogue) {
  const order = ["node_removed", "node_changed", "edge_moved", "edge_removed", "edge_added", "node_added", "layout"];
  const sorted = [...changes].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return sorted.reduce((result, change) => reverted(result, past, change, catalogue), document);
}

/** @typedef {(document: FlowDocument, past: FlowDocument, change: Change, catalogue: Catalogue) => FlowDocument} Way */

/** @type {Record<string, Way>} */
const WAYS = {
  node_added(document, past, { node: id }, catalogue) {
    const node = nodeOf(document, id ?? "");
    if (!node || isTrigger(node, catalogue)) return document;
    const exits = document.edges.filter((edge) => edge.target === id);
    return exits.reduce((result, edge) => pastLine(result, past, edge.source, edge.port), removeNodes(document, [node.id]));
  },

  node_removed(document, past, { node: id }, catalogue) {
    const node = nodeOf(past, id ?? "");
    if (!node || nodeOf(document, node.id)) return document;
    if (isTrigger(node, catalogue) && document.nodes.some((each) => isTrigger(each, catalogue))) return document;
    const back = addNode(document, { ...node, key: freeKey(document, node.key) }, past.layout[node.id]);
    const lines = past.edges.filter((edge) => edge.source === node.id || edge.target === node.id);
    return lines.reduce((result, edge) => pastLine(result, past, edge.source, edge.port), back);
  },

  node_changed(document, past, change, catalogue) {
    const [node, was] = [nodeOf(document, change.node ?? ""), nodeOf(past, change.node ?? "")];
    if (!node || !was) return document;
    return onlyOwnPorts(withMember(document, node, was, split(change.field ?? "")), node.id, catalogue);
  },

  edge_added(document, _past, change) {
    const edge = edgeAt(document, change.node ?? "", portOf(change));
    return edge ? disconnect(document, [edge.id]) : document;
  },
  edge_moved: (document, past, change) => pastLine(document, past, change.node ?? "", portOf(change)),
  edge_removed: (document, past, change) => pastLine(document, past, change.node ?? "", portOf(change)),

  layout(document, past) {
    const places = Object.fromEntries(Object.entries(past.layout).filter(([id]) => nodeOf(document, id)));
    return make(moveNodes(document, places), { notes: past.notes });
  },
};

/** @param {Change} change */
const portOf = (change) =>
  split(change.field ?? "")
    .slice(1)
    .join("/");

/** An exit leads where it led; nowhere when that is gone. @param {FlowDocument} document @param {FlowDocument} past @param {string} source @param {string} port */
function pastLine(document, past, source, port) {
  const was = edgeAt(past, source, port);
  if (!was || !nodeOf(document, source) || !nodeOf(document, was.target)) return document;
  return connect(document, source, port, was.target);
}

/**
 * One member as it was. A type brings its settings along: those of another type mean nothing to it.
 * @param {FlowDocument} document @param {FlowNode} node @param {FlowNode} was @param {string[]} place
 */
function withMember(document, node, was, [table = "", name]) {
  if (table === "key") return renameKey(document, node.id, was.key);
  if (table === "type") return setNode(document, node.id, { type: was.type, config: was.config, settings: was.settings });
  if (name === undefined) return setNode(document, node.id, { [table]: /** @type {any} */ (was)[table] });
  const [now, old] = [/** @type {any} */ (node)[table] ?? {}, /** @type {any} */ (was)[table] ?? {}];
  const { [name]: _gone, ...rest } = now;
  const value = name in old ? { ...rest, [name]: old[name] } : rest;
  const empty = table === "settings" && !Object.keys(value).length;
  return setNode(document, node.id, { [table]: empty ? undefined : deepFreeze(value) });
}

/** Lines of branches that went with the change. @param {FlowDocument} document @param {string} id @param {Catalogue} catalogue */
function onlyOwnPorts(document, id, catalogue) {
  return dropDangling(document, (each) =>
    each.id === id && catalogue.types.has(each.type)
      ? portIdsOf(each, catalogue)
      : document.edges.filter((edge) => edge.source === each.id).map((edge) => edge.port),
  );
}
