/** Drawing a connection: by dragging from a port, or by tapping a port and then a step. Into the empty canvas it opens the picker. */

/** @import {Context, State} from "../types.js" */
/** @import {Pointer, Story, Tools} from "./machine.js" */

import { refusal } from "../model/connecting.js";
import { SNAP_RADIUS } from "../model/geometry.js";
import { announced } from "../model/history.js";
import { nodeOf } from "../model/document.js";
import { planeOf, targetAt } from "../model/spatial.js";
import { words } from "../model/words.js";

/**
 * @param {Tools} tools
 * @param {{node: string, port: string, open?: HTMLElement, edge?: string, finishing?: boolean, click?: () => void}} from
 *   open: the `+` that was pressed (a click opens the picker there); edge: the one being led elsewhere; finishing: second tap
 * @returns {Story}
 */
export function drawEdge({ store, context }, from) {
  const { node: source, port } = from;
  const clear = () => store.dispatch((state) => ({ ...state, gesture: null }));

  /** @param {Pointer} pointer @param {boolean} tap */
  const show = (pointer, tap) =>
    store.dispatch((state) => ({ ...state, hover: null, gesture: gestureAt(state, source, port, pointer, from.edge ?? null, tap) }));

  /** @param {Pointer} pointer */
  function land(pointer) {
    const found = gestureAt(store.state, source, port, pointer, null, false);
    clear();
    if (found.kind !== "connect") return undefined;
    if (found.target) {
      if (!found.refused) context.commands.run("connect", { source, port, target: found.target });
      else if (found.refused !== words.refused.sameTarget) refuse(context, found.refused);
      return undefined;
    }
    if (targetAt(planeOf(store.state.document, store.state.catalogue), pointer.world, 0) === source) return context.announce(words.announce.cancelled);
    context.commands.run("add", { after: { node: source, port }, at: pointer.world, anchor: context.canvas.toClient(pointer.world.x, pointer.world.y) });
  }

  return {
    autoPan: true,
    start: (pointer) => show(pointer, false),
    move: (pointer) => show(pointer, store.state.gesture?.kind === "connect" && store.state.gesture.tap),
    finish: land,
    cancel: clear,
    click(pointer) {
      if (from.finishing) {
        const target = targetAt(planeOf(store.state.document, store.state.catalogue), pointer.world, SNAP_RADIUS / store.state.camera.zoom);
        return target ? land(pointer) : clear();
      }
      if (from.click) return from.click();
      if (from.open) return void context.commands.run("add", { after: { node: source, port }, anchor: from.open });
      show(pointer, true);
      store.dispatch((state) => announced(state, words.announce.connectStart(nodeOf(state.document, source)?.label ?? "")));
    },
  };
}

/** @param {State} state @param {string} source @param {string} port @param {Pointer} pointer @param {string|null} edge @param {boolean} tap @returns {NonNullable<State["gesture"]>} */
function gestureAt(state, source, port, { world }, edge, tap) {
  const found = targetAt(planeOf(state.document, state.catalogue), world, SNAP_RADIUS / state.camera.zoom);
  const target = found === source ? null : found;
  const refused = target ? refusal(state.document, state.catalogue, source, port, target) : null;
  return { kind: "connect", source, port, x: world.x, y: world.y, target, refused: refused === words.refused.sameTarget ? null : refused, edge, tap };
}

/** @param {Context} context @param {string} reason */
function refuse(context, reason) {
  context.announce(reason);
  context.toast(reason, { kind: "warn" });
}
