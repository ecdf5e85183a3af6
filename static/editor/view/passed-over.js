/** What came lately and did not start this flow, with the comparison that failed: "why did it not start?". */
/** @import {Context, Store} from "../types.js" */

import { moment } from "../model/words-panels.js";
import { runWords } from "../model/words-runs.js";
import { h, icon } from "./dom.js";
import { conditionPart } from "./why-parts.js";

/** @typedef {{event: string, type: string, at: string, interaction: string|null, reason: string, conditions: import("../model/why.js").Compared[]}} PassedOver */

/** @param {Store} store @param {Context} context */
export function createPassedOver(store, context) {
  const dom = h("details", { class: "passed-over", hidden: true });

  /** An offer beside the list of runs: where it cannot be fetched, it is not there. */
  async function refresh() {
    const rows = await context.api.get(`/flows/${store.state.flow.id}/passed-over/`).catch(() => []);
    dom.hidden = !rows.length;
    dom.replaceChildren(
      h("summary", {}, icon("chevron-right", "icon icon-small"), runWords.passedOver(rows.length)),
      h("ul", { role: "list" }, ...rows.map(row)),
    );
  }

  return { dom, refresh };
}

/** @param {PassedOver} passed */
function row({ type, at, interaction, reason, conditions }) {
  const failed = conditions.filter((each) => !each.result);
  return h(
    "li",
    {},
    h(
      "p",
      { class: "passed-over-head" },
      h("span", {}, interaction ?? type),
      h("span", { class: "hint" }, [interaction ? type : "", moment(at)].filter(Boolean).join(" · ")),
    ),
    failed.length ? h("ul", { class: "why-conditions", role: "list" }, ...failed.map(conditionPart)) : h("p", { class: "why-text" }, reason),
  );
}
