/** Changes in words, as the server's diff says them, by step; each with its way back where that is wanted. */
/** @import {Context, FlowDocument, State} from "../types.js" */
/** @import {Change} from "../model/reverting.js" */

import { nodeOf } from "../model/document.js";
import { publishing } from "../model/words-publish.js";
import { h, icon } from "./dom.js";
import { goTo } from "./going.js";
import { glyph } from "./palette.js";

/** @type {Record<string, [string, string]>} */
const LOOKS = {
  node_added: ["plus", "ok"],
  node_removed: ["minus", "bad"],
  node_changed: ["pencil", "info"],
  edge_added: ["link", "ok"],
  edge_moved: ["link", "info"],
  edge_removed: ["unlink", "bad"],
  layout: ["drag", ""],
};

/** @typedef {(changes: Change[], text: string) => void} Revert */

/**
 * @param {Change[]} changes @param {State} state @param {Context} context
 * @param {{past?: FlowDocument|null, shown?: FlowDocument, revert?: Revert|null}} [how] past: where names of what is gone come from
 * @returns {HTMLElement}
 */
export function changeList(changes, state, context, how = {}) {
  /** @type {Map<string, Change[]>} */
  const byNode = new Map();
  for (const each of changes) byNode.set(each.node ?? "", [...(byNode.get(each.node ?? "") ?? []), each]);
  return h("ul", { class: "changes", role: "list" }, ...[...byNode].map(([id, members]) => group(id, members, state, context, how)));
}

/** A short list for a question: no names of steps above, no ways back. @param {Change[]} changes @param {number} [most] */
export function changeSummary(changes, most = 12) {
  const rest = changes.length - most;
  return h(
    "ul",
    { class: "dialog-changes", "aria-label": publishing.compareTitle, tabindex: "0" },
    ...changes.slice(0, most).map((change) => {
      const [name, tone] = LOOKS[change.kind] ?? ["pencil", ""];
      return h("li", { "data-kind": change.kind, "data-tone": tone || null }, icon(name, "icon icon-small"), h("span", {}, change.text));
    }),
    rest > 0 ? h("li", {}, publishing.more(rest)) : null,
  );
}

/** @param {string} id @param {Change[]} members @param {State} state @param {Context} context @param {{past?: FlowDocument|null, shown?: FlowDocument, revert?: Revert|null}} how */
function group(id, members, state, context, { past = null, shown = state.document, revert = null }) {
  const node = nodeOf(shown, id);
  const gone = node ? undefined : past ? nodeOf(past, id) : undefined;
  const name = (node ?? gone)?.label || (node ?? gone)?.key || "";
  const type = node ? state.catalogue.types.get(node.type) : undefined;
  const head = node
    ? h("button", { class: "change-node", type: "button", onclick: () => goTo(context, id) }, type ? glyph(type, "glyph glyph-tiny") : null, name)
    : gone
      ? h("span", { class: "change-gone" }, name)
      : null;
  const whole =
    revert && head && members.length > 1
      ? h(
          "button",
          { class: "change-revert", type: "button", "aria-label": `${publishing.revertStep}: ${name}`, onclick: () => revert(members, name) },
          publishing.revertStep,
        )
      : null;
  return h(
    "li",
    { class: "change-group", "data-node": id || null },
    head ? h("div", { class: "change-head" }, head, whole) : null,
    ...members.map((change) => line(change, name, revert)),
  );
}

/** Under the name of its step a text need not begin with that name. @param {Change} change @param {string} label @param {Revert|null} revert */
function line(change, label, revert) {
  const text = label && change.text.startsWith(`${label}: `) ? change.text.slice(label.length + 2).replace(/^./, (first) => first.toUpperCase()) : change.text;
  const [name, tone] = LOOKS[change.kind] ?? ["pencil", ""];
  const word = change.kind === "layout" ? publishing.putBack : publishing.revert;
  return h(
    "div",
    { class: "change", "data-kind": change.kind, "data-tone": tone || null },
    icon(name, "icon icon-small"),
    h("span", {}, text),
    revert
      ? h("button", { class: "change-revert", type: "button", "aria-label": `${word}: ${change.text}`, onclick: () => revert([change], change.text) }, word)
      : null,
  );
}
