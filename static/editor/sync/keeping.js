/**
 * What outlives the page: the durable queue and the typing of this tab, and what tabs that died left behind. That is taken up under
 * their own names, so that what the server had already is not done twice.
 */

/** @import {Batch, Context, FlowDocument, Store} from "../types.js" */
/** @import {Row} from "./queue.js" */
/** @import {Kept} from "./storage.js" */

import { rebasedOps, sinceByValues } from "../model/rebase.js";
import { said } from "../model/words-sync.js";
import { mayEdit } from "../model/rights.js";
import { createLeases } from "./leases.js";
import { createQueue, forget, leftBehind } from "./queue.js";
import { openStorage } from "./storage.js";
import { createTyping } from "./typing.js";

const LOOK_AGAIN = 30_000;

/**
 * @param {Store} store @param {Context & {api: any}} context
 * @param {{client: string, troubles: any, others: () => Promise<any>, pull: () => Promise<void>, flush: () => Promise<boolean>, adopt: (change: (current: () => FlowDocument) => Promise<FlowDocument|null>) => Promise<boolean>}} tab
 */
export async function createKeeper(store, context, { client, troubles, others, adopt, flush, pull }) {
  const { flow, me } = store.state;
  const owner = { user: String(me.id), flow: flow.id, name: flow.name, client };
  let durable = false;
  const failed = (/** @type {any} */ error) => {
    durable = false;
    troubles.add("storage", error?.name ?? "");
  };
  const opened = await openStorage().catch(failed);
  if (!opened) return { keep: async () => {}, settled: async () => {}, durable: () => false, begin() {} };
  const storage = noted(opened);
  durable = true;
  if (storage.fresh) troubles.add("damaged");
  const queue = createQueue(storage, owner, failed);
  const leases = createLeases(storage, client);
  const typing = createTyping(store, context, storage, { ...owner, leases, failed });
  let begun = false;
  /** Tabs whose changes cannot go on by themselves. @type {Set<string>} */
  const aside = new Set();

  /** Takes up what dead tabs left: of this flow into this page, of other flows straight to the server. */
  async function takeUp() {
    const found = await leftBehind(storage, owner.user).catch(() => new Map());
    for (const [other, rows] of found) {
      if (other === client || aside.has(other)) continue;
      if (rows[0].flow === flow.id && !mayEdit(store.state.me)) troubles.add("role", "", rows.length);
      else await leases.whenDead(other, () => sendAll(rows)).catch(() => {});
    }
  }

  async function lookAgain() {
    await takeUp();
    await typing.lookAgain();
    await storage.tidy().catch(() => {});
  }

  /** @param {Row[]} rows of one tab, in their order */
  async function sendAll(rows) {
    let sent = 0;
    for (const row of rows) {
      const outcome = await sendRow(row);
      if (outcome === "aside") aside.add(row.client);
      if (outcome === "aside" || outcome === "later") break;
      sent += outcome === "sent" && row.flow === flow.id ? row.ops.length : 0;
    }
    if (!sent) return;
    context.toast(said.sentFromBefore(sent), { kind: "ok" });
    pull();
  }

  /** @param {Row} row @returns {Promise<"sent"|"merged"|"later"|"aside">} aside: not again before the page is loaded anew */
  async function sendRow(row) {
    const { client: by, seq, base, ops } = row;
    try {
      await context.api.post(`/flows/${row.flow}/draft/ops/`, { client: by, seq, base, ops });
      await forget(storage, [row]);
      return "sent";
    } catch (error) {
      const { status, body } = /** @type {any} */ (error);
      if (status === 409 && row.flow === flow.id) return merge(row, body);
      return status === 0 || status === 401 || status === 429 || status >= 500 ? "later" : "aside";
    }
  }

  /** What it clashes with is asked; then it is a change of this page. @param {Row} row @param {any} body @returns {Promise<"merged"|"aside">} */
  async function merge(row, body) {
    await flush();
    const isTrigger = (/** @type {string} */ type) => store.state.catalogue.types.get(type)?.trigger === true;
    const done = await adopt(async (current) => {
      const since = body.ops ?? sinceByValues(current(), row.ops);
      const asked = rebasedOps(current(), row.ops, since, { isTrigger });
      if (!asked.clashes.length) return asked.document;
      const choices = await (await others()).ask(asked.clashes, body.writes ?? [], true);
      return choices && rebasedOps(current(), row.ops, since, { isTrigger, choices }).document;
    });
    if (!done) return "aside";
    await forget(storage, [row]);
    return "merged";
  }

  return {
    keep: (/** @type {Batch[]} */ batches) => queue.keep(batches),
    settled: queue.settled,
    durable: () => durable,
    async begin() {
      if (begun) return;
      begun = true;
      note(true);
      await leases.ready;
      await takeUp();
      await typing.begin();
      setInterval(lookAgain, LOOK_AGAIN);
    },
  };
}

/** Whether the next page has to look for what was left: known without opening the database. @param {boolean} something */
function note(something) {
  try {
    if (something) localStorage.setItem("segue.kept", "1");
    else localStorage.removeItem("segue.kept");
  } catch {
    // then every page looks
  }
}

/**
 * The storage, with the note kept true: what is written is noted before; when nothing is left of it the next page need not look.
 * @param {Kept} storage @returns {Kept & {tidy: () => Promise<void>}}
 */
function noted(storage) {
  let puts = 0;
  return {
    ...storage,
    write(changes) {
      if (changes.put?.queue?.length || changes.put?.forms?.length) {
        puts += 1;
        note(true);
      }
      return storage.write(changes);
    },
    async tidy() {
      const before = puts;
      const [rows, forms] = await Promise.all([storage.all("queue"), storage.all("forms")]);
      if (puts === before) note(rows.length + forms.length > 0);
    },
  };
}
