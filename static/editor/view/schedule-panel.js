/** Above a schedule's fields: when it runs next, in its own zone, as the form stands now. */
/** @import {Context, Store} from "../types.js" */

import { ahead, triggerWords as say, wallTime } from "../model/words-triggers.js";
import { h, icon } from "./dom.js";
import { reasonOf } from "./panel-frame.js";

const PAUSE = 250;

/** @param {Store} store @param {Context} context @returns {{dom: HTMLElement, update: (config: any) => void}} */
export function createTriggerPanel(store, context) {
  const body = h("div", { class: "moments-body", "aria-live": "polite" }, h("p", { class: "hint" }, say.checking));
  const dom = h("div", { class: "moments" }, h("p", { class: "label" }, icon("schedule", "icon icon-small"), say.next), body);
  let past = "";
  let turn = 0;
  let timer = 0;

  /** @param {any} config */
  async function ask(config) {
    const own = ++turn;
    try {
      const answer = await context.api.post(`/flows/${store.state.flow.id}/moments/`, { config });
      if (own === turn) body.replaceChildren(...shown(answer));
    } catch (error) {
      if (own === turn) body.replaceChildren(h("p", { class: "hint" }, reasonOf(error)));
    }
  }

  return {
    dom,
    update(config) {
      const next = JSON.stringify(config);
      if (next === past) return;
      clearTimeout(timer);
      timer = window.setTimeout(ask, past ? PAUSE : 0, config);
      past = next;
    },
  };
}

/** @param {{moments: {at: string, local: string, zone: string, note: string}[], problem: string}} answer */
function shown({ moments, problem }) {
  if (problem) return [h("p", { class: "warning-text" }, icon("alert"), problem)];
  return [h("ol", { class: "moments-list", role: "list" }, ...moments.map(row))];
}

/** @param {{at: string, local: string, zone: string, note: string}} moment */
function row({ at, local, zone, note }) {
  return h(
    "li",
    { class: "moment" },
    h("time", { datetime: at, class: "moment-time" }, wallTime(local)),
    h("span", { class: "moment-zone" }, zone),
    h("span", { class: "moment-ahead" }, ahead(at)),
    note ? h("p", { class: "moment-note" }, icon("info", "icon icon-small"), note) : null,
  );
}
