/**
 * What a template would give with the values at hand. Only a preview beside the field: the server's engine is the judge.
 * Own members only, never inherited ones; output is never evaluated again.
 */
/** @import {Overlay, FlowDocument, Variable} from "../types.js" */

import { nodeOf } from "./document.js";
import { inString } from "./json-check.js";
import { readPath } from "./mapping.js";

/** @typedef {Record<string, any>} Scope */
/** @typedef {{text: string, missing: string[], used: boolean, wrong: string[], lone: {value: any}|null}} Preview
 *  used: there was a placeholder at all; wrong: what a filter could not do, in words; lone: the value when the text is one placeholder and nothing else */

const PLACEHOLDER = /\{\{((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?!\}\}|\{\{)[^"'])*)\}\}/g;

/** @type {Record<string, (value: any, ...args: any[]) => any>} */
const FILTERS = {
  default: (value, other = "") => (value === undefined || value === null || value === "" ? other : value),
  upper: (value) => asText(value).toUpperCase(),
  lower: (value) => asText(value).toLowerCase(),
  trim: (value) => asText(value).trim(),
  json: (value) => JSON.stringify(value ?? null),
  truncate: (value, length = 255) => cut(asText(value), Number(length)),
  join: (value, by = ", ") => (Array.isArray(value) ? value.map(asText).join(by) : asText(value)),
  first: (value) => (Array.isArray(value) || typeof value === "string" ? value[0] : value),
  last: (value) => (Array.isArray(value) || typeof value === "string" ? value.at(-1) : value),
  size: (value) => (value === null || value === undefined ? 0 : typeof value === "object" ? Object.keys(value).length : asText(value).length),
  number: (value, digits) => (digits === undefined ? Number(value) : Number(value).toFixed(Number(digits))),
  date: (value) => asText(value),
  e164: (value) => asText(value).replace(/[^\d+]/g, ""),
  url: (value) => encodeURIComponent(asText(value)),
};

export const FILTER_NAMES = Object.keys(FILTERS);

/** @param {string} text @param {number} length */
function cut(text, length) {
  return text.length > length ? `${text.slice(0, Math.max(0, length - 1))}…` : text;
}

/**
 * @param {string} text
 * @param {Scope} scope
 * @param {"text"|"json"} [as]  in a JSON body a placeholder outside quotes becomes its JSON value, inside it is escaped
 * @returns {Preview}
 */
export function preview(text, scope, as = "text") {
  /** @type {string[]} */
  const missing = [];
  /** @type {string[]} */
  const wrong = [];
  /** @type {{value: any}|null} */
  let lone = null;
  let used = false;
  const shown = String(text).replace(PLACEHOLDER, (whole, inside, at) => {
    used = true;
    const head = split(inside, "|")[0].trim();
    const value = evaluate(inside, scope, wrong);
    if (whole === String(text).trim()) lone = { value };
    const written = asText(value);
    if (written === "" && (operand(head, scope) ?? null) === null && !/\|\s*default\b/.test(inside)) missing.push(head);
    if (as === "text") return written;
    return inString(String(text).slice(0, at)) ? JSON.stringify(written).slice(1, -1) : JSON.stringify(value ?? null);
  });
  return { text: shown, missing, used, wrong, lone };
}

/** @param {string} inside  @param {Scope} scope @param {string[]} wrong  gets what could not be done */
function evaluate(inside, scope, wrong) {
  const [head, ...filters] = split(inside, "|");
  let value = operand(head.trim(), scope);
  for (const each of filters) {
    const [name, rest = ""] = splitOnce(each, ":");
    const filter = Object.hasOwn(FILTERS, name.trim()) ? FILTERS[name.trim()] : null;
    const args = rest.trim() ? split(rest, ",").map((arg) => operand(arg.trim(), scope)) : [];
    if (!filter) continue;
    const past = value;
    value = filter(value, ...args);
    if (name.trim() === "number" && past !== null && past !== undefined && Number.isNaN(Number(past))) {
      wrong.push(`“${cut(asText(past), 40)}” is no number.`);
      value = null;
    }
  }
  return value;
}

/** @param {string} text  @param {Scope} scope */
function operand(text, scope) {
  if (/^".*"$|^'.*'$/s.test(text)) return text.slice(1, -1).replace(/\\(.)/g, "$1");
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  return text === "null" ? null : lookUp(text, scope);
}

/**
 * @param {string} path  e.g. steps.create_ticket.items[0].id
 * @param {Scope} scope
 * @returns {any}  undefined when it is not there
 */
export function lookUp(path, scope) {
  const parts = path.replace(/\[(\d+)\]/g, ".$1").split(".");
  /** @type {any} */
  let value = scope;
  parts.forEach((part, depth) => {
    value = member(value, part, depth === 1 && parts[0] === "interaction");
  });
  return value;
}

const ALIASES = new Map([
  ["ani", "from"],
  ["dnis", "to"],
]);

/** @param {any} value @param {string} name @param {boolean} folds  names right under `interaction` ignore case */
function member(value, name, folds) {
  if (value === null || typeof value !== "object") return undefined;
  if (Object.hasOwn(value, name)) return value[name];
  if (!folds) return undefined;
  const wanted = name.toLowerCase();
  const found = Object.keys(value).find((each) => each.toLowerCase() === wanted) ?? ALIASES.get(wanted);
  return found === undefined ? undefined : value[found];
}

/** @param {any} value */
function asText(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Splits outside quotes. @param {string} text @param {string} by */
function split(text, by) {
  const parts = [""];
  let quote = "";
  for (let n = 0; n < text.length; n += 1) {
    const char = text[n];
    if (quote && char === "\\") parts[parts.length - 1] += char + (text[++n] ?? "");
    else if (!quote && char === by) parts.push("");
    else {
      if (quote === char) quote = "";
      else if (!quote && (char === '"' || char === "'")) quote = char;
      parts[parts.length - 1] += char;
    }
  }
  return parts;
}

/** @param {string} text @param {string} by @returns {string[]} */
function splitOnce(text, by) {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * The values previews use: what a run really had, else the sample event, else the catalogue's samples.
 * @param {{sample: {event: any, run?: Overlay["run"], document?: FlowDocument}|null, overlay: Pick<Overlay, "run"|"document">|null, document: FlowDocument, variables: Variable[], results?: Map<string, any>}} from  results: what Send gave, by node
 * @returns {Scope}
 */
export function previewScope({ sample, overlay: shown, document, variables, results = new Map() }) {
  const overlay = shown ?? (sample?.run ? { run: sample.run, document: sample.document ?? null } : null);
  /** @type {Scope} */
  const scope = {};
  for (const each of variables) if (each.sample !== undefined && each.sample !== null) put(scope, each.path.split("."), each.sample);
  const event = shown?.run.event ?? sample?.event;
  if (event) layEvent(scope, event);
  if (!shown) for (const each of variables) layWritten(scope, each, document, results);
  if (overlay) layRun(scope, overlay, document);
  return scope;
}

/**
 * A variable whose value is written down in the step that sets it (a row with its name and value, or a path into a sample answer),
 * or that Send brought.
 * @param {Scope} scope @param {Variable} variable @param {FlowDocument} document @param {Map<string, any>} results
 */
function layWritten(scope, variable, document, results) {
  const [root, name] = variable.path.split(".");
  if (root !== "vars" || !variable.node || name === undefined) return;
  const config = nodeOf(document, variable.node)?.config ?? {};
  const rows = Object.values(config).filter(Array.isArray).flat();
  const written = rows.find((each) => each?.name === name && typeof each.value === "string");
  const mapped = rows.find((each) => each?.variable === name && typeof each.path === "string");
  const value =
    results.get(variable.node)?.variables?.[name] ??
    (written ? typedAs(variable.type, preview(written.value, scope).text) : readPath(config.sample, mapped?.path ?? ""));
  if (value !== undefined) put(scope, ["vars", name], value);
}

/** @param {string} type @param {string} text */
function typedAs(type, text) {
  if (type === "number" && text.trim() && Number.isFinite(Number(text))) return Number(text);
  return type === "boolean" ? text.trim() === "true" : text;
}

/** @param {Scope} scope @param {any} event */
function layEvent(scope, event) {
  for (const name of ["interaction", "contact", "analysis", "visitor", "message"]) scope[name] = { ...scope[name], ...event[name] };
  scope.vars = { ...scope.vars, ...event.interaction?.variables, ...event.variables };
  scope.args = { ...scope.args, ...event.args };
  scope.trigger = { ...scope.trigger, ...event.data, ...event.trigger };
}

/** @param {Scope} scope @param {Pick<Overlay, "run"|"document">} overlay @param {FlowDocument} document */
function layRun(scope, overlay, document) {
  const keys = new Map((overlay.document ?? document).nodes.map((node) => [node.id, node.key]));
  scope.run = { id: overlay.run.id, started_at: overlay.run.started_at, attempt: 1 };
  for (const step of overlay.run.steps) {
    const key = keys.get(step.node);
    if (key && step.output && typeof step.output === "object") put(scope, ["steps", key], step.output);
  }
  scope.vars = { ...scope.vars, ...overlay.run.vars };
}

/** @param {Scope} scope @param {string[]} path @param {any} value */
function put(scope, path, value) {
  let at = scope;
  for (const part of path.slice(0, -1)) {
    if (!Object.hasOwn(at, part) || at[part] === null || typeof at[part] !== "object") at[part] = {};
    at = at[part];
  }
  at[path[path.length - 1]] = value;
}
