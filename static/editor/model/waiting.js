/** What an open run waits for, in words that change with the time. */
/** @import {FlowDocument, Run} from "../types.js" */

import { nodeOf } from "./document.js";
import { runWords } from "./words-runs.js";

/**
 * @typedef {object} Waiting
 * @property {string} node   where the run stands
 * @property {"retry"|"time"|"event"|"approval"|"children"|"turn"} kind
 * @property {string} text   "until 14:05:00 · 1 min 58 s", "Try 2 of 3 in 8 s"
 * @property {string} at     the moment alone, "" without one
 * @property {number} attempt  the try that comes next; 1 where nothing is tried again
 * @property {number} of       how many there may be
 */

/** @param {Run} run @param {FlowDocument} document @param {number} now milliseconds @returns {Waiting|null} */
export function waitingOf(run, document, now) {
  const { wait } = run;
  if (!wait?.node) return null;
  const until = wait.until ? new Date(wait.until) : null;
  const seconds = until ? (until.getTime() - now) / 1000 : null;
  const at = until ? runWords.until(until, new Date(now)) : "";
  const tries = run.steps.filter((step) => step.node === wait.node).at(-1)?.attempt ?? 0;
  const of = nodeOf(document, wait.node)?.settings?.retry?.max_attempts ?? 1;
  const base = { node: wait.node, kind: wait.kind, at, attempt: wait.kind === "retry" ? tries + 1 : 1, of: Math.max(of, tries) };
  if (wait.kind === "retry") return { ...base, text: retryText(base.attempt, Math.max(of, base.attempt), seconds) };
  const left = seconds === null ? "" : seconds > 0 ? runWords.left(seconds) : runWords.due;
  const rest = at ? runWords.waitsUntil(at, left) : "";
  return { ...base, text: wait.for ? runWords.waitsFor(whatFor(wait.kind, wait.for), rest) : rest };
}

/** @param {string} kind @param {any} what @returns {string} */
function whatFor(kind, what) {
  if (kind === "turn") return runWords.aTurn(what.why);
  if (kind === "approval") return runWords.anAnswer(what.who);
  if (kind === "children") return runWords.otherRuns;
  return what.events?.join(runWords.or) ?? runWords.anEvent;
}

/** @param {number} attempt @param {number} of @param {number|null} seconds */
const retryText = (attempt, of, seconds) =>
  seconds !== null && seconds > 0 ? runWords.tryIn(attempt, of, runWords.left(seconds)) : runWords.tryDue(attempt, of);
