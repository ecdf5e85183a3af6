/** The tab Test of a step that is not sent alone: run the flow up to here, and what it got and gave in the run that is open. */
/** @import {Context, State, Store} from "../types.js" */

import { nodeOf } from "../model/document.js";
import { mayEdit } from "../model/rights.js";
import { h, icon } from "./dom.js";
import { emptyState } from "./panel-frame.js";
import { stepDetail } from "./run-steps.js";

/** @param {Store} store @param {Context} context @param {string} id */
export function nodeTest(store, context, id) {
  const dom = h("div", { class: "node-test" });
  const toHere = async () => {
    if (!(await context.leaveForm())) return;
    store.dispatch((state) => ({ ...state, right: "test", modal: { until: id } }));
  };

  function draw() {
    const { overlay, me, document } = store.state;
    const steps = overlay?.run.steps.filter((each) => each.node === id) ?? [];
    const button = h(
      "button",
      { class: "button", type: "button", onclick: toHere, hidden: !mayEdit(me) || !nodeOf(document, id) },
      icon("play"),
      "Test up to this step",
    );
    if (!steps.length)
      dom.replaceChildren(
        emptyState(
          overlay ? "The open run did not come here" : "Nothing has run here yet",
          "Run the flow up to this step with a sample; what goes in and comes out appears here.",
          button,
        ),
      );
    else dom.replaceChildren(h("div", { class: "node-test-head" }, button), ...steps.map((step) => stepDetail(step, { open: true })));
  }

  draw();
  return {
    dom,
    /** @param {State} state @param {State|null} before */
    update(state, before) {
      if (before && state.overlay !== before.overlay) draw();
    },
  };
}
