/** Selecting with a rectangle: what it touches, with Alt only what lies inside; Shift adds, Ctrl (Cmd) takes out. */

/** @import {Selection} from "../types.js" */
/** @import {Pointer, Story, Tools} from "./machine.js" */

import { encloses, nodeRect, rectBetween } from "../model/geometry.js";
import { announced } from "../model/history.js";
import { indexOf } from "../model/graph.js";
import { nodesIn, notesIn, planeOf } from "../model/spatial.js";
import { isEmpty, selectionOf, shownDocument } from "../model/state.js";
import { words } from "../model/words.js";
import { addsTo, clearSelection } from "./machine.js";

/** @param {Tools} tools @param {Pointer} down @returns {Story} */
export function marquee(tools, down) {
  const { store } = tools;
  /** @type {Selection} */
  let before = store.state.selection;
  let origin = down.world;
  return {
    autoPan: true,
    click: () => !addsTo(store.state, down) && !isEmpty(store.state.selection) && clearSelection(tools),
    start(pointer) {
      before = store.state.selection;
      origin = pointer.world;
    },
    move(pointer) {
      if (store.state.form?.dirty) return;
      store.dispatch((state) => {
        const rect = rectBetween(origin, pointer.world);
        const plane = planeOf(shownDocument(state), state.catalogue);
        const { byId } = indexOf(plane.document);
        const inside = (/** @type {any} */ each) => !pointer.alt || encloses(rect, each);
        const nodes = [...nodesIn(plane, rect)].filter((id) => inside(nodeRect(/** @type {any} */ (byId.get(id)), /** @type {any} */ (plane.places[id]))));
        const notes = notesIn(shownDocument(state), rect)
          .filter(inside)
          .map((note) => note.id);
        return { ...state, gesture: { kind: "marquee", rect }, selection: combined(before, nodes, notes, pointer) };
      });
    },
    finish() {
      store.dispatch((state) => announced({ ...state, gesture: null }, words.announce.selected(state.selection.nodes.size)));
    },
    cancel: () => store.dispatch((state) => ({ ...state, gesture: null, selection: before })),
  };
}

/** @param {Selection} before @param {string[]} nodes @param {string[]} notes what the rectangle holds @param {Pointer} pointer @returns {Selection} */
function combined(before, nodes, notes, pointer) {
  if (pointer.mod) return selectionOf(without(before.nodes, nodes), before.edges, without(before.notes, notes));
  const kept = pointer.shift ? before : selectionOf();
  return selectionOf([...kept.nodes, ...nodes], kept.edges, [...kept.notes, ...notes]);
}

/** @param {ReadonlySet<string>} all @param {string[]} gone */
const without = (all, gone) => [...all].filter((id) => !gone.includes(id));
