/**
 * Saving by itself. What is not acknowledged is written down in this browser, then sent 0.8 s after the last change, at the latest
 * every 3 s, on blur, and at once after Save Changes. A batch that may have got lost is sent again under its own number, which the
 * server takes only once. Others' changes are merged in; what clashes is asked. Revisions are compared, never clocks.
 */

/** @import {Context, FlowDocument, Save, State, Store} from "../types.js" */

import { newId, readDocument } from "../model/document.js";
import { diff } from "../model/diff.js";
import { say as texts } from "../model/words-panels.js";
import { words } from "../model/words.js";
import { batchBody } from "./api.js";
import { createPresence } from "./presence.js";
import { createReplica } from "./replica.js";
import { createTroubles } from "./troubles.js";
import { onFirstSign } from "../view/moments.js";

const PAUSE = 800;
const LONGEST = 3000;
const SLOW = 4000;
const TIMEOUT = 30_000;
const RETRIES = [1000, 2000, 5000, 10_000, 15_000];
/** Requests that outlive their page may carry 64 KB. */
const LAST_WORDS = 60_000;

/** @typedef {ReturnType<typeof createAutosave>} Autosave */
/** @typedef {Awaited<ReturnType<typeof import("./keeping.js").createKeeper>>} Keeper */

/** @param {Store} store @param {Context & {api: any}} context @param {{off?: boolean, build?: string}} [options] off: nothing is kept or sent; build: what served this page */
export function createAutosave(store, context, { off = false, build = "" } = {}) {
  const path = `/flows/${store.state.flow.id}/draft`;
  const replica = createReplica({
    client: newId("c"),
    // What was done before this module came is in the history.
    document: store.state.history.past[0]?.before ?? store.state.document,
    revision: store.state.revision,
    isTrigger: (type) => store.state.catalogue.types.get(type)?.trigger === true,
  });
  const troubles = createTroubles(store, context, { build, unsent, resume });
  const presence = createPresence(store, context, troubles);
  /** @type {Keeper|null} */
  let keeper = null;
  /** @type {Promise<Keeper>|null} */
  let asked = null;
  /** @type {Promise<boolean>|null} */
  let sending = null;
  /** @type {FlowDocument|null} */
  let given = null;
  let pulling = false;
  let holding = false;
  let heard = 0;
  let firstUnsaved = 0;
  let timer = 0;
  let failures = 0;
  let refusals = 0;
  /** A question is on the screen, or was put off. */
  let asking = false;
  let putOff = false;

  if (!off) {
    store.subscribe((state, before) => {
      if (state.document !== before.document && state.document !== given) edited();
    });
    addEventListener("blur", () => unsent() && flushQuietly());
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flushQuietly());
    addEventListener("online", () => went(true));
    addEventListener("offline", () => went(false));
    if (unsent()) edited();
    if (wasKept()) keeping();
    onFirstSign(() => {
      keeping();
      import("./standby.js").then(({ standBy }) => standBy(context)).catch(() => {}); // offline by now: fetched when it is wanted
    });
  }

  /** What outlives the page is fetched when somebody is there, or has left something. */
  async function keeping() {
    asked ??= import("./keeping.js").then((module) =>
      module.createKeeper(store, context, { client: replica.client, troubles, others, adopt, flush: flushQuietly, pull }),
    );
    keeper = await asked.catch(() => {
      asked = null;
      return null;
    });
    keep();
    keeper?.begin();
  }

  /** What is needed only when others are at it too. */
  const others = once(async () => (await import("./news.js")).createNews(store, context));

  function edited() {
    const now = performance.now();
    firstUnsaved ||= now;
    if (!keeper) keeping();
    keep();
    if (["saved", "unsaved"].includes(store.state.save.status)) say({ status: "unsaved", kept: unsent() });
    else say({ kept: unsent() });
    if (!asking && !putOff && !failures) schedule(Math.max(0, Math.min(PAUSE, firstUnsaved + LONGEST - now)));
  }

  /** Ops that the server has not acknowledged. @returns {number} */
  function unsent() {
    const document = store.state.document;
    return (replica.inflight?.ops.length ?? 0) + (replica.next(document)?.ops.length ?? 0);
  }

  function keep() {
    const rows = [replica.inflight, replica.next(store.state.document)].flatMap((batch) => (batch ? [batch] : []));
    keeper?.keep(rows);
  }

  /** @param {boolean} online */
  function went(online) {
    store.dispatch((state) => ({ ...state, online }));
    if (!online) return say({ status: "offline", kept: unsent(), message: "" });
    failures = 0;
    if (unsent()) flushQuietly();
    else say({ status: "saved", kept: 0, message: "" });
    return pull();
  }

  /** @param {number} ms */
  function schedule(ms) {
    clearTimeout(timer);
    timer = setTimeout(flushQuietly, ms);
  }

  /** @param {Partial<Save>} save */
  function say(save) {
    store.dispatch((state) => ({ ...state, save: { ...state.save, ...save } }));
  }

  /** Changes the document without taking it for an edit. @param {FlowDocument} document @param {(state: State) => State} change */
  function take(document, change) {
    given = document;
    store.dispatch(change);
  }

  /** Sends everything there is; asks what was put off. @returns {Promise<boolean>} true when the server has all */
  async function flush() {
    if (putOff && !asking) await settle([]);
    return flushQuietly();
  }

  /** @returns {Promise<boolean>} */
  async function flushQuietly() {
    clearTimeout(timer);
    if (asking || putOff || troubles.stopped()) return false;
    if (sending) return (await sending) && (unsent() ? flushQuietly() : true);
    if (!unsent()) {
      firstUnsaved = 0;
      if (store.state.save.status !== "saved" && store.state.online) say({ status: "saved", kept: 0, message: "" });
      return true;
    }
    sending = send().finally(() => {
      sending = null;
    });
    const sent = await sending;
    if (heard > replica.revision) pull();
    return sent && unsent() ? flushQuietly() : sent;
  }

  /** @returns {Promise<boolean>} */
  async function send() {
    const batch = replica.begin(store.state.document);
    if (!batch) return true;
    keep();
    firstUnsaved = 0;
    if (!failures && store.state.online) say({ status: "saving", kept: unsent(), message: "" });
    const patience = setTimeout(() => failures || say({ status: "slow", kept: unsent(), message: "" }), SLOW);
    try {
      await taken(await context.api.send("POST", `${path}/ops/`, batchBody(batch), { signal: AbortSignal.timeout(TIMEOUT) }));
      return !asking && !putOff;
    } catch (error) {
      return refused(/** @type {any} */ (error));
    } finally {
      clearTimeout(patience);
    }
  }

  /** @param {any} answer */
  async function taken(answer) {
    const again = failures > 0;
    failures = refusals = 0;
    replica.taken(answer);
    troubles.clear("refused");
    await settle(answer.writes ?? [], factsOf(answer));
    if (again && !unsent()) context.announce(texts.savedAgain);
  }

  /** @param {any} error @returns {Promise<boolean>} */
  async function refused(error) {
    if (error.status === 409) return conflict(error);
    if (error.status === 0 || error.status === 429 || error.status >= 500) {
      const kept = unsent();
      say({ status: error.status ? "trying" : "offline", kept, message: "" });
      schedule(RETRIES[Math.min(failures++, RETRIES.length - 1)] ?? 15_000);
      return false;
    }
    replica.refused();
    keep();
    const message = error.errors?.[0]?.message ?? error.detail;
    say({ status: "error", kept: unsent(), message: texts.notSent(unsent()) });
    await troubles.from(error, message);
    return false;
  }

  /** Somebody changed the same things, or the structure would break. @param {any} error @returns {Promise<boolean>} */
  async function conflict(error) {
    const { body } = error;
    const known = replica.revision;
    replica.refused();
    replica.learned({ ...body, document: body.document ? readDocument(body.document) : null });
    refusals = replica.revision === known ? refusals + 1 : 0;
    if (refusals > 2) {
      say({ status: "error", kept: unsent(), message: texts.notSent(unsent()) });
      await troubles.from({ status: 422 }, error.detail);
      return false;
    }
    await settle(body.writes ?? []);
    return flushSoon();
  }

  function flushSoon() {
    if (!putOff) schedule(0);
    return false;
  }

  /** Others' changes, when a hint says there are some. @param {number} [revision] */
  async function pull(revision = 0) {
    heard = Math.max(heard, revision);
    if (off || pulling || holding || sending || replica.inflight || asking || troubles.stopped()) return;
    pulling = true;
    const [since, known] = [replica.revision, heard];
    const answer = await context.api.get(`${path}/ops/?since=${since}`).catch((/** @type {any} */ error) => void troubles.from(error));
    pulling = false;
    if (!answer) return;
    troubles.build(answer.build);
    const busy = sending || holding || replica.inflight || replica.revision !== since;
    if (!busy && answer.revision > since) await learn(answer);
    // What was heard while this answer was on its way may be newer than the answer.
    if ((busy || heard > known) && heard > replica.revision) pull();
  }

  /** @param {any} answer others' writes, or the whole draft */
  async function learn(answer) {
    replica.learned({ ...answer, document: answer.document ? readDocument(answer.document) : null });
    // A question that was put off is not asked again by every change of somebody else.
    if (!putOff) await settle(answer.writes ?? [], factsOf(answer));
    if (unsent() && !failures) schedule(PAUSE);
  }

  /** What is here on top of what is known of the server; what clashes is asked. @param {any[]} writes @param {Partial<State>} [facts] */
  async function settle(writes, facts = {}) {
    if (replica.level()) return accept(null, writes, facts);
    const news = await others();
    const merge = replica.merged(store.state.document, news.rebase);
    if (!merge.open) return accept(merge, writes, facts, news);
    putOff = false;
    asking = true;
    say({ status: "conflict", kept: unsent(), message: "" });
    const choices = await news.ask(merge.clashes, writes);
    asking = false;
    putOff = choices === null;
    if (choices === null) return undefined;
    const final = replica.merged(store.state.document, news.rebase, choices);
    if (final.open) return settle(writes, facts);
    accept(final, writes, facts, news);
    return schedule(0);
  }

  /** @param {import("../types.js").Rebased|null} merge null: nothing of others @param {any[]} writes @param {Partial<State>} facts @param {Awaited<ReturnType<typeof others>>} [news] */
  function accept(merge, writes, facts, news) {
    const before = store.state;
    const document = merge?.document ?? before.document;
    take(document, (state) => ({ ...state, ...facts, document, revision: replica.revision, form: news ? news.form(state, document, writes) : state.form }));
    const kept = unsent();
    say(kept ? { status: "unsaved", kept, message: "" } : { status: "saved", kept: 0, message: "" });
    keep();
    if (merge) news?.tell(before, merge, writes);
  }

  /** What a dead tab left, on top of what is here, as one change of my own. @param {(current: () => FlowDocument) => Promise<FlowDocument|null>} change @returns {Promise<boolean>} */
  async function adopt(change) {
    await pull();
    const document = await change(() => store.state.document);
    if (!document) return false;
    const label = texts.fromBefore;
    store.dispatch((state) => ({
      ...state,
      document,
      history: { past: [...state.history.past, { label, before: state.document, after: document }], future: [] },
    }));
    await keeper?.settled();
    return true;
  }

  /**
   * Fetches the draft after something else than ops changed it, as one step of this tab's history; what is unsent here comes on top.
   * @param {string} [label] names the step @param {(() => Promise<any>)|null} [change] changes it; hints about that are not news
   */
  async function reload(label = words.commands.undo, change = null) {
    holding = true;
    try {
      await change?.();
      const draft = await context.api.get(`${path}/`);
      await sending;
      const before = store.state.document;
      replica.learned({ revision: draft.revision, document: readDocument(draft.document) });
      await settle([], factsOf(draft));
      const after = store.state.document;
      if (diff(before, after).length)
        store.dispatch((state) => ({ ...state, history: { past: [...state.history.past, { label, before, after }], future: [] } }));
    } finally {
      holding = false;
    }
    if (heard > replica.revision) pull();
    else if (unsent()) schedule(0);
  }

  /** A trouble is over. */
  function resume() {
    failures = refusals = 0;
    pull();
    flushQuietly();
  }

  /** What is left goes out with the page, if it is small enough; what is kept is sent by the next page otherwise. */
  function leave() {
    if (asking || putOff || troubles.stopped()) return;
    const batch = replica.begin(store.state.document);
    if (!batch) return;
    keep();
    const body = batchBody(batch, LAST_WORDS);
    if (JSON.stringify(body).length > LAST_WORDS) return;
    context.api.send("POST", `${path}/ops/`, body, { keepalive: true }).catch(() => {});
  }

  return {
    flush,
    pull,
    reload,
    /** Would closing the page lose something? Not what this browser keeps. */
    unsaved: () => !off && unsent() > 0 && !keeper?.durable(),
    /** The socket's side that is not about runs. */
    presence,
  };
}

/** @template T @param {() => Promise<T>} make a failure is tried again @returns {() => Promise<T>} */
function once(make) {
  /** @type {Promise<T>|null} */
  let made = null;
  return () => {
    made ??= make().catch((error) => {
      made = null;
      throw error;
    });
    return made;
  };
}

/** Whether some tab of this browser wrote something down that may still be there. */
function wasKept() {
  try {
    return localStorage.getItem("segue.kept") !== null;
  } catch {
    return true;
  }
}

/** @param {any} draft @returns {Partial<State>} */
const factsOf = (draft) => ({
  ...(draft.problems ? { problems: draft.problems } : {}),
  ...(draft.changes === undefined ? {} : { changed: draft.changes }),
});
