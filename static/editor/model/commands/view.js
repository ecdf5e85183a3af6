/** Commands of the camera. None of them changes the document. */

/** @import {Command, State} from "../../types.js" */

import { zoomAt } from "../geometry.js";
import { announced } from "../history.js";
import { fit } from "../spatial.js";
import { words } from "../words.js";

const group = words.groups.view;

/** @param {State} state @param {number} zoom @param {{x: number, y: number}} [at] on the canvas element @returns {State} */
export function zoomTo(state, zoom, at = { x: state.viewport.width / 2, y: state.viewport.height / 2 }) {
  const camera = zoomAt(state.camera, at, zoom);
  return announced({ ...state, camera }, words.announce.zoom(camera.zoom));
}

/** @param {State|null} state @param {string} text */
const said = (state, text) => state && announced(state, text);

/** @param {State} state @param {State["tool"]} tool */
const useTool = (state, tool) => announced({ ...state, tool }, words.announce.tool(tool));

/** @type {Command[]} */
export const viewCommands = [
  { id: "fit", label: words.commands.fit, keys: ["1"], group, run: (state) => said(fit(state), words.announce.fitted) },
  { id: "fit-selection", label: words.commands.fitSelection, keys: ["2"], group, run: (state) => said(fit(state, true), words.announce.fittedSelection) },
  { id: "full-size", label: words.commands.fullSize, keys: ["0"], group, run: (state) => zoomTo(state, 1) },
  { id: "zoom-in", label: words.commands.zoomIn, keys: ["+", "="], group, run: (state) => zoomTo(state, state.camera.zoom * 1.25) },
  { id: "zoom-out", label: words.commands.zoomOut, keys: ["-"], group, run: (state) => zoomTo(state, state.camera.zoom / 1.25) },
  { id: "hand", label: words.commands.hand, keys: ["h"], group, run: (state) => useTool(state, "hand") },
  { id: "pointer", label: words.commands.pointer, keys: ["v"], group, run: (state) => useTool(state, "select") },
];
