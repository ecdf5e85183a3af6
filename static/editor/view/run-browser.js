/** The runs of this flow, newest first: a filter, pages, fresh while they are looked at. */
/** @import {Context, Run, Store} from "../types.js" */

import { say } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { emptyState, load, reasonOf } from "./panel-frame.js";
import { createPassedOver } from "./passed-over.js";
import { runRows } from "./run-list.js";

const LOOK_EVERY = 2000;
const PAGE = 30;

/** @param {Store} store @param {Context} context @param {HTMLElement} body */
export function createRunBrowser(store, context, body) {
  let shown = false;
  let timer = 0;
  /** @type {string|null} */
  let newest = null;
  /** @type {Run[]} */
  let runs = [];
  /** @type {string|null} */
  let following = null;
  let drawn = "";
  const follow = h("input", { class: "switch", type: "checkbox", role: "switch" });
  follow.checked = true;
  const status = h(
    "select",
    { class: "select", "aria-label": "Status", onchange: () => fetch() },
    h("option", { value: "" }, "Any status"),
    ...Object.entries(say.runStatus).map(([id, label]) => h("option", { value: id }, label[0].toUpperCase() + label.slice(1))),
  );
  const list = h("div", { class: "run-list" });
  const top = h(
    "div",
    {},
    h("div", { class: "run-filter" }, status),
    h("label", { class: "follow" }, follow, h("span", {}, "Show new runs on the canvas as they come")),
  );

  const passed = createPassedOver(store, context);

  const query = () => `/runs/?flow=${encodeURIComponent(store.state.flow.id)}&limit=${PAGE}${status.value ? `&status=${status.value}` : ""}`;

  function fetch() {
    load(list, {
      ask: () => context.api.get(query()),
      show: (page) => {
        newest = status.value ? newest : (page.results[0]?.id ?? "");
        return rows(page.results, page.next);
      },
      safe: "Runs under way are not touched.",
      rows: 8,
    });
    again();
  }

  /** @param {Run[]} found @param {string|null} next @returns {Node[]} */
  function rows(found, next) {
    runs = found;
    following = next;
    drawn = signature(found);
    const none = status.value ? [emptyState("No such runs", `No run of this flow is ${say.runStatus[status.value]}.`)] : runRows([], context);
    return [
      ...(found.length ? runRows(found, context) : none),
      ...(next ? [h("div", { class: "run-more" }, h("button", { class: "button", type: "button", onclick: more }, "Show earlier runs"))] : []),
      h(
        "p",
        { class: "panel-link" },
        h("a", { href: `/runs/?flow=${encodeURIComponent(store.state.flow.id)}` }, "All runs of this flow", icon("arrow-right", "icon icon-small")),
      ),
    ];
  }

  async function more() {
    if (!following) return;
    const at = runs.length;
    const asked = query();
    try {
      const page = await context.api.get(`/runs/${new URL(following).search}`);
      if (asked !== query()) return;
      list.replaceChildren(...rows([...runs, ...page.results], page.next));
      /** @type {HTMLElement|undefined} */ (list.querySelectorAll(".run-row")[at])?.focus();
    } catch (error) {
      context.toast(`Earlier runs could not be fetched: ${reasonOf(error)}`, { kind: "bad" });
    }
  }

  function again() {
    clearTimeout(timer);
    timer = window.setTimeout(lookAgain, LOOK_EVERY);
  }

  /** Whether the list is what somebody looks at. */
  const looked = () => shown && store.state.right === "run" && !store.state.overlay;

  /** While the list is looked at, its first page stays fresh; what was paged to stays below it. */
  async function lookAgain() {
    if (!looked()) return undefined;
    const asked = query();
    try {
      const page = await context.api.get(asked);
      // Another status may have been chosen meanwhile; its list looks again by itself.
      if (!looked() || asked !== query()) return undefined;
      const first = page.results[0]?.id ?? "";
      const fresh = newest !== null && !status.value && first && first !== newest;
      if (!status.value) newest = first;
      if (fresh && follow.checked) return void (await context.runs.open(first));
      const later = runs.filter((run) => !page.results.some((/** @type {Run} */ each) => each.id === run.id) && run.id < (page.results.at(-1)?.id ?? ""));
      const merged = [...page.results, ...later];
      if (signature(merged) !== drawn && !list.contains(document.activeElement)) list.replaceChildren(...rows(merged, later.length ? following : page.next));
    } catch {
      // The list stays as it was; the next look tells whether the server is back.
    }
    return again();
  }

  return {
    show() {
      if (shown && body.contains(top)) return;
      shown = true;
      body.replaceChildren(top, list, passed.dom);
      fetch();
      passed.refresh();
    },
    hide() {
      shown = false;
      clearTimeout(timer);
    },
  };
}

/** @param {Run[]} runs */
const signature = (runs) => JSON.stringify(runs.map((run) => [run.id, run.status]));
