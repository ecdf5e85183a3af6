/** What a run says about each node and edge: state, time, way taken. Derived from its steps, once per run value. */

/** @import {FlowDocument, Overlay, Step} from "../types.js" */

import { edgeAt } from "./document.js";
import { shownDocument } from "./state.js";
import { words } from "./words.js";

/** @typedef {{status: Step["status"]|"not_taken", sign: string, text: string, visits: number}} NodeMark */
/** @typedef {{nodes: Map<string, NodeMark>, edges: Map<string, "taken"|"not_taken">}} Marks */

const FINAL = ["succeeded", "failed", "cancelled", "timed_out", "parked"];
/** A sign beside the word, so that no meaning hangs on colour alone. @type {Record<string, string>} */
export const SIGNS = { succeeded: "✓", failed: "✕", running: "●", waiting: "‖", skipped: "–", unknown: "?", not_taken: "" };

/** @param {string} status of a run */
export const isFinal = (status) => FINAL.includes(status);

/** @type {WeakMap<Overlay, {document: FlowDocument, marks: Marks}>} */
const known = new WeakMap();

/** @param {import("../types.js").State} state @returns {Marks|null} */
export function marksOf(state) {
  const { overlay } = state;
  if (!overlay) return null;
  const document = shownDocument(state);
  const past = known.get(overlay);
  if (past?.document === document) return past.marks;
  const marks = build(overlay, document);
  known.set(overlay, { document, marks });
  return marks;
}

/** @param {Overlay} overlay @param {FlowDocument} document @returns {Marks} */
function build({ run }, document) {
  /** @type {Map<string, Step[]>} */
  const visits = new Map();
  for (const step of run.steps) visits.set(step.node, [...(visits.get(step.node) ?? []), step]);
  const final = isFinal(run.status);
  /** @type {Marks} */
  const marks = { nodes: new Map(), edges: new Map() };
  for (const node of document.nodes) {
    const steps = visits.get(node.id);
    const last = steps?.at(-1);
    if (last && steps)
      marks.nodes.set(node.id, {
        status: last.status,
        sign: SIGNS[last.status] ?? "",
        text: textOf(last),
        visits: new Set(steps.map((step) => step.index)).size,
      });
    else if (final) marks.nodes.set(node.id, { status: "not_taken", sign: "", text: words.notTaken, visits: 0 });
  }
  for (const edge of document.edges) if (final || visits.has(edge.source)) marks.edges.set(edge.id, "not_taken");
  for (const [index, step] of run.steps.entries()) {
    const port = step.port ?? null;
    const next = run.steps.slice(index + 1).find((each) => each.index !== step.index);
    const edge = port === null ? edgeBetween(document, step, next) : edgeAt(document, step.node, port);
    if (edge) marks.edges.set(edge.id, "taken");
    else if (["running", "waiting"].includes(step.status))
      for (const each of document.edges) if (each.source === step.node && marks.edges.get(each.id) === "not_taken" && !final) marks.edges.delete(each.id);
  }
  return marks;
}

/** @param {FlowDocument} document @param {Step} step @param {Step|undefined} next */
const edgeBetween = (document, step, next) =>
  next && step.status !== "running" ? document.edges.find((edge) => edge.source === step.node && edge.target === next.node) : undefined;

/** @param {Step} step */
function textOf(step) {
  if (step.status === "succeeded") return words.took(step.seconds) || (words.status.succeeded ?? "");
  if (step.status === "failed" && step.seconds !== null) return `${words.status.failed} · ${words.took(step.seconds)}`;
  return words.status[step.status] ?? step.status;
}
