/** What stands in the way of publishing: errors first, each with the way to its field and, where there is one, a fix. */
/** @import {Context, Problem, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { nodeOf } from "../model/document.js";
import { count } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { goTo } from "./going.js";
import { emptyState, panelFrame } from "./panel-frame.js";
import { glyph } from "./palette.js";
import { roam } from "./popover.js";

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createProblems(store, context) {
  const frame = panelFrame({ title: "Problems", onclose: () => store.dispatch((state) => ({ ...state, right: null })) });
  const sub = h("p", { class: "panel-sub" });
  frame.title.after(sub);
  frame.foot.hidden = false;
  frame.foot.append(h("p", { class: "foot-hint" }, h("kbd", { class: "kbd" }, "F8"), " jumps to the next problem"));

  /** @param {State} state */
  function draw(state) {
    const errors = state.problems.filter((each) => each.severity === "error");
    const warnings = state.problems.filter((each) => each.severity !== "error");
    sub.textContent = errors.length
      ? `${count(errors.length, "error")} to solve before publishing`
      : warnings.length
        ? "Nothing stands in the way of publishing"
        : "";
    if (!state.problems.length) return frame.body.replaceChildren(emptyState("No problems", "The draft can be published as it is."));
    const list = h("ul", { class: "problem-list", role: "list" }, ...[...errors, ...warnings].map((each) => row(state, each)));
    list.addEventListener("keydown", (event) => roam(event, /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".problem-main")])));
    frame.body.replaceChildren(list);
    return undefined;
  }

  /** @param {State} state @param {Problem} problem */
  function row(state, problem) {
    const node = problem.node ? nodeOf(state.document, problem.node) : undefined;
    const type = node ? state.catalogue.types.get(node.type) : undefined;
    const error = problem.severity === "error";
    const go = () => {
      if (!node) return;
      goTo(context, node.id, problem.field);
    };
    const fix =
      problem.fix && !state.readonly
        ? h(
            "button",
            {
              class: "button button-small",
              type: "button",
              onclick: () => context.commands.run("fix", { problem, label: problem.fix?.label, ops: problem.fix?.ops }),
            },
            icon("zap"),
            problem.fix.label,
          )
        : null;
    return h(
      "li",
      { class: "problem", "data-tone": error ? "bad" : "warn" },
      h(
        "button",
        { class: "problem-main", type: "button", onclick: go },
        icon("alert"),
        h("span", { class: "problem-text" }, problem.message),
        h(
          "span",
          { class: "problem-where" },
          type ? glyph(type, "glyph glyph-tiny") : null,
          node ? node.label || node.key : "The whole flow",
          h("span", { class: "problem-code" }, `${error ? "Error" : "Warning"} ${problem.code}`),
        ),
      ),
      fix,
    );
  }

  return {
    dom: frame.dom,
    shown: (focus) => focus && frame.title.focus({ preventScroll: true }),
    update(state, before) {
      if (!before || state.problems !== before.problems || state.document !== before.document || state.readonly !== before.readonly) draw(state);
    },
  };
}
