/** Replay: the run as it stood at one of its steps, how long a step is shown, and where the conversation was then. */
/** @import {Overlay, Run, Step} from "../types.js" */

import { runWords } from "./words-runs.js";
import { words } from "./words.js";

/** Milliseconds a step is shown at speed 1: as long as it took, but never a blink and never a wait. */
const SHORTEST = 400;
const LONGEST = 1600;

/** @param {Overlay} overlay @returns {number} the step looked at; -1 without steps */
export const positionOf = (overlay) =>
  (overlay.at ?? null) === null ? overlay.run.steps.length - 1 : Math.min(Number(overlay.at), overlay.run.steps.length - 1);

/** The step looked at. @param {Overlay} overlay @returns {Step|undefined} */
export const stepAt = (overlay) => overlay.run.steps[positionOf(overlay)];

/** Whether an earlier moment than the newest is shown. @param {Overlay} overlay */
export const isPast = (overlay) => positionOf(overlay) < overlay.run.steps.length - 1;

/** The run as it stood then: its end is only known at the last step. @param {Overlay} overlay @returns {Run} */
export function runAt(overlay) {
  if (!isPast(overlay)) return overlay.run;
  return { ...overlay.run, steps: overlay.run.steps.slice(0, positionOf(overlay) + 1), status: "running", wait: null, error: null };
}

/** @param {Step|undefined} step @param {number} speed @returns {number} milliseconds */
export const shownFor = (step, speed) => Math.min(LONGEST, Math.max(SHORTEST, (step?.seconds ?? 0) * 1000)) / speed;

/** What the slider says of its place. @param {Overlay} overlay */
export function positionText(overlay) {
  const step = stepAt(overlay);
  const { steps } = overlay.run;
  if (!step) return "";
  return runWords.stepText(positionOf(overlay) + 1, steps.length, step.label || step.type, words.status[step.status] ?? step.status, words.took(step.seconds));
}

/**
 * The turn of the conversation that was spoken when a step ran; null where the turns have no times, or the step ran after the call.
 * @param {Run} run @param {Step|undefined} step @returns {number|null}
 */
export function turnAt(run, step) {
  const { turns, seconds } = timedTurns(run);
  const began = Date.parse(run.event?.interaction?.started_at ?? "");
  const at = (Date.parse(step?.started_at ?? "") - began) / 1000;
  if (!turns.length || !Number.isFinite(at) || at < 0 || at > seconds) return null;
  return turns.filter((turn) => turn.at <= at).at(-1)?.index ?? null;
}

/** The last step that had begun when a turn was spoken. @param {Run} run @param {number} index of the turn @returns {number|null} */
export function stepOfTurn(run, index) {
  const { turns } = timedTurns(run);
  const began = Date.parse(run.event?.interaction?.started_at ?? "");
  const at = turns.findIndex((turn) => turn.index === index);
  if (at < 0 || !Number.isFinite(began)) return null;
  const until = turns[at + 1]?.at ?? Number.POSITIVE_INFINITY;
  const found = run.steps.findLastIndex((step) => (Date.parse(step.started_at ?? "") - began) / 1000 < until);
  return found >= 0 && turnAt(run, run.steps[found]) === index ? found : null;
}

/** @param {Run} run @returns {{turns: {index: number, at: number}[], seconds: number}} turns with a time, and when the call was over */
function timedTurns(run) {
  const interaction = run.event?.interaction ?? {};
  const given = Array.isArray(interaction.turns) ? interaction.turns : [];
  const turns = given
    .map((/** @type {any} */ turn, /** @type {number} */ index) => ({ index, at: turn?.at_seconds }))
    .filter((/** @type {any} */ turn) => typeof turn.at === "number");
  const length = interaction.duration_seconds;
  // A call under way has no length yet.
  return { turns, seconds: typeof length === "number" ? length : Number.POSITIVE_INFINITY };
}
