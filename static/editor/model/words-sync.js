/** The English texts of keeping, sending and merging changes, and of who else is here. */

import { words } from "./words.js";

const { count } = words;
const changes = (/** @type {number} */ n) => count(n, "change");
const areKept = (/** @type {number} */ n) =>
  n ? `${n === 1 ? "Your unsent change is" : `Your ${changes(n)} not sent yet are`} kept in this browser.` : "Nothing of yours is unsent.";

export const said = {
  merged: (/** @type {string} */ who, /** @type {string[]} */ names) => (names.length ? `${who} changed ${listed(names)}` : `${who} moved things around`),
  wentBack: (/** @type {string} */ who) => `${who} went back to an earlier state of this draft`,
  partMissing: "This part could not be loaded: the server cannot be reached. Ask for it again once it can.",
  someone: "Somebody",
  otherTab: "You, in another tab,",
  leftOut: (/** @type {string[]} */ names) => `A connection of yours was left out: the step it led to was deleted meanwhile (${listed(names)}).`,
  renamed: (/** @type {string} */ name, /** @type {string} */ key) =>
    `Two steps came by the same key. ${name} is now “${key}”; what refers to it was changed with it.`,
  sentFromBefore: (/** @type {number} */ n) =>
    `${changes(n)} from before ${n === 1 ? "was" : "were"} kept in this browser and ${n === 1 ? "is" : "are"} now saved.`,
  typing: {
    back: (/** @type {string} */ name) => `What you typed in ${name} is back. It is not saved yet.`,
    offer: (/** @type {string} */ name) => `You typed in ${name} before and did not save it.`,
    bring: "Bring it back",
    discard: "Discard",
    both: (/** @type {string} */ who, /** @type {string[]} */ fields, /** @type {string} */ name) =>
      `${who} changed ${listed(fields)} of ${name} too. Yours stays in the form; saving it replaces theirs.`,
    theirs: "Take theirs",
    gone: (/** @type {string} */ who, /** @type {string} */ name) => `${who} deleted ${name} while you were typing in it. Your text is kept.`,
    restore: "Bring the step back",
    restored: (/** @type {string} */ name) => `Bring back ${name}`,
  },
  conflict: {
    title: (/** @type {string} */ who, /** @type {number} */ n) => (n === 1 ? `${who} changed the same thing` : `${who} changed ${n} of the same things`),
    text: "Everything else came together by itself. Nothing is lost yet: choose what goes on.",
    before: "These changes were kept in this browser from before.",
    mine: "Yours",
    mineAll: "Keep mine",
    theirsAll: "Take theirs",
    allMine: "Keep all mine",
    allTheirs: "Take all theirs",
    done: "Go on",
    later: "Decide later",
    nothing: "nothing",
    removed: "removed",
    deleted: "deleted the step",
    kept: "keep the step",
    note: "Note",
    trigger: "Trigger of the flow",
    /** @type {Record<string, string>} */
    members: { label: "Name", key: "Key", type: "Kind of step", disabled: "Switched off" },
    settings: (/** @type {string} */ name) => `Setting ${name.replaceAll("_", " ")}`,
    leadsTo: (/** @type {string} */ port) => (port ? `Where “${port}” leads` : "Where it leads"),
    to: (/** @type {string} */ name) => `to ${name}`,
    bringBack: (/** @type {string[]} */ what) => `keep it, with your changes${what.length ? ` of ${listed(what)}` : ""}`,
    theirChanges: (/** @type {string[]} */ what) => `keep it, with the changes${what.length ? ` of ${listed(what)}` : ""}`,
    yes: "yes",
    no: "no",
  },
  trouble: {
    session: { title: "You are signed out.", text: areKept, act: "Sign in again" },
    sessionHelp: "Sign in in the tab that opens; this page goes on by itself.",
    stranger: {
      title: "Somebody else is signed in now.",
      text: (/** @type {number} */ n) => `${areKept(n)} They are sent when you sign in again.`,
      act: "Load the page",
    },
    role: {
      title: "You may no longer change this flow.",
      text: (/** @type {number} */ n) => `${areKept(n)} Ask an owner for your role back, or give the file to a colleague.`,
      act: "",
    },
    gone: {
      title: "This flow was deleted.",
      text: (/** @type {number} */ n) => `${areKept(n)} From the trash it can be restored for 30 days.`,
      act: "Open the trash",
    },
    version: {
      title: "There is a newer version of Segue.",
      text: (/** @type {number} */ n) => `Load the page again when it suits you. ${areKept(n)}`,
      act: "Load again",
    },
    storage: {
      title: "This browser keeps nothing any more.",
      text: () => "Its storage is full or blocked. Changes go to the server as usual; while the connection is gone, leave this page open.",
      act: "",
    },
    damaged: {
      title: "This browser's storage was damaged.",
      text: () => "A new one was begun. What the server has is complete; changes kept from earlier, unsent sessions may be missing.",
      act: "",
    },
    refused: { title: "The server did not take your last change.", text: areKept, act: "Try again" },
    undo: "Undo it",
    download: "Download my changes",
    dismiss: "Dismiss",
  },
  here: {
    people: "Here now",
    at: (/** @type {string} */ name, /** @type {string} */ step) => (step ? `${name}, at ${step}` : name),
    you: "you, in another tab",
    came: (/** @type {string} */ name) => `${name} is here now`,
    more: (/** @type {number} */ n) => `${n} more`,
  },
  snapshots: {
    title: "Earlier states",
    help: "A state is kept every 50 changes, every 10 minutes of work, and before big steps. What is live stays as it is.",
    none: "No earlier state yet",
    noneText: "The first one is kept after 10 minutes of work or 50 changes.",
    /** @type {Record<string, string>} */
    reasons: { count: "", time: "", undo: "before Undo Changes", restore: "before going back" },
    since: (/** @type {number} */ n) => (n ? `${changes(n)} since` : "as it is now"),
    by: (/** @type {string} */ name) => `by ${name}`,
    compare: "What changed since",
    same: "The draft is the same.",
    restore: "Go back to this",
    restoreNamed: (/** @type {string} */ age) => `Go back to this state, ${age}`,
    done: (/** @type {string} */ age) => `The draft is as it was ${age}. What is live was not touched.`,
    label: (/** @type {string} */ age) => `Go back to ${age}`,
    failed: (/** @type {string} */ why) => `Not restored: ${why}`,
    undo: "Undo",
  },
};

/** "A", "A and B", "A, B and 3 more". @param {string[]} names */
export function listed(names) {
  const unique = [...new Set(names)];
  if (unique.length <= 3) return unique.length < 2 ? (unique[0] ?? "") : `${unique.slice(0, -1).join(", ")} and ${unique.at(-1)}`;
  return `${unique.slice(0, 2).join(", ")} and ${unique.length - 2} more`;
}

/** "just now", "10 minutes ago", "2 hours ago", "yesterday". @param {string} iso @param {number} [now] */
export function ago(iso, now = Date.now()) {
  const minutes = Math.round((now - Date.parse(iso)) / 60_000);
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes < 1) return "just now";
  if (minutes < 60) return format.format(-minutes, "minute");
  if (minutes < 36 * 60) return format.format(-Math.round(minutes / 60), "hour");
  return format.format(-Math.round(minutes / 1440), "day");
}
