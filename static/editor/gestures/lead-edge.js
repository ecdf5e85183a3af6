/** Leading a line from elsewhere: by the upper end of a selected line to another port. It goes on leading where it led; let go on the empty canvas it is removed. */

/** @import {Edge, State} from "../types.js" */
/** @import {Pointer, Story, Tools} from "./machine.js" */

import { freeWayOut, refusalFrom } from "../model/connecting.js";
import { SNAP_RADIUS } from "../model/geometry.js";
import { hit, nodeAt, planeOf } from "../model/spatial.js";
import { selectionOf } from "../model/state.js";

/** @param {Tools} tools @param {{edge: Edge, click: () => void}} from @returns {Story} */
export function leadEdge({ store, context }, { edge, click }) {
  const clear = () => store.dispatch((state) => ({ ...state, gesture: null }));
  const show = (/** @type {Pointer} */ pointer) => store.dispatch((state) => ({ ...state, hover: null, gesture: gestureAt(state, edge, pointer) }));

  return {
    autoPan: true,
    start: show,
    move: show,
    click,
    cancel: clear,
    finish(pointer) {
      const { source, port, target, refused } = gestureAt(store.state, edge, pointer);
      const away = isAway(store.state, edge, pointer);
      clear();
      if (target && refused) {
        context.announce(refused);
        context.toast(refused, { kind: "warn" });
      } else if (target) context.commands.run("lead-from", { edge: edge.id, source, port });
      else if (!away) context.announce(context.words.announce.cancelled);
      else {
        store.dispatch((state) => ({ ...state, selection: selectionOf([], [edge.id]) }));
        context.commands.run("delete");
      }
    },
  };
}

/** The step under the pointer and the way out of it that the line would take. @param {State} state @param {Edge} edge @param {Pointer} pointer */
function wayAt({ document, catalogue, camera }, edge, { world }) {
  const plane = planeOf(document, catalogue);
  const found = hit(plane, [], world, camera.zoom, { reach: SNAP_RADIUS });
  if (found?.kind === "port") return found;
  const node = nodeAt(plane, world);
  return { node, port: node ? (freeWayOut(document, catalogue, node, edge) ?? "") : "" };
}

/** Whether it is let go of on the canvas, away from any step. @param {State} state @param {Edge} edge @param {Pointer} pointer */
function isAway(state, edge, pointer) {
  const { x, y } = pointer.screen;
  return x >= 0 && y >= 0 && x <= state.viewport.width && y <= state.viewport.height && wayAt(state, edge, pointer).node === null;
}

/** @param {State} state @param {Edge} edge @param {Pointer} pointer @returns {Extract<NonNullable<State["gesture"]>, {kind: "connect"}>} target: the step it would come from */
function gestureAt(state, edge, pointer) {
  const { x, y } = pointer.world;
  const { node, port } = wayAt(state, edge, pointer);
  const unmoved = node === edge.source && port === edge.port;
  const target = unmoved ? null : node;
  const refused = target ? refusalFrom(state.document, state.catalogue, edge, target, port) : null;
  return { kind: "connect", source: target ?? "", port, x, y, target, refused, edge: edge.id, tap: false, held: edge.target };
}
