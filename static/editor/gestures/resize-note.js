/** Dragging the corner of a note. */

/** @import {Story, Tools} from "./machine.js" */

import { noteOf } from "../model/document.js";
import { snap } from "../model/geometry.js";
import { words } from "../model/words.js";

/** @param {Tools} tools @param {string} id @returns {Story} */
export function resizeNote({ store, context }, id) {
  const note = noteOf(store.state.document, id);
  return {
    start() {},
    move({ world }) {
      if (!note) return;
      const size = { width: Math.max(96, snap(world.x - note.x)), height: Math.max(48, snap(world.y - note.y)) };
      store.dispatch((state) => ({ ...state, gesture: { kind: "resize", note: id, ...size } }));
    },
    finish() {
      const { gesture } = store.state;
      store.dispatch((state) => ({ ...state, gesture: null }));
      if (gesture?.kind === "resize")
        context.commands.run("change-note", { note: id, patch: { width: gesture.width, height: gesture.height }, label: words.labels.resizeNote });
    },
    cancel: () => store.dispatch((state) => ({ ...state, gesture: null })),
  };
}
