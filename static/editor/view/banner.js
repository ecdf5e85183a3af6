/** The bar under the top bar: how the draft differs from what is live, or which past version is shown. */
/** @import {Context, State, Store, View} from "../types.js" */

import { mayEdit, mayPublish } from "../model/rights.js";
import { pastDocument } from "../model/state.js";
import { count, moment, say } from "../model/words-panels.js";
import { h, icon } from "./dom.js";

/** @param {Store} store @param {Context} context @returns {View & {dom: HTMLElement}} */
export function createBanner(store, context) {
  const dom = h("div", { class: "editor-banner", role: "region", "aria-label": "Draft" });

  /** @param {State} state @param {State|null} before */
  function show(state, before) {
    if (
      before &&
      state.changed === before.changed &&
      state.flow === before.flow &&
      state.overlay?.document === before.overlay?.document &&
      state.comparison?.after === before.comparison?.after &&
      state.readonly === before.readonly
    )
      return;
    const { comparison } = state;
    const parts = state.overlay?.document
      ? asItRan(store, context, state)
      : comparison?.after
        ? asItWas(store, comparison.after.name, comparison.before.name)
        : draft(store, context, state);
    dom.hidden = parts.length === 0;
    dom.dataset.tone = pastDocument(state) ? "info" : "warn";
    dom.replaceChildren(...parts);
  }

  show(store.state, null);
  return { dom, update: show };
}

/** @param {Store} store @param {Context} context @param {State} state @returns {HTMLElement[]} */
function draft(store, context, state) {
  const { published } = state.flow;
  if (published && !state.changed) return state.readonly ? [lead("eye", state.readonly)] : [];
  const text = published
    ? [h("strong", {}, `Draft, ${count(state.changed, "change")}`), ` since version ${published.number} went live ${moment(published.at)}`]
    : [h("strong", {}, "Draft"), " · never published"];
  const review = published
    ? h(
        "button",
        { class: "link-button", type: "button", onclick: () => store.dispatch((now) => ({ ...now, right: now.right === "review" ? null : "review" })) },
        say.review,
      )
    : null;
  return [lead("pencil", h("span", {}, ...text)), ...(review ? [review] : []), h("div", { class: "topbar-space" }), ...buttons(context, state)];
}

/** @param {Context} context @param {State} state @returns {HTMLElement[]} */
function buttons(context, state) {
  if (!mayEdit(state.me)) return [h("span", { class: "hint" }, "Read-only")];
  const undo = state.flow.published
    ? [h("button", { class: "button", type: "button", onclick: () => context.commands.run("undo-changes") }, say.undoChanges)]
    : [];
  const publish = mayPublish(state.me)
    ? h("button", { class: "button button-primary", type: "button", onclick: () => context.commands.run("publish") }, say.publish)
    : h("button", { class: "button", type: "button", onclick: () => context.commands.run("ask-to-publish") }, say.askToPublish);
  return [...undo, publish];
}

/** @param {Store} store @param {Context} context @param {State} state @returns {HTMLElement[]} */
function asItRan(store, context, state) {
  const version = state.overlay?.version;
  const back = () => {
    context.runs.close();
    context.announce("Back to the draft");
  };
  const withData = async () => (await import("./to-draft.js")).openInDraft(store, context);
  return [
    lead("history", h("span", {}, h("strong", {}, version ? `Version ${version}` : "A test of the draft"), " · as it ran")),
    h("div", { class: "topbar-space" }),
    h("button", { class: "button", type: "button", onclick: back }, "Back to draft"),
    h("button", { class: "button button-primary", type: "button", onclick: withData, hidden: !mayEdit(state.me) }, "Open in draft with this data"),
  ];
}

/** @param {Store} store @param {string} shown @param {string} against @returns {HTMLElement[]} */
function asItWas(store, shown, against) {
  const back = () => store.dispatch((now) => ({ ...now, right: now.right === "versions" ? null : now.right, comparison: null }));
  return [
    lead("eye", h("span", {}, h("strong", {}, shown), ` · compared with ${against} · read-only`)),
    h("div", { class: "topbar-space" }),
    h("button", { class: "button button-primary", type: "button", onclick: back }, "Back to draft"),
  ];
}

/** @param {string} name @param {Node|string} text */
function lead(name, text) {
  return h("div", { class: "banner-lead" }, icon(name), h("p", {}, text));
}
