/** Send: does the real request with what the form holds; Data and Meta; a click on a value of the answer makes a mapping. */
/** @import {Context, Form, NodeType, State, Store} from "../types.js" */
/** @import {LiveEnv} from "./form-env.js" */

import { fieldValue } from "../model/catalogue.js";
import { editForm } from "../model/state.js";
import { addMapping } from "../model/mapping.js";
import { mayEdit } from "../model/rights.js";
import { preview } from "../model/preview.js";
import { nodeOf } from "../model/document.js";
import { words } from "../model/words.js";
import { adviceFor } from "../model/remedies.js";
import { say } from "../model/words-panels.js";
import { short } from "../model/words-values.js";
import { h, icon } from "./dom.js";
import { jsonTree } from "./json-tree.js";
import { emptyState, errorState, skeleton, tabList } from "./panel-frame.js";

/** A type can be sent alone when it keeps parts of an answer, or when doing it again changes nothing anywhere. @param {NodeType} type */
export function sends(type) {
  return type.effect === "repeatable" || type.fields.some((field) => field.kind === "mapping");
}

/** What the button says: a program runs here, all else is sent to somebody. @param {NodeType} type */
export function sendWord(type) {
  return type.fields.some((field) => field.kind === "connection_ref") ? say.send : say.runIt;
}

/**
 * @param {Store} store @param {Context} context @param {LiveEnv} env
 * @param {{type: NodeType, agreed: Set<string>, current: () => Form|null, edit: (patch: Partial<Form>) => void}} about
 */
export function createSend(store, context, env, { type, agreed, current, edit }) {
  const body = h("div", { class: "send" });
  const mapping = type.fields.find((field) => field.kind === "mapping");
  let tab = "data";
  let turn = 0;

  async function send() {
    const form = current();
    if (!form || !(await agree(form))) return;
    const own = ++turn;
    const waiting = setTimeout(() => body.replaceChildren(h("p", { class: "hint", role: "status" }, "Sending…"), skeleton(5)), 200);
    try {
      const node = { ...nodeOf(store.state.document, form.node), key: form.key, label: form.label, config: form.config, settings: form.settings };
      const result = await context.api.post(`/flows/${store.state.flow.id}/try-node/`, { node, variables: env.scope() });
      if (own !== turn) return;
      env.results.set(env.node, result);
      context.announce(result.error ? "It failed" : `Answered ${result.meta?.status ?? ""}`);
      tab = "data";
      draw();
      env.refresh(null, true);
    } catch (error) {
      if (own === turn)
        body.replaceChildren(errorState(error, "Nothing in the flow was changed. It is not sure whether the request reached the other side.", send));
    } finally {
      clearTimeout(waiting);
    }
  }

  /** A request that may change something is asked about once per node and visit. @param {Form} form */
  async function agree(form) {
    if (type.effect === "repeatable") return true;
    const method = String(read("method", form) ?? "POST").toUpperCase();
    if (method === "GET" || agreed.has(form.node)) return true;
    const url = preview(String(read("url", form) ?? ""), env.scope()).text;
    const answer = await context.dialog({
      title: `Send a real ${method} to ${hostOf(url)}?`,
      text: `This is no dry run: ${short(url, 120)} receives the request with the values of the preview. Asked once per step.`,
      buttons: [
        { id: "no", label: say.cancel },
        { id: "send", label: `${say.send} ${method}`, kind: "primary" },
      ],
    });
    if (answer !== "send") return false;
    agreed.add(form.node);
    return true;
  }

  /** @param {string} name @param {Form} form */
  function read(name, form) {
    const field = type.fields.find((each) => each.name === name);
    return field ? fieldValue(field, form.config) : form.config[name];
  }

  function draw() {
    const result = env.results.get(env.node);
    if (!result) return body.replaceChildren(...before());
    const tabs = tabList({
      label: "Answer",
      tabs: [
        { id: "data", label: "Data" },
        { id: "meta", label: "Meta" },
      ],
      onchoose: (id) => {
        tab = id;
        draw();
      },
    });
    tabs.select(tab);
    const content = h(
      "div",
      { role: "tabpanel", id: `tabpanel-${tab}`, "aria-labelledby": `tab-${tab}`, class: "send-content" },
      ...(tab === "data" ? data(result) : meta(result)),
    );
    body.replaceChildren(statusLine(result), tabs.dom, content);
    return undefined;
  }

  function before() {
    if (!mayEdit(store.state.me)) return [emptyState("Send is for editors", "You can look at the settings; a real request needs the right to edit.")];
    const button = h("button", { class: "button", type: "button", onclick: send }, icon("play"), sendWord(type));
    const [title, text] = mapping ? say.sendAndKeep : sendWord(type) === say.send ? say.sendAndSee : say.runAndSee;
    return [emptyState(title, text, button)];
  }

  /** @param {any} result */
  function statusLine(result) {
    const status = result.meta?.status;
    const tone = result.error ? "bad" : "ok";
    return h(
      "div",
      { class: "send-status", role: "status" },
      h(
        "span",
        { class: "badge", "data-tone": tone },
        icon(result.error ? "alert" : "check"),
        status ? String(status) : say.sent(Boolean(result.error), Boolean(mapping)),
      ),
      h("span", {}, words.took(result.meta?.seconds ?? null)),
      h("div", { class: "topbar-space" }),
      h("button", { class: "button button-quiet button-small", type: "button", onclick: send }, icon("refresh"), `${sendWord(type)} again`),
    );
  }

  /** @param {any} result @returns {Node[]} */
  function data(result) {
    const parts = [];
    if (result.error) parts.push(failure(result.error));
    for (const each of result.warnings ?? []) parts.push(h("p", { class: "warning-text" }, icon("alert"), String(each.message ?? each)));
    const printed = printedBy({ output: result.data, error: result.error });
    if (printed) parts.push(h("h3", { class: "section-title" }, "Console"), h("pre", { class: "code" }, printed));
    if (result.data === undefined || result.data === null || result.data === "")
      parts.push(...(mapping && !result.error ? [h("p", { class: "hint" }, "The answer has no body.")] : []));
    else if (typeof result.data === "object") parts.push(...picking(result.data));
    else parts.push(h("pre", { class: "code" }, String(result.data)));
    const kept = Object.entries(result.variables ?? {});
    if (kept.length)
      parts.push(
        h(
          "dl",
          { class: "facts" },
          ...kept.map(([name, value]) => h("div", {}, h("dt", {}, h("span", { class: "chip" }, `vars.${name}`)), h("dd", {}, short(value, 80)))),
        ),
      );
    return parts;
  }

  /** @param {any} value @returns {Node[]} */
  function picking(value) {
    const open = mapping !== undefined && !env.readonly();
    const rows = () => (mapping ? (fieldValue(mapping, current()?.config ?? {}) ?? []) : []);
    const tree = jsonTree(value, {
      label: "Data",
      depth: 4,
      marked: () => new Set(rows().map((/** @type {any} */ row) => row.path)),
      ...(open ? { onpick: (path) => pick(path, rows()) } : {}),
    });
    return open ? [h("p", { class: "hint" }, "Click a value to keep it as a variable."), tree] : [tree];
  }

  /** @param {(string|number)[]} path @param {any[]} rows */
  function pick(path, rows) {
    if (!mapping) return;
    const { rows: next, row, added } = addMapping(rows, path);
    if (added) edit({ config: { ...current()?.config, [mapping.name]: next } });
    context.toast(added ? `Kept as vars.${row.variable}. Save Changes to use it in later steps.` : `It is kept as vars.${row.variable} already.`, {
      kind: added ? "ok" : "info",
      action: { label: "Show", run: () => show(mapping.name) },
    });
  }

  /** @param {string} name */
  function show(name) {
    store.dispatch((state) => editForm({ ...state, tab: "configure" }, { focus: `/config/${name}` }));
  }

  draw();
  return {
    dom: body,
    send,
    /** @param {State} state @param {State|null} previous */
    update(state, previous) {
      if (previous && state.form?.config !== previous.form?.config && env.results.has(env.node) && state.tab === "test") draw();
    },
  };
}

/** @param {any} result @returns {Node[]} */
function meta(result) {
  const { headers, request, status, seconds, ...rest } = result.meta ?? {};
  const pairs = Array.isArray(headers)
    ? headers.map((/** @type {any} */ each) => [each.name ?? each[0], each.value ?? each[1]])
    : Object.entries(headers ?? {});
  return [
    h("h3", { class: "section-title" }, "Answer"),
    h(
      "dl",
      { class: "facts" },
      ...[["Status", status], ["Time", words.took(seconds ?? null)], ...Object.entries(rest), ...pairs]
        .filter(([, value]) => value !== undefined && value !== null && value !== "")
        .map(([name, value]) => h("div", {}, h("dt", {}, String(name)), h("dd", {}, typeof value === "object" ? JSON.stringify(value) : String(value)))),
    ),
    h("h3", { class: "section-title" }, "Request"),
    request ? jsonTree(request, { label: "Request", titled: true, depth: 3 }) : h("p", { class: "hint" }, "The request is not known."),
    h("p", { class: "hint" }, "Secrets are masked."),
  ];
}

/** What a program wrote to its console, also before it failed; null when that is nothing. @param {{output?: any, error?: any}} step */
export function printedBy(step) {
  const lines = step.output?.console ?? step.error?.detail?.console;
  return Array.isArray(lines) && lines.length ? lines.join("\n") : null;
}

/** @param {any} error */
export function failure(error) {
  const advice = adviceFor(error);
  return h(
    "div",
    { class: "failure", role: "alert" },
    icon("alert"),
    h("div", {}, h("p", { class: "failure-text" }, String(error.message ?? error.title ?? error)), advice ? h("p", {}, advice) : null),
  );
}

/** @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return short(url, 40) || "the address";
  }
}
