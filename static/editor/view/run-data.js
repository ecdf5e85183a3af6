/** What a run was given and what was said: the tabs Transcript and Data. */
/** @import {Overlay, Run} from "../types.js" */

import { stepAt, stepOfTurn, turnAt } from "../model/replay.js";
import { adviceFor } from "../model/remedies.js";
import { moment } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { jsonTree } from "./json-tree.js";
import { emptyState } from "./panel-frame.js";

/** The turns, with the one that was spoken when the step looked at ran. @param {Overlay} overlay @param {(at: number) => void} toStep @returns {Node[]} */
export function transcriptParts(overlay, toStep) {
  const { run } = overlay;
  const interaction = run.event?.interaction ?? {};
  const turns = Array.isArray(interaction.turns) ? interaction.turns : [];
  const now = turnAt(run, stepAt(overlay));
  if (turns.length)
    return [
      h("ol", { class: "turns", role: "list" }, ...turns.map((/** @type {any} */ turn, /** @type {number} */ n) => turnRow(run, turn, n, n === now, toStep))),
    ];
  if (interaction.transcript) return [h("div", { class: "transcript" }, interaction.transcript)];
  return [emptyState("No transcript", run.event ? "The event that started this run brought none." : "This run was not started by a conversation.")];
}

/** @param {Run} run @param {any} turn @param {number} n @param {boolean} now @param {(at: number) => void} toStep */
function turnRow(run, turn, n, now, toStep) {
  const step = stepOfTurn(run, n);
  return h(
    "li",
    { class: "turn", "data-role": turn.role, "aria-current": now ? "true" : null },
    h("span", { class: "turn-role" }, turn.role === "user" ? "Caller" : turn.role),
    typeof turn.at_seconds === "number" ? h("span", { class: "turn-time" }, clock(turn.at_seconds)) : null,
    h("p", {}, turn.text),
    step === null ? null : h("button", { class: "turn-go", type: "button", onclick: () => toStep(step) }, `Meanwhile: ${run.steps[step]?.label ?? "a step"}`),
  );
}

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {Run} run @returns {Node[]} */
export function dataParts(run) {
  const groups = Object.entries(run.event ?? {}).filter(([, value]) => value !== null && typeof value === "object" && Object.keys(value).length);
  const facts = [
    ["Event", run.event?.type],
    ["Received", moment(run.event?.received_at)],
    ["Duplicates", run.event?.duplicates || null],
    ["Run", run.id],
  ].filter(([, value]) => value);
  const response =
    run.response === null || run.response === undefined
      ? []
      : [h("h3", { class: "section-title" }, "Response"), jsonTree(run.response, { label: "Response", titled: true })];
  return [
    h("dl", { class: "facts" }, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, String(name)), h("dd", {}, String(value))))),
    ...response,
    ...groups.map(([name, value]) =>
      h(
        "details",
        { class: "step-part", open: name === "interaction" },
        h("summary", {}, icon("chevron-right", "icon icon-small"), name),
        jsonTree(value, { label: name, titled: true, depth: 1 }),
      ),
    ),
    ...(run.error ? [h("p", { class: "hint" }, adviceFor(run.error))] : []),
    h("p", { class: "hint" }, "Secrets are never shown."),
  ];
}
