/**
 * The run that is open: fetched when a hint says that it moved, or each second without hints; only the steps that are new. It is
 * painted at most ten times a second. A wait is counted down here.
 */

/** @import {Context, Overlay, Run, State, Step, Store} from "../types.js" */

import { diff } from "../model/diff.js";
import { nodeOf, readDocument } from "../model/document.js";
import { announced } from "../model/history.js";
import { isFinal, settled } from "../model/overlay.js";
import { words } from "../model/words.js";
import { runWords } from "../model/words-runs.js";

const POLL = 1000;
const POLL_BESIDE_SOCKET = 5000;
const AT_MOST_EVERY = 100;
const TICK = 1000;

/** @param {Store} store @param {Context} context @param {() => boolean} hinted whether hints arrive */
export function createWatching(store, context, hinted) {
  /** @type {string|null} */
  let watched = null;
  let fetching = false;
  let again = false;
  /** It was said that the run cannot be seen as it goes on. */
  let lost = false;
  let lastPaint = 0;
  let timer = 0;
  let ticking = 0;
  /** @type {{node: string, after: number}|null} */
  let begun = null;

  store.subscribe((state, before) => {
    if (state.overlay === before.overlay) return;
    if (!state.overlay) stop();
    // The first edit ended it: what one works with stays that run's data.
    if (!state.overlay && before.overlay && state.document !== before.document) keepData(store, before.overlay, before);
    else tick();
  });

  function stop() {
    watched = null;
    begun = null;
    clearTimeout(timer);
    clearInterval(ticking);
    ticking = 0;
  }

  /** Something was recorded, or is about to begin (`node`). @param {string} run @param {string} [node] */
  function heard(run, node) {
    if (run !== watched) return;
    if (!node) return refresh();
    begun = { node, after: store.state.overlay?.run.steps.at(-1)?.seq ?? 0 };
    setTimeout(paintStarted, Math.max(0, lastPaint + AT_MOST_EVERY - performance.now()));
  }

  function paintStarted() {
    if (!begun || !store.state.overlay?.live || store.state.overlay.started === begun) return;
    lastPaint = performance.now();
    store.dispatch((state) => (state.overlay ? { ...state, overlay: { ...state.overlay, started: begun } } : state));
  }

  function refresh() {
    if (fetching) {
      again = true;
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(fetchNews, Math.max(0, lastPaint + AT_MOST_EVERY - performance.now()));
  }

  async function fetchNews() {
    const id = watched;
    if (!id) return;
    fetching = true;
    lastPaint = performance.now();
    try {
      const run = await newsOf(context, id, store.state.overlay?.run);
      if (watched === id) store.dispatch((state) => shown(state, run, begun));
      if (lost) context.toast(runWords.liveAgain);
      lost = false;
    } catch (/** @type {any} */ error) {
      // The next hint or poll asks again. What is refused or gone is no matter of the way there.
      const away = !error.status || error.status >= 500;
      if (away && !lost) context.toast(runWords.liveLost, { kind: "bad" });
      lost ||= away;
    }
    fetching = false;
    if (again) {
      again = false;
      refresh();
    } else if (store.state.overlay?.live && watched) timer = setTimeout(fetchNews, hinted() ? POLL_BESIDE_SOCKET : POLL);
  }

  /** While the run waits, the time that is left is painted each second. */
  function tick() {
    const waits = Boolean(store.state.overlay?.live && store.state.overlay.run.wait?.until);
    if (waits === Boolean(ticking)) return;
    clearInterval(ticking);
    ticking = waits ? setInterval(count, TICK) : 0;
  }

  function count() {
    store.dispatch((state) => (state.overlay?.run.wait ? { ...state, overlay: { ...state.overlay, now: Date.now() } } : state));
    const due = Date.parse(store.state.overlay?.run.wait?.until ?? "");
    if (due <= Date.now()) refresh();
  }

  /** Shows a run on the canvas: over the draft where its graph is the same, else over the version that ran. @param {string} id */
  async function open(id) {
    stop();
    watched = id;
    const [run, ran] = await Promise.all([wholeOf(context, id), context.api.get(`/runs/${id}/document/`).catch(() => null)]);
    if (watched !== id) return;
    const document = ran ? readDocument(ran.document ?? ran) : null;
    store.dispatch((state) => {
      const differs = document !== null && diff(document, { ...state.document, layout: document.layout, notes: document.notes }).length > 0;
      const overlay = { run, version: run.version ?? null, document: differs ? document : null, live: !isFinal(run.status), now: Date.now() };
      return { ...state, overlay, right: "run" };
    });
    if (!isFinal(run.status)) refresh();
  }

  function close() {
    stop();
    store.dispatch((state) => (state.overlay ? { ...state, overlay: null, right: state.right === "run" ? null : state.right } : state));
  }

  return { open, close, heard, refresh: () => void (watched && refresh()) };
}

/** Previews, pickers and Test go on with a run's data. @param {Store} store @param {Overlay} overlay @param {State} before */
function keepData(store, { run, document }, before) {
  if (!run.event) return;
  store.dispatch((state) => ({ ...state, sample: { event: run.event, source: "run", run, document: document ?? before.document } }));
}

/**
 * The run with what is new: its steps alone while it goes on, all of it when its state has changed. A step that was open when it was
 * last seen is written again, so it is asked for again.
 * @param {Context} context @param {string} id @param {Run|undefined} known @returns {Promise<Run>}
 */
async function newsOf(context, id, known) {
  if (known?.id !== id || known.status !== "running") return wholeOf(context, id);
  const open = known.steps.find((step) => ["running", "waiting"].includes(step.status));
  const after = open ? open.seq - 1 : (known.steps.at(-1)?.seq ?? 0);
  const news = await context.api.get(`/runs/${id}/steps/?after=${after}`);
  if (news.status !== known.status) return wholeOf(context, id);
  return { ...known, steps: [...known.steps.filter((step) => step.seq <= after), ...news.results] };
}

/** @param {Context} context @param {string} id @returns {Promise<Run>} */
const wholeOf = async ({ api }, id) => settled(await api.get(`/runs/${id}/`));

/** @param {State} state @param {Run} run @param {Overlay["started"]} started @returns {State} */
function shown(state, run, started) {
  const { overlay } = state;
  if (overlay?.run.id !== run.id) return state;
  const live = !isFinal(run.status);
  const next = { ...state, overlay: { ...overlay, run, live, started, now: Date.now() } };
  if (overlay.live && !live) return announced(next, words.announce.runEnded(run.status.replace("_", " ")));
  const last = run.steps.at(-1);
  return last && !same(last, overlay.run.steps.at(-1))
    ? announced(next, words.announce.step(nameOf(state, last), words.status[last.status] ?? last.status))
    : next;
}

/** @param {Step} a @param {Step|undefined} b */
const same = (a, b) => a.seq === b?.seq && a.status === b.status;

/** @param {State} state @param {Step} step */
const nameOf = (state, step) => step.label || nodeOf(state.document, step.node)?.label || step.type;
