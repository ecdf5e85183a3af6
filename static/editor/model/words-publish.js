/** The English texts of review, versions, publishing and what goes in and out of the page: labels, and functions for what depends on values. */

import { count } from "./words-panels.js";

export const publishing = Object.freeze({
  ghost: /** @type {Record<import("./comparison.js").GhostKind, string>} */ ({ added: "Added", removed: "Removed", changed: "Changed", moved: "Moved" }),
  draft: "Draft",
  version: (/** @type {number} */ number) => `Version ${number}`,
  revert: "Revert",
  revertStep: "Revert all of this step",
  reverted: (/** @type {string} */ text) => `Revert: ${text}`,
  cannotRevert: "This can no longer be reverted by itself: the draft has changed too much around it.",
  putBack: "Put back",
  neverTitle: "Never published",
  neverText: "There is nothing to compare with yet. The first publish makes version 1.",
  noChanges: "No changes",
  noChangesText: "The draft is what is live.",
  since: (/** @type {number} */ n, /** @type {number} */ number) => `${count(n, "change")} since version ${number}`,
  more: (/** @type {number} */ n) => `and ${count(n, "more change")}`,
  liveAtOnce: (/** @type {number} */ n) => `${count(n, "change")} will be live at once. Runs under way go on with their version.`,
  onlyMoved: "What the flow does stays the same; places and notes go along.",
  firstTime: "The flow goes live at once: what its trigger listens to starts runs.",
  note: "Note (what changed, for the list of versions)",
  staleTitle: "Somebody changed the draft meanwhile",
  staleText: (/** @type {string} */ who, /** @type {string} */ when) =>
    `${who ? `${who} changed the draft` : "The draft was changed"}${when ? ` ${when}` : ""}, so nothing was published. What you would publish now:`,
  lookAgain: "Review changes",
  stays: "What is live stays as it is.",
  toSolve: (/** @type {number} */ n) => `${count(n, "error")} to solve before publishing. What is live stays as it is.`,
  restore: "Restore into draft",
  restoreTitle: (/** @type {number} */ number) => `Restore version ${number} into the draft?`,
  restoreText: "The draft as it is now is kept as a snapshot. What is live stays until you publish. Undo takes it back.",
  restored: (/** @type {number} */ number) => `Version ${number} is in the draft. Publish to make it live.`,
  restoreEntry: (/** @type {number} */ number) => `Restore version ${number}`,
  rollBack: "Publish again",
  rollBackTitle: (/** @type {number} */ number, /** @type {number} */ next) => `Publish version ${number} again, as version ${next}?`,
  rollBackText: (/** @type {number} */ changed) =>
    `It goes live at once; runs under way go on with their version. ${
      changed
        ? `${count(changed, "change")} of the draft that ${changed === 1 ? "is" : "are"} not published ${changed === 1 ? "is" : "are"} kept as a snapshot.`
        : ""
    }`.trim(),
  rollBackNote: (/** @type {number} */ number) => `Back to version ${number}`,
  rolledBack: (/** @type {number} */ number, /** @type {number} */ next) => `Version ${number} is live again, as version ${next}.`,
  compare: "Compare",
  compareTitle: "What changed",
  from: "From",
  to: "To",
  same: "Both are the same.",
  onlyLayout: "Moving boxes is no change of behaviour.",
});
