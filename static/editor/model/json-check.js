/** Whether a text with placeholders is JSON once each stands for a value. Advice while typing; the server judges. */

import { referencesIn } from "./references.js";

/** @param {string} text @returns {string|null} what is wrong, in words */
export function checkJson(text) {
  if (!text.trim()) return null;
  try {
    JSON.parse(withoutPlaceholders(text));
    return null;
  } catch (error) {
    return `Not JSON yet${whereOf(String(/** @type {Error} */ (error).message), text)}`;
  }
}

/** Placeholders become white space and a null of the same length outside quotes, letters inside. @param {string} text */
function withoutPlaceholders(text) {
  let result = "";
  let at = 0;
  for (const each of referencesIn(text)) {
    result += text.slice(at, each.start);
    result += inString(result) ? "x".repeat(each.text.length) : "null".padEnd(each.text.length);
    at = each.end;
  }
  return result + text.slice(at);
}

/** Does a text end inside a JSON string? @param {string} head */
export function inString(head) {
  let inside = false;
  for (let n = 0; n < head.length; n += 1) {
    if (inside && head[n] === "\\") n += 1;
    else if (head[n] === '"') inside = !inside;
  }
  return inside;
}

/** @param {string} message @param {string} text */
function whereOf(message, text) {
  const position = /position (\d+)/.exec(message);
  if (!position) return ": something is missing at the end.";
  const head = text.slice(0, Number(position[1]));
  const line = head.split("\n").length;
  const near = text
    .slice(Number(position[1]), Number(position[1]) + 12)
    .split("\n")[0]
    .trim();
  return `: look at line ${line}${near ? `, near ${near}` : ""}.`;
}
