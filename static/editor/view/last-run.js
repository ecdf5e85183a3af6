/** The last live run of the flow: what previews and the picker show when neither a sample nor a run was chosen. Asked for once a page. */
/** @import {Context, Overlay, Store} from "../types.js" */

/** @type {{flow: string, overlay: Overlay|null, waiting: Set<() => void>, done: boolean}|null} */
let known = null;

/**
 * @param {Store} store @param {Context} context @param {() => void} arrived called when it comes later
 * @returns {Overlay|null} as if it were open on the canvas; null: there is none, or it is not here yet
 */
export function lastRun(store, context, arrived) {
  const flow = store.state.flow.id;
  if (known?.flow !== flow) known = ask(flow, store, context);
  if (!known.done) known.waiting.add(arrived);
  return known.overlay;
}

/** @param {string} flow @param {Store} store @param {Context} context */
function ask(flow, store, context) {
  const asking = { flow, overlay: /** @type {Overlay|null} */ (null), waiting: /** @type {Set<() => void>} */ (new Set()), done: false };
  const run = async () => {
    const { results } = await context.api.get(`/runs/?flow=${flow}&mode=live&limit=1`);
    const [newest] = results;
    if (!newest) await (await import("./hook-sample.js")).useHookSample(store, context);
    else asking.overlay = { run: await context.api.get(`/runs/${newest.id}/`), version: newest.version ?? null, document: null, live: false };
  };
  run()
    .catch(() => {
      // Without it the samples of the catalogue are shown; that is no reason to bother anybody.
    })
    .finally(() => {
      asking.done = true;
      for (const tell of asking.waiting) tell();
      asking.waiting.clear();
    });
  return asking;
}
