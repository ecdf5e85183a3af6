/** Runs, steps and values inside a sentence: what is said of them in the panels of a run. */
/** @import {Run, Step} from "../types.js" */

import { moment } from "./words-panels.js";
import { words } from "./words.js";

/** @param {string} operator */
export const operatorText = (operator) => words.operators[operator] ?? operator;

/** @param {Run} run */
export function runTitle(run) {
  const interaction = run.event?.interaction ?? run.interaction;
  const who = interaction?.contact_number || interaction?.from || run.event?.contact?.name;
  if (who) return `${interaction?.channel === "chat" ? "Chat" : "Call"} ${who}`;
  return `Run ${String(run.id).slice(-8)}`;
}

/** @param {Run} run */
export function runSubtitle(run) {
  const what = run.version ? `version ${run.version}` : "draft";
  return [moment(run.started_at), what, modeText(run.mode)].filter(Boolean).join(" · ");
}

/** @param {string} mode */
export const modeText = (mode) => (mode === "dry" ? "dry test" : mode === "test" || mode === "test_live" ? "live test" : mode);

/** A line under a step's name: what came out of it. @param {Step} step @returns {string} */
export function stepSummary(step) {
  if (step.error) return String(step.error.message ?? step.error);
  if (step.status === "waiting") return "Waiting";
  const output = step.output;
  if (output === null || typeof output !== "object") return output === undefined || output === null ? "" : short(output);
  return Object.entries(output)
    .filter(([, value]) => value !== null && value !== "" && !isBig(value))
    .slice(0, 3)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(" · ");
}

/** @param {any} value */
const isBig = (value) => typeof value === "object" && value !== null;

/** @param {any} value @param {number} [length] */
export function short(value, length = 48) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** @param {any} value  a value inside a sentence */
export function quoted(value) {
  if (value === null || value === undefined || value === "") return "(empty)";
  return typeof value === "string" ? `“${short(value, 60)}”` : short(value, 60);
}
