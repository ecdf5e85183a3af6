/** The English texts of what goes out of the page and comes into it: export, import, paste, links. */

import { count } from "./words-panels.js";

/** @param {string[]} items */
const listed = (items) => new Intl.ListFormat("en", { type: "conjunction" }).format(items);

export const transfer = Object.freeze({
  group: "Flow",
  more: "More about this flow",
  export: /** @type {Record<"png"|"svg"|"json", string>} */ ({ png: "Export as PNG", svg: "Export as SVG", json: "Export as JSON" }),
  themes: /** @type {Record<"light"|"dark", string>} */ ({ light: "light", dark: "dark" }),
  open: "Import from a file…",
  notSaved: "Not everything could be saved yet, so nothing was exported. Your changes are kept here.",
  exported: (/** @type {string} */ name) => `${name} is exported. It carries the flow: drop it onto a canvas or onto the list of flows.`,
  exportFailed: (/** @type {string} */ why) => `Not exported: ${why}`,
  tooLarge: "The flow is too large for a picture of pixels; export it as SVG.",
  copyLink: "Copy link to this step",
  copyFlowLink: "Copy link to this flow",
  linkCopied: (/** @type {string} */ name) => `The link to ${name} is copied.`,

  noFlow: (/** @type {string} */ name) => `${name} carries no flow. PNG and SVG pictures do when they were exported here; JSON exports do always.`,
  readonly: "Nothing can be added here: the flow is read-only.",
  bringTitle: (/** @type {string} */ name) => (name ? `Bring in “${name}”?` : "Bring in this flow?"),
  bringText: (/** @type {number} */ steps, /** @type {number} */ notes) =>
    `It has ${count(steps, "step")}${notes ? ` and ${count(notes, "note")}` : ""}. Undo takes it back.`,
  otherKind: (/** @type {string} */ kind) => `It is of another kind (${kind}), so only its steps can be added.`,
  onlyFirst: (/** @type {number} */ n) => `The file holds ${n} flows; this is the first. Drop the file onto the list of flows to import all.`,
  missing: (/** @type {string[]} */ names) =>
    `${names.length === 1 ? "This connection is" : "These connections are"} not known here and will be left open: ${listed(names)}.`,
  addSteps: "Add its steps",
  replace: "Replace the draft",
  replaced: (/** @type {string} */ name) => `Import ${name || "a flow"}`,
  imported: (/** @type {string} */ name) => `The draft is now ${name ? `“${name}”` : "the flow of the file"}. What is live stays until you publish.`,

  curlTitle: "Add this request?",
  secretKept: /** @type {Record<string, string>} */ ({
    basic: "It carries a user name and password. They belong into a connection, not into the flow.",
    bearer: "It carries a bearer token. It belongs into a connection, not into the flow.",
    api_key: "It carries a key. It belongs into a connection, not into the flow.",
  }),
  connection: "Connection",
  newConnection: "A new connection",
  noConnection: "None for now",
  connectionName: "Name of the connection",
  secret: /** @type {Record<string, string>} */ ({ basic: "Password", bearer: "Token", api_key: "Key" }),
  userName: "User name",
  boundTo: (/** @type {string} */ host) => `Kept encrypted, sent to ${host} only.`,
  left: (/** @type {string[]} */ what) => `Left out: ${listed(what)}.`,
  addStep: "Add step",
  added: (/** @type {string} */ what) => `Added ${what}.`,
  notKept: (/** @type {string} */ why) => `The connection was not made: ${why}`,

  jsonTitle: "What is this JSON for?",
  jsonText: (/** @type {string[]} */ names) =>
    names.length ? `It has ${listed(names.length > 6 ? [...names.slice(0, 6), `${names.length - 6} more`] : names)}.` : "",
  setVariables: "Set variables",
  useAsSample: "Use as sample event",
  sampleSource: "what you pasted",
  sampleUsed: "Previews and tests use what you pasted.",
  notUnderstood: "This is neither steps, a flow, a cURL command nor JSON.",
});
