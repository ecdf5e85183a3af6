/** From a value somebody clicked in a response to a row of the response mapping: JSONPath, name, type. */

/** @typedef {(string|number)[]} ValuePath  the way from the root to a value */
/** @typedef {{path: string, variable: string, default: string}} MappingRow */

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const DATE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const SAYS_NOTHING = new Set(["id", "name", "value", "url", "type", "status", "key", "number", "code", "data", "text"]);

/** @param {ValuePath} path  @returns {string} RFC 9535, e.g. $.ticket.tags[0] */
export function jsonPath(path) {
  return `$${path.map(segment).join("")}`;
}

/** @param {string|number} part */
function segment(part) {
  if (typeof part === "number") return `[${part}]`;
  return PLAIN.test(part) ? `.${part}` : `['${part.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}']`;
}

/**
 * A name people would choose: the last word, with its parent where it says nothing alone (ticket.id -> ticket_id).
 * @param {ValuePath} path
 * @param {Iterable<string>} taken
 */
export function variableName(path, taken) {
  const words = path.filter((part) => typeof part === "string").map((part) => snake(String(part)));
  const last = words.at(-1) || "value";
  const parent = words.at(-2);
  const wanted = SAYS_NOTHING.has(last) && parent && parent !== "data" ? `${singular(parent)}_${last}` : last;
  return unique(/^[a-z_]/.test(wanted) ? wanted : `v_${wanted}`, new Set(taken));
}

/** @param {string} text */
function snake(text) {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .toLowerCase();
}

/** @param {string} word */
function singular(word) {
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  return word.endsWith("s") && !word.endsWith("ss") && !word.endsWith("us") ? word.slice(0, -1) : word;
}

/** @param {string} wanted @param {Set<string>} taken */
function unique(wanted, taken) {
  let name = wanted;
  for (let n = 2; taken.has(name); n += 1) name = `${wanted}_${n}`;
  return name;
}

/** @param {any} value  @returns {string} text number boolean datetime list object any */
export function typeOf(value) {
  if (value === null || value === undefined) return "any";
  if (Array.isArray(value)) return "list";
  if (typeof value === "string") return DATE.test(value) ? "datetime" : "text";
  return typeof value;
}

/**
 * @param {readonly any[]} rows  the mapping as it stands
 * @param {ValuePath} path
 * @returns {{rows: any[], row: MappingRow, added: boolean}}  a path that is mapped already is not mapped twice
 */
export function addMapping(rows, path) {
  const wanted = jsonPath(path);
  const there = rows.find((row) => row.path === wanted);
  if (there) return { rows: [...rows], row: there, added: false };
  const row = {
    path: wanted,
    variable: variableName(
      path,
      rows.map((each) => each.variable),
    ),
    default: "",
  };
  return { rows: [...rows, row], row, added: true };
}

/**
 * The rows of a foldable view of a JSON value, root first.
 * @param {any} value
 * @param {(path: string) => boolean} isOpen  by JSONPath
 * @param {ValuePath} [path]
 * @returns {{path: ValuePath, at: string, name: string, depth: number, type: string, text: string, size: number|null, open: boolean}[]}
 */
export function rowsOf(value, isOpen, path = []) {
  const at = jsonPath(path);
  const size = value !== null && typeof value === "object" ? Object.keys(value).length : null;
  const open = size !== null && size > 0 && isOpen(at);
  const own = { path, at, name: path.length ? String(path.at(-1)) : "", depth: path.length, type: typeOf(value), text: textOf(value), size, open };
  if (!open) return [own];
  const children = Array.isArray(value) ? value.map((each, n) => [n, each]) : Object.entries(value);
  return [own, ...children.flatMap(([name, each]) => rowsOf(each, isOpen, [...path, name]))];
}

/** @param {any} value */
function textOf(value) {
  if (Array.isArray(value)) return value.length === 1 ? "1 item" : `${value.length} items`;
  if (value !== null && typeof value === "object") return Object.keys(value).length ? "" : "{}";
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/**
 * The value at a simple JSONPath (names and positions); what is more than that only the server reads.
 * @param {any} data
 * @param {string} path
 * @returns {any} undefined: not there, or not readable here
 */
export function readPath(data, path) {
  if (!path.startsWith("$")) return undefined;
  const parts = [...path.slice(1).matchAll(/\.([A-Za-z_][\w]*)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]/g)];
  if (parts.map((part) => part[0]).join("") !== path.slice(1)) return undefined;
  return parts.reduce((here, [, name, index, quoted]) => {
    const key = name ?? index ?? quoted.replace(/\\(.)/g, "$1");
    return here !== null && typeof here === "object" && Object.hasOwn(here, key) ? here[key] : undefined;
  }, data);
}
