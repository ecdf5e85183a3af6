/** The steps of a run: what each did, how long, what went in and out, what went wrong, and why a branch was taken. */
/** @import {FlowDocument, Step} from "../types.js" */

import { words } from "../model/words.js";
import { conditionText, say, short, stepSummary } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { jsonTree } from "./json-tree.js";
import { failure } from "./send.js";

/** @type {Record<string, [string, string]>} */
const LOOKS = {
  succeeded: ["check", "ok"],
  failed: ["x", "bad"],
  running: ["play", "info"],
  waiting: ["pause", "warn"],
  skipped: ["arrow-right", ""],
  unknown: ["help", "warn"],
};

/**
 * @param {Step} step
 * @param {{document: FlowDocument, open: boolean, selected: boolean, ontoggle: () => void, onselect: () => void}} how
 */
export function stepRow(step, { document, open, selected, ontoggle, onselect }) {
  const [name, tone] = LOOKS[step.status] ?? LOOKS.unknown;
  const summary = step.reason || (step.error && open) ? "" : stepSummary(step);
  const detail = `step-${step.seq ?? `${step.index}-${step.attempt}`}`;
  const status = h(
    "span",
    { class: "step-mark", "data-tone": tone || null, title: say.stepStatus[step.status] ?? step.status },
    icon(name),
    h("span", { class: "visually-hidden" }, say.stepStatus[step.status] ?? step.status),
  );
  const onpress = () => {
    onselect();
    ontoggle();
  };
  const head = h(
    "button",
    { class: "step-head", type: "button", "aria-expanded": String(open), "aria-controls": detail, onclick: onpress },
    status,
    h("span", { class: "step-name" }, step.label || step.type, step.attempt > 1 ? h("span", { class: "badge" }, `try ${step.attempt}`) : null),
    h("span", { class: "step-time", "data-tone": step.status === "running" ? "info" : null }, step.status === "running" ? "running" : words.took(step.seconds)),
    summary ? h("span", { class: `step-summary${step.error ? " is-bad" : ""}` }, short(summary, 120)) : null,
  );
  return h(
    "li",
    { class: `step${selected ? " is-selected" : ""}` },
    head,
    ...why(step, document),
    open ? h("div", { id: detail }, stepDetail(step, { open: true })) : null,
  );
}

/** @param {Step} step @param {{open: boolean}} how */
export function stepDetail(step, { open }) {
  const warnings = (step.warnings ?? []).map((each) => h("p", { class: "warning-text" }, icon("alert"), String(each.message ?? each)));
  return h(
    "div",
    { class: "step-detail" },
    step.error ? failure(step.error) : null,
    ...warnings,
    part("Input", step.input, open),
    part("Output", step.output, open),
  );
}

/** @param {string} label @param {any} value @param {boolean} open */
function part(label, value, open) {
  if (value === undefined || value === null) return null;
  const content = typeof value === "object" ? jsonTree(value, { label, depth: 2 }) : h("pre", { class: "code" }, String(value));
  return h("details", { class: "step-part", open }, h("summary", {}, icon("chevron-right", "icon icon-small"), label), content);
}

/** "Why did it go here?": each branch tried, with the values it had. @param {Step} step @param {FlowDocument} document @returns {Node[]} */
export function why(step, document) {
  const branches = step.reason?.branches;
  if (!Array.isArray(branches) || !branches.length) return [];
  const node = document.nodes.find((each) => each.id === step.node);
  const labels = new Map((node?.config.branches ?? []).map((/** @type {any} */ each) => [each.id, each.label || each.id]));
  const taken = branches.find((each) => each.result);
  const name = taken ? (labels.get(taken.id) ?? taken.id) : say.otherwise;
  return [
    h(
      "div",
      { class: "why", "data-tone": taken ? "ok" : null },
      h("p", { class: "why-title" }, "Why ", h("strong", {}, name), taken ? "" : ": no branch applied"),
      ...branches.flatMap((branch) => branchLines(branch, labels.get(branch.id) ?? branch.id, branches.length > 1)),
    ),
  ];
}

/** @param {any} branch @param {string} label @param {boolean} several @returns {Node[]} */
function branchLines(branch, label, several) {
  const heading = several ? [h("p", { class: "why-branch" }, `${label}: ${branch.result ? "applies" : "does not apply"}`)] : [];
  return [
    ...heading,
    ...(branch.conditions ?? []).map((/** @type {any} */ each) =>
      h(
        "p",
        { class: "why-line", "data-result": String(each.result) },
        icon(each.result ? "check" : "x", "icon icon-small"),
        h("span", {}, conditionText(each)),
        h("span", { class: "visually-hidden" }, each.result ? "holds" : "does not hold"),
      ),
    ),
  ];
}
