/** The steps of a run: what each did, how long, what went in and out, what went wrong, and why a branch was taken. */
/** @import {Catalogue, FlowDocument, Step} from "../types.js" */

import { portsOf } from "../model/catalogue.js";
import { nodeOf } from "../model/document.js";
import { branchesOf } from "../model/why.js";
import { say } from "../model/words-panels.js";
import { short, stepSummary } from "../model/words-values.js";
import { runWords } from "../model/words-runs.js";
import { words } from "../model/words.js";
import { h, icon } from "./dom.js";
import { jsonTree } from "./json-tree.js";
import { failure, printedBy } from "./send.js";
import { branchPart } from "./why-parts.js";

/** @type {Record<string, [string, string]>} */
const LOOKS = {
  succeeded: ["check", "ok"],
  failed: ["x", "bad"],
  running: ["play", "info"],
  waiting: ["pause", "warn"],
  cancelled: ["stop", ""],
  skipped: ["arrow-right", ""],
  unknown: ["help", "warn"],
};

/**
 * @param {Step} step
 * @param {{document: FlowDocument, catalogue: Catalogue, open: boolean, current: boolean, selected: boolean, ontoggle: () => void, onselect: () => void}} how
 */
export function stepRow(step, { document, catalogue, open, current, selected, ontoggle, onselect }) {
  const [name, tone] = LOOKS[step.status] ?? LOOKS.unknown;
  const summary = step.reason || (step.error && open) ? "" : stepSummary(step);
  const detail = `step-${step.seq ?? `${step.index}-${step.attempt}`}`;
  const tries = nodeOf(document, step.node)?.settings?.retry?.max_attempts ?? 1;
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
    h(
      "span",
      { class: "step-name" },
      step.label || step.type,
      step.attempt > 1 || (tries > 1 && step.error) ? h("span", { class: "badge" }, runWords.try(step.attempt, tries)) : null,
    ),
    h("span", { class: "step-time", "data-tone": step.status === "running" ? "info" : null }, step.status === "running" ? "running" : words.took(step.seconds)),
    summary ? h("span", { class: `step-summary${step.error ? " is-bad" : ""}` }, short(summary, 120)) : null,
  );
  return h(
    "li",
    { class: `step${selected ? " is-selected" : ""}`, "aria-current": current ? "step" : null },
    head,
    why(step, document, catalogue),
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
    part("Console", printedBy(step), open),
    part("Input", step.input, open),
    part("Output", step.output, open),
  );
}

/** @param {string} label @param {any} value @param {boolean} open */
function part(label, value, open) {
  if (value === undefined || value === null) return null;
  const content = typeof value === "object" ? jsonTree(value, { label, titled: true, depth: 2 }) : h("pre", { class: "code" }, String(value));
  return h("details", { class: "step-part", open }, h("summary", {}, icon("chevron-right", "icon icon-small"), label), content);
}

/** "Why did it go here?": the branch taken with the values it had; the others are a press away. @param {Step} step @param {FlowDocument} document @param {Catalogue} catalogue */
function why(step, document, catalogue) {
  const node = nodeOf(document, step.node);
  const branches = branchesOf(step, node, node ? portsOf(node, catalogue) : []);
  const taken = branches.find((branch) => branch.state === "taken");
  if (!taken) return null;
  const others = branches.filter((branch) => branch !== taken);
  return h(
    "div",
    { class: "why", "data-tone": "ok" },
    h("p", { class: "why-title" }, "Why ", h("strong", {}, taken.label)),
    branchPart(taken),
    others.length
      ? h(
          "details",
          { class: "why-others", open: taken.port === "else" },
          h("summary", {}, icon("chevron-right", "icon icon-small"), `Why not ${others.map((branch) => branch.label).join(", ")}`),
          ...others.map(branchPart),
        )
      : null,
  );
}
