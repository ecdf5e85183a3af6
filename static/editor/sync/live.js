/** What happens elsewhere: websocket frames are hints, facts are fetched. Without a websocket the same facts are asked for each second. */

/** @import {Context, Run, State, Store} from "../types.js" */

import { diff } from "../model/diff.js";
import { nodeOf, readDocument } from "../model/document.js";
import { announced } from "../model/history.js";
import { isFinal } from "../model/overlay.js";
import { words } from "../model/words.js";

const POLL = 1000;
const POLL_BESIDE_SOCKET = 5000;
const AT_MOST_EVERY = 100;
const RECONNECT = [500, 1000, 2000, 5000, 10000];

/** @param {Store} store @param {Context} context @param {Pick<import("./autosave.js").Autosave, "pull"|"presence">} autosave */
export function createLive(store, context, autosave) {
  /** @type {WebSocket|null} */
  let socket = null;
  let attempts = 0;
  /** @type {string|null} */
  let watched = null;
  let fetching = false;
  let again = false;
  let lastFetch = 0;
  let timer = 0;

  function connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const opened = new WebSocket(`${scheme}://${location.host}${context.urls.ws}/flows/${store.state.flow.id}/`);
    socket = opened;
    opened.addEventListener("open", () => {
      attempts = 0;
      autosave.presence.opened((message) => opened.readyState === 1 && opened.send(JSON.stringify(message)));
      autosave.pull();
      if (watched) refresh();
    });
    opened.addEventListener("message", (event) => hint(event.data));
    opened.addEventListener("close", () => {
      if (socket === opened) socket = null;
      autosave.presence.closed();
      setTimeout(connect, RECONNECT[Math.min(attempts++, RECONNECT.length - 1)]);
    });
    opened.addEventListener("error", () => opened.close());
  }

  /** @param {string} text */
  function hint(text) {
    const said = JSON.parse(text);
    if (autosave.presence.heard(said)) return;
    if (said.kind === "draft" && said.revision > store.state.revision) autosave.pull(said.revision);
    if (said.kind === "run" && said.run === watched) refresh();
    if (said.kind === "started" && said.run === watched) started(said.node);
  }

  /** The next step lights up before it is recorded. @param {string} node */
  function started(node) {
    store.dispatch((state) => {
      const { overlay } = state;
      if (!overlay?.live || overlay.run.steps.some((step) => step.node === node && step.status === "running")) return state;
      const index = (overlay.run.steps.at(-1)?.index ?? -1) + 1;
      const step = /** @type {any} */ ({
        index,
        attempt: 1,
        node,
        type: "",
        label: nodeOf(state.document, node)?.label ?? "",
        status: "running",
        port: null,
        seconds: null,
        input: null,
        output: null,
        error: null,
        warnings: [],
        seq: -1,
        reason: null,
        started_at: null,
      });
      return { ...state, overlay: { ...overlay, run: { ...overlay.run, steps: [...overlay.run.steps, step] } } };
    });
  }

  function refresh() {
    if (fetching) {
      again = true;
      return;
    }
    clearTimeout(timer);
    const wait = Math.max(0, lastFetch + AT_MOST_EVERY - performance.now());
    timer = setTimeout(fetchRun, wait);
  }

  async function fetchRun() {
    const id = watched;
    if (!id) return;
    fetching = true;
    lastFetch = performance.now();
    try {
      const run = await context.api.get(`/runs/${id}/`);
      if (watched === id) store.dispatch((state) => shown(state, run));
    } catch {
      // the next hint or poll asks again
    }
    fetching = false;
    if (again) {
      again = false;
      refresh();
    } else if (store.state.overlay?.live && watched) timer = setTimeout(fetchRun, socket?.readyState === 1 ? POLL_BESIDE_SOCKET : POLL);
  }

  /** Shows a run on the canvas: over the draft where its graph is the same, else over the version that ran. @param {string} id */
  async function open(id) {
    watched = id;
    const [run, ran] = await Promise.all([context.api.get(`/runs/${id}/`), context.api.get(`/runs/${id}/document/`).catch(() => null)]);
    if (watched !== id) return;
    const document = ran ? readDocument(ran.document ?? ran) : null;
    store.dispatch((state) => {
      const differs = document !== null && diff(document, { ...state.document, layout: document.layout, notes: document.notes }).length > 0;
      const overlay = { run, version: run.version ?? null, document: differs ? document : null, live: !isFinal(run.status) };
      return { ...state, overlay, right: "run" };
    });
    if (!isFinal(run.status)) refresh();
  }

  function close() {
    watched = null;
    clearTimeout(timer);
    store.dispatch((state) => (state.overlay ? { ...state, overlay: null, right: state.right === "run" ? null : state.right } : state));
  }

  return { connect, open, close };
}

/** @param {State} state @param {Run} run @returns {State} */
function shown(state, run) {
  const { overlay } = state;
  if (overlay?.run.id !== run.id) return state;
  const live = !isFinal(run.status);
  const next = { ...state, overlay: { ...overlay, run, live } };
  if (overlay.live && !live) return announced(next, words.announce.runEnded(run.status.replace("_", " ")));
  const last = run.steps.at(-1);
  const before = overlay.run.steps.at(-1);
  return last && last.node !== before?.node ? announced(next, words.announce.step(last.label, words.status[last.status] ?? last.status)) : next;
}
