/** Moving the view by dragging (space, middle button, hand tool, one finger on the empty canvas) and by the wheel. */

/** @import {Camera, Point, Store} from "../types.js" */
/** @import {Story, Tools} from "./machine.js" */

import { zoomAt } from "../model/geometry.js";

/** @param {Tools} tools @param {() => void} [click] @returns {Story} */
export function pan({ store, panning }, click) {
  /** @type {Camera} */
  let from = store.state.camera;
  let origin = { x: 0, y: 0 };
  return {
    start(pointer) {
      from = store.state.camera;
      origin = pointer.screen;
      panning(true);
      store.dispatch((state) => ({ ...state, gesture: { kind: "pan" } }));
    },
    move({ screen }) {
      store.dispatch((state) => ({ ...state, camera: { zoom: from.zoom, x: from.x + screen.x - origin.x, y: from.y + screen.y - origin.y } }));
    },
    finish() {
      panning(false);
      store.dispatch((state) => ({ ...state, gesture: null }));
    },
    cancel() {
      panning(false);
      store.dispatch((state) => ({ ...state, gesture: null, camera: from }));
    },
    ...(click ? { click } : {}),
  };
}

/** @typedef {{id: number, at: Point}} Finger */

/**
 * Two fingers: what lies between them stays between them, so they move and zoom at once. The gesture of the state is left alone: a
 * connection that waits for its target goes on waiting.
 * @param {Tools} tools @param {[Finger, Finger]} fingers
 */
export function pinch({ store, panning }, fingers) {
  const places = new Map(fingers.map(({ id, at }) => [id, at]));
  const now = () => {
    const [a, b] = /** @type {[Point, Point]} */ ([...places.values()]);
    return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, apart: Math.max(16, Math.hypot(a.x - b.x, a.y - b.y)) };
  };
  const from = { ...now(), camera: store.state.camera };
  panning(true);
  return {
    has: (/** @type {number} */ id) => places.has(id),
    /** @param {Finger} finger */
    move({ id, at }) {
      if (!places.has(id)) return;
      places.set(id, at);
      const { middle, apart } = now();
      const zoomed = zoomAt(from.camera, from.middle, from.camera.zoom * (apart / from.apart));
      const camera = { ...zoomed, x: zoomed.x + middle.x - from.middle.x, y: zoomed.y + middle.y - from.middle.y };
      store.dispatch((state) => ({ ...state, camera }));
    },
    end: () => panning(false),
  };
}

const RIM = 40;
const FASTEST = 15;

/**
 * Near the rim the view moves on by itself, gently at first: up to 15 px a frame within 40 px of it.
 * @param {Store} store @param {() => void} moved the pointer rests, but what lies under it is another place now
 */
export function createAutoPan(store, moved) {
  let frame = 0;
  let eased = 0;
  let push = { x: 0, y: 0 };
  const towards = (/** @type {number} */ at, /** @type {number} */ size) =>
    Math.max(-1, Math.min(1, at < RIM ? (RIM - at) / RIM : at > size - RIM ? (size - RIM - at) / RIM : 0));

  function step() {
    frame = requestAnimationFrame(step);
    eased = Math.min(1, eased + 0.05);
    const speed = FASTEST * eased;
    store.dispatch((state) => ({ ...state, camera: { ...state.camera, x: state.camera.x + push.x * speed, y: state.camera.y + push.y * speed } }));
    moved();
  }
  function stop() {
    cancelAnimationFrame(frame);
    frame = 0;
    eased = 0;
  }
  return {
    /** @param {Point} screen where the pointer is @param {{width: number, height: number}} box of the canvas */
    at(screen, box) {
      push = { x: towards(screen.x, box.width), y: towards(screen.y, box.height) };
      if (!push.x && !push.y) stop();
      else frame ||= requestAnimationFrame(step);
    },
    stop,
  };
}

/** The browser's `deltaMode`s: pixels, lines, pages. */
const UNIT = [0.002, 0.05, 1];
const SAME_GESTURE = 100;

/**
 * Wheel pans, with Ctrl or Cmd (and pinch, which browsers report as Ctrl) it zooms at the pointer. Small steps mean a trackpad; the
 * decision holds while events follow each other within 100 ms.
 * @param {Store} store @param {HTMLElement} stage @param {(on: boolean) => void} panning
 */
export function listenToWheel(store, stage, panning) {
  let trackpad = false;
  let last = 0;
  let rest = 0;
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const now = event.timeStamp;
      if (now - last > SAME_GESTURE) trackpad = event.deltaMode === 0 && Math.abs(event.deltaY) < 50 && Math.abs(event.deltaX) < 50;
      last = now;
      clearTimeout(rest);
      rest = setTimeout(() => panning(false), 150);
      if (event.ctrlKey || event.metaKey) {
        const factor = event.ctrlKey && trackpad ? 10 : 1;
        const delta = -event.deltaY * (UNIT[event.deltaMode] ?? 0.002) * factor;
        const at = { x: event.offsetX, y: event.offsetY };
        if (event.target !== stage) {
          const box = stage.getBoundingClientRect();
          Object.assign(at, { x: event.clientX - box.left, y: event.clientY - box.top });
        }
        panning(false);
        store.dispatch((state) => ({ ...state, camera: zoomAt(state.camera, at, state.camera.zoom * 2 ** Math.max(-1, Math.min(1, delta))) }));
        return;
      }
      panning(true);
      const scale = event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? store.state.viewport.height : 1;
      const sideways = event.shiftKey && !event.deltaX && !trackpad;
      const [dx, dy] = sideways ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
      store.dispatch((state) => ({ ...state, camera: { ...state.camera, x: state.camera.x - dx * scale, y: state.camera.y - dy * scale } }));
    },
    { passive: false },
  );
}
