/**
 * Saving by itself. What the server has (`acked`) and what is on the page differ by ops; they are sent 0.8 s after the last change,
 * at the latest every 3 s, on blur, and at once after Save Changes. A batch that may have got lost is sent again under its own
 * number, which the server takes only once. Revisions are compared, never clocks.
 */

/** @import {Context, FlowDocument, Op, Save, State, Store} from "../types.js" */

import { diff } from "../model/diff.js";
import { newId, readDocument } from "../model/document.js";
import { words } from "../model/words.js";
import { acknowledged, conflicting, namesOf, rebased } from "./merging.js";

const PAUSE = 800;
const LONGEST = 3000;
const RETRIES = [1000, 2000, 5000, 10000, 15000];

/** @typedef {{base: number, seq: number, ops: Op[], document: FlowDocument}} Batch */

/** @param {Store} store @param {Context & {api: any}} context */
export function createAutosave(store, context) {
  const client = newId("c");
  const path = `/flows/${store.state.flow.id}/draft`;
  let acked = store.state.document;
  let seq = 0;
  /** @type {Batch|null} */
  let inflight = null;
  /** @type {Promise<boolean>|null} */
  let sending = null;
  let firstUnsaved = 0;
  let timer = 0;
  let failures = 0;
  let applying = false;
  let asking = false;

  store.subscribe((state, before) => {
    if (applying || state.document === before.document) return;
    const now = performance.now();
    firstUnsaved ||= now;
    if (state.save.status === "saved") say({ status: "unsaved" });
    if (!asking) schedule(Math.max(0, Math.min(PAUSE, firstUnsaved + LONGEST - now)));
  });
  addEventListener("blur", () => pending() && flush());
  addEventListener("pagehide", leave);
  addEventListener("online", () => {
    store.dispatch((state) => ({ ...state, online: true }));
    failures = 0;
    if (inflight || pending()) flush();
  });
  addEventListener("offline", () => {
    store.dispatch((state) => ({ ...state, online: false }));
    say({ status: "offline", kept: diff(acked, store.state.document).length });
  });

  const pending = () => store.state.document !== acked && diff(acked, store.state.document).length > 0;

  /** @param {number} ms */
  function schedule(ms) {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  }

  /** @param {Partial<Save>} save */
  function say(save) {
    store.dispatch((state) => ({ ...state, save: { ...state.save, ...save } }));
  }

  /** Changes the document without taking it for an edit. @param {(state: State) => State} change */
  function take(change) {
    applying = true;
    try {
      store.dispatch(change);
    } finally {
      applying = false;
    }
  }

  /** Sends everything there is. @returns {Promise<boolean>} true when the server has all */
  async function flush() {
    clearTimeout(timer);
    if (asking) return false;
    if (sending) return (await sending) && (pending() ? flush() : true);
    if (!inflight && !pending()) {
      firstUnsaved = 0;
      if (store.state.save.status !== "saved" && !store.state.save.message) say({ status: "saved", kept: 0 });
      return true;
    }
    sending = send().finally(() => {
      sending = null;
    });
    const sent = await sending;
    return sent && pending() ? flush() : sent;
  }

  /** @returns {Promise<boolean>} */
  async function send() {
    const document = store.state.document;
    inflight ??= { base: store.state.revision, seq: ++seq, ops: diff(acked, document), document };
    firstUnsaved = 0;
    say({ status: "saving", kept: inflight.ops.length, message: "" });
    try {
      const { base, seq: number, ops } = inflight;
      const answer = await context.api.post(`${path}/ops/`, { base, client, seq: number, ops });
      taken(answer);
      return true;
    } catch (error) {
      return refused(/** @type {any} */ (error));
    }
  }

  /** @param {any} answer */
  function taken(answer) {
    const batch = /** @type {Batch} */ (inflight);
    inflight = null;
    failures = 0;
    const others = answer.ops ?? [];
    const dropped = answer.dropped ?? [];
    const later = diff(batch.document, store.state.document);
    const untouched = !others.length && !dropped.length;
    acked = untouched ? batch.document : acknowledged(acked, others, batch.ops, dropped);
    take((state) => ({
      ...state,
      document: untouched ? state.document : rebased(acked, later, others, "mine"),
      revision: answer.revision,
      problems: answer.problems ?? state.problems,
      changed: answer.changes ?? state.changed,
      save: { status: later.length ? "unsaved" : "saved", kept: later.length, message: "" },
    }));
  }

  /** @param {any} error @returns {Promise<boolean>} */
  async function refused(error) {
    const kept = diff(acked, store.state.document).length;
    if (error.status === 409) return conflict(error.body ?? {});
    if (error.status === 0 || error.status >= 500 || error.status === 429) {
      say({ status: error.status ? "error" : "offline", kept, message: error.status ? words.save.refused(error.detail) : "" });
      schedule(RETRIES[Math.min(failures++, RETRIES.length - 1)] ?? 15000);
      return false;
    }
    inflight = null;
    say({ status: "error", kept, message: error.status === 404 ? words.save.gone : words.save.refused(error.errors?.[0]?.message ?? error.detail) });
    return false;
  }

  /** Somebody changed the same things: theirs or mine, for what both touched. @param {any} body @returns {Promise<boolean>} */
  async function conflict(body) {
    inflight = null;
    const { theirs, theirOps, revision } = await theirVersion(body);
    const mine = diff(acked, store.state.document);
    const both = conflicting(mine, theirOps);
    say({ status: "conflict", kept: mine.length, message: words.save.conflict });
    asking = true;
    const names = namesOf(store.state.document, both).join(", ") || words.save.conflictWhole;
    let answer = null;
    while (answer !== "mine" && answer !== "theirs") {
      answer = await context.dialog({
        title: words.save.conflictTitle,
        text: words.save.conflictText(names),
        buttons: [
          { id: "theirs", label: words.save.theirs },
          { id: "mine", label: words.save.mine, kind: "primary" },
        ],
      });
    }
    asking = false;
    const now = diff(acked, store.state.document);
    acked = theirs;
    take((state) => ({ ...state, revision, document: rebased(theirs, now, theirOps, answer), save: { status: "unsaved", kept: 0, message: "" } }));
    schedule(0);
    return false;
  }

  /** @param {any} body @returns {Promise<{theirs: FlowDocument, theirOps: Op[], revision: number}>} */
  async function theirVersion(body) {
    const draft = await context.api.get(`${path}/`);
    const theirs = readDocument(draft.document);
    return { theirs, theirOps: body.ops ?? diff(acked, theirs), revision: draft.revision };
  }

  /** Others' changes, when a hint says there are some. */
  async function pull() {
    if (inflight || sending || asking) return;
    const draft = await context.api.get(`${path}/`).catch(() => null);
    if (!draft || inflight || sending || draft.revision <= store.state.revision) return;
    const theirs = readDocument(draft.document);
    const theirOps = diff(acked, theirs);
    const mine = diff(acked, store.state.document);
    if (conflicting(mine, theirOps).length) return void flush();
    acked = theirs;
    take((state) => ({ ...state, ...factsOf(draft, state), document: mine.length ? rebased(theirs, mine, theirOps, "mine") : theirs }));
  }

  /** The draft as the server has it, whatever is here: after Undo Changes and restore. */
  async function reload() {
    const draft = await context.api.get(`${path}/`);
    acked = readDocument(draft.document);
    inflight = null;
    const document = acked;
    take((state) => {
      const entry = { label: words.commands.undo, before: state.document, after: document };
      const history = diff(state.document, document).length ? { past: [...state.history.past, entry], future: [] } : state.history;
      return { ...state, ...factsOf(draft, state), document, history, form: null, save: { status: "saved", kept: 0, message: "" } };
    });
  }

  /** What is left goes out with the page. */
  function leave() {
    if (asking || (!inflight && !pending())) return;
    const batch = inflight ?? { base: store.state.revision, seq: ++seq, ops: diff(acked, store.state.document) };
    context.api.send("POST", `${path}/ops/`, { base: batch.base, client, seq: batch.seq, ops: batch.ops }, { keepalive: true }).catch(() => {});
  }

  return { flush, pull, reload, unsaved: () => Boolean(inflight) || pending() };
}

/** @param {any} draft @param {State} state @returns {Partial<State>} */
const factsOf = (draft, state) => ({
  revision: draft.revision,
  problems: draft.problems ?? state.problems,
  changed: draft.changes ?? Number(draft.changed ?? 0),
});
