/**
 * Flows that come from outside as a file or as text: our export (JSON, or carried by a picture), a bare document, copied steps. Read and
 * judged here; what is no flow is told apart from what is a flow with something missing.
 */

/** @import {Catalogue, Clip, FlowDocument} from "../types.js" */

import { carriedText } from "./carrying.js";
import { readDocument } from "./document.js";

/** @typedef {{name: string, description: string, kind: string, document: FlowDocument}} Entry */
/** @typedef {{flows: Entry[], connections: {name: string, type: string}[], whole: any}} FlowFile  whole: the export as it was, for the server */

/** @param {Uint8Array} bytes @returns {Promise<FlowFile|null>} null: this carries no flow */
export const readFlowFile = async (bytes) => readFlowText(await carriedText(bytes));

/** @param {string} text @returns {FlowFile|null} */
export function readFlowText(text) {
  if (!/^\s*\{/.test(text)) return null;
  try {
    return readFlows(JSON.parse(text));
  } catch {
    return null;
  }
}

/** An export, or one document. @param {any} value @returns {FlowFile|null} */
export function readFlows(value) {
  if (value?.segue === "flows" && Array.isArray(value.flows)) {
    const flows = value.flows.filter((/** @type {any} */ each) => isDocument(each?.document));
    if (!flows.length) return null;
    return {
      flows: flows.map(entryOf),
      connections: (value.connections ?? []).filter((/** @type {any} */ each) => typeof each?.name === "string"),
      whole: value,
    };
  }
  if (!isDocument(value)) return null;
  const entry = { name: "", description: "", kind: "", document: readDocument(value) };
  return { flows: [entry], connections: [], whole: null };
}

/** @param {any} flow @returns {Entry} */
const entryOf = (flow) => ({
  name: String(flow.name ?? ""),
  description: String(flow.description ?? ""),
  kind: String(flow.kind ?? ""),
  document: readDocument(flow.document),
});

/** @param {any} value */
function isDocument(value) {
  return (
    value !== null &&
    typeof value === "object" &&
    Array.isArray(value.nodes) &&
    Array.isArray(value.edges) &&
    value.nodes.every((/** @type {any} */ node) => typeof node?.id === "string" && typeof node.type === "string")
  );
}

/**
 * Connections travel by name: here they become ids again where one of the same name and type is known, else they are left open.
 * @param {FlowDocument} document @param {{name: string, type: string}[]} listed @param {any[]} here @param {Catalogue} catalogue
 * @returns {{document: FlowDocument, missing: string[]}}
 */
export function withConnections(document, listed, here, catalogue) {
  const ids = new Map(here.map((each) => [`${each.name}\n${each.type}`, each.id]));
  const types = new Map(listed.map((each) => [each.name, each.type]));
  /** @type {Set<string>} */
  const missing = new Set();
  const nodes = document.nodes.map((node) => {
    const refs = (catalogue.types.get(node.type)?.fields ?? []).filter(
      (field) => field.kind === "connection_ref" && typeof node.config[field.name] === "string",
    );
    if (!refs.length) return node;
    const config = { ...node.config };
    for (const { name } of refs) {
      const id = here.some((each) => each.id === config[name]) ? config[name] : ids.get(`${config[name]}\n${types.get(config[name])}`);
      if (id === undefined) missing.add(config[name]);
      config[name] = id ?? null;
    }
    return { ...node, config };
  });
  return { document: readDocument({ ...document, nodes }), missing: [...missing] };
}

/** Its steps as something to paste; the trigger stays behind. @param {FlowDocument} document @param {string} workspace @returns {Clip} */
export function clipOfDocument(document, workspace) {
  const { schema, nodes, edges, layout, notes } = document;
  return { segue: "nodes", schema, workspace, nodes: [...nodes], edges: [...edges], layout: { ...layout }, notes: [...notes] };
}
