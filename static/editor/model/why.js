/** "Why did it go here?": what a run says of every branch of a step and of every line, with the values compared. */
/** @import {Edge, FlowDocument, FlowNode, Port, Run, Step} from "../types.js" */

import { nodeOf } from "./document.js";
import { runWords } from "./words-runs.js";
import { words } from "./words.js";

/**
 * @typedef {object} Compared  one condition; `left` and `right` as written, the values as they were
 * @property {any} left
 * @property {any} left_value
 * @property {string} operator
 * @property {any} right
 * @property {any} right_value
 * @property {boolean} result
 */
/** @typedef {{port: string, label: string, state: "taken"|"not_taken"|"also", text: string, conditions: Compared[], plain?: true}} BranchWhy  plain: not one of several */
/** @typedef {{title: string, step: Step|null, text: string, branches: BranchWhy[]}} Why  text: in place of branches */

/**
 * Every branch of a visit, the way for everything else included.
 * @param {Step} step @param {FlowNode|undefined} node @param {readonly Port[]} ports
 * @returns {BranchWhy[]} none where the step compared nothing
 */
export function branchesOf(step, node, ports) {
  const tried = step.reason?.branches;
  if (!Array.isArray(tried) || !tried.length) return [];
  if (step.reason?.trigger) return [startOf(tried[0], step.port ?? tried[0].id)];
  const first = tried.find((branch) => branch.result);
  const known = new Map(tried.map((branch) => [branch.id, branch]));
  const written = (node?.config.branches ?? []).map((/** @type {any} */ row) => row?.id).filter(Boolean);
  const labelOf = (/** @type {string} */ id) => ports.find((port) => port.id === id)?.label || rowOf(node, id)?.label || id;
  const rows = [...new Set([...tried.map((branch) => branch.id), ...written])].map((id) => branchRow(known.get(id), id, labelOf(id), first?.id));
  if (ports.some((port) => port.id === "else") || step.port === "else")
    rows.push({
      port: "else",
      label: labelOf("else") === "else" ? runWords.otherwise : labelOf("else"),
      state: first ? "not_taken" : "taken",
      text: first ? runWords.otherwiseNot(labelOf(first.id)) : runWords.otherwiseTaken,
      conditions: [],
    });
  return rows;
}

/** What the trigger asked of the event. @param {any} branch @param {string} port @returns {BranchWhy} */
const startOf = ({ result, conditions }, port) => ({
  port,
  label: runWords.itStarted,
  state: "taken",
  text: result ? "" : runWords.startedAnyway,
  conditions,
  plain: true,
});

/** @param {any} branch @param {string} port @param {string} label @param {string|undefined} taken @returns {BranchWhy} */
function branchRow(branch, port, label, taken) {
  if (!branch) return { port, label, state: "not_taken", text: runWords.notRecorded, conditions: [] };
  const state = port === taken ? "taken" : branch.result ? "also" : "not_taken";
  const conditions = branch.conditions ?? [];
  return { port, label, state, text: conditions.length ? "" : runWords.noConditions, conditions };
}

/** @param {FlowNode|undefined} node @param {string} id */
const rowOf = (node, id) => (node?.config.branches ?? []).find((/** @type {any} */ row) => row?.id === id);

/** The last visit to a node. @param {Run} run @param {string} node */
export const visitOf = (run, node) => run.steps.findLast((step) => step.node === node);

/**
 * Of the trigger: what it asked, with the values of what came. @param {Run} run @param {FlowNode} node
 * @returns {Why|null} null before it began
 */
export function whyStart(run, node) {
  const step = visitOf(run, node.id);
  if (!step) return null;
  const branches = branchesOf(step, node, []);
  const otherwise = run.mode === "live" ? (runWords.startedBy[node.type] ?? runWords.startedByAny) : runWords.startedByHand;
  return { title: runWords.whyStarted, step, text: branches.length ? "" : otherwise, branches };
}

/**
 * Of a step: all its branches. @param {Run} run @param {FlowDocument} document @param {string} id @param {readonly Port[]} ports
 * @returns {Why|null} null where nothing was compared there
 */
export function whyNode(run, document, id, ports) {
  const step = visitOf(run, id);
  const node = nodeOf(document, id);
  const branches = step ? branchesOf(step, node, ports) : [];
  if (!step || !branches.length) return null;
  const taken = branches.find((branch) => branch.state === "taken");
  return { title: taken ? runWords.whyName(taken.label) : runWords.why, step, text: "", branches };
}

/**
 * Of a line: why the run took it, or why not. @param {Run} run @param {FlowDocument} document @param {Edge} edge @param {readonly Port[]} ports  of its source
 * @returns {Why}
 */
export function whyEdge(run, document, edge, ports) {
  const node = nodeOf(document, edge.source);
  const name = node?.label || edge.source;
  const step = visitOf(run, edge.source) ?? null;
  const label = ports.find((port) => port.id === edge.port)?.label || edge.port;
  const said = (/** @type {boolean} */ taken, /** @type {string} */ text, /** @type {BranchWhy[]} */ branches = []) => ({
    title: ports.length > 1 ? (taken ? runWords.whyName(label) : runWords.whyNotName(label)) : taken ? runWords.why : runWords.whyNot,
    step,
    text,
    branches,
  });
  if (!step) return said(false, runWords.notReachedStep(name));
  const branch = branchesOf(step, node, ports).find((each) => each.port === edge.port);
  if (branch) return said(branch.state === "taken", "", [branch]);
  const left = leftBy(step, node);
  if (left === edge.port)
    return said(true, step.error ? runWords.failedHere(name, step.error.message) : step.status === "skipped" ? runWords.passedBy(name) : runWords.wentOn(name));
  if (["running", "waiting"].includes(step.status)) return said(false, runWords.stillThere(name));
  if (edge.port === "error") return said(false, runWords.noError(name));
  return said(false, step.error ? runWords.failedHere(name, step.error.message) : runWords.endedThere(name, words.status[step.status] ?? step.status));
}

/** The port a visit left by; a failure leaves as the settings of its node say. @param {Step} step @param {FlowNode|undefined} node @returns {string|null} */
export function leftBy(step, node) {
  if (step.port) return step.port;
  if (!["failed", "unknown"].includes(step.status)) return null;
  return node?.settings?.on_error === "branch" ? "error" : null;
}
