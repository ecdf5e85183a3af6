/** Beside a flow that has nothing but its trigger: three steps to a running one, and templates of its kind. Gone with the second step. */
/** @import {Context, FlowDocument, State, Store, View} from "../types.js" */

import { typeOf } from "../model/catalogue.js";
import { readDocument } from "../model/document.js";
import { readonlyReason } from "../model/state.js";
import { first } from "../model/words-first.js";
import { h, icon } from "./dom.js";
import { replaceDraft } from "./importing.js";
import { glyph } from "./palette.js";
import { reasonOf } from "./panel-frame.js";

/** @typedef {{id: string, title: string, summary: string, document: FlowDocument, sample: any}} Template */

/** @param {Store} store @param {Context} context @returns {View & {dom: HTMLElement}} */
export function createFirstSteps(store, context) {
  let dismissed = false;
  let asked = false;
  /** Whether the steps shown are those of a flow with a trigger. @type {boolean|null} */
  let drawn = null;
  const templates = h("div", { class: "first-templates" });
  const steps = h("ol", { class: "first-steps", role: "list" });
  const hide = h("button", { class: "icon-button", type: "button", "aria-label": first.dismiss, title: first.dismiss, onclick: dismiss }, icon("x"));
  const dom = h("section", { class: "first", "aria-label": first.title, hidden: true }, h("header", {}, h("h2", {}, first.title), hide), steps, templates);
  for (const type of ["pointerdown", "wheel", "dblclick", "contextmenu", "keydown"]) dom.addEventListener(type, (event) => event.stopPropagation());

  function dismiss() {
    dismissed = true;
    dom.hidden = true;
    context.canvas.focus();
  }

  /** @param {boolean} begun whether there is a trigger */
  function drawSteps(begun) {
    // Not anew for every news: what somebody presses has to be there still when they let go.
    if (drawn === begun) return;
    drawn = begun;
    const add = (/** @type {MouseEvent} */ event) => context.commands.run("add", { anchor: event.currentTarget });
    steps.replaceChildren(
      step(begun ? first.add : first.choose, begun ? first.addText : first.chooseText, button(begun ? first.addAction : first.chooseAction, "plus", add)),
      step(first.try, first.tryText, begun ? button(first.tryAction, "phone", () => store.dispatch((state) => ({ ...state, right: "test" }))) : null),
      step(first.publish, first.publishText, null),
    );
  }

  /** An offer: without it the steps stand alone. */
  async function fetchTemplates() {
    asked = true;
    const { kind } = store.state.flow;
    try {
      /** @type {Template[]} */
      const offered = await context.api.get(`/templates/?kind=${encodeURIComponent(kind)}`);
      const found = offered.map((each) => ({ ...each, document: readDocument(each.document) })).filter((each) => tellingStep(each.document, store.state));
      if (!found.length) return;
      templates.replaceChildren(
        h("h3", {}, first.templates),
        h("ul", { role: "list" }, ...found.slice(0, 3).map((each) => h("li", {}, templateButton(each)))),
        h("a", { href: `/flows/new/?kind=${encodeURIComponent(kind)}` }, first.more, icon("arrow-right", "icon icon-small")),
      );
    } catch (error) {
      templates.replaceChildren(h("p", { class: "hint" }, first.failed(reasonOf(error))));
    }
  }

  /** @param {Template} template */
  function templateButton(template) {
    const telling = tellingStep(template.document, store.state);
    return h(
      "button",
      { class: "first-template", type: "button", onclick: () => take(template) },
      telling ? glyph(telling, "glyph glyph-small") : null,
      h("span", {}, h("strong", {}, template.title), h("small", {}, template.summary)),
    );
  }

  /** @param {Template} template */
  function take({ title, document, sample }) {
    if (!replaceDraft(context, document, first.from(title))) return;
    if (sample) store.dispatch((state) => ({ ...state, sample: { event: sample, source: first.source(title) } }));
    context.toast(first.started(title), { kind: "ok" });
    context.canvas.focus();
  }

  return {
    dom,
    update(state, before) {
      const parts = /** @type {const} */ (["document", "readonly", "overlay", "right", "me"]);
      if (before && state !== before && parts.every((name) => state[name] === before[name])) return;
      const wanted = state.document.nodes.length <= 1 && !dismissed && !state.overlay && state.right === null && readonlyReason(state) === null;
      if (wanted && !asked) fetchTemplates();
      const begun = state.document.nodes.length > 0;
      if (wanted) drawSteps(begun);
      dom.classList.toggle("is-alone", !begun);
      dom.hidden = !wanted;
    },
  };
}

/** @param {string} label @param {string} glyphName @param {(event: MouseEvent) => void} onclick */
const button = (label, glyphName, onclick) => h("button", { class: "button button-small", type: "button", onclick }, icon(glyphName), label);

/** @param {string} title @param {string} text @param {HTMLElement|null} action */
const step = (title, text, action) => h("li", {}, h("strong", {}, title), h("p", {}, text), action);

/** The type of the step a template is about: the one whose group comes last in the palette. @param {FlowDocument} document @param {State} state */
function tellingStep(document, { catalogue }) {
  const types = document.nodes.flatMap((node) => typeOf(catalogue, node.type) ?? []).filter((type) => type.group.id !== "answer" && !type.trigger);
  return types.sort((a, b) => b.group.order - a.group.order)[0];
}
