/** An event as text: what of a past one starts a run, and reading what somebody wrote, with its first fault in plain words. */

const PARTS = ["type", "interaction", "contact", "analysis", "variables", "data", "args", "trigger", "visitor", "message"];

/** What starts a run, without what the server noted about it. @param {any} event @returns {Record<string, any>} */
export function partsOf(event) {
  const given = PARTS.filter((name) => event?.[name] !== undefined && event[name] !== null && Object.keys(event[name]).length > 0);
  return Object.fromEntries(given.map((name) => [name, event[name]]));
}

/** @param {any} event @returns {string} */
export const textOf = (event) => JSON.stringify(partsOf(event), null, 2);

/** @typedef {{event: any, fault: null}|{event: null, fault: {text: string, at: number|null}}} Read  at: where in the text */

/** @param {string} text @returns {Read} */
export function readEvent(text) {
  if (!text.trim()) return fault('Write an event: an object in braces, such as { "interaction": { } }.', null);
  let event;
  try {
    event = JSON.parse(text);
  } catch {
    const found = firstFault(text);
    const line = text.slice(0, found.at).split("\n").length;
    return fault(`Line ${line}: ${found.text}`, found.at);
  }
  if (event === null || typeof event !== "object" || Array.isArray(event)) return fault("An event is an object: it begins with { and ends with }.", 0);
  for (const name of PARTS.slice(1))
    if (
      event[name] !== undefined &&
      event[name] !== null &&
      (typeof event[name] !== "object" || Array.isArray(event[name])) &&
      !(name === "trigger" || name === "data")
    )
      return fault(`“${name}” holds an object in braces, not ${kindOf(event[name])}.`, text.indexOf(`"${name}"`));
  // What an agent posts to an action says `arguments`.
  const { arguments: given, ...rest } = event;
  return { event: given && !event.args ? { ...rest, args: given } : event, fault: null };
}

/** @param {string} text @param {number|null} at @returns {Read} */
const fault = (text, at) => ({ event: null, fault: { text, at } });

/** @param {any} value */
const kindOf = (value) => (Array.isArray(value) ? "a list" : typeof value === "string" ? "a text" : `a ${typeof value}`);

class Fault extends Error {
  /** @param {string} text @param {number} at */
  constructor(text, at) {
    super(text);
    this.at = at;
  }
}

/** Where a text stops being JSON, and what is wrong there; browsers say this each in words of their own. @param {string} text */
export function firstFault(text) {
  try {
    const end = space(text, value(text, space(text, 0)));
    return end < text.length ? { text: `there is something after the end, near ${near(text, end)}.`, at: end } : { text: "it cannot be read.", at: 0 };
  } catch (error) {
    if (error instanceof Fault) return { text: error.message, at: error.at };
    throw error;
  }
}

/** @param {string} text @param {number} at */
function space(text, at) {
  let here = at;
  while (here < text.length && " \t\r\n".includes(text[here] ?? "")) here += 1;
  return here;
}

/** @param {string} text @param {number} at @returns {number} the place after the value */
function value(text, at) {
  if (at >= text.length) throw new Fault("it ends in the middle; a value is missing.", at);
  if (text[at] === "{") return members(text, at, "}", "the object");
  if (text[at] === "[") return members(text, at, "]", "the list");
  if (text[at] === '"') return string(text, at);
  const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/.exec(text.slice(at, at + 64))?.[0];
  if (word) return at + word.length;
  if (text[at] === "'") throw new Fault('texts stand in double quotes ("), not in single ones.', at);
  if (",]}".includes(text[at] ?? "")) throw new Fault(`a value is missing before ${text[at]}.`, at);
  throw new Fault(`${near(text, at)} is no value; a text stands in double quotes.`, at);
}

/** @param {string} text @param {number} from @param {string} close @param {string} what @returns {number} */
function members(text, from, close, what) {
  let at = space(text, from + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    if (close === "}") at = name(text, at);
    at = space(text, value(text, at));
    if (text[at] === close) return at + 1;
    if (at >= text.length) throw new Fault(`${what} is not closed; ${close} is missing.`, at);
    if (text[at] !== ",") throw new Fault(`a comma is missing before ${near(text, at)}.`, at);
    const comma = at;
    at = space(text, at + 1);
    if (text[at] === close) throw new Fault(`there is a comma too many before ${close}.`, comma);
  }
}

/** @param {string} text @param {number} at @returns {number} the place of the member's value */
function name(text, at) {
  if (at >= text.length) throw new Fault("the object is not closed; } is missing.", at);
  if (text[at] !== '"') throw new Fault(`a name in double quotes is expected, not ${near(text, at)}.`, at);
  const after = space(text, string(text, at));
  if (text[after] !== ":") throw new Fault(`a colon is missing after ${text.slice(at, Math.min(after, at + 24)).trim()}.`, after);
  return space(text, after + 1);
}

/** @param {string} text @param {number} from @returns {number} */
function string(text, from) {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '"') return at + 1;
    if (text[at] === "\n") throw new Fault("a text is not closed with a quote before the line ends.", from);
    if ((text[at] ?? "") < " ") throw new Fault("there is a tab or a control character inside a text; write \\t.", at);
    if (text[at] !== "\\") continue;
    at += 1;
    if (!/["\\/bfnrtu]/.test(text[at] ?? "")) throw new Fault(`\\${text[at] ?? ""} means nothing; a backslash itself is written \\\\.`, at - 1);
    if (text[at] === "u" && !/^[\da-fA-F]{4}/.test(text.slice(at + 1, at + 5))) throw new Fault("\\u needs four digits after it.", at - 1);
  }
  throw new Fault("a text is not closed; a quote is missing.", from);
}

/** @param {string} text @param {number} at */
function near(text, at) {
  const found = /^"[^"\n]*"|^[^\s,:{}[\]]+|^./.exec(text.slice(at, at + 24))?.[0] ?? "";
  return found.startsWith('"') ? found : found ? `“${found}”` : "the end";
}
