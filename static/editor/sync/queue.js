/**
 * The durable queue: what this tab has not got an acknowledgement for, written down before it is sent, and what dead tabs left. A row
 * is one batch, named (user, flow, client, seq); it goes when the server has it, or when the person gives it up.
 */

/** @import {Batch} from "../types.js" */
/** @import {Kept} from "./storage.js" */

/** @typedef {Batch & {user: string, flow: string, name: string, at: number}} Row */

/**
 * @param {Kept} storage @param {{user: string, flow: string, name: string, client: string}} owner
 * @param {(error: any) => void} failed  the storage took nothing any more; what is not kept is still on the page
 */
export function createQueue(storage, owner, failed) {
  /** What each row holds: written once, or a retry brings back what another tab has sent or given up. @type {Map<number, Batch>} */
  const written = new Map();
  /** @type {Batch[]|null} */
  let wanted = null;
  /** @type {Promise<void>|null} */
  let writing = null;

  const keyOf = (/** @type {number} */ seq) => [owner.user, owner.flow, owner.client, seq];

  /** What is unsent now, all of it; earlier rows of this tab that are not in it go. @param {Batch[]} batches @returns {Promise<void>} */
  function keep(batches) {
    wanted = batches;
    writing ??= write().finally(() => {
      writing = null;
    });
    return writing;
  }

  async function write() {
    while (wanted) {
      const batches = wanted;
      wanted = null;
      const { client, ...place } = owner;
      const fresh = batches.filter((batch) => written.get(batch.seq) !== batch);
      const put = fresh.map(({ seq, base, ops }) => ({ ...place, client, seq, base, ops, at: Date.now() }));
      const gone = [...written.keys()].filter((seq) => !batches.some((batch) => batch.seq === seq));
      if (!put.length && !gone.length) continue;
      try {
        await storage.write({ put: { queue: put }, remove: { queue: gone.map(keyOf) } });
        for (const seq of gone) written.delete(seq);
        for (const batch of fresh) written.set(batch.seq, batch);
      } catch (error) {
        failed(error);
      }
    }
  }

  return {
    keep,
    /** Resolves when everything wanted so far is written. */
    settled: () => writing ?? Promise.resolve(),
  };
}

/** What other tabs of this person left, by tab, in their order; rows that cannot be read are left alone. @param {Kept} storage @param {string} user @param {string} [flow] @returns {Promise<Map<string, Row[]>>} */
export async function leftBehind(storage, user, flow) {
  /** @type {Map<string, Row[]>} */
  const found = new Map();
  for (const row of await storage.all("queue")) {
    if (!isRow(row) || row.user !== user || (flow !== undefined && row.flow !== flow)) continue;
    found.set(row.client, [...(found.get(row.client) ?? []), row]);
  }
  for (const rows of found.values()) rows.sort((a, b) => a.seq - b.seq);
  return found;
}

/** @param {any} row @returns {row is Row} */
function isRow(row) {
  const whole = typeof row?.user === "string" && typeof row.flow === "string" && typeof row.client === "string";
  return whole && Number.isInteger(row.seq) && Number.isInteger(row.base) && Array.isArray(row.ops) && row.ops.every(isOp);
}

/** @param {any} op */
const isOp = (op) => typeof op?.path === "string" && op.path.startsWith("/") && ("before" in op || "after" in op);

/** @param {Kept} storage @param {Row[]} rows */
export const forget = (storage, rows) => storage.write({ remove: { queue: rows.map((row) => [row.user, row.flow, row.client, row.seq]) } });
