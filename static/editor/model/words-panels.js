/** The English texts of the panels: labels as they stand, and functions for what depends on values. */
/** @import {Form, Save} from "../types.js" */

import { words } from "./words.js";

export const say = Object.freeze({
  flows: "Flows",
  runs: "Runs",
  versions: "Versions",
  outline: "Outline",
  test: "Test",
  live: "Live",
  publish: "Publish Workflow",
  undoChanges: "Undo Changes",
  review: "Review",
  askToPublish: "Ask to publish",
  saveChanges: "Save Changes",
  discard: "Discard",
  savedAgain: "Connected again, everything is saved",
  notSent: (/** @type {number} */ n) => `Not sent, ${count(n, "change")} kept here`,
  snapshots: "Earlier states of the draft",
  fromBefore: "Changes kept from before",
  stay: "Stay",
  send: "Send",
  runIt: "Run",
  sendAndKeep: [
    "See what the other side answers",
    "Send does the real request with what the form holds now. Then click a value of the answer to keep it as a variable.",
  ],
  sendAndSee: ["See what comes back", "Send asks for real, with what the form holds now. Nothing is changed anywhere."],
  runAndSee: ["See what it returns", "Run runs the program with what the form holds now."],
  sent: (/** @type {boolean} */ failed, /** @type {boolean} */ asked) => (asked ? "no answer" : failed ? "failed" : "done"),
  cancel: "Cancel",
  back: "Back",
  close: "Close",
  retry: "Try again",
  remove: "Remove",
  none: "None",
  otherwise: "Otherwise",
  kinds: /** @type {Record<string, string>} */ ({
    post_call: "Post-call",
    action: "Action",
    inbound: "Inbound",
    conversation: "Conversation",
    automation: "Automation",
  }),
  types: /** @type {Record<string, string>} */ ({
    text: "text",
    number: "number",
    boolean: "true/false",
    datetime: "date",
    list: "list",
    object: "object",
    any: "any",
  }),
  runStatus: /** @type {Record<string, string>} */ ({
    queued: "queued",
    running: "running",
    waiting: "waiting",
    succeeded: "succeeded",
    failed: "failed",
    cancelled: "cancelled",
    timed_out: "timed out",
    parked: "parked",
  }),
  stepStatus: /** @type {Record<string, string>} */ ({
    running: "running",
    succeeded: "succeeded",
    failed: "failed",
    waiting: "waiting",
    skipped: "skipped",
    unknown: "outcome unknown",
  }),
  operators: Object.entries(words.operators),
});

export const ALONE = words.operatorsAlone;
export const FINAL = Object.freeze(["succeeded", "failed", "cancelled", "timed_out"]);

/**
 * The save state of the top bar; an unsaved form comes before what the server has.
 * @param {Save} save
 * @param {Form|null} form
 * @returns {{text: string, kind: "ok"|"busy"|"warn"|"bad"}}
 */
export function saveState(save, form) {
  if (save.status === "conflict") return { text: "Conflict", kind: "bad" };
  if (save.status === "error") return { text: save.message || "Not saved", kind: "bad" };
  if (form?.dirty) return { text: `Unsaved: ${form.label}`, kind: "warn" };
  if (save.status === "slow") return { text: `Slow connection, ${count(save.kept, "change")} kept here`, kind: "warn" };
  if (save.status === "trying") return { text: `The server has trouble, ${count(save.kept, "change")} kept here`, kind: "warn" };
  if (save.status === "offline") return { text: save.kept ? `Offline, ${count(save.kept, "change")} kept here` : "Offline", kind: "warn" };
  if (save.status === "saved") return { text: "Saved", kind: "ok" };
  return { text: "Saving…", kind: "busy" };
}

/** @param {number} n @param {string} one @param {string} [many] */
export function count(n, one, many = `${one}s`) {
  return `${new Intl.NumberFormat().format(n)} ${n === 1 ? one : many}`;
}

/** @param {readonly {severity: string}[]} problems  @returns {{text: string, kind: "bad"|"warn"}|null} */
export function problemCount(problems) {
  const errors = problems.filter((each) => each.severity === "error").length;
  const warnings = problems.length - errors;
  if (errors) return { text: count(errors, "error") + (warnings ? `, ${count(warnings, "warning")}` : ""), kind: "bad" };
  return warnings ? { text: count(warnings, "warning"), kind: "warn" } : null;
}

/** @param {string|null|undefined} iso @param {Date} [now] @returns {string} "today 14:02:11", "yesterday, 16:40", "3 Jul, 09:15" */
export function moment(iso, now = new Date()) {
  if (!iso) return "";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return String(iso);
  const time = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return `today ${time}`;
  if (days === 1) return `yesterday, ${time}`;
  return `${at.toLocaleDateString(undefined, { day: "numeric", month: "short", ...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) })}, ${time}`;
}

/** @param {Date} date */
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
