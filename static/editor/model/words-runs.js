/** The English texts about runs: waiting and retrying, replay, why a run went where it went, traffic, scenarios. */

import { words } from "./words.js";

const clock = (/** @type {Date} */ at) => at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute = (/** @type {Date} */ at) => at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
const day = (/** @type {Date} */ at) => at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
const number = (/** @type {number} */ n) => n.toLocaleString("en");

export const runWords = Object.freeze({
  /** A moment as it is waited for: the time, and the day where it is another one. @param {Date} at @param {Date} now */
  until: (at, now) => (at.toDateString() === now.toDateString() ? clock(at) : `${day(at)}, ${minute(at)}`),
  /** How long it is from now, largest two units. @param {number} seconds */
  left(seconds) {
    const s = Math.max(0, Math.ceil(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
  },
  waits: (/** @type {{kind: string, text: string}} */ { kind, text }) => (kind === "retry" ? text : `Waits ${text}`),
  due: "due now",
  waitsUntil: (/** @type {string} */ until, /** @type {string} */ left) => `until ${until} · ${left}`,
  waitsFor: (/** @type {string} */ what, /** @type {string} */ rest) => `for ${what}${rest ? `, ${rest}` : ""}`,
  anEvent: "an event",
  aTurn: (/** @type {string|undefined} */ why) => `its turn at ${why ?? "the peer"}`,
  anAnswer: (/** @type {string|undefined} */ who) => `an answer${who ? ` of ${who}` : ""}`,
  otherRuns: "the runs it started",
  or: " or ",
  tryIn: (/** @type {number} */ n, /** @type {number} */ of, /** @type {string} */ left) => `Try ${n} of ${of} in ${left}`,
  tryDue: (/** @type {number} */ n, /** @type {number} */ of) => `Try ${n} of ${of} is due now`,
  try: (/** @type {number} */ n, /** @type {number} */ of) => (of > 1 ? `try ${n} of ${of}` : `try ${n}`),
  nextTry: (/** @type {string} */ at) => `Next try at ${at}`,
  toAnswer: "Answer it",
  waiting: "Waiting",

  replay: "Replay",
  replaySlider: "Step of the run",
  play: "Play",
  pause: "Pause",
  first: "To the first step",
  previous: "Previous step",
  next: "Next step",
  last: "To the end",
  speed: "Speed",
  position: (/** @type {number} */ n, /** @type {number} */ of) => `Step ${n} of ${of}`,
  stepText: (/** @type {number} */ n, /** @type {number} */ of, /** @type {string} */ name, /** @type {string} */ status, /** @type {string} */ took) =>
    [`Step ${n} of ${of}`, name, [status, took].filter(Boolean).join(", ")].filter(Boolean).join(" · "),

  why: "Why did it go here?",
  whyNot: "Why did it not go here?",
  whyName: (/** @type {string} */ name) => `Why ${name}`,
  whyNotName: (/** @type {string} */ name) => `Why not ${name}`,
  taken: "taken",
  notTaken: words.notTaken,
  also: "holds too, but an earlier branch was first",
  otherwise: "Otherwise",
  otherwiseTaken: "No branch held, so the run went here.",
  otherwiseNot: (/** @type {string} */ name) => `The branch ${name} held, so this one was not needed.`,
  noConditions: "It has no conditions, so it always holds.",
  notRecorded: "Nothing was recorded about this branch.",
  notReachedStep: (/** @type {string} */ name) => `The run did not come to ${name}.`,
  stillThere: (/** @type {string} */ name) => `The run has not left ${name} yet.`,
  endedThere: (/** @type {string} */ name, /** @type {string} */ status) => `The run ended at ${name}: ${status}.`,
  wentOn: (/** @type {string} */ name) => `${name} was done, so the run went on here.`,
  failedHere: (/** @type {string} */ name, /** @type {string} */ message) => `${name} failed: ${message}`,
  noError: (/** @type {string} */ name) => `${name} did not fail, so its path for errors was not taken.`,
  passedBy: (/** @type {string} */ name) => `${name} is turned off, so the run passed it by.`,
  holds: "holds",
  doesNotHold: "does not hold",
  value: "value",
  whyStarted: "Why did it start?",
  itStarted: "it started",
  liveLost: "The live view is interrupted; it goes on by itself.",
  liveAgain: "The live view goes on.",
  startedAnyway: "It was tried by hand. Live, this event would have been passed over:",
  startedByHand: "It was tried by hand with this event.",
  /** @type {Record<string, string>} */
  startedBy: {
    schedule: "Its time had come.",
    action_called: "The agent called it.",
    called: "Another flow called it.",
    webhook: "Its address was called. It asks for nothing else.",
    inbound_call: "A call came in. It asks for nothing else.",
  },
  startedByAny: "It asks for nothing else: whatever it listens to starts it.",

  traffic: "Traffic",
  windows: /** @type {Record<string, string>} */ ({ "24h": "24 hours", "7d": "7 days" }),
  window: "Time",
  version: "Version",
  allVersions: "All versions",
  calls: (/** @type {number} */ n) => words.count(n, "run"),
  passes: (/** @type {number} */ n) => `${number(n)} ×`,
  failedShare: (/** @type {number} */ share) => `${share < 0.001 ? "<0.1" : share < 0.1 ? (share * 100).toFixed(1) : Math.round(share * 100)} % failed`,
  p95: (/** @type {number|null} */ seconds) => (seconds === null ? "" : `p95 ${words.took(seconds < 600 ? seconds : Math.round(seconds / 60) * 60)}`),
  now: (/** @type {number} */ n) => `${number(n)} now`,
  share: (/** @type {number} */ count, /** @type {number} */ share) =>
    share > 0.995 || !count ? number(count) : `${number(count)} · ${share < 0.01 ? "<1" : Math.round(share * 100)} %`,
  noTraffic: "no runs",
  trafficNone: "No live runs in this time.",
  trafficSome: (/** @type {number} */ runs, /** @type {number} */ now) => `${words.count(runs, "live run")}${now ? `, ${number(now)} under way` : ""}`,
  trafficNewest: (/** @type {number} */ runs, /** @type {string} */ since) => `the newest ${number(runs)} runs, since ${since}`,
  trafficFailed: "The figures could not be fetched; they are tried again.",

  asItRan: "as it ran",
  fix: "Fix in draft",
  gone: (/** @type {string} */ name) => `${name} is no longer in the draft. Previews and Test use the data of the run.`,
  dataLoaded: (/** @type {string} */ run) => `Previews, pickers and Test now use the data of ${run}.`,

  sample: "A made-up sample",
  scenarios: "Scenarios",
  pastCalls: "Latest runs",
  samples: "Samples",
  found: "Found",
  findCall: "Find",
  findCallLabel: "Find a call by phone number, conversation id or reference",
  findCallHint: "Phone, id or reference",
  nothingFound: (/** @type {string} */ text) => `No call of this workspace has ${text}.`,
  passedOver: (/** @type {number} */ n) => `${words.count(n, "event")} lately passed over`,
  notStarted: (/** @type {string} */ reason) => `did not start this flow: ${reason}`,
  saveScenario: "Save as scenario",
  scenarioName: "Name of the scenario",
  scenarioSaved: (/** @type {string} */ name) => `Scenario ${name} is saved.`,
  scenarioDeleted: (/** @type {string} */ name) => `Scenario ${name} is deleted.`,
  scenarioReplace: (/** @type {string} */ name) => `There is a scenario ${name} already. Replace it?`,
  deleteScenario: (/** @type {string} */ name) => `Delete the scenario ${name}`,
});
