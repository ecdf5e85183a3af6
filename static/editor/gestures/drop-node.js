/** From the palette onto the canvas: pointer events, so that fingers can do it too. A press without a drag is a click. */

/** @import {Context, State, Store} from "../types.js" */

import { HEIGHT, SNAP_RADIUS, toWorld } from "../model/geometry.js";
import { lineAt, planeOf } from "../model/spatial.js";
import { readonlyReason } from "../model/state.js";
import { createAutoPan } from "./pan.js";

/** @param {Store} store @param {Context} context @param {HTMLElement} stage @returns {Context["startDrop"]} */
export function createDrop(store, context, stage) {
  return (type, event) => {
    if (event.button !== 0 || readonlyReason(store.state)) return;
    const source = /** @type {HTMLElement} */ (event.currentTarget ?? event.target);
    const origin = { x: event.clientX, y: event.clientY };
    const threshold = event.pointerType === "touch" ? 8 : 3;
    const id = event.pointerId;
    let started = false;
    // The rim moves the view only for who has been on the canvas, not for who comes over it.
    let arrived = false;
    const rim = createAutoPan(store, () => show());
    /** @type {{x: number, y: number}} */
    let screen = { x: 0, y: 0 };
    let box = stage.getBoundingClientRect();
    const stop = new AbortController();
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ run) => addEventListener(name, run, { signal: stop.signal, capture: true });

    on("pointermove", (/** @type {PointerEvent} */ moved) => {
      if (moved.pointerId !== id) return;
      if (!started && Math.hypot(moved.clientX - origin.x, moved.clientY - origin.y) < threshold) return;
      started = true;
      document.documentElement.classList.add("is-dropping");
      box = stage.getBoundingClientRect();
      screen = { x: moved.clientX - box.left, y: moved.clientY - box.top };
      arrived ||= Math.min(screen.x, screen.y, box.width - screen.x, box.height - screen.y) > 60;
      show();
      if (arrived && isInside()) rim.at(screen, box);
      else rim.stop();
    });
    on("pointerup", (/** @type {PointerEvent} */ up) => {
      if (up.pointerId !== id) return;
      const { gesture } = store.state;
      end();
      if (!started) return;
      swallowClick();
      if (gesture?.kind !== "drop" || !gesture.inside) return;
      context.commands.run("insert", { type, edge: gesture.edge, at: { x: gesture.x, y: gesture.y } });
      context.canvas.focus();
    });
    on("pointercancel", end);
    // Captured blurs of elements come by here too; only the window's own ends the story.
    on("blur", (/** @type {FocusEvent} */ blurred) => blurred.target === window && end());
    on("keydown", (/** @type {KeyboardEvent} */ key) => {
      if (key.key !== "Escape") return;
      key.stopPropagation();
      end();
    });

    const isInside = () => screen.x >= 0 && screen.y >= 0 && screen.x <= box.width && screen.y <= box.height;

    function show() {
      const inside = isInside();
      store.dispatch((state) => {
        const at = toWorld(state.camera, screen);
        return { ...state, gesture: { kind: "drop", type, x: at.x, y: at.y, inside, edge: inside ? edgeUnder(state, type, at) : null } };
      });
    }

    function end() {
      stop.abort();
      rim.stop();
      document.documentElement.classList.remove("is-dropping");
      if (source.hasPointerCapture?.(id)) source.releasePointerCapture(id);
      store.dispatch((state) => (state.gesture?.kind === "drop" ? { ...state, gesture: null } : state));
    }
  };
}

/** A drag that ends over its own button would be followed by a click there. */
function swallowClick() {
  const swallow = (/** @type {Event} */ click) => click.stopPropagation();
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
}

/** @param {State} state @param {string} type @param {{x: number, y: number}} at */
function edgeUnder(state, type, at) {
  const definition = state.catalogue.types.get(type);
  if (!definition || definition.trigger || !definition.ports.length) return null;
  return lineAt(planeOf(state.document, state.catalogue), at, SNAP_RADIUS + HEIGHT / 4);
}
