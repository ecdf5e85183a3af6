/** Traffic on the canvas: what the figures of many runs say about each node and line. */
/** @import {FlowDocument} from "../types.js" */
/** @import {LineMark, Marks, NodeMark} from "./overlay.js" */

import { runWords } from "./words-runs.js";

/** @typedef {{count: number, failed: number, p95: number|null, now: number}} NodeTraffic */
/** @typedef {{nodes: Record<string, NodeTraffic>, edges: Record<string, {count: number}>, runs: number, since: string}} Figures */

/** From this share of failures on a step is marked as bad. */
const MUCH = 0.05;
const THINNEST = 1.5;
const THICKEST = 12;

/** @param {Figures} figures @param {FlowDocument} document @returns {Marks} */
export function trafficMarks(figures, document) {
  const nodes = new Map(document.nodes.map((node) => [node.id, nodeMark(figures.nodes[node.id])]));
  const most = Math.max(1, ...document.edges.map((edge) => figures.edges[edge.id]?.count ?? 0));
  /** @type {Map<string, LineMark>} */
  const lines = new Map();
  /** @type {Marks["edges"]} */
  const edges = new Map();
  for (const edge of document.edges) {
    const count = figures.edges[edge.id]?.count ?? 0;
    const came = figures.nodes[edge.source]?.count ?? 0;
    if (!count) edges.set(edge.id, "not_taken");
    lines.set(edge.id, { width: widthOf(count, most), text: runWords.share(count, came ? Math.min(1, count / came) : 1) });
  }
  return { nodes, edges, lines };
}

/** Line width grows with the root of the share, so that a tenth can still be seen. @param {number} count @param {number} most */
export const widthOf = (count, most) => (count ? THINNEST + (THICKEST - THINNEST) * Math.sqrt(count / most) : 1);

/** @param {NodeTraffic|undefined} found @returns {NodeMark} */
function nodeMark(found) {
  const { count, failed, p95, now } = found ?? { count: 0, failed: 0, p95: null, now: 0 };
  const share = count ? failed / count : 0;
  const times = runWords.passes(count);
  const failures = failed ? runWords.failedShare(share) : "";
  return {
    status: count || now ? "traffic" : "not_taken",
    sign: now ? "●" : "",
    text: now ? runWords.now(now) : runWords.p95(p95),
    visits: 0,
    summary: count ? lineOf(times, failures, now ? runWords.p95(p95) : "") : runWords.noTraffic,
    current: false,
    tone: share >= MUCH ? "bad" : failed ? "warn" : "",
  };
}

/**
 * A card has room for two of the three. How often comes last where all are there: the lines say it too.
 * @param {string} times @param {string} failures @param {string} p95
 */
const lineOf = (times, failures, p95) => (failures && p95 ? [failures, p95, times] : [times, failures, p95]).filter(Boolean).join(" · ");

/** Runs under way now. @param {Figures} figures */
export const underWay = (figures) => Object.values(figures.nodes).reduce((sum, node) => sum + node.now, 0);
