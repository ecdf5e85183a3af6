/** Clashes in plain words: what it is about, what I made of it, what they made of it. */

/** @import {Clash, FlowNode, State} from "../types.js" */

import { diff, split } from "../model/diff.js";
import { make, nodeOf } from "../model/document.js";
import { said } from "../model/words-sync.js";

const LONGEST = 400;
/** @typedef {{id: string, about: string, mine: string, theirs: string}} Question */

/** @param {readonly Clash[]} clashes @param {State} state @returns {Question[]} */
export const questions = (clashes, state) => clashes.map((clash) => ({ id: clash.id, ...KINDS[clash.kind](clash, state) }));

const { conflict } = said;

/** @type {Record<Clash["kind"], (clash: Clash, state: State) => {about: string, mine: string, theirs: string}>} */
const KINDS = {
  value(clash, state) {
    const [area, id = "", ...rest] = split(clash.id);
    if (area === "edges") return aboutEdge(clash, state);
    if (area === "notes") return { about: conflict.note, mine: text(clash.mine?.text), theirs: text(clash.theirs?.text) };
    const node = nodeOf(state.document, id) ?? clash.mine ?? clash.theirs;
    if (!rest.length) return { about: nameOf(node), mine: text(clash.mine?.label), theirs: text(clash.theirs?.label) };
    const about = `${nameOf(node)}: ${fieldName(state, node?.type ?? "", rest.join("/"))}`;
    const [mine, theirs] = [shown(state, node, rest, clash.mine), shown(state, node, rest, clash.theirs)];
    return { about, mine, theirs };
  },
  gone: (clash, state) => ({ about: nameOf(clash.mine), mine: conflict.bringBack(changedIn(state, clash.node, clash.mine)), theirs: conflict.deleted }),
  changed: (clash, state) => ({
    about: nameOf(clash.theirs),
    mine: conflict.deleted,
    theirs: conflict.theirChanges(between(state, clash.ops[0]?.before, clash.theirs)),
  }),
  port: (clash, state) => aboutEdge(clash, state),
  trigger: (clash) => ({ about: conflict.trigger, mine: nameOf(clash.mine), theirs: nameOf(clash.theirs) }),
};

/** @param {Clash} clash @param {State} state */
function aboutEdge(clash, state) {
  const edge = clash.mine ?? clash.theirs;
  const source = nodeOf(state.document, edge.source);
  const target = (/** @type {any} */ line) => (line ? conflict.to(nameOf(nodeOf(state.document, line.target)) || line.target) : conflict.removed);
  const port = edge.port === "next" ? "" : edge.port;
  return { about: `${nameOf(source)}: ${conflict.leadsTo(port)}`, mine: target(clash.mine), theirs: target(clash.theirs) };
}

/** The name a person knows a field by. @param {State} state @param {string} type @param {string} name "label", "config/url" or "settings/retry" */
export function fieldName(state, type, name) {
  const [table, field = ""] = name.split("/");
  if (!field) return conflict.members[table ?? ""] ?? name;
  if (table === "settings") return conflict.settings(field);
  return state.catalogue.types.get(type)?.fields.find((each) => each.name === field)?.label ?? field;
}

/** A value as a person would say it. @param {State} state @param {FlowNode|undefined} node @param {string[]} place @param {any} value */
function shown(state, node, place, value) {
  const field = place[0] === "config" ? state.catalogue.types.get(node?.type ?? "")?.fields.find((each) => each.name === place[1]) : undefined;
  const option = field?.options?.find((each) => each.value === value);
  if (option) return option.label;
  const connection = field?.kind === "connection_ref" ? state.connections.find((each) => each.id === value) : undefined;
  return connection ? connection.name : text(value);
}

/** @param {any} value */
function text(value) {
  if (value === undefined || value === null || value === "") return conflict.nothing;
  if (value === true) return conflict.yes;
  if (value === false) return conflict.no;
  const plain = typeof value === "object" ? lines(value) : String(value);
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}

/** A list is a line each, an object its members: what people filled in, without the braces. @param {any} value @returns {string} */
function lines(value) {
  if (Array.isArray(value))
    return value.map((item) => (item !== null && typeof item === "object" ? members(item, " · ") : String(item))).join("\n") || conflict.nothing;
  return members(value, "\n");
}

/** @param {Record<string, any>} value @param {string} between */
function members(value, between) {
  const parts = Object.entries(value).filter(([name, each]) => name !== "id" && each !== null && each !== "");
  const part = (/** @type {any} */ each) => (typeof each === "object" ? JSON.stringify(each).replaceAll('"', "") : String(each));
  return parts.map(([name, each]) => (between === "\n" ? `${name.replaceAll("_", " ")}: ${part(each)}` : part(each))).join(between);
}

/** @param {any} node */
const nameOf = (node) => node?.label || node?.key || "";

/** Fields of mine that differ from what the history of this page began with. @param {State} state @param {string} id @param {FlowNode} mine */
function changedIn(state, id, mine) {
  const first = state.history.past.map((entry) => nodeOf(entry.before, id)).find(Boolean);
  return between(state, first, mine);
}

/** @param {State} state @param {FlowNode|undefined} before @param {FlowNode|undefined} after @returns {string[]} names of the fields that differ */
function between(state, before, after) {
  if (!before || !after) return [];
  const alone = (/** @type {FlowNode} */ node) => make(state.document, { nodes: [node], edges: [], layout: {}, notes: [] });
  return diff(alone(before), alone(after)).map((op) => fieldName(state, after.type, split(op.path).slice(2).join("/")));
}
