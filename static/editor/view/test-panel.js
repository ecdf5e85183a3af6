/** Test: choose what comes in, dry or live, the whole flow or up to a step; the run appears on the canvas as it happens. */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { nodeOf } from "../model/document.js";
import { readEvent, textOf } from "../model/event-text.js";
import { h, icon, styled } from "./dom.js";
import { panelFrame, reasonOf } from "./panel-frame.js";
import { idOf } from "./run-actions.js";
import { createTestSource } from "./test-source.js";

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createTestPanel(store, context) {
  const frame = panelFrame({ title: "Test", onclose: () => store.dispatch((state) => ({ ...state, right: null, modal: null })) });
  frame.title.after(h("p", { class: "panel-sub" }, "Runs the draft; what is live is not touched"));
  let mode = "dry";
  /** What was put into the field last; what differs from it was written by hand. */
  let put = "";
  /** The wish for a step that was followed last. @type {any} */
  let asked = null;

  const text = h("textarea", {
    class: "textarea mono test-event",
    id: "test-event",
    rows: "14",
    spellcheck: false,
    "aria-label": "Event as JSON",
    "aria-describedby": "test-wrong",
  });
  const wrong = h("p", { class: "error-text", id: "test-wrong", role: "alert", hidden: true });
  const source = createTestSource(store, context, { filled, failed: tell, written: () => read(true) });
  const until = h("select", { class: "select", id: "test-until" });
  const dry = radio("dry", "Dry", "Requests are answered from samples; nothing is sent.");
  const live = radio("live", "Live", "Real requests are sent, with the values below.");
  const run = h("button", { class: "button button-primary", type: "button", onclick: start }, icon("play"), "Run test");
  const keep = h("button", { class: "button button-quiet", type: "button", onclick: useForPreviews }, "Use for previews");

  frame.body.append(
    h(
      "div",
      { class: "test-form" },
      h("fieldset", { class: "modes" }, h("legend", { class: "label" }, "Mode"), dry, live),
      h("div", { class: "field" }, h("label", { class: "label", for: "test-until" }, "How far"), until),
      ...source.dom,
      h(
        "div",
        { class: "field" },
        h("label", { class: "label", for: "test-event" }, "Event (JSON)"),
        wrong,
        text,
        h("p", { class: "hint" }, "Change it as you like, or paste a whole event."),
        h("div", {}, source.keep),
      ),
    ),
  );
  if (store.state.flow.kind === "conversation") addVisitor();
  frame.foot.hidden = false;
  frame.foot.append(run, keep);
  text.addEventListener("input", () => read());

  /** A chat flow is tried by talking with it. */
  async function addVisitor() {
    const { createVisitorPanel } = await styled(import("./visitor-panel.js"), "chat");
    const given = () => {
      const event = read(true);
      return event && { event, mode };
    };
    frame.body.prepend(createVisitorPanel(store, context, given).dom);
  }

  /** @param {string} value @param {string} label @param {string} help */
  function radio(value, label, help) {
    const input = h("input", { type: "radio", name: "test-mode", value, id: `test-mode-${value}`, "aria-describedby": `test-mode-${value}-help` });
    input.checked = value === "dry";
    input.addEventListener("change", () => {
      mode = value;
      run.replaceChildren(icon("play"), value === "dry" ? "Run test" : "Run live test");
    });
    return h("label", { class: "mode" }, input, h("span", {}, h("strong", {}, label), h("span", { class: "hint", id: `test-mode-${value}-help` }, help)));
  }

  /** @param {any} event */
  function filled(event) {
    put = text.value = textOf(event ?? {});
    read();
  }

  /** @param {string|null} message */
  function tell(message) {
    wrong.hidden = message === null;
    wrong.textContent = message ?? "";
    text.setAttribute("aria-invalid", String(message !== null));
  }

  /** The event as written; null, with the reason below the field, when it is none. @param {boolean} [show] takes one to the fault @returns {any} */
  function read(show = false) {
    const { event, fault } = readEvent(text.value);
    tell(fault?.text ?? null);
    if (fault && show) {
      text.focus();
      if (fault.at !== null) text.setSelectionRange(fault.at, fault.at + 1);
    }
    return event;
  }

  function useForPreviews() {
    const event = read(true);
    if (!event) return;
    store.dispatch((state) => ({ ...state, sample: { event, source: "the test panel" } }));
    context.toast("Previews under the fields use this event now.", { kind: "ok" });
  }

  async function start() {
    const event = read(true);
    if (!event) return;
    if (!(await context.leaveForm()) || !(await context.flush())) return;
    run.setAttribute("aria-busy", "true");
    try {
      const answer = await context.api.post(`/flows/${store.state.flow.id}/try/`, { event, mode, until: until.value || null });
      store.dispatch((state) => ({ ...state, sample: { event, source: "the last test" }, modal: null }));
      const id = idOf(answer.run);
      if (id) await context.runs.open(id);
    } catch (error) {
      tell(`Not started: ${reasonOf(error)} Your draft is safe.`);
    } finally {
      run.removeAttribute("aria-busy");
    }
  }

  /** @param {State} state */
  function drawUntil(state) {
    // Who asks for a step says so in `modal`; drawing again keeps what was chosen here.
    const wanted = state.modal === asked ? until.value : (state.modal?.until ?? null);
    asked = state.modal;
    until.replaceChildren(
      h("option", { value: "" }, "The whole flow"),
      ...state.document.nodes.map((node) => h("option", { value: node.id }, `up to ${node.label || node.key}`)),
    );
    until.value = nodeOf(state.document, wanted ?? "") ? wanted : "";
  }

  /** The data of a run that was taken over stands in the field, unless somebody wrote there. */
  function useKept() {
    if (text.value === put || !text.value) source.choose(store.state.sample.event ? "kept" : "sample");
    else source.draw();
  }

  return {
    dom: frame.dom,
    shown(focus) {
      if (focus) frame.title.focus({ preventScroll: true });
      if (!text.value) useKept();
      source.refresh();
    },
    update(state, before) {
      const { find } = state.modal ?? {};
      if (find) {
        source.find(find);
        queueMicrotask(() => store.dispatch((now) => ({ ...now, modal: null })));
      }
      if (before && state.sample !== before.sample && state.sample.source !== "the last test") useKept();
      if (!before || state.document !== before.document || state.modal !== before.modal) {
        drawUntil(state);
        const node = nodeOf(state.document, state.modal?.until ?? "");
        if (node) context.announce(`Test up to ${node.label || node.key}`);
      }
    },
  };
}
