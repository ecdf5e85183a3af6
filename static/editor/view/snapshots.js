/** Earlier states of the draft: how old, whose, how much has changed since; one of them can be brought back, and that undone. */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { mayEdit } from "../model/rights.js";
import { ago, said } from "../model/words-sync.js";
import { changeList } from "./changes.js";
import { h, icon } from "./dom.js";
import { emptyState, load, panelFrame, reasonOf } from "./panel-frame.js";

const say = said.snapshots;

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createSnapshots(store, context) {
  const frame = panelFrame({ title: say.title, onclose: () => store.dispatch((state) => ({ ...state, right: null })) });
  const path = `/flows/${store.state.flow.id}/draft/snapshots/`;
  let drawn = -1;

  function draw() {
    drawn = store.state.revision;
    load(frame.body, {
      ask: () => context.api.get(path),
      show: (page) =>
        page.results.length
          ? [h("p", { class: "hint snapshots-help" }, say.help), h("ol", { class: "versions", role: "list" }, ...page.results.map(row))]
          : emptyState(say.none, say.noneText),
      safe: "Your draft is not touched.",
    });
  }

  /** @param {any} snapshot */
  function row(snapshot) {
    const box = h("div", { class: "version-diff", hidden: true });
    const age = ago(snapshot.at);
    const compare = h("button", { class: "button button-small", type: "button", "aria-expanded": "false" }, say.compare);
    compare.addEventListener("click", () => {
      box.hidden = !box.hidden;
      compare.setAttribute("aria-expanded", String(!box.hidden));
      if (!box.hidden) compareIn(box, snapshot);
    });
    const restore = h(
      "button",
      {
        class: "button button-small",
        type: "button",
        "aria-label": say.restoreNamed(age),
        hidden: !mayEdit(store.state.me),
        onclick: () => bringBack(snapshot, age),
      },
      icon("history"),
      say.restore,
    );
    const about = [say.reasons[snapshot.reason], say.since(snapshot.changes), snapshot.by ? say.by(snapshot.by) : ""].filter(Boolean).join(" · ");
    return h(
      "li",
      { class: "version" },
      h(
        "div",
        { class: "version-head" },
        h(
          "strong",
          {},
          age.replace(/^./, (first) => first.toUpperCase()),
        ),
        h("span", { class: "version-when" }, new Date(snapshot.at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })),
      ),
      h("p", { class: "hint" }, about),
      h("div", { class: "version-buttons" }, compare, restore),
      box,
    );
  }

  /** @param {HTMLElement} box @param {any} snapshot */
  async function compareIn(box, snapshot) {
    await context.flush();
    await load(box, {
      ask: () => context.api.get(`${path}${snapshot.id}/diff/`),
      show: ({ changes }) => (changes.length ? changeList(changes, store.state, context) : h("p", { class: "hint" }, say.same)),
      safe: "Nothing was changed.",
      rows: 2,
    });
  }

  /** @param {any} snapshot @param {string} age */
  async function bringBack(snapshot, age) {
    if (!(await context.leaveForm())) return;
    try {
      if (!(await context.flush())) return;
      await context.reload(say.label(age), () => context.api.post(`${path}${snapshot.id}/restore/`));
      context.toast(say.done(age), { kind: "ok", action: { label: say.undo, run: () => void context.commands.run("undo") } });
      draw();
    } catch (error) {
      context.toast(say.failed(reasonOf(error)), { kind: "bad" });
    }
  }

  return {
    dom: frame.dom,
    shown: (focus) => focus && frame.title.focus({ preventScroll: true }),
    update(/** @type {State} */ state, /** @type {State|null} */ before) {
      if (!before || (state.revision !== drawn && state.revision !== before.revision && !frame.body.querySelector("[aria-expanded=true]"))) draw();
    },
  };
}
