/**
 * When a keystroke opens the variable picker, what it filters by, and what choosing does to the text.
 *
 * `/` opens it only at the start of a field, after white space or after an opening quote, so that paths and dates can be
 * typed; a second `/` leaves the character. `{{` always opens it.
 */

/** @typedef {{start: number, length: number, query: string}} Completion  the trigger stands at start..start+length */

const OPENS_A_QUOTE = /(^|[\s:[{(,=])["'“‘]$/;

/**
 * @param {string} text
 * @param {number} caret  right behind what was just typed
 * @returns {Completion|null}  null: what was typed opens nothing
 */
export function opening(text, caret) {
  const head = text.slice(0, caret);
  if (head.endsWith("{{") && !head.endsWith("{{{")) return { start: caret - 2, length: 2, query: "" };
  if (head.endsWith("/") && mayStart(head.slice(0, -1))) return { start: caret - 1, length: 1, query: "" };
  return null;
}

/** @param {string} before */
function mayStart(before) {
  return before === "" || /\s$/.test(before) || OPENS_A_QUOTE.test(before);
}

/**
 * Follows an open picker while the person types on.
 * @param {Completion} open
 * @param {string} text
 * @param {number} caret
 * @returns {Completion|null}  null: the picker closes and the characters stay
 */
export function following(open, text, caret) {
  const from = open.start + open.length;
  if (caret < from || !isTrigger(text.slice(open.start, from))) return null;
  const query = text.slice(from, caret);
  const word = open.length === 2 ? query.trimStart() : query;
  return /[\s{}/]/.test(word) ? null : { ...open, query: word };
}

/** @param {string} text */
function isTrigger(text) {
  return text === "/" || text === "{{";
}

/**
 * @param {string} text
 * @param {Completion} open
 * @param {number} caret
 * @param {string} path  e.g. "interaction.summary"
 * @returns {{text: string, caret: number}}
 */
export function accept(text, open, caret, path) {
  const rest = open.length === 2 ? text.slice(caret).replace(/^[^{}\n]{0,80}?\}\}/, "") : text.slice(caret);
  return splice(text.slice(0, open.start), rest, path);
}

/**
 * The same for the button: at the caret, over what is selected.
 * @param {string} text
 * @param {number} from
 * @param {number} to
 * @param {string} path
 */
export function insert(text, from, to, path) {
  return splice(text.slice(0, from), text.slice(to), path);
}

/** @param {string} head @param {string} rest @param {string} path */
function splice(head, rest, path) {
  const written = `{{${path}}}`;
  return { text: head + written + rest, caret: head.length + written.length };
}
