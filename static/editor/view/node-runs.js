/** The tab Runs: the latest runs of this flow; with a run open, what this step did in it. */
/** @import {Context, State, Store} from "../types.js" */

import { h } from "./dom.js";
import { load } from "./panel-frame.js";
import { runRows } from "./run-list.js";
import { stepDetail } from "./run-steps.js";

/** @param {Store} store @param {Context} context @param {string} id */
export function nodeRuns(store, context, id) {
  const own = h("div", { class: "node-run-steps" });
  const list = h("div", {});
  let asked = false;

  function drawOwn() {
    const steps = store.state.overlay?.run.steps.filter((each) => each.node === id) ?? [];
    own.replaceChildren(
      ...(steps.length ? [h("h3", { class: "section-title" }, "In the open run"), ...steps.map((step) => stepDetail(step, { open: false }))] : []),
    );
  }

  function fetch() {
    asked = true;
    load(list, {
      ask: () => context.api.get(`/runs/?flow=${encodeURIComponent(store.state.flow.id)}&node=${encodeURIComponent(id)}&limit=20`),
      show: (page) => runRows(page.results, context),
      safe: "The runs themselves are not touched.",
    });
  }

  drawOwn();
  return {
    dom: h("div", { class: "node-runs" }, own, list),
    shown: () => !asked && fetch(),
    /** @param {State} state @param {State|null} before */
    update(state, before) {
      if (!before || state.overlay === before.overlay) return;
      drawOwn();
      if (state.tab === "runs" && state.overlay?.run.status !== before.overlay?.run.status) fetch();
    },
  };
}
