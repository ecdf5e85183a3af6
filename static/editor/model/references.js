/** Placeholders in texts: where they are, what they name, and how a key's new name reaches them. */

/** @import {Reference} from "../types.js" */

/** A placeholder; quoted strings inside may hold braces: `{{ "{{" }}` is a literal. */
const PLACEHOLDER = /\{\{((?:[^{}"']|"[^"]*"|'[^']*'|\}(?!\})|\{(?!\{))*)\}\}/g;
const PATH = /^\s*([A-Za-z_][\w-]*(?:\.[\w-]+|\[\d+\]|\["[^"]*"\]|\['[^']*'\])*)/;

/** @param {string} text @returns {Reference[]} literals are left out */
export function referencesIn(text) {
  const result = [];
  for (const match of text.matchAll(PLACEHOLDER)) {
    const path = PATH.exec(match[1] ?? "")?.[1];
    if (!path) continue;
    const hasDefault = /\|\s*default\s*:/.test(match[1] ?? "");
    result.push({ path, text: match[0], start: match.index, end: match.index + match[0].length, hasDefault });
  }
  return result;
}

/** All references in a value, through lists and objects. @param {any} value @returns {Reference[]} */
export function referencesInValue(value) {
  if (typeof value === "string") return value.includes("{{") ? referencesIn(value) : [];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(referencesInValue);
}

/** @param {string} text @param {string} oldKey @param {string} newKey */
export function renameInText(text, oldKey, newKey) {
  if (!text.includes("{{") || !text.includes(oldKey)) return text;
  return text.replace(PLACEHOLDER, (whole, inside) => {
    const path = PATH.exec(inside)?.[1];
    const old = [`steps.${oldKey}`, `steps["${oldKey}"]`, `steps['${oldKey}']`].find(
      (each) => path === each || path?.startsWith(`${each}.`) || path?.startsWith(`${each}[`),
    );
    if (!old) return whole;
    const at = whole.indexOf(old);
    return `${whole.slice(0, at)}steps.${newKey}${whole.slice(at + old.length)}`;
  });
}

/** The value with every reference to a key renamed; the same value when there was none. @param {any} value @param {string} oldKey @param {string} newKey @returns {any} */
export function renameInValue(value, oldKey, newKey) {
  if (typeof value === "string") return renameInText(value, oldKey, newKey);
  if (value === null || typeof value !== "object") return value;
  let changed = false;
  const entries = Object.entries(value).map(([name, member]) => {
    const renamed = renameInValue(member, oldKey, newKey);
    changed ||= renamed !== member;
    return [name, renamed];
  });
  if (!changed) return value;
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}
