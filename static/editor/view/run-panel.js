/** A run on the right: its steps with reasons, the transcript, the data; without one, the runs to choose from. */
/** @import {Context, Run, State, Step, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { isPast, positionOf, stepAt } from "../model/replay.js";
import { shownDocument } from "../model/state.js";
import { waitingOf } from "../model/waiting.js";
import { FINAL } from "../model/words-panels.js";
import { runSubtitle, runTitle } from "../model/words-values.js";
import { runWords } from "../model/words-runs.js";
import { h, icon, setText } from "./dom.js";
import { goTo } from "./going.js";
import { emptyState, panelFrame, skeleton, tabList } from "./panel-frame.js";
import { createRunActions } from "./run-actions.js";
import { createRunBrowser } from "./run-browser.js";
import { dataParts, transcriptParts } from "./run-data.js";
import { statusBadge } from "./run-list.js";
import { stepRow } from "./run-steps.js";
import { failure } from "./send.js";

/** @param {Step} step */
const keyOf = (step) => `${step.index}/${step.attempt}`;

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createRunPanel(store, context) {
  const close = () => {
    if (store.state.overlay) context.runs.close();
    store.dispatch((state) => ({ ...state, right: null }));
  };
  // The overlay goes first, so that closing the feed does not close this panel with it.
  const toList = () => {
    store.dispatch((state) => ({ ...state, overlay: null }));
    context.runs.close();
    frame.title.focus({ preventScroll: true });
  };
  const frame = panelFrame({ title: "Runs", onclose: close });
  const sub = h("p", { class: "panel-sub" });
  const back = h("button", { class: "icon-button", type: "button", "aria-label": "All runs", title: "All runs", onclick: toList }, icon("chevron-left"));
  frame.head.prepend(back);
  frame.title.after(sub);
  const tabs = tabList({
    label: "Run",
    tabs: [
      { id: "steps", label: "Steps" },
      { id: "transcript", label: "Transcript" },
      { id: "values", label: "Data" },
    ],
    onchoose: (id) => {
      tab = id;
      draw(store.state);
    },
  });
  frame.head.after(tabs.dom);
  const browser = createRunBrowser(store, context, frame.body);
  const actions = createRunActions(store, context, frame.foot);
  let tab = "steps";
  /** Steps whose data is unfolded by hand. @type {Set<string>} */
  const open = new Set();
  /** Errors that were opened once. @type {Set<string>} */
  const known = new Set();
  /** @type {string|null} */
  let seen = null;
  /** The line that says what the run waits for; its time runs without drawing the rest. @type {HTMLElement|null} */
  let waitLine = null;

  /** @param {State} state */
  function draw(state) {
    const { overlay } = state;
    back.hidden = tabs.dom.hidden = !overlay;
    if (!overlay) {
      setText(frame.title, "Runs");
      setText(sub, state.flow.name);
      frame.foot.hidden = true;
      return browser.show();
    }
    browser.hide();
    const { run } = overlay;
    frame.title.replaceChildren(h("span", { class: "run-title" }, runTitle(run)), " ", statusBadge(run.status));
    sub.textContent = runSubtitle(run);
    tabs.select(tab);
    const content = tab === "transcript" ? transcriptParts(overlay, toStep) : tab === "values" ? dataParts(run) : steps(state, run);
    const scroll = frame.body.scrollTop;
    const focused = focusIn(frame.body);
    frame.body.replaceChildren(h("div", { role: "tabpanel", id: `tabpanel-${tab}`, "aria-labelledby": `tab-${tab}` }, ...content));
    frame.body.scrollTop = scroll;
    if (focused !== null) /** @type {HTMLElement|undefined} */ (frame.body.querySelectorAll(FOCUSABLE)[focused])?.focus({ preventScroll: true });
    actions.draw(run);
    return undefined;
  }

  /** @param {number} at */
  function toStep(at) {
    store.dispatch((state) => (state.overlay ? { ...state, overlay: { ...state.overlay, at } } : state));
  }

  /** @param {State} state @param {Run} run @returns {Node[]} */
  function steps(state, run) {
    const document = shownDocument(state);
    const overlay = /** @type {NonNullable<State["overlay"]>} */ (state.overlay);
    const parts = [];
    if (run.error && !run.steps.some((step) => step.error)) parts.push(failure(run.error));
    if (!run.steps.length) return [...parts, FINAL.includes(run.status) ? emptyState("No steps", "The run ended before its first step.") : skeleton(3)];
    const looked = overlay.at !== null && overlay.at !== undefined ? stepAt(overlay) : undefined;
    const list = run.steps.map((step) => {
      const key = keyOf(step);
      return stepRow(step, {
        document,
        catalogue: state.catalogue,
        open: open.has(key) || step === looked,
        current: step === looked,
        selected: state.selection.nodes.has(step.node),
        ontoggle: () => {
          if (open.has(key)) open.delete(key);
          else open.add(key);
          draw(store.state);
        },
        onselect: () => goTo(context, step.node),
      });
    });
    const waiting = waitingOf(run, document, overlay.now ?? Date.now());
    waitLine = waiting && !isPast(overlay) ? h("span", {}, runWords.waits(waiting)) : null;
    if (waitLine) list.push(h("li", { class: "step-next", role: "listitem" }, icon(waiting?.kind === "retry" ? "refresh" : "pause"), waitLine, wayOn(waiting)));
    const references = run.references?.length
      ? [h("dl", { class: "facts run-references" }, ...run.references.map((each) => h("div", {}, h("dt", {}, each.label), h("dd", {}, each.value))))]
      : [];
    return [...parts, h("ol", { class: "steps", role: "list" }, ...list), ...references];
  }

  /** Only the time that is left has changed. @param {State} state @param {State|null} before */
  function tick(state, before) {
    const { overlay } = state;
    if (!waitLine?.isConnected || !overlay || overlay.run !== before?.overlay?.run || overlay.at !== before.overlay.at) return false;
    const waiting = waitingOf(overlay.run, shownDocument(state), overlay.now ?? Date.now());
    if (waiting) setText(waitLine, runWords.waits(waiting));
    return state.selection === before.selection && state.document === before.document;
  }

  return {
    dom: frame.dom,
    shown(focus) {
      if (focus) frame.title.focus({ preventScroll: true });
      draw(store.state);
    },
    update(state, before) {
      const run = state.overlay?.run;
      if (run && run.id !== seen) open.clear();
      // What went wrong is open from the start; closing it again is up to the reader.
      for (const step of run?.steps ?? []) if (step.error && !known.has(`${run?.id} ${step.seq}`)) open.add(keyOf(step));
      for (const step of run?.steps ?? []) if (step.error) known.add(`${run?.id} ${step.seq}`);
      seen = run?.id ?? seen;
      if (before && state.overlay === before.overlay && state.selection === before.selection && state.document === before.document) return;
      if (tick(state, before)) return;
      draw(state);
      if (state.overlay && before?.overlay && state.overlay.at !== before.overlay.at) follow(state.overlay);
    },
  };

  /** The step, or the turn, that is looked at stays in view. @param {NonNullable<State["overlay"]>} overlay */
  function follow(overlay) {
    if (positionOf(overlay) >= 0) frame.body.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }
}

const FOCUSABLE = "button, summary, a, [tabindex='0']";

/** Which of the things that take the focus has it, to give it back after drawing. @param {HTMLElement} body */
function focusIn(body) {
  const at = [...body.querySelectorAll(FOCUSABLE)].indexOf(/** @type {Element} */ (document.activeElement));
  return at < 0 ? null : at;
}

/** When a try comes again, and where an approval is given. @param {import("../model/waiting.js").Waiting|null} waiting */
function wayOn(waiting) {
  if (waiting?.kind === "approval") return h("a", { href: "/waiting/" }, runWords.toAnswer);
  return waiting?.kind === "retry" && waiting.at ? h("span", { class: "hint" }, runWords.nextTry(waiting.at)) : null;
}
