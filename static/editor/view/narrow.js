/**
 * The page on a narrow screen: one thing at a time. The outline is the editor, the canvas is there to look at, the inspector lies
 * over both as a sheet; a bar at the foot leads from one to the other.
 */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Panel} from "./panels.js" */

import { mayEdit } from "../model/rights.js";
import { readonlyReason } from "../model/state.js";
import { narrow as texts } from "../model/words-outline.js";
import { say } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { openMenu } from "./popover.js";

/** @param {Store} store @param {Context} context @param {HTMLElement} layer @returns {Panel} */
export function createNarrow(store, context, layer) {
  /** @param {State["narrow"]} view @param {State["right"]} right */
  const show = (view, right) => () =>
    store.dispatch((state) => ({ ...state, narrow: view, right, sheet: false, tool: view === "canvas" && !right ? "hand" : "select" }));
  const places = [
    { id: "outline", label: texts.outline, glyph: "list", run: show("outline", null) },
    { id: "canvas", label: texts.canvas, glyph: "flow", run: show("canvas", null) },
    ...(mayEdit(store.state.me) ? [{ id: "test", label: say.test, glyph: "play", run: show("outline", "test") }] : []),
    { id: "run", label: say.runs, glyph: "history", run: show("outline", "run") },
  ].map((place) => ({ ...place, dom: button(place.label, place.glyph, place.run) }));
  const undo = button(texts.undo, "undo", () => context.commands.run("undo"));
  const more = button(texts.more, "more", () => openMenu(layer, more, { label: texts.more, items: menu() }));
  more.setAttribute("aria-haspopup", "menu");
  const dom = h("nav", { class: "narrow-bar", "aria-label": texts.views }, ...places.map((place) => place.dom), undo, more);
  document.body.append(dom);

  function menu() {
    const item = (/** @type {string} */ id, /** @type {string} */ label, /** @type {string} */ glyph) => ({
      label,
      icon: icon(glyph),
      disabled: !context.commands.applies(id),
      run: () => void context.commands.run(id),
    });
    return [
      item("redo", texts.redo, "redo"),
      item("panel-problems", texts.problems, "alert"),
      item("panel-review", say.review, "check-circle"),
      item("panel-versions", say.versions, "layers"),
      item("tidy", texts.tidy, "branch"),
      item("command-palette", texts.commands, "search"),
    ];
  }

  /** @param {State} state */
  function draw(state) {
    const { dataset } = document.body;
    dataset.narrow = state.narrow ?? "";
    dataset.sheet = state.narrow && state.sheet && state.selection.nodes.size === 1 ? "inspector" : "";
    dom.hidden = !state.narrow;
    const here = state.right ?? state.narrow;
    for (const { id, dom: place } of places) {
      if (id === here) place.setAttribute("aria-current", "page");
      else place.removeAttribute("aria-current");
    }
    undo.disabled = !state.history.past.length || readonlyReason(state) !== null;
  }

  draw(store.state);
  return {
    dom,
    update(state, before) {
      draw(state);
      if (before?.sheet && !state.sheet && state.narrow) context.canvas.focus();
    },
  };
}

/** @param {string} label @param {string} glyph @param {() => void} run */
function button(label, glyph, run) {
  return h("button", { class: "narrow-button", type: "button", onclick: run }, icon(glyph), h("span", {}, label));
}
