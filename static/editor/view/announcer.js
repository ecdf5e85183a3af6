/** Says what happened to who listens: live regions in turn, so that the same words twice are said twice; what is urgent interrupts. */

/** @import {State} from "../types.js" */

import { h } from "./dom.js";

/** @param {HTMLElement} host the page's #live */
export function createAnnouncer(host) {
  const region = (/** @type {string} */ role, /** @type {string} */ live) => h("div", { role, "aria-live": live, "aria-atomic": "true" });
  const polite = [region("status", "polite"), region("status", "polite")];
  const urgent = [region("alert", "assertive"), region("alert", "assertive")];
  const all = [...polite, ...urgent];
  host.append(...all);
  let turn = 0;
  return {
    dom: host,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (state.announcement === before.announcement) return;
      const { text, urgent: interrupts } = state.announcement;
      turn = 1 - turn;
      const now = (interrupts ? urgent : polite)[turn];
      for (const each of all) if (each !== now && each.textContent) each.textContent = "";
      if (now) now.textContent = text;
    },
  };
}
