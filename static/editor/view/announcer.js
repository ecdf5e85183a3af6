/** Says what happened to who listens: two live regions in turn, so that the same words twice are said twice. */

/** @import {State} from "../types.js" */

import { h } from "./dom.js";

/** @param {HTMLElement} host the page's #live */
export function createAnnouncer(host) {
  const regions = [h("div", { role: "status", "aria-live": "polite" }), h("div", { role: "status", "aria-live": "polite" })];
  host.append(...regions);
  return {
    dom: host,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (state.announcement === before.announcement) return;
      const { n, text } = state.announcement;
      const [now, past] = n % 2 ? regions : [regions[1], regions[0]];
      if (past) past.textContent = "";
      if (now) now.textContent = text;
    },
  };
}
