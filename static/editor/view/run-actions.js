/** What can be done with a run: cancel it, run it again, take its data into the draft. */
/** @import {Context, Run, Store} from "../types.js" */

import { mayEdit } from "../model/rights.js";
import { FINAL } from "../model/words-panels.js";
import { runWords } from "../model/words-runs.js";
import { h, icon } from "./dom.js";
import { reasonOf } from "./panel-frame.js";
import { openInDraft } from "./to-draft.js";

const FAILED = ["failed", "timed_out", "parked"];

/** @param {Store} store @param {Context} context @param {HTMLElement} foot */
export function createRunActions(store, context, foot) {
  /** @param {Run} run */
  function draw(run) {
    const state = `${run.id} ${run.status} ${store.state.me.role}`;
    foot.hidden = false;
    if (foot.dataset.run === state) return;
    foot.dataset.run = state;
    const link = h(
      "a",
      { class: "icon-button", "aria-label": "Open the page of this run", title: "Open the page of this run", href: `/runs/${encodeURIComponent(run.id)}/` },
      icon("external"),
    );
    foot.replaceChildren(...(mayEdit(store.state.me) ? buttons(run) : []), h("div", { class: "topbar-space" }), link);
  }

  /** @param {Run} run @returns {HTMLElement[]} */
  function buttons(run) {
    const ended = FINAL.includes(run.status) || run.status === "parked";
    if (!ended) return [h("button", { class: "button button-danger", type: "button", onclick: () => cancel(run) }, icon("stop"), "Cancel run")];
    const again = h("button", { class: "button", type: "button", onclick: () => retry(run) }, icon("refresh"), "Run again");
    const fix = h("button", { class: "button button-primary", type: "button", onclick: () => openInDraft(store, context) }, runWords.fix);
    const data = h("button", { class: "button", type: "button", onclick: () => openInDraft(store, context) }, icon("pencil"), "Data to draft");
    return FAILED.includes(run.status) ? [again, fix] : [again, ...(run.event ? [data] : [])];
  }

  /** @param {Run} run */
  async function cancel(run) {
    const answer = await context.dialog({
      title: "Cancel this run?",
      text: "The step under way is recorded; nothing after it runs.",
      buttons: [
        { id: "no", label: "Let it run" },
        { id: "cancel", label: "Cancel run", kind: "danger" },
      ],
    });
    if (answer === "cancel") await act(run, "cancel", {}, "Cancelled");
  }

  /** From where, and on which version; what would be sent for real is said. @param {Run} run */
  async function retry(run) {
    const failed = FAILED.includes(run.status);
    const from = choice("retry-from", "Begin", [
      ...(failed ? [{ value: "failed", label: "At the failed step", help: "What worked before is kept and not sent again." }] : []),
      { value: "start", label: "At the start", help: "Everything runs again with the same event." },
    ]);
    const { published } = store.state.flow;
    const version = choice("retry-version", "On", [
      { value: "same", label: run.version ? `Version ${run.version}, as it ran` : "The draft as it was then", help: "" },
      ...(published && published.number !== run.version
        ? [{ value: "published", label: `Version ${published.number}, which is live`, help: "From the start." }]
        : []),
      { value: "draft", label: "The draft as it is now", help: "A live test, from the start." },
    ]);
    // Only the version that ran can go on in the middle.
    version.dom.addEventListener("change", () => {
      const same = version.value() === "same";
      from.allow("failed", same);
      if (!same) from.set("start");
    });
    const effect = run.mode === "dry" ? "It was a dry run: on the same version nothing is sent." : "Requests are really sent.";
    const answer = await context.dialog({
      title: "Run again",
      text: h("div", { class: "retry-choices" }, from.dom, version.dom, h("p", { class: "hint" }, effect)),
      buttons: [
        { id: "no", label: "Cancel" },
        { id: "run", label: "Run again", kind: "primary" },
      ],
    });
    if (answer !== "run") return;
    if (version.value() === "draft" && !((await context.leaveForm()) && (await context.flush()))) return;
    await act(
      run,
      "retry",
      { from: from.value(), version: version.value(), event: null },
      from.value() === "failed" ? "Goes on at the failed step" : "Started again",
    );
  }

  /** @param {Run} run @param {string} verb @param {any} body @param {string} done */
  async function act(run, verb, body, done) {
    try {
      const answer = await context.api.post(`/runs/${run.id}/${verb}/`, body);
      context.toast(`${done}.`, { kind: "ok" });
      await context.runs.open(idOf(answer?.run) ?? run.id);
    } catch (error) {
      context.toast(`Not done: ${reasonOf(error)}`, { kind: "bad" });
    }
  }

  return { draw };
}

/** @param {any} run @returns {string|null} */
export const idOf = (run) => (typeof run === "string" ? run : (run?.id ?? null));

/** One of a few, as radio buttons. @param {string} name @param {string} label @param {{value: string, label: string, help: string}[]} options */
function choice(name, label, options) {
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  const rows = options.map(({ value, label: text, help }, n) => {
    const input = h("input", { type: "radio", name, value, checked: n === 0 });
    inputs.set(value, input);
    return h("label", { class: "mode" }, input, h("span", {}, h("strong", {}, text), help ? h("span", { class: "hint" }, help) : null));
  });
  return {
    dom: h("fieldset", {}, h("legend", { class: "label" }, label), ...rows),
    value: () => [...inputs].find(([, input]) => input.checked)?.[0] ?? options[0].value,
    set: (/** @type {string} */ value) => {
      const input = inputs.get(value);
      if (input) input.checked = true;
    },
    allow: (/** @type {string} */ value, /** @type {boolean} */ may) => {
      const input = inputs.get(value);
      if (input) input.disabled = !may;
    },
  };
}
