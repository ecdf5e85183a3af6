/** What lies over the canvas while a run or the traffic is looked at. Fetched with the first of them. */
/** @import {Context, State, Store} from "../types.js" */

import { createReplay } from "./replay-bar.js";
import { createTraffic } from "./traffic-bar.js";
import { createWhyCard } from "./why-card.js";
import { h } from "./dom.js";

/** @param {Store} store @param {Context} context @param {HTMLElement} place the canvas */
export function createOverCanvas(store, context, place) {
  const parts = [createReplay(store, context), createTraffic(store, context)];
  const card = createWhyCard(store, context);
  place.append(h("div", { class: "over-canvas" }, ...parts.map((part) => part.dom)), card.dom);
  return {
    /** @param {State} state @param {State} before */
    update(state, before) {
      for (const part of [...parts, card]) part.update(state, before);
    },
  };
}
