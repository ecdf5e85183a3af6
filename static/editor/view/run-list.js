/** Runs as rows: who called, when, how it went. */
/** @import {Context, Run} from "../types.js" */

import { words } from "../model/words.js";
import { moment, say } from "../model/words-panels.js";
import { modeText, runTitle } from "../model/words-values.js";
import { h, icon } from "./dom.js";
import { emptyState } from "./panel-frame.js";

/** @type {Record<string, string>} */
const TONES = { succeeded: "ok", failed: "bad", timed_out: "bad", parked: "bad", running: "info", queued: "info", waiting: "warn", cancelled: "" };
/** @type {Record<string, string>} */
const ICONS = {
  succeeded: "check",
  failed: "alert",
  timed_out: "clock",
  parked: "alert",
  running: "play",
  queued: "clock",
  waiting: "pause",
  cancelled: "stop",
};

/** @param {string} status */
export function statusBadge(status) {
  return h("span", { class: "badge", "data-tone": TONES[status] || null }, icon(ICONS[status] ?? "info"), say.runStatus[status] ?? status);
}

/** @param {Run[]} runs @param {Context} context @param {string} [current] @returns {Node[]} */
export function runRows(runs, context, current) {
  if (!runs.length) return [emptyState("No runs yet", "As soon as something starts this flow, its runs are listed here. A test makes one too.")];
  return [
    h(
      "ul",
      { class: "run-rows", role: "list" },
      ...runs.map((run) =>
        h(
          "li",
          {},
          h(
            "button",
            { class: "run-row", type: "button", "aria-current": run.id === current ? "true" : null, onclick: () => context.runs.open(run.id) },
            h("span", { class: "run-row-name" }, runTitle(run)),
            statusBadge(run.status),
            h(
              "span",
              { class: "run-row-sub" },
              [moment(run.started_at), run.version ? `version ${run.version}` : "draft", run.mode === "live" ? "" : modeText(run.mode), words.took(run.seconds)]
                .filter(Boolean)
                .join(" · "),
            ),
          ),
        ),
      ),
    ),
  ];
}
