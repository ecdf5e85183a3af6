/** The scrubber of a run: play, step by step, speed; the slider's own keys move it. */
/** @import {Context, State, Store} from "../types.js" */

import { nodeOf } from "../model/document.js";
import { positionOf, positionText, shownFor, stepAt } from "../model/replay.js";
import { shownDocument } from "../model/state.js";
import { runWords } from "../model/words-runs.js";
import { h, icon, setAttribute, setIcon, setText } from "./dom.js";

const SPEEDS = [0.5, 1, 2, 4];

/** @param {Store} store @param {Context} context */
export function createReplay(store, context) {
  let timer = 0;
  let speed = 1;
  const slider = h("input", { class: "replay-slider", type: "range", min: "0", step: "1", "aria-label": runWords.replaySlider });
  const play = button(runWords.play, "play", () => (timer ? stop() : start()));
  const first = button(runWords.first, "eject", () => pause(0));
  const previous = button(runWords.previous, "chevron-left", () => pause(position() - 1));
  const next = button(runWords.next, "chevron-right", () => pause(position() + 1));
  const text = h("span", { class: "replay-text" });
  const speeds = h(
    "select",
    { class: "select replay-speed", "aria-label": runWords.speed, onchange: () => (speed = Number(speeds.value)) },
    ...SPEEDS.map((each) => h("option", { value: String(each) }, `${each}×`)),
  );
  speeds.value = "1";
  first.classList.add("replay-first");
  const dom = h(
    "div",
    { class: "replay", role: "group", "aria-label": runWords.replay, hidden: true },
    h("div", { class: "replay-buttons" }, first, previous, play, next),
    h("div", { class: "replay-middle" }, text, slider),
    speeds,
  );
  slider.addEventListener("input", () => pause(Number(slider.value)));
  for (const type of ["keydown", "pointerdown"]) dom.addEventListener(type, (event) => event.stopPropagation());
  // Escape belongs to the overlay wherever the focus is.
  dom.addEventListener("keydown", (event) => event.key === "Escape" && context.commands.run("escape"));

  const position = () => (store.state.overlay ? positionOf(store.state.overlay) : -1);
  const lastOf = (/** @type {State} */ state) => (state.overlay?.run.steps.length ?? 0) - 1;

  /** @param {number} at */
  function goTo(at) {
    store.dispatch((state) => (state.overlay ? { ...state, overlay: { ...state.overlay, at: Math.max(0, Math.min(at, lastOf(state))) } } : state));
    const step = store.state.overlay && stepAt(store.state.overlay);
    if (step && nodeOf(shownDocument(store.state), step.node)) context.canvas.reveal(step.node);
  }

  /** @param {number} at */
  function pause(at) {
    stop();
    goTo(at);
  }

  function start() {
    if (position() >= lastOf(store.state)) goTo(0);
    setButton(play, runWords.pause, "pause");
    wait();
  }

  function wait() {
    const { overlay } = store.state;
    timer = window.setTimeout(
      () => {
        if (!store.state.overlay || position() >= lastOf(store.state)) return stop();
        goTo(position() + 1);
        wait();
      },
      shownFor(overlay ? stepAt(overlay) : undefined, speed),
    );
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    setButton(play, runWords.play, "play");
  }

  return {
    dom,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (state.overlay === before.overlay && state !== before) return;
      const { overlay } = state;
      if (overlay?.run.id !== before.overlay?.run.id && timer) stop();
      dom.hidden = !overlay?.run.steps.length;
      if (!overlay || dom.hidden) return;
      const at = positionOf(overlay);
      setAttribute(slider, "max", String(lastOf(state)));
      if (slider.valueAsNumber !== at) slider.value = String(at);
      slider.style.setProperty("--done", `${lastOf(state) ? (at / lastOf(state)) * 100 : 100}%`);
      setAttribute(slider, "aria-valuetext", positionText(overlay));
      setText(text, positionText(overlay));
      first.disabled = previous.disabled = at <= 0;
      next.disabled = at >= lastOf(state);
    },
  };
}

/** @param {string} label @param {string} name @param {() => void} onclick */
function button(label, name, onclick) {
  return h("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick }, icon(name));
}

/** @param {HTMLElement} dom @param {string} label @param {string} name */
function setButton(dom, label, name) {
  setAttribute(dom, "aria-label", label);
  setAttribute(dom, "title", label);
  if (dom.firstElementChild) setIcon(dom.firstElementChild, name);
}
