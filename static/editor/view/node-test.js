/** The tab Test of a step that is not sent alone: run the flow up to here, and what it got and gave last. */
/** @import {Context, Run, State, Step, Store} from "../types.js" */

import { nodeOf } from "../model/document.js";
import { mayEdit } from "../model/rights.js";
import { moment } from "../model/words-panels.js";
import { runTitle } from "../model/words-values.js";
import { h, icon } from "./dom.js";
import { emptyState } from "./panel-frame.js";
import { stepDetail } from "./run-steps.js";

/** @param {Store} store @param {Context} context @param {string} id @param {boolean} alone  false: below Send, so only what there is */
export function nodeTest(store, context, id, alone) {
  const dom = h("div", { class: "node-test" });
  /** The last run that came here, when none is open. @type {Run|null} */
  let last = null;
  let asked = false;
  const toHere = async () => {
    if (!(await context.leaveForm())) return;
    store.dispatch((state) => ({ ...state, right: "test", modal: { until: id } }));
  };

  function draw() {
    const { overlay, me, document, sample } = store.state;
    const run = overlay?.run ?? sample.run ?? last;
    const steps = stepsHere(run);
    const button = h(
      "button",
      { class: "button", type: "button", onclick: toHere, hidden: !mayEdit(me) || !nodeOf(document, id) },
      icon("play"),
      "Test up to this step",
    );
    if (run && steps.length)
      return dom.replaceChildren(
        h("div", { class: "node-test-head" }, alone ? button : h("h3", { class: "section-title" }, "In a run")),
        h("p", { class: "hint" }, overlay ? "In the open run" : `Last data: ${runTitle(run)}, ${moment(run.started_at)}`),
        ...steps.map((step) => stepDetail(step, { open: true })),
      );
    if (!alone) return dom.replaceChildren();
    return dom.replaceChildren(
      emptyState(
        overlay ? "The open run did not come here" : "Nothing has run here yet",
        "Run the flow up to this step with a sample; what goes in and comes out appears here.",
        button,
      ),
    );
  }

  /** @param {Run|null} run @returns {Step[]} */
  const stepsHere = (run) => run?.steps.filter((each) => each.node === id) ?? [];

  /** What went through this step last stays with it, also when no run is open. */
  async function fetchLast() {
    if (asked || store.state.overlay) return;
    asked = true;
    try {
      const { results } = await context.api.get(`/runs/?flow=${encodeURIComponent(store.state.flow.id)}&node=${encodeURIComponent(id)}&limit=1`);
      if (results.length) last = await context.api.get(`/runs/${results[0].id}/`);
      draw();
    } catch {
      asked = false; // the next look asks again
    }
  }

  draw();
  return {
    dom,
    shown: fetchLast,
    /** @param {State} state @param {State|null} before */
    update(state, before) {
      if (before && (state.overlay !== before.overlay || state.sample !== before.sample)) draw();
    },
  };
}
