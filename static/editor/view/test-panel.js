/** Test: choose what comes in, dry or live, the whole flow or up to a step; the run appears on the canvas as it happens. */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { nodeOf } from "../model/document.js";
import { sampleEvent } from "../model/sample-event.js";
import { moment, runTitle } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { panelFrame, reasonOf } from "./panel-frame.js";
import { idOf } from "./run-actions.js";

const PARTS = ["type", "interaction", "contact", "analysis", "variables", "data", "args", "trigger"];

/** What starts a run, without what the server noted about it. @param {any} event */
function onlyParts(event) {
  const given = PARTS.filter((name) => event[name] !== undefined && event[name] !== null && Object.keys(event[name]).length > 0);
  return Object.fromEntries(given.map((name) => [name, event[name]]));
}

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createTestPanel(store, context) {
  const frame = panelFrame({ title: "Test", onclose: () => store.dispatch((state) => ({ ...state, right: null, modal: null })) });
  frame.title.after(h("p", { class: "panel-sub" }, "Runs the draft; what is live is not touched"));
  /** @type {Map<string, any>} */
  const events = new Map([["sample", null]]);
  let mode = "dry";

  const source = h("select", { class: "select", id: "test-source", onchange: () => choose(source.value) }, h("option", { value: "sample" }, "A sample"));
  const text = h("textarea", { class: "textarea mono test-event", id: "test-event", rows: "16", spellcheck: false, "aria-label": "Event as JSON" });
  const wrong = h("p", { class: "error-text", role: "alert", hidden: true });
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
      h("div", { class: "field" }, h("label", { class: "label", for: "test-source" }, "What comes in"), source),
      h(
        "div",
        { class: "field" },
        h("label", { class: "label", for: "test-event" }, "Event (JSON)"),
        text,
        wrong,
        h("p", { class: "hint" }, "Change it as you like, or paste a whole event."),
      ),
    ),
  );
  frame.foot.hidden = false;
  frame.foot.append(run, keep);
  text.addEventListener("input", () => read());

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

  /** @param {string} id */
  async function choose(id) {
    let event = events.get(id);
    if (event === undefined || event === null) {
      try {
        event =
          id === "sample"
            ? (store.state.sample.event ?? sampleEvent(store.state.flow.kind, store.state.document, store.state.catalogue))
            : (await context.api.get(`/runs/${id}/`)).event;
      } catch (error) {
        return tell(`That call could not be fetched: ${reasonOf(error)}`);
      }
      events.set(id, event);
    }
    text.value = JSON.stringify(onlyParts(event ?? {}), null, 2);
    read();
    return undefined;
  }

  /** @param {string|null} message */
  function tell(message) {
    wrong.hidden = message === null;
    wrong.textContent = message ?? "";
    text.setAttribute("aria-invalid", String(message !== null));
  }

  /** @returns {any} the event, or null when the text is none */
  function read() {
    try {
      const event = JSON.parse(text.value);
      if (event === null || typeof event !== "object" || Array.isArray(event)) throw new SyntaxError("an event is an object");
      tell(null);
      // What an agent posts to an action says `arguments`.
      const { arguments: given, ...rest } = event;
      return given && !event.args ? { ...rest, args: given } : event;
    } catch (error) {
      tell(`Not an event yet: ${/** @type {Error} */ (error).message}`);
      return null;
    }
  }

  function useForPreviews() {
    const event = read();
    if (!event) return text.focus();
    store.dispatch((state) => ({ ...state, sample: { event, source: "the test panel" } }));
    context.toast("Previews under the fields use this event now.", { kind: "ok" });
    return undefined;
  }

  async function start() {
    const event = read();
    if (!event) return text.focus();
    if (!(await context.leaveForm()) || !(await context.flush())) return undefined;
    run.setAttribute("aria-busy", "true");
    try {
      const answer = await context.api.post(`/flows/${store.state.flow.id}/try/`, { event, mode, until: chosenUntil() });
      store.dispatch((state) => ({ ...state, sample: { event, source: "the last test" }, modal: null }));
      const id = idOf(answer.run);
      if (id) await context.runs.open(id);
    } catch (error) {
      tell(`Not started: ${reasonOf(error)} Your draft is safe.`);
    } finally {
      run.removeAttribute("aria-busy");
    }
    return undefined;
  }

  const chosenUntil = () => until.value || null;

  /** @param {State} state */
  function drawUntil(state) {
    const wanted = state.modal?.until ?? null;
    until.replaceChildren(
      h("option", { value: "" }, "The whole flow"),
      ...state.document.nodes.map((node) => h("option", { value: node.id }, `up to ${node.label || node.key}`)),
    );
    until.value = nodeOf(state.document, wanted ?? "") ? wanted : "";
  }

  async function offerCalls() {
    try {
      const page = await context.api.get(`/runs/?flow=${encodeURIComponent(store.state.flow.id)}&limit=10`);
      const options = page.results.map((/** @type {any} */ each) => h("option", { value: each.id }, `${runTitle(each)}, ${moment(each.started_at)}`));
      source.replaceChildren(h("option", { value: "sample" }, "A sample"), ...options);
    } catch {
      // Past calls are an offer; the sample works without them.
    }
  }

  return {
    dom: frame.dom,
    shown() {
      frame.title.focus({ preventScroll: true });
      if (!text.value) choose("sample");
      offerCalls();
    },
    update(state, before) {
      if (!before || state.document !== before.document || state.modal !== before.modal) {
        drawUntil(state);
        const node = nodeOf(state.document, state.modal?.until ?? "");
        if (node) context.announce(`Test up to ${node.label || node.key}`);
      }
    },
  };
}
