/** What comes in when the flow is tried: a sample, the data of a run, a saved scenario, a past call found by phone or id. */
/** @import {Context, Store} from "../types.js" */

import { mayEdit } from "../model/rights.js";
import { sampleEvent } from "../model/sample-event.js";
import { moment } from "../model/words-panels.js";
import { runTitle } from "../model/words-values.js";
import { runWords } from "../model/words-runs.js";
import { h, icon } from "./dom.js";
import { reasonOf } from "./panel-frame.js";

/** @typedef {{id: string, name: string, event: any}} Scenario */

/**
 * @param {Store} store @param {Context} context
 * @param {{filled: (event: any) => void, failed: (text: string) => void, written: () => any}} editor  written: the event as it stands, null when it is none
 */
export function createTestSource(store, context, { filled, failed, written }) {
  /** @type {Scenario[]} */
  let scenarios = [];
  /** @type {any[]} */
  let runs = [];
  /** Found by the search, or loaded before; by the value of its option. @type {Map<string, {label: string, event: any}>} */
  const found = new Map();
  /** What was chosen, or searched for, last: an earlier answer that comes later is nobody's any more. */
  const newest = { choice: 0, search: 0 };
  const base = () => `/flows/${store.state.flow.id}/scenarios/`;

  const select = h("select", { class: "select", id: "test-source", onchange: () => choose(select.value) });
  const remove = h("button", { class: "icon-button", type: "button", hidden: true, onclick: forget }, icon("trash"));
  const search = h("input", {
    class: "input",
    type: "search",
    id: "test-search",
    placeholder: runWords.findCallHint,
    "aria-label": runWords.findCallLabel,
  });
  const results = h("ul", { class: "test-found", role: "list" });
  const said = h("p", { class: "hint", role: "status" });
  const onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    find();
  };
  const form = h("form", { class: "test-source", onsubmit }, search, h("button", { class: "button", type: "submit" }, icon("search"), runWords.findCall));
  const keep = h(
    "button",
    { class: "button button-quiet", type: "button", onclick: save, hidden: !mayEdit(store.state.me) },
    icon("save"),
    runWords.saveScenario,
  );
  search.addEventListener("keydown", (event) => event.stopPropagation());

  const dom = [
    h("div", { class: "field" }, h("label", { class: "label", for: "test-source" }, "What comes in"), h("div", { class: "test-source" }, select, remove)),
    h("div", { class: "field" }, form, said, results),
  ];

  function draw(value = select.value) {
    const { sample } = store.state;
    const group = (/** @type {string} */ label, /** @type {HTMLElement[]} */ options) => (options.length ? [h("optgroup", { label }, ...options)] : []);
    const option = (/** @type {string} */ id, /** @type {string} */ label) => h("option", { value: id }, label);
    select.replaceChildren(
      ...group(runWords.samples, [
        ...(sample.event ? [option("kept", `The data of ${sample.source || "the last run"}`)] : []),
        option("sample", runWords.sample),
      ]),
      ...group(
        runWords.scenarios,
        scenarios.map((each) => option(`scenario ${each.id}`, each.name)),
      ),
      ...group(
        runWords.found,
        [...found].map(([id, each]) => option(id, each.label)),
      ),
      ...group(
        runWords.pastCalls,
        runs.map((run) => option(`run ${run.id}`, `${runTitle(run)}, ${moment(run.started_at ?? run.created_at)}`)),
      ),
    );
    select.value = [...select.options].some((each) => each.value === value) ? value : sample.event ? "kept" : "sample";
    const scenario = chosenScenario();
    remove.hidden = !scenario || !mayEdit(store.state.me);
    if (scenario) {
      remove.title = runWords.deleteScenario(scenario.name);
      remove.setAttribute("aria-label", remove.title);
    }
  }

  const chosenScenario = () => scenarios.find((each) => `scenario ${each.id}` === select.value);

  /** @param {string} value */
  async function choose(value) {
    draw(value);
    const turn = ++newest.choice;
    try {
      const event = await eventOf(value);
      if (turn === newest.choice) filled(event);
    } catch (error) {
      if (turn === newest.choice) failed(`That call could not be fetched: ${reasonOf(error)}`);
    }
  }

  /** @param {string} value */
  async function eventOf(value) {
    const { state } = store;
    const [kind, id] = value.split(" ");
    if (kind === "kept") return state.sample.event;
    if (kind === "scenario") return chosenScenario()?.event ?? {};
    if (kind === "call") return found.get(value)?.event ?? {};
    if (kind === "run") return (await context.api.get(`/runs/${id}/`)).event;
    return sampleEvent(state.flow.kind, state.document, state.catalogue);
  }

  async function find() {
    const text = search.value.trim();
    if (!text) return search.focus();
    form.setAttribute("aria-busy", "true");
    const turn = ++newest.search;
    try {
      const { results: calls } = await context.api.get(`/calls/?q=${encodeURIComponent(text)}`);
      if (turn !== newest.search) return undefined;
      const known = calls.filter((/** @type {any} */ call) => call.events.length).slice(0, 20);
      said.textContent = known.length ? "" : runWords.nothingFound(text);
      results.replaceChildren(...known.map(callRow));
      /** @type {HTMLElement|null} */ (results.querySelector("button"))?.focus();
    } catch (error) {
      if (turn === newest.search) said.textContent = `The search did not work: ${reasonOf(error)}`;
    } finally {
      if (turn === newest.search) form.removeAttribute("aria-busy");
    }
    return undefined;
  }

  /** @param {any} call */
  function callRow(call) {
    const event = call.events[0];
    const label = `${runTitle(/** @type {any} */ ({ event, id: call.id }))}, ${moment(event.received_at)}`;
    const flow = store.state.flow.id;
    const skipped = call.skipped.find((/** @type {any} */ each) => each.flow === flow);
    const names = [...new Set(call.runs.map((/** @type {any} */ run) => `${run.flow_name}: ${run.status.replace("_", " ")}`))];
    const about = [call.interaction.disposition, ...names, skipped ? runWords.notStarted(skipped.reason) : ""].filter(Boolean).join(" · ");
    const take = () => {
      found.set(`call ${call.id}`, { label, event });
      results.replaceChildren();
      choose(`call ${call.id}`);
      select.focus();
    };
    return h("li", {}, h("button", { type: "button", onclick: take }, label, about ? h("small", {}, about) : null));
  }

  async function save() {
    const event = written();
    if (!event) return undefined;
    const answer = await context.dialog({
      title: runWords.saveScenario,
      input: { label: runWords.scenarioName, value: chosenScenario()?.name ?? "" },
      buttons: [
        { id: "no", label: "Cancel" },
        { id: "save", label: "Save", kind: "primary" },
      ],
    });
    const name = answer?.button === "save" ? answer.value.trim() : "";
    return name ? keepAs(name, event) : undefined;
  }

  /** @param {string} name @param {any} event */
  async function keepAs(name, event) {
    try {
      const past = scenarios.find((each) => each.name === name);
      if (past && !(await mayReplace(name))) return;
      const kept = await (past ? context.api.patch(`${base()}${past.id}/`, { event }) : context.api.post(base(), { name, event }));
      await fetchScenarios();
      draw(`scenario ${kept.id}`);
      context.toast(runWords.scenarioSaved(name), { kind: "ok" });
    } catch (error) {
      context.toast(`Not saved: ${reasonOf(error)}`, { kind: "bad" });
    }
  }

  /** @param {string} name */
  const mayReplace = async (name) =>
    (await context.dialog({
      title: runWords.scenarioReplace(name),
      buttons: [
        { id: "no", label: "Cancel" },
        { id: "yes", label: "Replace", kind: "primary" },
      ],
    })) === "yes";

  async function forget() {
    const scenario = chosenScenario();
    if (!scenario) return;
    try {
      await context.api.del(`${base()}${scenario.id}/`);
      await fetchScenarios();
      draw("sample");
      select.focus();
      context.toast(runWords.scenarioDeleted(scenario.name), { kind: "ok" });
    } catch (error) {
      context.toast(`Not deleted: ${reasonOf(error)}`, { kind: "bad" });
    }
  }

  async function fetchScenarios() {
    scenarios = (await context.api.get(`${base()}?limit=100`)).results;
  }

  return {
    dom,
    keep,
    draw,
    choose,
    /** Looks for the calls of a number, an id or a reference. @param {string} text */
    find(text) {
      search.value = text;
      return find();
    },
    /** What is chosen now. */
    value: () => select.value,
    /** Scenarios and past calls are an offer; the sample works without them. */
    async refresh() {
      await Promise.allSettled([
        fetchScenarios(),
        context.api.get(`/runs/?flow=${encodeURIComponent(store.state.flow.id)}&limit=10`).then((page) => {
          runs = page.results;
        }),
      ]);
      draw();
    },
  };
}
