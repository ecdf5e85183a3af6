/** Each branch with its conditions: what was written, the values it had, and whether it held. */
/** @import {BranchWhy, Compared, Why} from "../model/why.js" */

import { operatorText, quoted, short } from "../model/words-values.js";
import { words } from "../model/words.js";
import { runWords } from "../model/words-runs.js";
import { h, icon } from "./dom.js";

/** @param {Why} why @returns {Node[]} */
export function whyParts({ text, branches }) {
  return [...(text ? [h("p", { class: "why-text" }, text)] : []), ...branches.map(branchPart)];
}

/** @param {BranchWhy} branch */
export function branchPart({ label, state, text, conditions, plain }) {
  const said = state === "taken" ? runWords.taken : state === "also" ? runWords.also : runWords.notTaken;
  return h(
    "div",
    { class: "why-part", "data-state": state },
    plain
      ? null
      : h("p", { class: "why-part-head" }, h("span", { class: `why-chip is-${state.replace("_", "-")}` }, label), h("span", { class: "why-said" }, said)),
    text ? h("p", { class: "why-text" }, text) : null,
    conditions.length ? h("ul", { class: "why-conditions", role: "list" }, ...conditions.map(conditionPart)) : null,
  );
}

/** @param {Compared} each */
export function conditionPart({ left, left_value, operator, right, right_value, result }) {
  const alone = words.operatorsAlone.includes(operator);
  const written = isTemplate(right) ? [h("code", {}, short(right, 60)), " "] : [];
  return h(
    "li",
    { class: "why-condition", "data-result": String(result) },
    icon(result ? "check" : "x", "icon icon-small"),
    h(
      "div",
      {},
      h("code", { class: "why-left" }, short(bare(left ?? ""), 80)),
      h(
        "p",
        { class: "why-compare" },
        h("strong", {}, quoted(left_value)),
        ` ${operatorText(operator)} `,
        ...(alone ? [] : [...written, h("strong", {}, among(right_value ?? right))]),
      ),
    ),
    h("span", { class: "why-result" }, result ? runWords.holds : runWords.doesNotHold),
  );
}

/** A list as one says it. @param {any} value */
const among = (value) => (Array.isArray(value) && value.every((each) => typeof each === "string") ? value.map(quoted).join(" or ") : quoted(value));

/** A lone variable without its braces, as chips and triggers name it. @param {any} value */
const bare = (value) => (typeof value === "string" ? value.replace(/^\{\{\s*([^{}|]+?)\s*\}\}$/, "$1") : value);

/** @param {any} value */
const isTemplate = (value) => typeof value === "string" && value.includes("{{");
