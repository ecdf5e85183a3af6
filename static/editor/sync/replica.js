/**
 * One tab's copy of the draft, without a network or a clock: what the server is known to have, what is on its way, what comes next.
 *
 * `acked` is what the page's document is built on; `server` is the newest the server is known to have. They differ only while a
 * question to the person is open. A batch that is on its way keeps its number and its ops until the server has answered for it.
 */

/** @import {Batch, FlowDocument, Op, Rebased} from "../types.js" */

import { apply, diff } from "../model/diff.js";

/** @typedef {typeof import("../model/rebase.js").rebase} Rebase */

/** @param {{client: string, document: FlowDocument, revision: number, isTrigger?: (type: string) => boolean}} begun */
export function createReplica({ client, document, revision, isTrigger }) {
  let acked = document;
  let ackedRevision = revision;
  let server = document;
  let serverRevision = revision;
  let seq = 0;
  /** @type {(Batch & {document: FlowDocument})|null} */
  let inflight = null;
  let suspect = false;
  /** The last comparison; the same two are asked about several times. */
  let counted = { from: document, to: document, ops: /** @type {Op[]} */ ([]) };

  /** What is not on its way yet, as the batch it will be; null when there is nothing. @param {FlowDocument} current @returns {Batch|null} */
  function next(current) {
    const from = inflight ? inflight.document : acked;
    if (counted.from !== from || counted.to !== current) counted = { from, to: current, ops: diff(from, current) };
    return counted.ops.length ? { client, base: ackedRevision, seq: seq + 1, ops: counted.ops } : null;
  }

  /** The batch to send: the one that may have got lost again, else what there is. @param {FlowDocument} current @returns {Batch|null} */
  function begin(current) {
    if (inflight) return inflight;
    const batch = next(current);
    if (!batch) return null;
    seq = batch.seq;
    inflight = { ...batch, document: current };
    return inflight;
  }

  /** The server has the batch. @param {{revision: number, ops?: Op[], late?: number, batch?: Op[]|null}} answer */
  function taken(answer) {
    if (!inflight) return;
    const { ops: sent, document: whole } = inflight;
    inflight = null;
    const others = answer.ops ?? [];
    const recorded = answer.batch ?? sent;
    const early = others.length - (answer.late ?? 0);
    const plain = !others.length && !answer.batch;
    server = plain ? whole : apply(apply(apply(acked, others.slice(0, early)), recorded), others.slice(early));
    serverRevision = answer.revision;
    acked = plain ? whole : apply(acked, recorded);
    if (plain) ackedRevision = serverRevision;
  }

  /** Others' changes since what was known, or the whole draft. @param {{revision: number, ops?: Op[]|null, document?: FlowDocument|null}} news */
  function learned(news) {
    server = apply(server, news.document ? diff(server, news.document) : (news.ops ?? []));
    serverRevision = news.revision;
  }

  /** Nothing of others is to be brought together with what is here. @returns {boolean} */
  function level() {
    if (server !== acked || suspect) return false;
    ackedRevision = serverRevision;
    return true;
  }

  /**
   * The page's document on top of what the server has. While questions are open nothing moves on.
   * @param {FlowDocument} current @param {Rebase} rebase @param {Record<string, "mine"|"theirs">} [choices] @returns {Rebased & {open: boolean}}
   */
  function merged(current, rebase, choices = {}) {
    const result = rebase(acked, current, server, { choices, isTrigger });
    const open = result.clashes.some((clash) => !(clash.id in choices));
    if (!open) {
      suspect = false;
      acked = server;
      ackedRevision = serverRevision;
    }
    return { ...result, open };
  }

  return {
    client,
    begin,
    next,
    taken,
    learned,
    level,
    merged,
    /** What is on its way was not taken: its ops are part of what comes next, after they were looked at again. */
    refused() {
      inflight = null;
      suspect = true;
    },
    get inflight() {
      return inflight;
    },
    /** The newest revision that is known. */
    get revision() {
      return serverRevision;
    },
    get acked() {
      return acked;
    },
  };
}
