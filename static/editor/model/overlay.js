/** What a run, or the traffic of many, says about each node and edge: state, time, way taken. Derived once per value. */

/** @import {FlowDocument, Overlay, Run, State, Step} from "../types.js" */

import { edgeAt } from "./document.js";
import { indexOf } from "./graph.js";
import { isPast, runAt, stepAt } from "./replay.js";
import { shownDocument } from "./state.js";
import { trafficMarks } from "./traffic.js";
import { waitingOf } from "./waiting.js";
import { leftBy } from "./why.js";
import { words } from "./words.js";
import { stepSummary } from "./words-values.js";

/**
 * @typedef {object} NodeMark
 * @property {Step["status"]|"not_taken"|"traffic"} status
 * @property {string} sign      beside the word, so that no meaning hangs on colour alone
 * @property {string} text      at the right of the name
 * @property {number} visits
 * @property {string} summary   in place of the card's line about its settings; "" leaves that
 * @property {boolean} current  the step that is looked at
 * @property {string} tone      "bad" where much fails
 */
/** @typedef {{width: number, text: string}} LineMark  width in canvas pixels; text beside the name of the branch */
/** @typedef {{nodes: Map<string, NodeMark>, edges: Map<string, "taken"|"not_taken">, lines: Map<string, LineMark>}} Marks */

const FINAL = ["succeeded", "failed", "cancelled", "timed_out", "parked"];
/** @type {Record<string, string>} */
export const SIGNS = { succeeded: "✓", failed: "✕", running: "●", waiting: "‖", cancelled: "■", skipped: "–", unknown: "?", not_taken: "" };

/** @param {string} status of a run */
export const isFinal = (status) => FINAL.includes(status);

/**
 * A run as it is shown: what waited or went on when somebody cancelled it does so no longer, though its record was never ended.
 * @param {Run} run @returns {Run}
 */
export const settled = (run) => (run.status === "cancelled" ? { ...run, steps: run.steps.map(ended) } : run);

/** @param {Step} step @returns {Step} */
const ended = (step) => (step.status === "waiting" || step.status === "running" ? { ...step, status: "cancelled" } : step);

/** @type {WeakMap<object, {document: FlowDocument, marks: Marks}>} */
const known = new WeakMap();

/** A run that is open, else the traffic that is shown. @param {State} state @returns {Marks|null} */
export function marksOf(state) {
  const { overlay, traffic } = state;
  const source = overlay ?? traffic?.data;
  if (!source) return null;
  const document = shownDocument(state);
  const past = known.get(source);
  if (past?.document === document) return past.marks;
  const marks = overlay ? ofRun(overlay, document) : trafficMarks(/** @type {any} */ (source), document);
  known.set(source, { document, marks });
  return marks;
}

/** @param {Overlay} overlay @param {FlowDocument} document @returns {Marks} */
function ofRun(overlay, document) {
  const shown = isPast(overlay) ? runAt(overlay) : withStarted(overlay.run, overlay);
  const final = isFinal(shown.status);
  /** @type {Map<string, Step[]>} */
  const visits = new Map();
  for (const step of shown.steps) visits.set(step.node, [...(visits.get(step.node) ?? []), step]);
  /** @type {Marks} */
  const marks = { nodes: new Map(), edges: new Map(), lines: new Map() };
  const waiting = waitingOf(shown, document, overlay.now ?? Date.now());
  const current = overlay.at === null || overlay.at === undefined ? null : stepAt(overlay)?.node;
  for (const node of document.nodes) {
    const steps = visits.get(node.id);
    if (steps) marks.nodes.set(node.id, { ...nodeMark(steps), current: node.id === current });
    else if (final) marks.nodes.set(node.id, mark("not_taken", words.notTaken));
  }
  const stands = waiting && marks.nodes.get(waiting.node);
  if (waiting && stands) Object.assign(stands, { status: "waiting", sign: SIGNS.waiting, text: words.status.waiting, summary: waiting.text });
  markEdges(marks, shown, document, visits, final);
  return marks;
}

/** The worker said that a step begins; it is lit until something newer is recorded of it. @param {Run} run @param {Overlay} overlay @returns {Run} */
export function withStarted(run, { started, live }) {
  const last = run.steps.at(-1);
  if (!started || !live || isFinal(run.status) || run.status === "waiting") return run;
  if (run.steps.some((step) => step.node === started.node && step.seq > started.after)) return run;
  if (last?.node === started.node && last.status === "running") return run;
  const step = /** @type {any} */ ({
    seq: (last?.seq ?? 0) + 1,
    index: (last?.index ?? -1) + 1,
    attempt: 1,
    node: started.node,
    status: "running",
    port: null,
  });
  return {
    ...run,
    steps: [
      ...run.steps,
      { label: "", type: "", seconds: null, input: null, output: null, error: null, warnings: [], reason: null, started_at: null, ...step },
    ],
  };
}

/** @param {Step[]} steps of one node @returns {NodeMark} */
function nodeMark(steps) {
  const last = /** @type {Step} */ (steps.at(-1));
  const summary = last.reason || last.status === "running" ? "" : stepSummary(last);
  return { ...mark(last.status, textOf(last)), visits: new Set(steps.map((step) => step.index)).size, summary };
}

/** @param {NodeMark["status"]} status @param {string} text @returns {NodeMark} */
const mark = (status, text) => ({ status, sign: SIGNS[status] ?? "", text, visits: 0, summary: "", current: false, tone: "" });

/** @param {Marks} marks @param {Run} run @param {FlowDocument} document @param {Map<string, Step[]>} visits @param {boolean} final */
function markEdges(marks, run, document, visits, final) {
  const { byId } = indexOf(document);
  for (const edge of document.edges) if (final || visits.has(edge.source)) marks.edges.set(edge.id, "not_taken");
  for (const [index, step] of run.steps.entries()) {
    const port = leftBy(step, byId.get(step.node));
    const next = run.steps.slice(index + 1).find((each) => each.index !== step.index);
    const edge = port === null ? edgeBetween(document, step, next) : edgeAt(document, step.node, port);
    if (edge) marks.edges.set(edge.id, "taken");
  }
  // Where the run stands, nothing is decided yet.
  const last = run.steps.at(-1);
  if (!final && last && !leftBy(last, byId.get(last.node)))
    for (const edge of document.edges) if (edge.source === last.node && marks.edges.get(edge.id) === "not_taken") marks.edges.delete(edge.id);
}

/** @param {FlowDocument} document @param {Step} step @param {Step|undefined} next */
const edgeBetween = (document, step, next) =>
  next && step.status !== "running" ? document.edges.find((edge) => edge.source === step.node && edge.target === next.node) : undefined;

/** @param {Step} step */
function textOf(step) {
  if (step.status === "succeeded") return words.took(step.seconds) || (words.status.succeeded ?? "");
  if (step.status === "failed" && step.seconds !== null && step.seconds < 60) return `${words.status.failed} · ${words.took(step.seconds)}`;
  return words.status[step.status] ?? step.status;
}
