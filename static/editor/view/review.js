/** Review: what the next publish changes, in the server's words. */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { mayEdit, mayPublish } from "../model/rights.js";
import { count, say } from "../model/words-panels.js";
import { changeList } from "./changes.js";
import { h } from "./dom.js";
import { emptyState, load, panelFrame } from "./panel-frame.js";

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createReview(store, context) {
  const frame = panelFrame({ title: "Review", onclose: () => store.dispatch((state) => ({ ...state, right: null })) });
  const sub = h("p", { class: "panel-sub" });
  frame.title.after(sub);
  /** @type {number|null} */
  let seen = null;

  /** @param {State} state */
  async function draw(state) {
    const { published } = state.flow;
    sub.textContent = published ? `${count(state.changed, "change")} since version ${published.number}` : "";
    drawFoot(state);
    if (!published)
      return frame.body.replaceChildren(emptyState("Never published", "There is nothing to compare with yet. The first publish makes version 1."));
    seen = state.revision;
    await context.flush();
    return load(frame.body, {
      ask: () => context.api.get(`/flows/${state.flow.id}/versions/${published.number}/diff/?against=draft`),
      show: ({ changes }) => (changes.length ? changeList(changes, store.state, context) : emptyState("No changes", "The draft is what is live.")),
      safe: "The draft is safe on the server.",
    });
  }

  /** @param {State} state */
  function drawFoot(state) {
    const open = mayEdit(state.me) && (state.changed > 0 || !state.flow.published);
    frame.foot.hidden = !open;
    frame.foot.replaceChildren(
      ...(mayPublish(state.me)
        ? [h("button", { class: "button button-primary", type: "button", onclick: () => context.commands.run("publish") }, say.publish)]
        : []),
      ...(state.flow.published ? [h("button", { class: "button", type: "button", onclick: () => context.commands.run("undo-changes") }, say.undoChanges)] : []),
    );
  }

  return {
    dom: frame.dom,
    shown: () => frame.title.focus({ preventScroll: true }),
    update(state, before) {
      if (!before || state.flow.published !== before.flow.published || (state.revision !== seen && state.save.status === "saved")) draw(state);
    },
  };
}
