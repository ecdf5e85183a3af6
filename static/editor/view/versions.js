/** Versions: what was published when, by whom, why; what the draft changes against each; restore into the draft. */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { mayEdit } from "../model/rights.js";
import { moment, say } from "../model/words-panels.js";
import { changeList } from "./changes.js";
import { h, icon } from "./dom.js";
import { emptyState, load, panelFrame, reasonOf } from "./panel-frame.js";

/** @param {Store} store @param {Context} context @returns {Panel} */
export function createVersions(store, context) {
  const frame = panelFrame({ title: say.versions, onclose: () => store.dispatch((state) => ({ ...state, right: null })) });
  const path = () => `/flows/${store.state.flow.id}/versions/`;

  function draw() {
    load(frame.body, {
      ask: () => context.api.get(path()),
      show: (page) =>
        page.results.length
          ? h("ol", { class: "versions", role: "list" }, ...page.results.map(row))
          : emptyState("No version yet", "Each publish keeps a version here: look at it, compare it, bring it back."),
      safe: "What is live is not touched.",
    });
  }

  /** @param {any} version */
  function row(version) {
    const live = version.number === store.state.flow.published?.number;
    const box = h("div", { class: "version-diff", hidden: true });
    const compare = h("button", { class: "button button-small", type: "button", "aria-expanded": "false" }, "Compare with draft");
    compare.addEventListener("click", () => {
      box.hidden = !box.hidden;
      compare.setAttribute("aria-expanded", String(!box.hidden));
      if (!box.hidden) showDiff(box, version.number);
    });
    const restore = h(
      "button",
      { class: "button button-small", type: "button", hidden: !mayEdit(store.state.me), onclick: () => bringBack(version) },
      icon("history"),
      "Restore into draft",
    );
    return h(
      "li",
      { class: "version" },
      h(
        "div",
        { class: "version-head" },
        h("strong", {}, `Version ${version.number}`),
        live ? h("span", { class: "badge", "data-tone": "ok" }, "live") : null,
        h("span", { class: "version-when", title: new Date(version.at).toLocaleString(undefined, { timeZoneName: "short" }) }, moment(version.at)),
      ),
      version.note ? h("p", { class: "version-note" }, version.note) : null,
      h("p", { class: "hint" }, version.by ? `by ${version.by?.name ?? version.by}` : ""),
      h("div", { class: "version-buttons" }, compare, restore),
      box,
    );
  }

  /** @param {HTMLElement} box @param {number} number */
  async function showDiff(box, number) {
    await context.flush();
    await load(box, {
      ask: () => context.api.get(`${path()}${number}/diff/?against=draft`),
      show: ({ changes }) => (changes.length ? changeList(changes, store.state, context) : h("p", { class: "hint" }, "The draft is the same.")),
      safe: "Nothing was changed.",
      rows: 2,
    });
  }

  /** @param {any} version */
  async function bringBack(version) {
    if (!(await context.leaveForm())) return;
    const answer = await context.dialog({
      title: `Restore version ${version.number} into the draft?`,
      text: "The draft as it is now is kept as a snapshot. What is live stays until you publish.",
      buttons: [
        { id: "no", label: say.cancel },
        { id: "restore", label: "Restore", kind: "primary" },
      ],
    });
    if (answer !== "restore") return;
    try {
      await context.flush();
      await context.api.post(`${path()}${version.number}/restore/`);
      await context.reload();
      context.toast(`Version ${version.number} is in the draft. Publish to make it live.`, { kind: "ok" });
    } catch (error) {
      context.toast(`Not restored: ${reasonOf(error)}`, { kind: "bad" });
    }
  }

  return {
    dom: frame.dom,
    shown: () => frame.title.focus({ preventScroll: true }),
    update(/** @type {State} */ state, /** @type {State|null} */ before) {
      if (!before || state.flow.published !== before.flow.published) draw();
    },
  };
}
