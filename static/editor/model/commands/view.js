/** Commands of the camera. None of them changes the document. */

/** @import {Command, State} from "../../types.js" */

import { bounds, cameraFor, contentRects, heightOf, WIDTH, zoomAt } from "../geometry.js";
import { nodeOf } from "../document.js";
import { announced } from "../history.js";
import { shownDocument, shownPlaces } from "../state.js";
import { words } from "../words.js";

const group = words.groups.view;

/** @param {State} state @param {number} zoom @param {{x: number, y: number}} [at] on the canvas element @returns {State} */
export function zoomTo(state, zoom, at = { x: state.viewport.width / 2, y: state.viewport.height / 2 }) {
  const camera = zoomAt(state.camera, at, zoom);
  return announced({ ...state, camera }, words.announce.zoom(camera.zoom));
}

/** Everything in view, or just what is selected. @param {State} state @param {boolean} [selectionOnly] @returns {State|null} */
export function fit(state, selectionOnly = false) {
  const { nodes, notes } = state.selection;
  const wanted = selectionOnly ? (/** @type {string} */ id) => nodes.has(id) || notes.has(id) : undefined;
  const box = bounds(contentRects(shownDocument(state), shownPlaces(state), wanted));
  if (selectionOnly && !box) return null;
  return { ...state, camera: cameraFor(box, state.viewport) };
}

/** A node that is out of view is brought in; nothing moves when it can be seen. @param {State} state @param {string} id @returns {State} */
export function reveal(state, id) {
  const node = nodeOf(shownDocument(state), id);
  const place = shownPlaces(state)[id];
  if (!node || !place) return state;
  const { x, y, zoom } = state.camera;
  const [left, top] = [place.x * zoom + x, place.y * zoom + y];
  const [right, bottom] = [left + WIDTH * zoom, top + heightOf(node) * zoom];
  const margin = 24;
  if (left >= margin && top >= margin && right <= state.viewport.width - margin && bottom <= state.viewport.height - margin) return state;
  const middle = { x: (state.viewport.width - WIDTH * zoom) / 2, y: (state.viewport.height - heightOf(node) * zoom) / 2 };
  return { ...state, camera: { zoom, x: Math.round(middle.x - place.x * zoom), y: Math.round(middle.y - place.y * zoom) } };
}

/** @type {Command[]} */
export const viewCommands = [
  { id: "fit", label: words.commands.fit, keys: ["1"], group, run: (state) => fit(state) },
  { id: "fit-selection", label: words.commands.fitSelection, keys: ["2"], group, run: (state) => fit(state, true) },
  { id: "full-size", label: words.commands.fullSize, keys: ["0"], group, run: (state) => zoomTo(state, 1) },
  { id: "zoom-in", label: words.commands.zoomIn, keys: ["+", "="], group, run: (state) => zoomTo(state, state.camera.zoom * 1.25) },
  { id: "zoom-out", label: words.commands.zoomOut, keys: ["-"], group, run: (state) => zoomTo(state, state.camera.zoom / 1.25) },
  { id: "hand", label: words.commands.hand, keys: ["h"], group, run: (state) => ({ ...state, tool: "hand" }) },
  { id: "pointer", label: words.commands.pointer, keys: ["v"], group, run: (state) => ({ ...state, tool: "select" }) },
];
