/**
 * What sending again does not mend: signed out, role lost, flow deleted, refused, storage full, a newer build. Each is said in a bar
 * of its own with what is safe and a way on; what can mend itself elsewhere is looked after, and saving goes on by itself.
 */

/** @import {Context, Store, Trouble} from "../types.js" */

const SOON = 3000;
const SELDOM = 15_000;
/** Kinds in which nothing can be sent, and what says that they are over. */
const STOPPING = ["session", "stranger", "role", "gone"];

/** @type {Partial<Record<Trouble["kind"], string>>} */
const READONLY = { role: "You may look at this flow but no longer change it.", gone: "This flow was deleted." };

/** @param {Store} store @param {Context & {api: any}} context @param {{build: string, unsent: () => number, resume: () => void}} saving  build: what served this page */
export function createTroubles(store, context, { build, unsent, resume }) {
  let timer = 0;
  let toldOfBuild = false;

  /** @param {Trouble["kind"]} kind @param {string} [message] @param {number} [more] changes kept by tabs that are gone */
  function add(kind, message = "", more = 0) {
    store.dispatch((state) => ({ ...state, troubles: [...state.troubles.filter((each) => each.kind !== kind), { kind, message, more }] }));
    import("../view/troubles.js").then(({ showTroubles }) => showTroubles(store, context, { unsent, retry, clear }));
    const readonly = READONLY[kind];
    if (readonly) store.dispatch((state) => ({ ...state, readonly }));
    if (STOPPING.includes(kind)) watch();
  }

  /** @param {Trouble["kind"]} kind */
  function clear(kind) {
    if (!has(kind)) return;
    store.dispatch((state) => ({ ...state, troubles: state.troubles.filter((each) => each.kind !== kind) }));
  }

  const has = (/** @type {Trouble["kind"]} */ kind) => store.state.troubles.some((each) => each.kind === kind);
  const stopped = () => store.state.troubles.some((each) => STOPPING.includes(each.kind));

  function retry() {
    clear("refused");
    resume();
  }

  /** What an answer means for what goes on. @param {any} error @param {string} [message] @returns {Promise<boolean>} always true */
  async function from(error, message = "") {
    const { status } = error;
    if (status === 401) add("session");
    else if (status === 404 || status === 410) add("gone");
    else if (status === 403) await forbidden(message);
    else if (status >= 400 && status < 500 && message) add("refused", message);
    return true;
  }

  /** @param {string} message */
  async function forbidden(message) {
    const me = await asked();
    if (me.status === 401) return add("session");
    if (me.role && me.role !== "viewer") return add("refused", message);
    add("role");
    store.dispatch((state) => ({ ...state, me: { ...state.me, role: "viewer" } }));
  }

  /** Who is signed in, as things stand. @returns {Promise<any>} */
  const asked = () => context.api.get("/me/").catch((/** @type {any} */ error) => ({ status: error.status }));

  function watch() {
    clearTimeout(timer);
    timer = setTimeout(look, has("session") ? SOON : SELDOM);
  }

  /** Looks whether it mended itself: signed in again in another tab, the role given back, the flow restored. */
  async function look() {
    if (!stopped()) return;
    const me = document.visibilityState === "hidden" ? { status: 0 } : await asked();
    if (me.status === undefined) await judge(me);
    if (stopped()) watch();
  }

  /** @param {any} me */
  async function judge(me) {
    const mine = me.id === String(store.state.me.id);
    clear("session");
    clear("stranger");
    if (!mine) return add("stranger", me.name);
    if (me.role === "viewer") return has("role") ? undefined : add("role");
    if (has("gone") && !(await there())) return undefined;
    const writable = has("role") || has("gone");
    clear("role");
    clear("gone");
    if (writable) store.dispatch((state) => ({ ...state, me: { ...state.me, role: me.role }, readonly: null }));
    return resume();
  }

  const there = () =>
    context.api.get(`/flows/${store.state.flow.id}/`).then(
      () => true,
      () => false,
    );

  addEventListener("focus", () => stopped() && look());

  return {
    add,
    clear,
    from,
    stopped,
    /** Which build the server runs; another one than the page's is said once. @param {string} [id] */
    build(id) {
      if (!id || !build || id === build || toldOfBuild) return;
      toldOfBuild = true;
      add("version");
    },
  };
}
