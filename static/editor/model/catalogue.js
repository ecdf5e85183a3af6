/** Questions about node types: their ports, defaults, summary and visible fields. All answers come from the catalogue's data. */

/** @import {Catalogue, Condition, Config, Field, FlowNode, NodeType, Port, SummaryPart} from "../types.js" */

import { referencesIn } from "./references.js";
import { words } from "./words.js";

/** @param {any} value the body of GET /node-types/ @returns {Catalogue} */
export function readCatalogue(value) {
  /** @type {NodeType[]} */
  const list = (Array.isArray(value) ? value : (value.results ?? value.types ?? [])).map((/** @type {any} */ type) => ({
    outputs: [],
    ...type,
    fields: type.fields.map(whole),
  }));
  const groups = new Map(list.map((type) => [type.group.id, type.group]));
  return {
    types: new Map(list.map((type) => [type.type, type])),
    groups: [...groups.values()].sort((a, b) => (a.order ?? 0) - (b.order ?? 0)),
  };
}

/** What a field of the brief catalogue is where it does not say otherwise. */
const LIMITS = { min: null, max: null, max_length: null, max_items: null, pattern: null };
const USUAL = {
  help: "",
  required: false,
  default: null,
  template: false,
  secure: false,
  section: "",
  advanced: false,
  options: null,
  options_from: null,
  visible_if: null,
};

/** @param {any} field @returns {any} */
function whole(field) {
  return {
    ...USUAL,
    ...field,
    limits: { ...LIMITS, ...field.limits },
    fields: field.fields?.map(whole) ?? null,
    item: field.item ? whole(field.item) : null,
  };
}

/** @param {Catalogue} catalogue @param {string} type @returns {NodeType|undefined} */
export const typeOf = (catalogue, type) => catalogue.types.get(type);

/** @param {Pick<FlowNode, "type">} node @param {Catalogue} catalogue */
export const isTrigger = (node, catalogue) => catalogue.types.get(node.type)?.trigger === true;

/** @type {WeakMap<FlowNode, {catalogue: Catalogue, ports: Port[]}>} nodes are frozen, so the answer keeps */
const known = new WeakMap();

/**
 * The ports of a node from left to right. An unknown type has none, so its edges are kept but cannot be added to.
 * @param {FlowNode} node @param {Catalogue} catalogue @returns {Port[]}
 */
export function portsOf(node, catalogue) {
  const past = known.get(node);
  if (past?.catalogue === catalogue) return past.ports;
  const type = catalogue.types.get(node.type);
  const ports = (type?.ports ?? []).flatMap((rule) => {
    if (rule.when && !matches(rule.when, node, type?.fields)) return [];
    if (!rule.each) return [{ id: rule.id ?? "next", label: rule.label, required: rule.required ?? false }];
    return itemsOf(node.config[rule.each]).map((item) => ({
      id: String(item[rule.id ?? "id"] ?? ""),
      label: String(item[rule.label] || item[rule.id ?? "id"] || ""),
      required: rule.required ?? true,
    }));
  });
  known.set(node, { catalogue, ports });
  return ports;
}

/** @param {FlowNode} node @param {Catalogue} catalogue @returns {string[]} */
export const portIdsOf = (node, catalogue) => portsOf(node, catalogue).map((port) => port.id);

/** Does a `when` or `visible_if` hold for a node (or any {config, settings})? @param {Condition|null|undefined} condition @param {{type?: string, config: Config, settings?: any}} node @param {Field[]} [fields] @returns {boolean} */
export function matches(condition, node, fields) {
  if (!condition) return true;
  if (condition.all) return condition.all.every((each) => matches(each, node, fields));
  if (condition.any) return condition.any.some((each) => matches(each, node, fields));
  if (condition.setting) return (condition.in ?? []).includes(node.settings?.[condition.setting] ?? settingDefault(condition.setting));
  if (!condition.field) return true;
  const value = node.config[condition.field] ?? fields?.find((field) => field.name === condition.field)?.default;
  return (condition.in ?? []).includes(value);
}

/** @param {string} name */
const settingDefault = (name) => (name === "on_error" ? "stop" : undefined);

/** @param {Field[]} fields @param {Config} config siblings' values @param {any} [settings] @returns {Field[]} */
export function visibleFields(fields, config, settings) {
  return fields.filter((field) => matches(field.visible_if, { config, settings }, fields));
}

/** The value of a field, or its default. @param {Field} field @param {Config} config */
export const fieldValue = (field, config) => (config[field.name] === undefined ? field.default : config[field.name]);

/**
 * The config of a new node: what its fields need to show something useful. Absent keys mean defaults, so only lists whose ports hang
 * on them get a first item.
 * @param {NodeType} type @returns {Config}
 */
export function defaultsOf(type) {
  const each = type.ports.filter((port) => port.each).map((port) => port.each ?? "");
  return Object.fromEntries(
    type.fields.filter((field) => each.includes(field.name)).map((field) => [field.name, field.default?.length ? field.default : firstItem(field)]),
  );
}

/** @param {Field} field */
function firstItem(field) {
  const parts = field.item?.fields ?? field.fields ?? [];
  const item = Object.fromEntries(parts.filter((part) => part.default !== undefined && part.default !== null).map((part) => [part.name, part.default]));
  return [{ ...item, id: "b1", label: words.branch(1) }];
}

/** One line that says what a node does, from its type's summary. @param {FlowNode} node @param {Catalogue} catalogue @param {{connections?: any[], agents?: any[], flows?: any[]}} [names] @returns {string} */
export function summaryOf(node, catalogue, names = {}) {
  const type = catalogue.types.get(node.type);
  if (!type) return words.unknownType(node.type);
  const shown = new Set(visibleFields(type.fields, node.config, node.settings).map((field) => field.name));
  const text = (type.summary ?? []).map((part) => (typeof part === "string" ? part : shown.has(part.field) ? valueText(type, node, part, names) : "")).join("");
  return text.replace(/\s+/g, " ").trim() || (node.label && node.label !== type.label ? type.label : firstSentence(type.help));
}

/** @param {string} [text] */
const firstSentence = (text = "") => /^[^.:;\n]*/.exec(text.replaceAll("*", ""))?.[0] ?? "";

/** Parts for a card: text, and chips for variables. @param {string} text @returns {SummaryPart[]} */
export function partsOf(text) {
  /** @type {SummaryPart[]} */
  const parts = [];
  let at = 0;
  for (const reference of referencesIn(text)) {
    if (reference.start > at) parts.push({ text: text.slice(at, reference.start) });
    parts.push({ text: reference.path, chip: true });
    at = reference.end;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** @param {NodeType} type @param {FlowNode} node @param {{field: string, as?: string}} part @param {{connections?: any[], agents?: any[], flows?: any[]}} names @returns {string} */
function valueText(type, node, part, names) {
  const field = type.fields.find((each) => each.name === part.field);
  const value = node.config[part.field] ?? field?.default;
  const shown = AS[part.as ?? field?.kind ?? ""]?.(value, names);
  if (shown !== undefined) return shown;
  const option = field?.options?.find((each) => each.value === value);
  return option ? option.label : plain(value);
}

/** How a value reads, by `as` or by the field's kind. @type {Record<string, (value: any, names: {connections?: any[], agents?: any[], flows?: any[]}) => string>} */
const AS = {
  host_path: (value) =>
    String(value ?? "")
      .replace(/^https?:\/\//, "")
      .replace(/\?.*$/, ""),
  duration: (value) => words.duration(Number(value ?? NaN)),
  names: (value) =>
    itemsOf(value)
      .map((item) => item.name ?? item.label ?? "")
      .filter(Boolean)
      .join(", "),
  multi_choice: (value) => itemsOf(value).join(", "),
  agent_refs: (value, names) => {
    const ids = itemsOf(value);
    if (!ids.length) return words.anyAgent;
    return ids.map((id) => names.agents?.find((agent) => agent.id === id || agent.slug === id)?.name ?? id).join(", ");
  },
  flow_ref: (value, names) => names.flows?.find((each) => each.id === value)?.name ?? "",
  connection_ref: (value, names) => names.connections?.find((each) => each.id === value)?.name ?? "",
  conditions: (value) => (Array.isArray(value) ? branchesText(value) : conditionText(value)),
  mapping: (value) =>
    itemsOf(value)
      .map((item) => item.variable)
      .filter(Boolean)
      .join(", "),
};

/** The first branch stands for all: "disposition is escalated, 2 more". @param {any[]} branches */
function branchesText(branches) {
  const [first, ...more] = itemsOf(branches);
  if (!first) return words.noBranches;
  return (conditionText(first.conditions) || words.noCondition) + (more.length ? words.andMore(more.length) : "");
}

/** "disposition is escalated or sentiment is angry". @param {any} conditions @returns {string} */
export function conditionText(conditions) {
  if (!conditions || typeof conditions !== "object") return "";
  const list = conditions.all ?? conditions.any;
  if (Array.isArray(list))
    return list
      .map(conditionText)
      .filter(Boolean)
      .join(conditions.any ? words.or : words.and);
  if (!conditions.operator) return "";
  const right = words.operatorsAlone.includes(conditions.operator) ? "" : ` ${operand(conditions.right)}`;
  return `${operand(conditions.left)} ${words.operators[conditions.operator] ?? conditions.operator}${right}`;
}

/** The last name of a lone placeholder, else the text. @param {any} value */
function operand(value) {
  const text = plain(value);
  const [reference, ...more] = referencesIn(text);
  if (reference && !more.length && reference.text === text.trim()) return (reference.path.split(".").pop() ?? "").toLowerCase();
  return text;
}

/** @param {any} value @returns {string} */
function plain(value) {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(plain).filter(Boolean).join(", ");
  if (typeof value === "object") return value.name ?? value.label ?? "";
  return String(value);
}

/** @param {any} value @returns {any[]} */
export const itemsOf = (value) => (Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : []);
