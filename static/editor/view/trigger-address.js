/** Under a trigger's help: the address it is reached at, ready to copy. */
/** @import {Context, Form, State, Store} from "../types.js" */

import { h, icon, styled } from "./dom.js";
import { reasonOf } from "./panel-frame.js";
import { copyText } from "./copying.js";

/** @typedef {{store: Store, context: Context, config: any}} About */

/** By type of trigger; one that is reached by no address has no entry. @type {Record<string, ((about: About) => HTMLElement[])|undefined>} */
const ADDRESSES = { webhook, action_called: action, call_ended: receivers };
/** What comes on first use. @type {Record<string, (() => Promise<{createTriggerPanel: (store: Store, context: Context) => {dom: HTMLElement, update: (config: any) => void}}>)|undefined>} */
const PANELS = { webhook: () => import("./hook-panel.js"), schedule: () => import("./schedule-panel.js") };

/**
 * @param {Store} store @param {Context} context @param {string} type @param {() => Form|null} current
 * @returns {{dom: HTMLElement, update: (state: State, before: State|null) => void}|null}
 */
export function triggerAddress(store, context, type, current) {
  const show = ADDRESSES[type];
  const late = PANELS[type];
  if (!show && !late) return null;
  const lines = h("div", { class: "address-lines" });
  const dom = h("div", { class: "address", role: "group", "aria-label": show ? "Address" : "Next runs" }, lines);
  let past = "";
  /** @type {{dom: HTMLElement, update: (config: any) => void}|null} */
  let panel = null;

  function draw() {
    const config = current()?.config ?? {};
    panel?.update(config);
    lines.hidden = !show;
    if (!show) return;
    const next = JSON.stringify([config.name, config.agents, config.methods, config.signature, store.state.agents.length]);
    if (next === past) return;
    past = next;
    const parts = show({ store, context, config });
    dom.hidden = parts.length === 0;
    lines.replaceChildren(...parts);
  }

  if (late)
    styled(late(), "triggers").then(
      ({ createTriggerPanel }) => {
        panel = createTriggerPanel(store, context);
        dom.append(panel.dom);
        panel.update(current()?.config ?? {});
      },
      () => {}, // without a server the address stays alone; the next selection asks again
    );
  draw();
  return { dom, update: draw };
}

/** @param {About} about */
function webhook({ store, context, config }) {
  const box = h("div", { class: "address-lines" });
  const put = (/** @type {string|null|undefined} */ url) =>
    box.replaceChildren(url ? line(context, "Address", url) : h("p", { class: "hint" }, "The address appears once the draft is saved."));
  const { flow } = store.state;
  const known = /** @type {any} */ (flow).hook;
  if (known) put(known);
  else
    context.api.get(`/flows/${flow.id}/`).then(
      (answer) => put(answer.hook),
      (error) => box.replaceChildren(h("p", { class: "hint" }, reasonOf(error))),
    );
  const method = (config.methods ?? ["POST"])[0] ?? "POST";
  return [
    box,
    h(
      "p",
      { class: "hint" },
      `Others call it with ${method}; ${(config.signature ?? "none") === "none" ? "whoever knows it can start this flow" : "only signed calls start this flow"}.`,
    ),
  ];
}

/** @param {About} about */
function action({ context, config }) {
  if (!config.name) return [h("p", { class: "hint" }, "Give the action a name: the agent calls it by that.")];
  const url = `${location.origin}${context.urls.api}/actions/${encodeURIComponent(config.name)}/`;
  return [
    h("div", { class: "address-lines" }, line(context, "In a prompt", `@${config.name}`), line(context, "As a tool", url)),
    definitions(context, config.name),
  ];
}

/** The tool as each kind of model wants it; the server knows published actions only. @param {Context} context @param {string} name */
function definitions(context, name) {
  const formats = { openai: "OpenAI", anthropic: "Anthropic", mcp: "MCP", jsonschema: "JSON Schema" };
  const copy = async (/** @type {string} */ format, /** @type {string} */ label) => {
    try {
      const answer = await context.api.get(`/actions/?format=${format}`);
      const list = Array.isArray(answer) ? answer : (answer.results ?? answer.tools ?? []);
      const own = list.find((/** @type {any} */ each) => (each.name ?? each.function?.name ?? each.title) === name);
      if (!own) context.toast("Only published actions have a definition. Publish first.", { kind: "warn" });
      else if (copyText(JSON.stringify(own, null, 2))) context.toast(`The ${label} definition of @${name} is copied.`, { kind: "ok" });
    } catch (error) {
      context.toast(`No definition: ${reasonOf(error)}`, { kind: "bad" });
    }
  };
  return h(
    "div",
    { class: "presets" },
    h("span", { class: "hint" }, "Copy definition for"),
    ...Object.entries(formats).map(([format, label]) => h("button", { class: "preset", type: "button", onclick: () => copy(format, label) }, label)),
  );
}

/** @param {About} about */
function receivers({ store, context, config }) {
  const chosen = config.agents ?? [];
  const agents = store.state.agents.filter((each) => !chosen.length || chosen.includes(each.slug));
  if (!agents.length) return [];
  return [
    h(
      "details",
      { class: "addresses" },
      h("summary", {}, icon("chevron-right", "icon icon-small"), "Where to send call reports"),
      ...agents.map((agent) => receiversOf(context, agent)),
    ),
  ];
}

/** @param {Context} context @param {any} agent */
function receiversOf(context, agent) {
  const vendors = Object.entries(agent.receivers ?? {}).sort(([a], [b]) => Number(b === agent.platform) - Number(a === agent.platform));
  return h("div", { class: "address-lines" }, h("p", { class: "label" }, agent.name), ...vendors.map(([vendor, url]) => line(context, vendor, String(url))));
}

/** @param {Context} context @param {string} label @param {string} text */
function line(context, label, text) {
  const copy = () => context.toast(copyText(text) ? `${label} is copied.` : "Not copied. Select the text and copy it yourself.", { kind: "ok" });
  return h(
    "div",
    { class: "address-line" },
    h("span", { class: "address-label" }, label),
    h("code", { class: "address-text", tabindex: "0" }, text),
    h("button", { class: "icon-button", type: "button", "aria-label": `Copy ${label}`, title: "Copy", onclick: copy }, icon("copy")),
  );
}
