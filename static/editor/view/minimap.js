/** The whole flow small in a corner: where one is, and a way to go elsewhere. A bitmap, redrawn ten times a second at most. */

/** @import {FlowNode, Point, Rect, State, Store} from "../types.js" */

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
  let dragging = false;

  /** @param {number} ms */
  function soon(ms) {
    if (!waiting) waiting = setTimeout(draw, ms);
  }

  function draw() {
    waiting = 0;
    const { state } = store;
    if (dom.hidden) return;
    const ratio = globalThis.devicePixelRatio || 1;
    bitmap.width = SIZE.width * ratio;
    bitmap.height = SIZE.height * ratio;
    const view = viewOf(state);
    // While somebody drags in it the map itself stays as it is.
    if (!dragging) drawn = fitted(/** @type {Rect} */ (bounds([...around(state), view])));
    const { box, scale } = drawn;
    /** @type {[number, number, number, number, number, number]} */
    const place = [scale * ratio, 0, 0, scale * ratio, (RIM - box.x * scale) * ratio, (RIM - box.y * scale) * ratio];
    const content = [shownDocument(state), state.catalogue, state.selection, ...place];
    if (content.some((each, at) => each !== kept[at])) {
      Object.assign(still, { width: bitmap.width, height: bitmap.height });
      const stillContext = /** @type {CanvasRenderingContext2D} */ (still.getContext("2d"));
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
      soon(dragging ? 0 : PAUSE);
    },
  };
}

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

/** @param {CanvasRenderingContext2D} context @param {State} state @param {ReturnType<typeof paletteOf>} palette */
function drawContent(context, state, palette) {
  const places = shownPlaces(state);
  const shown = shownDocument(state);
  for (const note of shown.notes) {
    context.fillStyle = palette.note;
    context.fillRect(note.x, note.y, note.width, note.height);
  }
  // A colour is set once for all that have it: browsers read its text each time.
  /** @type {Map<string, FlowNode[]>} */
  const groups = new Map();
  for (const node of shown.nodes) {
    const color = typeOf(state.catalogue, node.type)?.group.color ?? "slate";
    const fill = state.selection.nodes.has(node.id) ? palette.accent : (palette.groups[color] ?? palette.line);
    const group = groups.get(fill);
    if (group) group.push(node);
    else groups.set(fill, [node]);
  }
  for (const [fill, nodes] of groups) {
    context.fillStyle = fill;
    for (const node of nodes) {
      const place = places[node.id];
      if (place) context.fillRect(place.x, place.y, WIDTH, heightOf(node));
    }
  }
}
