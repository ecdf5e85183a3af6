/** Leading a line from elsewhere: by the upper end of a selected line to another port. It goes on leading where it led. */

/** @import {Edge, State} from "../types.js" */
/** @import {Pointer, Story, Tools} from "./machine.js" */

import { freeWayOut, refusalFrom } from "../model/connecting.js";
import { SNAP_RADIUS } from "../model/geometry.js";
import { hit, nodeAt, planeOf } from "../model/spatial.js";

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
      clear();
      if (target && refused) {
        context.announce(refused);
        context.toast(refused, { kind: "warn" });
      } else if (target) context.commands.run("lead-from", { edge: edge.id, source, port });
      else context.announce(context.words.announce.cancelled);
    },
  };
}

/** @param {State} state @param {Edge} edge @param {Pointer} pointer @returns {Extract<NonNullable<State["gesture"]>, {kind: "connect"}>} target: the step it would come from */
function gestureAt(state, edge, { world }) {
  const { document, catalogue, camera } = state;
  const plane = planeOf(document, catalogue);
  const found = hit(plane, [], world, camera.zoom, { reach: SNAP_RADIUS });
  const node = found?.kind === "port" ? found.node : nodeAt(plane, world);
  const port = found?.kind === "port" ? found.port : node ? (freeWayOut(document, catalogue, node, edge) ?? "") : "";
  const unmoved = node === edge.source && port === edge.port;
  const target = unmoved ? null : node;
  const refused = target ? refusalFrom(document, catalogue, edge, target, port) : null;
  return { kind: "connect", source: target ?? "", port, x: world.x, y: world.y, target, refused, edge: edge.id, tap: false, held: edge.target };
}
