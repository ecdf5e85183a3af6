/** Changes in words, as the server's diff says them, by node. Used by Review and by Versions. */
/** @import {Context, State} from "../types.js" */

import { nodeOf } from "../model/document.js";
import { h, icon } from "./dom.js";
import { goTo } from "./going.js";
import { glyph } from "./palette.js";

/** @typedef {{kind: string, node: string|null, field?: string|null, before?: any, after?: any, text: string}} Change */

/** @type {Record<string, [string, string]>} */
const LOOKS = {
  added: ["plus", "ok"],
  removed: ["minus", "bad"],
  changed: ["pencil", "info"],
  moved: ["drag", ""],
  connected: ["link", "ok"],
  disconnected: ["unlink", "bad"],
  layout: ["drag", ""],
};

/** @param {Change[]} changes @param {State} state @param {Context} context @returns {HTMLElement} */
export function changeList(changes, state, context) {
  /** @type {Map<string, Change[]>} */
  const byNode = new Map();
  for (const each of changes) byNode.set(each.node ?? "", [...(byNode.get(each.node ?? "") ?? []), each]);
  return h("ul", { class: "changes", role: "list" }, ...[...byNode].map(([id, members]) => group(id, members, state, context)));
}

/** @param {string} id @param {Change[]} members @param {State} state @param {Context} context */
function group(id, members, state, context) {
  const node = nodeOf(state.document, id);
  const type = node ? state.catalogue.types.get(node.type) : undefined;
  const head = node
    ? h(
        "button",
        { class: "change-node", type: "button", onclick: () => goTo(context, id) },
        type ? glyph(type, "glyph glyph-tiny") : null,
        node.label || node.key,
      )
    : null;
  return h("li", { class: "change-group" }, head, ...members.map((change) => line(change, node?.label ?? "")));
}

/** Under the name of its step a text need not begin with that name. @param {Change} change @param {string} label */
function line(change, label) {
  const text = label && change.text.startsWith(`${label}: `) ? change.text.slice(label.length + 2).replace(/^./, (first) => first.toUpperCase()) : change.text;
  const [name, tone] = LOOKS[change.kind] ?? LOOKS[change.kind.replace(/^(node|edge|note)_?/, "")] ?? ["pencil", ""];
  return h("p", { class: "change", "data-kind": change.kind, "data-tone": tone || null }, icon(name, "icon icon-small"), h("span", {}, text));
}
