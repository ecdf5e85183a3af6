/** From a run into the draft, with its data: previews, pickers and Test use what that run had; what failed is selected. */
/** @import {Context, Run, FlowDocument, Store} from "../types.js" */

import { failedStep, fieldOfFailure } from "../model/failing.js";
import { nodeOf } from "../model/document.js";
import { shownDocument } from "../model/state.js";
import { runTitle } from "../model/words-values.js";
import { runWords } from "../model/words-runs.js";

/** @param {Store} store @param {Context} context */
export async function openInDraft(store, context) {
  await context.forForms().catch(() => {}); // without a server with what is here
  const { overlay } = store.state;
  if (!overlay) return;
  const { run } = overlay;
  takeData(store, run, shownDocument(store.state));
  context.runs.close();
  const failed = failedStep(run);
  const { document, catalogue } = store.state;
  if (failed && nodeOf(document, failed.node)) {
    context.commands.run("select", { node: failed.node, field: fieldOfFailure(failed, document, catalogue) });
    context.canvas.reveal(failed.node);
  }
  const gone = failed && !nodeOf(document, failed.node);
  const why = failed?.error?.message ? `${runWords.failedHere(failed.label || failed.type, failed.error.message)} ` : "";
  context.toast(gone ? runWords.gone(failed.label) : why + runWords.dataLoaded(runTitle(run)), { kind: gone ? "warn" : "info" });
}

/** @param {Store} store @param {Run} run @param {FlowDocument} document what ran */
export function takeData(store, run, document) {
  store.dispatch((state) => ({ ...state, sample: { event: run.event ?? null, source: runTitle(run), run, document } }));
}
