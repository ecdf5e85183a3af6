/** Review: what the next publish changes, in the server's words, drawn on the canvas too; each change can be taken back by itself. */
/** @import {Context, FlowDocument, State, Store} from "../types.js" */
/** @import {Change} from "../model/reverting.js" */
/** @import {Panel} from "./panels.js" */

import { countGhosts, ghostsOf } from "../model/comparison.js";
import { readDocument } from "../model/document.js";
import { commit } from "../model/history.js";
import { revertedAll } from "../model/reverting.js";
import { mayEdit, mayPublish } from "../model/rights.js";
import { readonlyReason } from "../model/state.js";
import { say } from "../model/words-panels.js";
import { publishing } from "../model/words-publish.js";
import { changeList } from "./changes.js";
import { h } from "./dom.js";
import { showComparison } from "./ghosts.js";
import { emptyState, load, panelFrame } from "./panel-frame.js";

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createReview(store, context) {
  const frame = panelFrame({ title: "Review", onclose: () => store.dispatch((state) => ({ ...state, right: null })) });
  const sub = h("p", { class: "panel-sub" });
  frame.title.after(sub);
  context.commands.register(REVERT);
  /** The revision that was asked about last. @type {number|null} */
  let seen = null;
  /** What is live. @type {{number: number, document: FlowDocument}|null} */
  let live = null;

  /** @param {State} state */
  async function draw(state) {
    const { published } = state.flow;
    seen = state.revision;
    drawFoot(state);
    if (!published) {
      sub.textContent = "";
      showComparison(store, "review", null);
      return frame.body.replaceChildren(emptyState(publishing.neverTitle, publishing.neverText));
    }
    await context.flush();
    const focus = document.activeElement instanceof HTMLElement && frame.body.contains(document.activeElement) ? placeOf(document.activeElement) : null;
    await load(frame.body, { ask: () => ask(published.number), show: ({ changes, past }) => show(changes, past), safe: "The draft is safe on the server." });
    if (focus !== null) refocus(focus);
  }

  /** @param {number} number */
  async function ask(number) {
    const path = `/flows/${store.state.flow.id}/versions/${number}`;
    const [{ changes }, version] = await Promise.all([
      context.api.get(`${path}/diff/?against=draft`),
      live?.number === number ? null : context.api.get(`${path}/`),
    ]);
    if (version) live = { number, document: readDocument(version.document) };
    return { changes: /** @type {Change[]} */ (changes), past: /** @type {{number: number, document: FlowDocument}} */ (live) };
  }

  /** @param {Change[]} changes @param {{number: number, document: FlowDocument}} past */
  function show(changes, past) {
    const { state } = store;
    const count = changes.filter((change) => change.kind !== "layout").length;
    sub.textContent = count ? publishing.since(count, past.number) : changes.length ? publishing.onlyLayout : "";
    showComparison(store, "review", { before: { name: publishing.version(past.number), document: past.document }, after: null });
    if (!changes.length) return emptyState(publishing.noChanges, publishing.noChangesText);
    const revert = readonlyReason(state) ? null : (/** @type {Change[]} */ some, /** @type {string} */ text) => takeBack(past.document, some, text);
    return [legend(past.document, state), changeList(changes, state, context, { past: past.document, revert })];
  }

  /** @param {FlowDocument} past @param {Change[]} changes @param {string} text */
  function takeBack(past, changes, text) {
    if (context.commands.run("revert-changes", { past, changes, label: publishing.reverted(text) })) context.flush();
    else context.toast(publishing.cannotRevert, { kind: "warn" });
  }

  /** @param {State} state */
  function drawFoot(state) {
    const open = mayEdit(state.me) && (state.changed > 0 || !state.flow.published);
    frame.foot.hidden = !open;
    const run = (/** @type {string} */ id, /** @type {string} */ label, /** @type {string} */ kind) =>
      h("button", { class: `button ${kind}`, type: "button", onclick: () => context.commands.run(id) }, label);
    frame.foot.replaceChildren(
      mayPublish(state.me) ? run("publish", say.publish, "button-primary") : run("ask-to-publish", say.askToPublish, ""),
      ...(state.flow.published ? [run("undo-changes", say.undoChanges, "")] : []),
    );
  }

  /** The list is made anew after each change; the focus stays at the same place in it. @param {HTMLElement} element */
  const placeOf = (element) => [...frame.body.querySelectorAll("button")].indexOf(/** @type {any} */ (element));
  /** @param {number} place */
  function refocus(place) {
    const buttons = frame.body.querySelectorAll("button");
    const to = buttons[Math.min(Math.max(place, 0), buttons.length - 1)] ?? frame.title;
    to.focus({ preventScroll: true });
  }

  return {
    dom: frame.dom,
    shown: (focus) => focus && frame.title.focus({ preventScroll: true }),
    update(state, before) {
      if (!before || state.flow.published !== before.flow.published || (state.revision !== seen && state.save.status === "saved")) draw(state);
      else if (state.changed !== before.changed) drawFoot(state);
    },
  };
}

/** One entry of the history, so that one Ctrl-Z brings the change back. @type {import("../types.js").Command} */
const REVERT = {
  id: "revert-changes",
  label: publishing.revert,
  keys: [],
  group: "Flow",
  hidden: true,
  leaves: true,
  run: (state, args) =>
    readonlyReason(state) || !args ? null : commit(state, args.label, revertedAll(state.document, args.past, args.changes, state.catalogue)),
};

/** What the marks on the canvas mean, as far as there are some. @param {FlowDocument} past @param {State} state @param {FlowDocument} [shown] */
export function legend(past, state, shown = state.document) {
  const counts = countGhosts(ghostsOf(past, shown, state.catalogue));
  const kinds = /** @type {(keyof typeof counts)[]} */ (Object.keys(counts)).filter((kind) => counts[kind]);
  return h("div", { class: "review-legend" }, ...kinds.map((kind) => h("span", { class: "legend-item", "data-kind": kind }, publishing.ghost[kind])));
}
