/**
 * Versions: what was published when, by whom, why. Any two of them, and the draft, can be compared in words and on the canvas; one can be
 * brought back into the draft, or published again at once.
 */
/** @import {Context, FlowDocument, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { readDocument } from "../model/document.js";
import { mayEdit, mayPublish } from "../model/rights.js";
import { moment, say } from "../model/words-panels.js";
import { publishing } from "../model/words-publish.js";
import { changeList } from "./changes.js";
import { h, icon } from "./dom.js";
import { showComparison } from "./ghosts.js";
import { emptyState, load, panelFrame } from "./panel-frame.js";
import { publishAgain, restore } from "./publishing.js";
import { legend } from "./review.js";

/** A version, or the draft. @typedef {number|"draft"} Side */

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createVersions(store, context) {
  const frame = panelFrame({ title: say.versions, onclose: () => store.dispatch((state) => ({ ...state, right: null })) });
  frame.foot.hidden = false;
  const toSnapshots = () => store.dispatch((state) => ({ ...state, right: "snapshots" }));
  frame.foot.append(h("button", { class: "button button-quiet", type: "button", onclick: toSnapshots }, icon("history"), say.snapshots));
  const path = () => `/flows/${store.state.flow.id}/versions/`;
  /** @type {any[]} */
  let versions = [];
  /** What is compared; null: the list. @type {{from: Side, to: Side}|null} */
  let sides = null;
  /** @type {Map<Side, FlowDocument>} */
  const documents = new Map();
  /** @type {number|null} */
  let seen = null;

  function drawList() {
    sides = null;
    showComparison(store, "versions", null);
    frame.title.textContent = say.versions;
    return load(frame.body, {
      ask: async () => {
        versions = (await context.api.get(`${path()}?limit=200`)).results;
        return versions;
      },
      show: () =>
        versions.length
          ? h("ol", { class: "versions", role: "list" }, ...versions.map(row))
          : emptyState("No version yet", "Each publish keeps a version here: look at it, compare it, bring it back."),
      safe: "What is live is not touched.",
    });
  }

  /** @param {any} version */
  function row(version) {
    const live = version.number === store.state.flow.published?.number;
    return h(
      "li",
      { class: "version", "aria-label": publishing.version(version.number) },
      h(
        "div",
        { class: "version-head" },
        h("strong", {}, publishing.version(version.number)),
        live ? h("span", { class: "badge", "data-tone": "ok" }, "live") : null,
        h("span", { class: "version-when", title: new Date(version.at).toLocaleString(undefined, { timeZoneName: "short" }) }, moment(version.at)),
      ),
      version.note ? h("p", { class: "version-note" }, version.note) : null,
      version.by ? h("p", { class: "hint" }, `by ${version.by?.name ?? version.by}`) : null,
      h(
        "div",
        { class: "version-buttons" },
        button(publishing.compare, () => compare(defaultSides(version.number))),
        ...actions(version.number),
      ),
    );
  }

  /** @param {number} number */
  function actions(number) {
    const { flow, me, readonly } = store.state;
    const may = !readonly && mayEdit(me);
    return [
      may ? button(publishing.restore, () => restore(store, context, number), "history") : null,
      may && mayPublish(me) && number !== flow.published?.number ? button(publishing.rollBack, () => publishAgain(store, context, number), "refresh") : null,
    ];
  }

  /** @param {string} label @param {() => void} run @param {string} [glyph] */
  const button = (label, run, glyph) => h("button", { class: "button button-small", type: "button", onclick: run }, glyph ? icon(glyph) : null, label);

  /** The draft against a version, or, where there are no changes in it, that version against the one before. @param {number} number @returns {{from: Side, to: Side}} */
  function defaultSides(number) {
    const older = versions.find((each) => each.number < number)?.number;
    const unchanged = number === store.state.flow.published?.number && !store.state.changed;
    return unchanged && older ? { from: older, to: number } : { from: number, to: "draft" };
  }

  /** @param {{from: Side, to: Side}} wanted */
  async function compare(wanted) {
    sides = wanted;
    seen = store.state.revision;
    const fresh = !frame.body.querySelector(".compare-bar");
    frame.title.textContent = publishing.compareTitle;
    const list = fresh ? h("div", { class: "compare-list" }) : /** @type {HTMLElement} */ (frame.body.querySelector(".compare-list"));
    if (fresh) frame.body.replaceChildren(bar(), list);
    else frame.body.querySelector(".compare-bar")?.replaceWith(bar());
    await context.flush();
    await load(list, { ask: () => difference(wanted), show: (answer) => show(wanted, answer), safe: "Nothing was changed.", rows: 3 });
  }

  /** Which two; changing one keeps the focus on it. */
  function bar() {
    return h(
      "div",
      { class: "compare-bar" },
      ...["from", "to"].flatMap((side) => {
        const here = /** @type {"from"|"to"} */ (side);
        const select = h(
          "select",
          { class: "select", id: `compare-${side}` },
          ...["draft", ...versions.map((each) => each.number)].map((value) =>
            h("option", { value: String(value), selected: sides?.[here] === value }, nameOf(value) + suffix(value)),
          ),
        );
        select.addEventListener("change", async () => {
          const value = select.value === "draft" ? "draft" : Number(select.value);
          await compare({ .../** @type {any} */ (sides), [here]: value });
          document.getElementById(`compare-${side}`)?.focus();
        });
        return [h("label", { for: `compare-${side}` }, publishing[here]), select];
      }),
    );
  }

  /** @param {any} value */
  const nameOf = (value) => (value === "draft" ? publishing.draft : publishing.version(value));
  /** @param {any} value */
  function suffix(value) {
    const note = versions.find((each) => each.number === value)?.note;
    return (value === store.state.flow.published?.number ? " (live)" : "") + (note ? ` · ${note}` : "");
  }

  /** @param {{from: Side, to: Side}} wanted */
  async function difference({ from, to }) {
    const start = from === "draft" ? `/flows/${store.state.flow.id}/draft/` : `${path()}${from}/`;
    const [{ changes }, before, after] = await Promise.all([context.api.get(`${start}diff/?against=${to}`), documentOf(from), documentOf(to)]);
    return { changes, before, after };
  }

  /** @param {Side} side @returns {Promise<FlowDocument>} */
  async function documentOf(side) {
    if (side === "draft") return store.state.document;
    const known = documents.get(side);
    if (known) return known;
    const document = readDocument((await context.api.get(`${path()}${side}/`)).document);
    documents.set(side, document);
    return document;
  }

  /** @param {{from: Side, to: Side}} wanted @param {{changes: any[], before: FlowDocument, after: FlowDocument}} answer */
  function show(wanted, { changes, before, after }) {
    // An answer that comes after another question is drawn nowhere.
    if (wanted !== sides) return [];
    const { from, to } = wanted;
    showComparison(store, "versions", {
      before: { name: nameOf(from), document: before },
      after: to === "draft" ? null : { name: nameOf(to), document: after },
    });
    const { state } = store;
    const list = changes.length ? changeList(changes, state, context, { past: before, shown: after }) : h("p", { class: "hint" }, publishing.same);
    return [
      legend(before, state, after),
      list,
      h("div", { class: "compare-buttons" }, button("All versions", drawList, "arrow-left"), ...(to === "draft" ? [] : actions(to))),
    ];
  }

  return {
    dom: frame.dom,
    shown: (focus) => focus && frame.title.focus({ preventScroll: true }),
    update(/** @type {State} */ state, /** @type {State|null} */ before) {
      if (!before || state.flow.published !== before.flow.published) drawList();
      else if (sides && [sides.from, sides.to].includes("draft") && state.revision !== seen && state.save.status === "saved") compare(sides);
    },
  };
}
