/** The store: one state, changed only by `dispatch`. Listeners are told at once and in order; a change made by one waits its turn. */

/** @import {Change, State, Store} from "../types.js" */

import { settle } from "./state.js";

/** @param {State} initial @returns {Store} */
export function createStore(initial) {
  let state = settle(initial, { ...initial, selection: /** @type {any} */ (null) });
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();
  /** @type {{state: State, before: State}[]} */
  const pending = [];
  let telling = false;

  function tell() {
    telling = true;
    try {
      for (let news = pending.shift(); news; news = pending.shift()) {
        for (const listener of [...listeners]) listener(news.state, news.before);
      }
    } finally {
      telling = false;
    }
  }

  return {
    get state() {
      return state;
    },
    dispatch(/** @type {Change} */ change) {
      const before = state;
      const next = change(before);
      if (next === before) return;
      state = settle(next, before);
      pending.push({ state, before });
      if (!telling) tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
