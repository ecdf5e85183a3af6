/** Builders that make tests read as before -> after: `flow("start -> check[yes] -> ticket; check[else] -> end")`. */

import { readCatalogue } from "../../static/editor/model/catalogue.js";
import { readDocument } from "../../static/editor/model/document.js";
import { initialState } from "../../static/editor/model/state.js";

const group = { id: "logic", label: "Logic", order: 1, color: "amber" };
const type = (name, more = {}) => ({
  type: name,
  version: 1,
  label: name[0].toUpperCase() + name.slice(1),
  app: { id: "flow", label: "Flow", icon: "logo" },
  group,
  icon: "zap",
  help: "",
  keywords: [],
  trigger: false,
  kinds: ["post_call"],
  effect: "none",
  summary: [],
  fields: [],
  ports: [{ id: "next", label: "Next", required: true }],
  outputs: [],
  example: {},
  ...more,
});
const field = (name, kind, more = {}) => ({ name, kind, label: name, default: null, ...more });

export const catalogue = readCatalogue([
  type("start", { trigger: true, outputs: [{ each: "inputs", name: "name", type: "type", scope: "args" }], fields: [field("inputs", "list")] }),
  type("set", {
    fields: [field("assignments", "list")],
    outputs: [{ each: "assignments", name: "name", type: "type", scope: "vars" }],
    summary: [{ field: "assignments", as: "names" }],
  }),
  type("check", {
    fields: [
      field("branches", "list", { item: field("", "object", { fields: [field("id", "text"), field("label", "text"), field("conditions", "conditions")] }) }),
    ],
    ports: [
      { each: "branches", id: "id", label: "label" },
      { id: "else", label: "Otherwise" },
    ],
    summary: ["if ", { field: "branches", as: "conditions" }],
  }),
  type("request", {
    effect: "keyed",
    fields: [
      field("method", "choice", {
        default: "GET",
        options: [
          { value: "GET", label: "GET" },
          { value: "POST", label: "POST" },
        ],
      }),
      field("url", "text"),
      field("connection", "connection_ref"),
    ],
    ports: [
      { id: "success", label: "Success", required: true },
      { id: "error", label: "On error", when: { setting: "on_error", in: ["branch"] } },
    ],
    outputs: [{ name: "status", label: "Status", type: "number", sample: 201 }],
    summary: [{ field: "method" }, " ", { field: "url", as: "host_path" }],
  }),
  type("wait", { waits: true, fields: [field("seconds", "duration")], summary: ["For some time ", { field: "seconds", as: "duration" }] }),
  type("end", { ports: [], can_disable: false }),
]);

/** Nodes are named by their first word's letters: "check2" has type check. */
export function flow(text, more = {}) {
  const nodes = new Map();
  const edges = [];
  for (const chain of text.split(";")) {
    const steps = chain.split("->").map((step) => /^\s*(\w+)(?:\[(\w+)\])?\s*$/.exec(step));
    steps.forEach(([, id, port], at) => {
      nodes.set(id, nodes.get(id) ?? nodeNamed(id, more.nodes?.[id]));
      const previous = steps[at - 1];
      if (!previous) return;
      edges.push({ id: `e_${previous[1]}_${previous[2] ?? ""}`, source: previous[1], port: previous[2] ?? firstPort(previous[1]), target: id });
      void port;
    });
  }
  for (const edge of edges) addBranch(nodes.get(edge.source), edge.port);
  return readDocument({ schema: 1, nodes: [...nodes.values()], edges, layout: more.layout ?? {}, notes: more.notes ?? [] });
}

const kindOf = (id) => id.replace(/\d+$/, "");
const nodeNamed = (id, more = {}) => ({ id, type: kindOf(id), key: id, label: id, config: {}, ...more });
const firstPort = (id) => (kindOf(id) === "request" ? "success" : kindOf(id) === "check" ? "else" : "next");

function addBranch(node, port) {
  if (node.type !== "check" || port === "else") return;
  const branches = node.config.branches ?? [];
  if (!branches.some((branch) => branch.id === port)) node.config = { ...node.config, branches: [...branches, { id: port, label: port, conditions: null }] };
}

/** "a -> b[port]" lines of a document, sorted: what a user sees of the edges. */
export const lines = (document) => document.edges.map((edge) => `${edge.source}[${edge.port}] -> ${edge.target}`).sort();

export const stateOf = (document, more = {}) =>
  initialState({
    flow: { id: "f", name: "Flow", description: "", kind: "post_call", agents: [], enabled: true, published: null },
    me: { role: "owner", name: "A", time_zone: "UTC" },
    catalogue,
    document,
    ...more,
  });

/** Whole numbers below n, the same on every machine. */
export function randomFrom(seed) {
  let at = seed;
  return (n) => {
    at = (at * 48271) % 2147483647;
    return at % n;
  };
}
