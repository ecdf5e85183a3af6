/** Which variables exist at a node: what every run of this kind is given, and what the steps before it make. */

/** @import {Catalogue, FlowDocument, FlowNode, Variable} from "../types.js" */

import { itemsOf } from "./catalogue.js";
import { certainBefore, dominators, indexOf, nextOf, triggerOf, upstream } from "./graph.js";
import { words } from "./words.js";

/** A kind of flow that starts after the conversation has ended, so its analysis is there. */
const AFTER_THE_END = ["post_call", "automation"];
/** Types as action inputs spell them, in the words of variables. @type {Record<string, string>} */
const TYPES = { string: "text", integer: "number", array: "list", json: "any", enum: "text" };

/** [name, type, label, sample]: the one interaction, the contact, the run. @type {Record<string, [string, string, string, any][]>} */
const GIVEN = {
  interaction: [
    ["id", "text", "Conversation id", "call_7420"],
    ["channel", "text", "Channel", "phone"],
    ["direction", "text", "Direction", "inbound"],
    ["from", "text", "Caller", "+14155550132"],
    ["to", "text", "Callee", "+18005550199"],
    ["contact_number", "text", "Contact's number", "+14155550132"],
    ["agent_number", "text", "Agent's number", "+18005550199"],
    ["started_at", "datetime", "Started", "2026-01-20T15:00:00Z"],
    ["ended_at", "datetime", "Ended", "2026-01-20T15:02:05Z"],
    ["duration_seconds", "number", "Duration in seconds", 125],
    ["status", "text", "Status", "completed"],
    ["ended_reason", "text", "Why it ended", "customer-ended-call"],
    ["disposition", "text", "Disposition", "escalated"],
    ["sentiment", "text", "Sentiment", "neutral"],
    ["summary", "text", "Summary", "Jane was charged twice and wants the second charge back."],
    ["transcript", "text", "Transcript", "Agent: How can I help?\nUser: I was charged twice."],
    ["turns", "list", "Turns", []],
    ["recording_url", "text", "Recording", "https://recordings.example.com/7420.wav"],
    ["language", "text", "Language", "en"],
    ["agent", "text", "Agent", "support"],
    ["variables", "object", "Variables of the call", {}],
    ["raw", "object", "The vendor's body", {}],
  ],
  contact: [
    ["id", "text", "Contact id", "c_512"],
    ["name", "text", "Name", "Jane Doe"],
    ["email", "text", "E-mail", "jane@example.com"],
    ["phone", "text", "Phone", "+14155550132"],
  ],
  run: [
    ["id", "text", "Run id", "0190f0a0"],
    ["started_at", "datetime", "Started", "2026-01-20T15:02:06Z"],
    ["attempt", "number", "Attempt", 1],
  ],
};

/**
 * The variables in scope at a node, what is given first, then by step from the trigger on. `certain`: made on every way to the node.
 * @param {FlowDocument} document @param {Catalogue} catalogue @param {string} nodeId
 * @param {{kind?: string, constants?: Record<string, any>}} [flow] @returns {Variable[]}
 */
export function variablesInScope(document, catalogue, nodeId, flow = {}) {
  const all = [...given(flow.kind ?? "post_call", flow.constants ?? {}), ...made(document, catalogue, nodeId)];
  const byPath = new Map(all.map((variable) => [variable.path, variable]));
  for (const variable of all) if (variable.certain) byPath.set(variable.path, variable);
  return [...byPath.values()];
}

/** What one node adds, with full paths. @param {FlowNode} node @param {Catalogue} catalogue @returns {{path: string, type: string, label: string, sample: any}[]} */
export function madeBy(node, catalogue) {
  const type = catalogue.types.get(node.type);
  if (!type) return [];
  const outputs = type.outputs.flatMap((output) => {
    const scope = output.scope ?? "steps";
    const prefix = scope === "steps" ? `steps.${node.key}` : scope;
    if (!output.each) {
      const name = output.named_by ? node.config[output.named_by] : output.name;
      if (!name) return [];
      return [{ path: `${prefix}.${name}`, type: output.type, label: output.label ?? name, sample: output.sample ?? null }];
    }
    const rows = itemsOf(node.config[output.each] ?? type.fields.find((field) => field.name === output.each)?.default);
    return rows
      .filter((/** @type {any} */ row) => typeof row[output.name] === "string" && row[output.name])
      .map((row) => {
        const kind = row[output.type] ?? "any";
        return { path: `${prefix}.${row[output.name]}`, type: TYPES[kind] ?? kind, label: row[output.name], sample: null };
      });
  });
  if (!["branch", "continue"].includes(node.settings?.on_error ?? "stop")) return outputs;
  const error = (/** @type {"message"|"code"} */ name) => ({
    path: `steps.${node.key}.error.${name}`,
    type: "text",
    label: words.errorOutput[name],
    sample: "",
  });
  return [...outputs, error("message"), error("code")];
}

/** @param {string} kind @param {Record<string, any>} constants @returns {Variable[]} */
function given(kind, constants) {
  const list = ["interaction", "contact"].flatMap((root) => rows(root));
  if (AFTER_THE_END.includes(kind)) list.push(variable("analysis", "object", "Analysis", words.sources.analysis, {}));
  list.push(...rows("run"));
  for (const [name, value] of Object.entries(constants)) list.push(variable(`workspace.${name}`, "any", name, words.sources.workspace, value));
  return list;
}

/** @param {string} root @returns {Variable[]} */
const rows = (root) => (GIVEN[root] ?? []).map(([name, type, label, sample]) => variable(`${root}.${name}`, type, label, words.sources[root] ?? root, sample));

/** @param {string} path @param {string} type @param {string} label @param {string} source @param {any} sample @returns {Variable} */
const variable = (path, type, label, source, sample) => ({ path, type, label, source, node: null, sample, certain: true });

/** @param {FlowDocument} document @param {Catalogue} catalogue @param {string} nodeId @returns {Variable[]} */
function made(document, catalogue, nodeId) {
  const trigger = triggerOf(document, catalogue);
  if (!trigger || !indexOf(document).byId.has(nodeId)) return [];
  const next = nextOf(document, catalogue);
  const before = upstream(document, catalogue, nodeId);
  const immediate = dominators(trigger.id, next);
  const certain = certainBefore(immediate, nodeId);
  const order = [...immediate.keys()];
  const sources = order.filter((id) => before.has(id)).concat([...before].filter((id) => !immediate.has(id)));
  return sources.flatMap((id) => {
    const node = indexOf(document).byId.get(id);
    if (!node || node.disabled) return [];
    return madeBy(node, catalogue).map((each) => ({ ...each, source: node.label || node.key, node: id, certain: certain.has(id) }));
  });
}
