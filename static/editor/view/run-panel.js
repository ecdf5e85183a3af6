/** A run on the right: its steps with reasons, the transcript, the data; without one, the latest runs to choose from. */
/** @import {Context, Run, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { mayEdit } from "../model/rights.js";
import { shownDocument } from "../model/state.js";
import { adviceFor, FINAL, moment, runSubtitle, runTitle } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { goTo } from "./going.js";
import { jsonTree } from "./json-tree.js";
import { emptyState, load, panelFrame, reasonOf, skeleton, tabList } from "./panel-frame.js";
import { runRows, statusBadge } from "./run-list.js";
import { stepRow } from "./run-steps.js";
import { failure } from "./send.js";

const LOOK_EVERY = 2000;

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
  let tab = "steps";
  /** @type {Set<string>} */
  const open = new Set();
  /** @type {string|null} */
  let listed = null;
  /** @type {string|null} */
  let seen = null;
  const follow = h("input", { class: "switch", type: "checkbox", role: "switch" });
  follow.checked = true;
  let timer = 0;
  /** @type {string|null} */
  let newest = null;
  let seenList = "";
  /** Errors that were opened once. @type {Set<string>} */
  const known = new Set();

  /** @param {State} state */
  function draw(state) {
    const run = state.overlay?.run;
    back.hidden = tabs.dom.hidden = !run;
    if (!run) return drawList(state);
    listed = null;
    frame.title.replaceChildren(h("span", { class: "run-title" }, runTitle(run)), " ", statusBadge(run.status));
    sub.textContent = runSubtitle(run);
    tabs.select(tab);
    const content = tab === "transcript" ? transcript(run) : tab === "values" ? data(run) : steps(state, run);
    const scroll = frame.body.scrollTop;
    frame.body.replaceChildren(h("div", { role: "tabpanel", id: `tabpanel-${tab}`, "aria-labelledby": `tab-${tab}` }, ...content));
    frame.body.scrollTop = scroll;
    drawFoot(run);
    return undefined;
  }

  /** @param {State} state */
  function drawList(state) {
    frame.title.textContent = "Runs";
    sub.textContent = state.flow.name;
    frame.foot.hidden = true;
    if (listed === state.flow.id) return;
    listed = state.flow.id;
    load(frame.body, {
      ask: askForRuns,
      show: (page) => {
        newest = page.results[0]?.id ?? "";
        return listOf(page.results);
      },
      safe: "Runs under way are not touched.",
      rows: 8,
    });
    clearTimeout(timer);
    timer = setTimeout(lookAgain, LOOK_EVERY);
  }

  const askForRuns = () => context.api.get(`/runs/?flow=${encodeURIComponent(store.state.flow.id)}&limit=30`);

  /** @param {Run[]} runs @returns {Node[]} */
  function listOf(runs) {
    return [
      h("label", { class: "follow" }, follow, h("span", {}, "Show new runs on the canvas as they come")),
      ...runRows(runs, context),
      h(
        "p",
        { class: "panel-link" },
        h("a", { href: `/runs/?flow=${encodeURIComponent(store.state.flow.id)}` }, "All runs of this flow", icon("arrow-right", "icon icon-small")),
      ),
    ];
  }

  /** While the list is looked at, it stays fresh. */
  async function lookAgain() {
    if (store.state.right !== "run" || store.state.overlay) return;
    try {
      const { results } = await askForRuns();
      if (store.state.right !== "run" || store.state.overlay) return;
      const fresh = newest !== null && results[0] && results[0].id !== newest;
      const changed = JSON.stringify(results.map((/** @type {Run} */ run) => [run.id, run.status])) !== seenList;
      newest = results[0]?.id ?? "";
      seenList = JSON.stringify(results.map((/** @type {Run} */ run) => [run.id, run.status]));
      if (fresh && follow.checked) return void (await context.runs.open(results[0].id));
      if (changed && !frame.body.contains(document.activeElement)) frame.body.replaceChildren(...listOf(results));
    } catch {
      // The list stays as it was; the next look tells whether the server is back.
    }
    timer = setTimeout(lookAgain, LOOK_EVERY);
  }

  /** @param {State} state @param {Run} run @returns {Node[]} */
  function steps(state, run) {
    const document = shownDocument(state);
    const parts = [];
    if (run.error && !run.steps.some((step) => step.error)) parts.push(failure(run.error));
    if (run.wait) parts.push(h("p", { class: "run-wait" }, icon("pause"), waitText(run.wait)));
    if (!run.steps.length) return [...parts, FINAL.includes(run.status) ? emptyState("No steps", "The run ended before its first step.") : skeleton(3)];
    const list = run.steps.map((step) => {
      const key = `${step.index}/${step.attempt}`;
      return stepRow(step, {
        document,
        open: open.has(key),
        selected: state.selection.nodes.has(step.node),
        ontoggle: () => {
          if (open.has(key)) open.delete(key);
          else open.add(key);
          draw(store.state);
          focusStep(key, run);
        },
        onselect: () => goTo(context, step.node),
      });
    });
    const references = run.references?.length
      ? [h("dl", { class: "facts run-references" }, ...run.references.map((each) => h("div", {}, h("dt", {}, each.label), h("dd", {}, each.value))))]
      : [];
    return [...parts, h("ol", { class: "steps", role: "list" }, ...list), ...references];
  }

  /** @param {string} key @param {Run} run */
  function focusStep(key, run) {
    const n = run.steps.findIndex((step) => `${step.index}/${step.attempt}` === key);
    /** @type {HTMLElement|undefined} */ (frame.body.querySelectorAll(".step-head")[n])?.focus();
  }

  /** @param {Run} run */
  function drawFoot(run) {
    const final = FINAL.includes(run.status);
    const buttons = !mayEdit(store.state.me)
      ? []
      : final
        ? [
            h(
              "button",
              { class: "button", type: "button", onclick: () => act(run, "retry", { from: "start", version: "same", event: null }, "Started again") },
              icon("refresh"),
              "Run again",
            ),
            ...(run.status === "failed" || run.status === "timed_out"
              ? [
                  h(
                    "button",
                    {
                      class: "button button-primary",
                      type: "button",
                      onclick: () => act(run, "retry", { from: "failed", version: "same", event: null }, "Goes on at the failed step"),
                    },
                    "Retry failed step",
                  ),
                ]
              : []),
          ]
        : [h("button", { class: "button button-danger", type: "button", onclick: () => cancel(run) }, icon("stop"), "Cancel run")];
    const link = h(
      "a",
      { class: "icon-button", "aria-label": "Open the page of this run", title: "Open the page of this run", href: `/runs/${encodeURIComponent(run.id)}/` },
      icon("external"),
    );
    frame.foot.hidden = false;
    if (frame.foot.dataset.run !== `${run.id} ${run.status}`) frame.foot.replaceChildren(...buttons, h("div", { class: "topbar-space" }), link);
    frame.foot.dataset.run = `${run.id} ${run.status}`;
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

  return {
    dom: frame.dom,
    shown() {
      frame.title.focus({ preventScroll: true });
      listed = null;
      draw(store.state);
    },
    update(state, before) {
      const run = state.overlay?.run;
      if (run && run.id !== seen) open.clear();
      // What went wrong is open from the start; closing it again is up to the reader.
      for (const step of run?.steps ?? []) if (step.error && !known.has(`${run?.id} ${step.seq}`)) open.add(`${step.index}/${step.attempt}`);
      for (const step of run?.steps ?? []) if (step.error) known.add(`${run?.id} ${step.seq}`);
      seen = run?.id ?? seen;
      if (!before || state.overlay !== before.overlay || state.selection !== before.selection || state.document !== before.document) draw(state);
    },
  };
}

/** @param {any} run @returns {string|null} */
export const idOf = (run) => (typeof run === "string" ? run : (run?.id ?? null));

/** @param {any} wait */
function waitText(wait) {
  if (wait.until) return `Waits until ${moment(wait.until)}`;
  return `Waits${wait.for ? ` for ${wait.for.event ?? wait.for.type ?? "an event"}` : ""}`;
}

/** @param {Run} run @returns {Node[]} */
function transcript(run) {
  const interaction = run.event?.interaction ?? {};
  const turns = Array.isArray(interaction.turns) ? interaction.turns : [];
  if (turns.length) {
    return [
      h(
        "ol",
        { class: "turns", role: "list" },
        ...turns.map((/** @type {any} */ turn) =>
          h(
            "li",
            { class: "turn", "data-role": turn.role },
            h("span", { class: "turn-role" }, turn.role === "user" ? "Caller" : turn.role),
            typeof turn.at_seconds === "number" ? h("span", { class: "turn-time" }, clock(turn.at_seconds)) : null,
            h("p", {}, turn.text),
          ),
        ),
      ),
    ];
  }
  if (interaction.transcript) return [h("div", { class: "transcript" }, interaction.transcript)];
  return [emptyState("No transcript", run.event ? "The event that started this run brought none." : "This run was not started by a conversation.")];
}

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {Run} run @returns {Node[]} */
function data(run) {
  const groups = Object.entries(run.event ?? {}).filter(([, value]) => value !== null && typeof value === "object" && Object.keys(value).length);
  const facts = [
    ["Event", run.event?.type],
    ["Received", moment(run.event?.received_at)],
    ["Duplicates", run.event?.duplicates || null],
    ["Run", run.id],
  ].filter(([, value]) => value);
  const response =
    run.response === null || run.response === undefined ? [] : [h("h3", { class: "section-title" }, "Response"), jsonTree(run.response, { label: "Response" })];
  return [
    h("dl", { class: "facts" }, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, String(name)), h("dd", {}, String(value))))),
    ...response,
    ...groups.map(([name, value]) =>
      h(
        "details",
        { class: "step-part", open: name === "interaction" },
        h("summary", {}, icon("chevron-right", "icon icon-small"), name),
        jsonTree(value, { label: name, depth: 1 }),
      ),
    ),
    ...(run.error ? [h("p", { class: "hint" }, adviceFor(run.error))] : []),
    h("p", { class: "hint" }, "Secrets are never shown."),
  ];
}
