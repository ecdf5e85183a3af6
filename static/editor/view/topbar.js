/** The top bar: where one is, whether everything is saved, what is wrong, and the ways to runs, versions, test and live. */
/** @import {Context, State, Store, View} from "../types.js" */

import { mayEdit, mayPublish } from "../model/rights.js";
import { problemCount, saveState, say } from "../model/words-panels.js";
import { h, icon, setText, styled } from "./dom.js";

/** @type {Record<string, string>} */
const TONES = { ok: "ok", busy: "info", warn: "warn", bad: "bad" };

/** @param {Store} store @param {Context} context @returns {View & {dom: HTMLElement}} */
export function createTopbar(store, context) {
  const { flow, me } = store.state;
  const name = nameField(store, context);
  const agents = h("span", { class: "topbar-agents" });
  const dot = h("span", { class: "dot" });
  const saved = h("span", { class: "save-text" });
  const save = h("button", { class: "save-state", type: "button", onclick: () => saveAgain(store, context) }, dot, saved);
  const problems = h("button", { class: "button button-quiet topbar-problems", type: "button", hidden: true, onclick: () => toggle(store, "problems") });
  const test = h(
    "button",
    { class: "button topbar-test", type: "button", hidden: !mayEdit(me), onclick: () => context.commands.run("test") },
    icon("play"),
    say.test,
  );
  const live = liveSwitch(store, context);
  const runs = rightButton(store, "run", say.runs, () => openRuns(store));
  const versions = rightButton(store, "versions", say.versions, () => toggle(store, "versions"));
  const outline = h(
    "button",
    { class: "icon-button topbar-outline", type: "button", "aria-label": say.outline, title: say.outline, onclick: () => toggle(store, "outline") },
    icon("list"),
  );
  const more = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "More about this flow",
      "aria-haspopup": "menu",
      onclick: async () => (await styled(import("./flow-menu.js"), "pickers")).openFlowMenu(context, more),
    },
    icon("more"),
  );

  const dom = h(
    "div",
    { class: "topbar" },
    h("a", { class: "brand-mark", href: "/", "aria-label": "Segue, all flows" }, icon("logo")),
    h("nav", { class: "crumbs", "aria-label": "Where you are" }, h("a", { href: "/" }, say.flows), h("span", { "aria-hidden": "true" }, "/")),
    name.dom,
    h("span", { class: "badge", "data-tone": "accent" }, say.kinds[flow.kind] ?? flow.kind),
    agents,
    h("div", { class: "topbar-space" }),
    h("div", { class: "topbar-people" }),
    save,
    problems,
    runs,
    versions,
    outline,
    test,
    live.dom,
    more,
  );

  /** @param {State} state */
  function showSave(state) {
    const { text, kind } = saveState(state.save, state.form);
    setText(saved, text);
    dot.dataset.tone = TONES[kind];
    save.dataset.tone = TONES[kind];
    save.title = state.save.message || (kind === "ok" ? "Everything is on the server" : "Click to save now");
  }

  /** @param {State} state */
  function showProblems(state) {
    const counted = problemCount(state.problems);
    problems.hidden = counted === null;
    if (!counted) return;
    problems.replaceChildren(icon("alert"), counted.text);
    problems.dataset.tone = counted.kind;
    problems.setAttribute("aria-expanded", String(state.right === "problems"));
  }

  /** @param {State} state */
  function showAgents(state) {
    const names = state.flow.agents.map((each) => state.agents.find((agent) => agent.slug === each || agent.id === each)?.name ?? each?.name ?? String(each));
    setText(agents, names.length ? `Agent: ${names.join(", ")}` : "Any agent");
  }

  /** @param {State} state @param {State|null} before */
  function show(state, before) {
    if (state.save !== before?.save || state.form !== before?.form) showSave(state);
    if (state.problems !== before?.problems || state.right !== before?.right) showProblems(state);
    if (state.flow !== before?.flow || state.agents !== before?.agents) showAgents(state);
    if (state.flow !== before?.flow) {
      name.show(state);
      live.show(state);
    }
    if (state.right !== before?.right) {
      runs.setAttribute("aria-expanded", String(state.right === "run"));
      versions.setAttribute("aria-expanded", String(state.right === "versions"));
      test.setAttribute("aria-expanded", String(state.right === "test"));
      outline.setAttribute("aria-expanded", String(state.right === "outline"));
    }
  }

  show(store.state, null);
  return { dom, update: show };
}

/** @param {Store} store @param {State["right"]} panel @param {string} label @param {() => void} run */
function rightButton(store, panel, label, run) {
  return h("button", { class: "button button-quiet", type: "button", "aria-expanded": String(store.state.right === panel), onclick: run }, label);
}

/** @param {Store} store @param {State["right"]} panel */
function toggle(store, panel) {
  store.dispatch((state) => ({ ...state, right: state.right === panel ? null : panel }));
}

/** @param {Store} store */
function openRuns(store) {
  toggle(store, "run");
}

/** @param {Store} store @param {Context} context */
function saveAgain(store, context) {
  if (store.state.form?.dirty) context.commands.run("save-form");
  else context.flush();
}

/** The flow's name, edited in place: Enter keeps, Escape takes back. @param {Store} store @param {Context} context */
function nameField(store, context) {
  const input = h("input", {
    class: "flow-name",
    type: "text",
    "aria-label": "Name of the flow",
    maxlength: "120",
    autocomplete: "off",
    spellcheck: false,
    readonly: mayEdit(store.state.me) ? null : "",
  });

  const show = (/** @type {State} */ state) => {
    if (document.activeElement !== input) input.value = state.flow.name;
    input.title = state.flow.description || state.flow.name;
  };

  async function keep() {
    const before = store.state.flow.name;
    const name = input.value.trim();
    const again = () => {
      input.value = name;
      keep();
    };
    if (!name || name === before) return show(store.state);
    setName(name);
    try {
      await context.api.patch(`/flows/${store.state.flow.id}/`, { name });
      context.announce(`The flow is now called ${name}`);
    } catch (error) {
      setName(before);
      context.toast(`The name was not changed. ${/** @type {any} */ (error).detail ?? ""}`, {
        kind: "bad",
        action: { label: say.retry, run: again },
      });
    }
    return undefined;
  }

  const setName = (/** @type {string} */ name) => {
    document.title = document.title.replace(store.state.flow.name, name);
    store.dispatch((state) => ({ ...state, flow: { ...state.flow, name } }));
    input.value = name;
  };

  input.addEventListener("blur", keep);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") input.value = store.state.flow.name;
    if (event.key === "Enter" || event.key === "Escape") input.blur();
  });
  show(store.state);
  return { dom: h("div", { class: "flow-name-box" }, input), show };
}

/** Live on or off; only a publisher may. @param {Store} store @param {Context} context */
function liveSwitch(store, context) {
  const control = h("input", { class: "switch", type: "checkbox", role: "switch", id: "live-switch" });
  const label = h("label", { for: "live-switch" }, say.live);

  const show = (/** @type {State} */ state) => {
    control.checked = state.flow.enabled;
    control.disabled = !mayPublish(state.me) || !state.flow.published;
    label.title = state.flow.published
      ? mayPublish(state.me)
        ? "Off: nothing new starts; waiting runs go on"
        : "A publisher can switch this"
      : "A flow goes live with its first publish";
  };

  control.addEventListener("change", async () => {
    const enabled = control.checked;
    try {
      await context.api.patch(`/flows/${store.state.flow.id}/`, { enabled });
      store.dispatch((state) => ({ ...state, flow: { ...state.flow, enabled } }));
      context.toast(enabled ? "Live: new calls start this flow." : "Off: nothing new starts. Waiting runs go on.", { kind: enabled ? "ok" : "info" });
    } catch (error) {
      control.checked = !enabled;
      context.toast(`Not switched. ${/** @type {any} */ (error).detail ?? ""}`, { kind: "bad" });
    }
  });
  show(store.state);
  return { dom: h("div", { class: "live" }, label, control), show };
}
