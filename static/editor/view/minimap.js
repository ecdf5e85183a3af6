/** The whole flow small in a corner: where one is, and a way to go elsewhere. A bitmap, redrawn ten times a second at most. */

/** @import {Point, Rect, State, Store} from "../types.js" */

import { typeOf } from "../model/catalogue.js";
import { bounds, heightOf, toWorld, WIDTH } from "../model/geometry.js";
import { planeOf } from "../model/spatial.js";
import { shownDocument, shownPlaces, wantsMinimap } from "../model/state.js";
import { words } from "../model/words.js";
import { h } from "./dom.js";
import { paletteOf } from "./far.js";

const SIZE = { width: 176, height: 120 };
const RIM = 6;
const PAUSE = 100;
/** State that the bitmap shows. */
const SHOWN = /** @type {const} */ (["document", "catalogue", "camera", "viewport", "overlay", "selection", "minimap"]);
/** @type {Record<string, [number, number]>} parts of the view that an arrow moves by */
const ARROWS = { ArrowLeft: [-0.25, 0], ArrowRight: [0.25, 0], ArrowUp: [0, -0.25], ArrowDown: [0, 0.25] };

/** @param {Store} store */
export function createMinimap(store) {
  const bitmap = h("canvas", { "aria-hidden": "true" });
  const dom = h("div", { class: "minimap", role: "application", tabIndex: 0, "aria-label": words.minimap }, bitmap);
  const context = /** @type {CanvasRenderingContext2D} */ (bitmap.getContext("2d"));
  /** Of the last drawing. @type {{box: Rect, scale: number}} */
  let drawn = { box: { x: 0, y: 0, width: 1, height: 1 }, scale: 1 };
  /** What does not change while one moves about. */
  const still = document.createElement("canvas");
  let kept = /** @type {any[]} */ ([]);
  let accent = "";
  let waiting = 0;
  let last = 0;
  let dragging = false;

  /** @param {number} ms */
  function soon(ms) {
    if (!waiting) waiting = setTimeout(draw, ms);
  }

  function draw() {
    clearTimeout(waiting);
    waiting = 0;
    last = performance.now();
    const { state } = store;
    if (dom.hidden) return;
    const ratio = globalThis.devicePixelRatio || 1;
    // Setting a size, the same too, would make the bitmap anew and the browser look at styles.
    if (bitmap.width !== Math.trunc(SIZE.width * ratio)) Object.assign(bitmap, { width: SIZE.width * ratio, height: SIZE.height * ratio });
    context.resetTransform();
    context.clearRect(0, 0, bitmap.width, bitmap.height);
    const view = viewOf(state);
    // While somebody drags in it the map itself stays as it is.
    if (!dragging) drawn = fitted(/** @type {Rect} */ (bounds([...around(state), view])));
    const { box, scale } = drawn;
    /** @type {[number, number, number, number, number, number]} */
    const place = [scale * ratio, 0, 0, scale * ratio, (RIM - box.x * scale) * ratio, (RIM - box.y * scale) * ratio];
    const content = [shownDocument(state), state.catalogue, state.selection, ...place];
    if (content.some((each, at) => each !== kept[at])) {
      Object.assign(still, { width: bitmap.width, height: bitmap.height });
      const stillContext = /** @type {CanvasRenderingContext2D} */ (still.getContext("2d", { willReadFrequently: true }));
      stillContext.setTransform(...place);
      const palette = paletteOf(dom);
      drawContent(stillContext, state, palette);
      accent = palette.accent;
      kept = content;
    }
    context.drawImage(still, 0, 0);
    context.setTransform(...place);
    context.lineWidth = 1.5 / scale;
    context.strokeStyle = accent;
    context.strokeRect(view.x, view.y, view.width, view.height);
  }

  /** The middle of the view goes under the pointer. @param {PointerEvent} event */
  function go(event) {
    const edge = dom.getBoundingClientRect();
    const at = { x: (event.clientX - edge.left - RIM) / drawn.scale + drawn.box.x, y: (event.clientY - edge.top - RIM) / drawn.scale + drawn.box.y };
    store.dispatch((state) => centred(state, at));
  }

  dom.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    draw();
    dragging = true;
    dom.setPointerCapture(event.pointerId);
    go(event);
  });
  dom.addEventListener("pointermove", (event) => dragging && go(event));
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    dom.addEventListener(end, () => {
      dragging = false;
      soon(PAUSE);
    });
  dom.addEventListener("keydown", (event) => {
    const [dx, dy] = ARROWS[event.key] ?? [];
    if (dx === undefined || dy === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    store.dispatch((state) => ({
      ...state,
      camera: { ...state.camera, x: state.camera.x - dx * state.viewport.width, y: state.camera.y - dy * state.viewport.height },
    }));
  });

  return {
    dom,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (state !== before && SHOWN.every((name) => state[name] === before[name])) return;
      dom.hidden = !wantsMinimap(state);
      // With a frame that is drawn anyway, when it is time: one of its own would cost as much again.
      if (dragging || (onlyViewed(state, before) && performance.now() - last >= PAUSE)) draw();
      else soon(PAUSE);
    },
  };
}

/** What is drawn once and kept is there already. @param {State} state @param {State} before */
const onlyViewed = (state, before) => SHOWN.every((name) => name === "camera" || state[name] === before[name]);

/** @param {Rect} box @returns {{box: Rect, scale: number}} */
function fitted(box) {
  const scale = Math.min((SIZE.width - 2 * RIM) / Math.max(box.width, 1), (SIZE.height - 2 * RIM) / Math.max(box.height, 1));
  const [spareX, spareY] = [(SIZE.width - 2 * RIM) / scale - box.width, (SIZE.height - 2 * RIM) / scale - box.height];
  return { box: { ...box, x: box.x - spareX / 2, y: box.y - spareY / 2 }, scale };
}

/** @param {State} state @returns {Rect} */
function viewOf({ camera, viewport }) {
  return { ...toWorld(camera, { x: 0, y: 0 }), width: viewport.width / camera.zoom, height: viewport.height / camera.zoom };
}

/** @param {State} state @returns {Rect[]} around all nodes, and the notes */
function around(state) {
  const shown = shownDocument(state);
  const { box } = planeOf(shown, state.catalogue);
  return [...(box ? [box] : []), ...shown.notes];
}

/** @param {State} state @param {Point} at @returns {State} */
function centred(state, at) {
  const { camera, viewport } = state;
  return { ...state, camera: { ...camera, x: viewport.width / 2 - at.x * camera.zoom, y: viewport.height / 2 - at.y * camera.zoom } };
}

/**
 * Cards are put into the bitmap's memory: of thousands of rectangles to draw each would be measured, smoothed and clipped, for a few
 * pixels.
 * @param {CanvasRenderingContext2D} context @param {State} state @param {ReturnType<typeof paletteOf>} palette
 */
function drawContent(context, state, palette) {
  const places = shownPlaces(state);
  const shown = shownDocument(state);
  const { a: scale, e: left, f: top } = context.getTransform();
  const { width, height } = context.canvas;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const wide = Math.max(1, Math.round(WIDTH * scale));
  const inkOf = inks(context);
  for (const node of shown.nodes) {
    const place = places[node.id];
    if (!place) continue;
    const color = typeOf(state.catalogue, node.type)?.group.color ?? "slate";
    const ink = inkOf(state.selection.nodes.has(node.id) ? palette.accent : (palette.groups[color] ?? palette.line));
    const first = Math.round(place.y * scale + top) * width + Math.round(place.x * scale + left);
    const high = Math.max(1, Math.round(heightOf(node) * scale));
    for (let row = 0; row < high; row++) pixels.fill(ink, first + row * width, first + row * width + wide);
  }
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = palette.note;
  for (const note of shown.notes) context.fillRect(note.x, note.y, note.width, note.height);
  context.globalCompositeOperation = "source-over";
}

/** Colours as a bitmap keeps them. @param {CanvasRenderingContext2D} context @returns {(color: string) => number} */
function inks(context) {
  /** @type {Map<string, number>} */
  const known = new Map();
  return (color) => {
    let ink = known.get(color);
    if (ink === undefined) {
      context.save();
      context.resetTransform();
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      context.restore();
      ink = new Uint32Array(context.getImageData(0, 0, 1, 1).data.buffer)[0] ?? 0;
      known.set(color, ink);
    }
    return ink;
  };
}
