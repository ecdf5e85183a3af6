/** A plain JSON value that was pasted: as variables a step sets, or as the event that previews and tests use. */

/** @typedef {{name: string, type: "text"|"number"|"boolean"|"json", value: string}} Assignment  a row of Set variable */

const MOST = 50;
const PARTS = ["interaction", "contact", "analysis", "variables", "args", "trigger", "data"];

/** @param {any} value @returns {Assignment[]} one for each member of an object, one for anything else */
export function assignmentsOf(value) {
  const members =
    value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [[Array.isArray(value) ? "items" : "value", value]];
  /** @type {Set<string>} */
  const taken = new Set();
  return members.slice(0, MOST).map(([name, member]) => {
    const own = freeName(String(name), taken);
    taken.add(own);
    return { name: own, ...typed(member) };
  });
}

/** @param {any} value @returns {{type: Assignment["type"], value: string}} */
function typed(value) {
  if (typeof value === "string") return { type: "text", value: literal(value) };
  if (typeof value === "number" || typeof value === "boolean") return { type: /** @type {"number"|"boolean"} */ (typeof value), value: String(value) };
  return { type: "json", value: literal(JSON.stringify(value, null, 2)) };
}

/** Braces of somebody else's text are no placeholders of ours. @param {string} text */
const literal = (text) => text.replaceAll("{{", '{{ "{{" }}');

/** @param {string} wish @param {Set<string>} taken */
function freeName(wish, taken) {
  const plain =
    wish
      .replace(/[^A-Za-z0-9_]+/g, "_")
      .replace(/^[^A-Za-z]+|_+$/g, "")
      .slice(0, 56) || "value";
  let name = plain;
  for (let n = 2; taken.has(name); n++) name = `${plain}_${n}`;
  return name;
}

/** Does it look like something that starts a run? @param {any} value */
export const isEvent = (value) =>
  value !== null &&
  typeof value === "object" &&
  (["interaction", "args", "trigger"].some((name) => name in value) || /^[a-z_]+\.[a-z_.]+$/.test(value.type ?? ""));

/** An event of this kind of flow with the value in its place; what is not given comes from the sample. @param {any} value @param {string} kind @param {any} sample */
export function eventOf(value, kind, sample) {
  if (isEvent(value) || (value !== null && typeof value === "object" && PARTS.some((name) => name in value))) return { ...sample, ...value };
  if (kind === "action") return { ...sample, args: value };
  if (kind === "automation") return { ...sample, trigger: { ...sample.trigger, body: value } };
  return { ...sample, variables: Array.isArray(value) ? { items: value } : value };
}
