/** The inspector of the selected node: name and key, tabs Configure, Test, Runs, and Save Changes at its foot. */
/** @import {Context, Form, NodeType, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { editForm, formOf, pastDocument, readonlyReason, selectedNode } from "../model/state.js";
import { say } from "../model/words-panels.js";
import { createConfigure } from "./configure.js";
import { h, icon, setText } from "./dom.js";
import { createFormEnv } from "./form-env.js";
import { nodeRuns } from "./node-runs.js";
import { inspectorHead } from "./inspector-head.js";
import { tabList } from "./panel-frame.js";
import { createSend, sends, sendWord } from "./send.js";
import { keysText } from "./shortcuts.js";
import { nodeTest } from "./node-test.js";

/** @param {Store} store @param {Context} context @param {HTMLElement} layer @returns {Panel} */
export function createInspector(store, context, layer) {
  /** What Send gave, for as long as the page lives. @type {Map<string, any>} */
  const results = new Map();
  /** Nodes whose first real request was agreed to. @type {Set<string>} */
  const agreed = new Set();
  const dom = h("section", { class: "inspector", "aria-label": "Step" });
  /** The workspace's constants are variables too; they come once, shortly after the page. @type {Record<string, any>} */
  let constants = {};
  /** @type {ReturnType<typeof inspectNode>|null} */
  let here = null;

  context.api.get("/workspace/").then(
    (workspace) => {
      // The form stays as it is: somebody may be typing in it already.
      constants = workspace.constants ?? {};
      here?.update(store.state, null);
    },
    () => {},
  );

  dom.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      context.commands.run("save-form");
    } else if (event.key === "Escape") {
      event.stopPropagation();
      context.canvas.focus();
    }
  });

  /** @param {State} state @param {State|null} before */
  function update(state, before) {
    const node = selectedNode(state);
    if (!node) {
      here = null;
      return dom.replaceChildren();
    }
    const type = state.catalogue.types.get(node.type);
    const readonly = readonlyReason(state) !== null;
    if (!here || here.id !== node.id || here.type !== type || here.readonly !== readonly || here.version !== pastDocument(state)) {
      here = inspectNode(store, context, layer, { id: node.id, type, readonly, version: pastDocument(state), results, agreed, constants: () => constants });
      dom.replaceChildren(...here.parts);
      here.update(state, null);
    } else here.update(state, before);
    return undefined;
  }

  return { dom, update };
}

/**
 * @param {Store} store @param {Context} context @param {HTMLElement} layer
 * @param {{id: string, type: NodeType|undefined, readonly: boolean, version: any, results: Map<string, any>, agreed: Set<string>, constants: () => Record<string, any>}} about
 */
function inspectNode(store, context, layer, { id, type, readonly, version, results, agreed, constants }) {
  const env = createFormEnv(store, context, layer, id, results, constants);
  const current = () => formNow(store.state, id);
  /** What is typed here is this node's, though another may be selected by now. @param {Partial<Form>} patch */
  const edit = (patch) => store.dispatch((state) => (state.form?.node === id ? editForm(state, patch) : state));
  const head = inspectorHead(store, context, layer, { type, readonly, edit });
  const configure = type ? createConfigure(store, type, env, current, edit) : unknownType(store.state, id);
  const sending = type && sends(type) ? createSend(store, context, env, { type, agreed, current, edit }) : null;
  const past = nodeTest(store, context, id, sending === null);
  const runs = nodeRuns(store, context, id);
  const tabs = tabList({
    label: "Step",
    tabs: [
      { id: "configure", label: "Configure" },
      { id: "test", label: "Test" },
      { id: "runs", label: "Runs" },
    ],
    onchoose: (tab) => store.dispatch((state) => ({ ...state, tab: /** @type {State["tab"]} */ (tab) })),
  });
  const panels = Object.entries({ configure: [configure.dom], test: [sending?.dom, past.dom], runs: [runs.dom] }).map(([name, content]) =>
    h("div", { class: "inspector-body", role: "tabpanel", id: `tabpanel-${name}`, "aria-labelledby": `tab-${name}`, tabindex: "-1" }, content),
  );
  // What this page knows nothing about it changes nothing in.
  const foot = footer(context, { readonly: readonly || !type, send: sending ? startSend : null, word: type && sendWord(type) });

  function startSend() {
    store.dispatch((state) => ({ ...state, tab: "test" }));
    sending?.send();
  }

  /** @param {State} state @param {State|null} before */
  function showTab(state, before) {
    if (state.tab === before?.tab) return;
    tabs.select(state.tab);
    for (const panel of panels) panel.hidden = panel.id !== `tabpanel-${state.tab}`;
    if (state.tab === "runs") runs.shown();
    if (state.tab === "test") past.shown();
  }

  return {
    id,
    type,
    readonly,
    version,
    parts: [head.dom, tabs.dom, ...panels, foot.dom],
    /** @param {State} state @param {State|null} before */
    update(state, before) {
      const form = current();
      head.update(form);
      showTab(state, before);
      if (!before || state.form !== before.form || state.problems !== before.problems || state.document !== before.document) configure.update(state);
      env.refresh(before, before === null);
      sending?.update(state, before);
      past.update(state, before);
      runs.update(state, before);
      foot.update(state);
      if (state.form?.focus && state.form.node === id) focusField(state.form.focus);
    },
  };

  /** @param {string} pointer */
  function focusField(pointer) {
    edit({ focus: null });
    queueMicrotask(() => {
      if (pointer === "/" || !env.focus(pointer)) configure.focusFirst();
    });
  }
}

/** The buffer; for a node of a version that ran, what it was. @param {State} state @param {string} id @returns {Form|null} */
function formNow(state, id) {
  if (!pastDocument(state)) return state.form?.node === id ? state.form : null;
  const node = selectedNode(state);
  return node ? formOf(node) : null;
}

/** @param {Context} context @param {{readonly: boolean, send: (() => void)|null, word: string|undefined}} how */
function footer(context, { readonly, send, word }) {
  const save = h("button", { class: "button button-primary", type: "button", onclick: () => context.commands.run("save-form") }, say.saveChanges);
  const drop = h("button", { class: "button button-quiet", type: "button", onclick: () => context.commands.run("discard-form") }, say.discard);
  const sendButton = send ? h("button", { class: "button", type: "button", onclick: send }, icon("play"), word) : null;
  const hint = h("p", { class: "foot-hint" }, h("kbd", { class: "kbd" }, "/"), " for variables");
  const dom = h("footer", { class: "inspector-foot", hidden: readonly }, save, sendButton, h("div", { class: "topbar-space" }), drop, hint);
  save.title = `${say.saveChanges}  ${keysText("Mod+s")}`;
  return {
    dom,
    /** @param {State} state */
    update(state) {
      const dirty = state.form?.dirty === true;
      save.setAttribute("aria-disabled", String(!dirty));
      drop.hidden = !dirty;
      hint.hidden = dirty;
      setText(save, say.saveChanges);
    },
  };
}

/** @param {State} state @param {string} id */
function unknownType(state, id) {
  const node = selectedNode(state);
  const dom = h(
    "div",
    { class: "configure" },
    h(
      "div",
      { class: "empty" },
      icon("help"),
      h("p", { class: "empty-title" }, `This page does not know “${node?.type ?? id}”.`),
      h("p", {}, "Its settings are kept as they are. Reload the page; if that does not help, the plug-in that brings this type is missing."),
    ),
    h("pre", { class: "code" }, JSON.stringify(node?.config ?? {}, null, 2)),
  );
  return { dom, update: () => {}, focusFirst: () => {} };
}
