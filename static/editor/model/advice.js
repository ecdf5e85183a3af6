/**
 * What is doubtful about the variables of a text, while it is typed: names that nothing gives, values that may be missing on some way to
 * the step, filters that do not exist; each with what would mend it. The server judges what is saved by the same rules.
 */

/** @import {Reference, Variable} from "../types.js" */

import { FILTER_NAMES } from "./preview.js";
import { referencesIn } from "./references.js";

/** @typedef {{kind: "unknown"|"maybe"|"filter", path: string, message: string, fix: {label: string, text: string}|null}} Advice  fix.text: the whole text, mended */

/** Roots whose members only a call brings, so none of them can be called unknown. */
const OPEN = ["args", "trigger", "secure"];
const NUMBERS = ["ani", "dnis"];

/**
 * @param {string} text @param {readonly Variable[]} variables in scope @param {{open?: readonly string[]}} [how] open: further roots of which not all members are known
 * @returns {Advice[]} each thing once
 */
export function adviceOn(text, variables, { open = [] } = {}) {
  /** @type {Map<string, Advice>} */
  const found = new Map();
  for (const each of referencesIn(text)) {
    const advice = filterAdvice(text, each) ?? pathAdvice(text, each, variables, [...OPEN, ...open]);
    if (advice && !found.has(advice.message)) found.set(advice.message, advice);
  }
  return [...found.values()];
}

/** @param {string} text @param {Reference} reference @param {readonly Variable[]} variables @param {string[]} open @returns {Advice|null} */
function pathAdvice(text, reference, variables, open) {
  const { path, hasDefault } = reference;
  const variable = variableOf(path, variables);
  if (variable === null && !isOpen(path, variables, open)) {
    if (hasDefault && path.startsWith("vars.")) return null;
    const near = nearest(
      path,
      variables.map((each) => each.path),
    );
    return {
      kind: "unknown",
      path,
      message: `Nothing before this step gives ${path}.`,
      fix: near ? { label: `Use ${near}`, text: renamed(text, path, near) } : null,
    };
  }
  if (!variable || variable.certain || hasDefault) return null;
  const message = `${path} may be missing on some ways to this step.`;
  return { kind: "maybe", path, message, fix: { label: "Add a default", text: defaulted(text, path) } };
}

/** The variable a path names or lies in: steps.ticket.data.id in steps.ticket.data. @param {string} path @param {readonly Variable[]} variables @returns {Variable|null} */
export function variableOf(path, variables) {
  const parts = path.replace(/\[.*$/, "").split(".");
  if (parts[0] === "interaction" && parts[1]) parts[1] = NUMBERS.includes(parts[1].toLowerCase()) ? "from" : (parts[1] ?? "").toLowerCase();
  for (let n = parts.length; n > 0; n--) {
    const start = parts.slice(0, n).join(".");
    const found = variables.find(
      (each) => each.path === start || (n > 1 && start.startsWith("interaction.") && each.path.toLowerCase() === start.toLowerCase()),
    );
    if (found) return found;
  }
  return null;
}

/** A whole root or step, or something nobody can know before the call. @param {string} path @param {readonly Variable[]} variables @param {string[]} open */
function isOpen(path, variables, open) {
  const [root = ""] = path.split(/[.[]/);
  if (open.includes(root)) return true;
  const plain = path.replace(/\[.*$/, "");
  return variables.some((each) => each.path.startsWith(`${plain}.`));
}

/** @param {string} text @param {Reference} reference @returns {Advice|null} */
function filterAdvice(text, reference) {
  const inside = reference.text.slice(2, -2).replace(/"[^"]*"|'[^']*'/g, "");
  const names = inside.split("|").slice(1);
  const wrong = names.map((each) => each.split(":")[0]?.trim() ?? "").find((name) => name && !FILTER_NAMES.includes(name));
  if (!wrong) return null;
  const near = nearest(wrong, FILTER_NAMES);
  const mended = near && reference.text.replace(new RegExp(`(\\|\\s*)${wrong.replace(/[^\w]/g, "\\$&")}(?=\\s*[:|}])`), `$1${near}`);
  return {
    kind: "filter",
    path: reference.path,
    message: `There is no filter “${wrong}”.`,
    fix: mended ? { label: `Use ${near}`, text: text.slice(0, reference.start) + mended + text.slice(reference.end) } : null,
  };
}

/** @param {string} text @param {string} path @param {string} to */
const renamed = (text, path, to) => mapped(text, path, (written) => written.replace(path, to));

/** @param {string} text @param {string} path */
const defaulted = (text, path) => mapped(text, path, (written, has) => (has ? written : written.replace(/\s*\}\}$/, ' | default: ""}}')));

/** @param {string} text @param {string} path @param {(written: string, hasDefault: boolean) => string} change */
function mapped(text, path, change) {
  return referencesIn(text)
    .filter((each) => each.path === path)
    .reduceRight((result, each) => result.slice(0, each.start) + change(each.text, each.hasDefault) + result.slice(each.end), text);
}

/**
 * The name somebody probably meant: a slip of the keys, or the last words of a longer path.
 * @param {string} wrong @param {readonly string[]} names @returns {string|null}
 */
export function nearest(wrong, names) {
  const lower = wrong.toLowerCase();
  const [end = lower] = lower.split(".").slice(-1);
  let best = { name: /** @type {string|null} */ (null), cost: Number.POSITIVE_INFINITY };
  for (const name of names) {
    const other = name.toLowerCase();
    const sameEnd = other.endsWith(`.${end}`) || other.endsWith(`.${lower}`);
    const cost = sameEnd ? Math.min(1.5, distance(lower, other)) : distance(lower, other);
    if (cost < best.cost) best = { name, cost };
  }
  return best.cost <= Math.max(1, Math.min(4, Math.floor(wrong.length / 4))) || best.cost === 1.5 ? best.name : null;
}

/** Damerau and Levenshtein: letters too many, too few, other, or swapped. @param {string} a @param {string} b */
function distance(a, b) {
  if (Math.abs(a.length - b.length) > 6) return 99;
  /** @type {number[][]} */
  const rows = [Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const at = (/** @type {number} */ up, /** @type {number} */ left) => rows[i - up]?.[j - left] ?? 99;
      const cost = Math.min(at(1, 0) + 1, (row[j - 1] ?? 99) + 1, at(1, 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(2, 2) + 1 : 99;
      row.push(Math.min(cost, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 99;
}
