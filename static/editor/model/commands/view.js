/** Commands of what is seen: the camera, the tool, what lies over the canvas. None of them changes the document. */

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

/** A preference of the person: here at once, on the server too. @param {State} state @param {string} name @param {(on: boolean) => string} said @returns {State} */
function toggled(state, name, said) {
  const on = state.preferences[name] === false;
  return announced({ ...state, preferences: { ...state.preferences, [name]: on } }, said(on));
}

/** @param {string} name @returns {NonNullable<Command["perform"]>} */
const kept = (name) => (context, args) => context.api.patch("/preferences/", { [name]: args.state.preferences[name] }).catch(() => {});

/** @type {Command[]} */
export const viewCommands = [
  { id: "fit", label: words.commands.fit, keys: ["1"], group, run: (state) => said(fit(state), words.announce.fitted) },
  { id: "fit-selection", label: words.commands.fitSelection, keys: ["2"], group, run: (state) => said(fit(state, true), words.announce.fittedSelection) },
  { id: "full-size", label: words.commands.fullSize, keys: ["0"], group, run: (state) => zoomTo(state, 1) },
  { id: "zoom-in", label: words.commands.zoomIn, keys: ["+", "="], group, run: (state) => zoomTo(state, state.camera.zoom * 1.25) },
  { id: "zoom-out", label: words.commands.zoomOut, keys: ["-"], group, run: (state) => zoomTo(state, state.camera.zoom / 1.25) },
  {
    id: "find",
    label: words.commands.find,
    keys: ["Mod+f"],
    group,
    run: (state) => ({ ...state, search: state.search ?? { query: "", at: 0 } }),
    // Asked for again while it is open, the field is what one wants.
    perform: (context) => context.focusSearch?.(),
  },
  {
    id: "snap",
    label: words.commands.snap,
    keys: ["g"],
    group,
    run: (state) => toggled(state, "snap", words.announce.snap),
    perform: kept("snap"),
  },
  {
    id: "single-keys",
    label: words.commands.singleKeys,
    keys: [],
    group,
    run: (state) => toggled(state, "single_keys", words.announce.singleKeys),
    perform: kept("single_keys"),
  },
  {
    id: "sides",
    label: words.commands.sides,
    keys: [],
    group,
    run: (state) => toggled(state, "form_left", words.announce.sides),
    perform: kept("form_left"),
  },
  {
    id: "traffic",
    label: words.commands.traffic,
    keys: ["t"],
    group,
    run: (state) =>
      announced(
        { ...state, traffic: state.traffic ? null : { window: "24h", version: null, data: null, failed: false } },
        words.announce.traffic(!state.traffic),
      ),
  },
  { id: "area", label: words.commands.area, keys: [], group, run: (state) => announced({ ...state, tool: "area" }, words.announce.areaTool) },
  { id: "hand", label: words.commands.hand, keys: ["h"], group, run: (state) => useTool(state, "hand") },
  { id: "pointer", label: words.commands.pointer, keys: ["v"], group, run: (state) => useTool(state, "select") },
];
