/** The captured test request as what previews, the picker and tests use, unless something else was chosen. */
/** @import {Context, Store} from "../types.js" */

import { mayEdit } from "../model/rights.js";
import { triggerOf } from "../model/graph.js";
import { triggerWords } from "../model/words-triggers.js";

/** @param {Store} store @param {any} sample {body, headers, query, method} */
export function keepSample(store, sample) {
  store.dispatch((state) => ({ ...state, sample: { event: { type: "webhook.received", trigger: sample }, source: triggerWords.source } }));
}

/** For a flow that never ran. @param {Store} store @param {Context} context */
export async function useHookSample(store, context) {
  const { document, catalogue, flow, me } = store.state;
  if (triggerOf(document, catalogue)?.type !== "webhook" || !mayEdit(me)) return;
  const hook = await context.api.get(`/flows/${flow.id}/hook/`);
  if (hook.sample && !store.state.sample.event) keepSample(store, hook.sample);
}
