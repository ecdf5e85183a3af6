/** Dragging what is selected. Snaps to the grid (Ctrl inverts), Alt drags a copy, a loose node let go on a line goes into it. */

/** @import {Point, State} from "../types.js" */
/** @import {Hit} from "../model/spatial.js" */
/** @import {Pointer, Story, Tools} from "./machine.js" */

import { portsOf } from "../model/catalogue.js";
import { HEIGHT, snap, SNAP_RADIUS, WIDTH } from "../model/geometry.js";
import { indexOf } from "../model/graph.js";
import { lineAt, planeOf } from "../model/spatial.js";
import { shownDocument, shownPlaces } from "../model/state.js";
import { choose, chosen } from "./machine.js";

/** @param {Tools} tools @param {Extract<Hit, {kind: "node"|"note"}>} grabbed @param {Pointer} down @param {boolean} fixed @returns {Story} */
export function dragNodes(tools, grabbed, down, fixed) {
  const { store, context } = tools;
  const id = grabbed.kind === "node" ? grabbed.node : grabbed.note;
  const adding = down.shift || down.mod;
  let origin = { x: 0, y: 0 };
  /** @type {{nodes: string[], notes: string[]}} */
  let moving = { nodes: [], notes: [] };

  return {
    autoPan: true,
    click: () => choose(tools, grabbed, adding),
    start(pointer) {
      if (fixed) return;
      origin = pointer.world;
      const held = grabbed.kind === "node" ? store.state.selection.nodes.has(id) : store.state.selection.notes.has(id);
      if (!held && !store.state.form?.dirty) store.dispatch((state) => chosen(state, grabbed, adding));
      const { selection } = store.state;
      const alone = !(grabbed.kind === "node" ? selection.nodes : selection.notes).has(id);
      moving = alone
        ? { nodes: grabbed.kind === "node" ? [id] : [], notes: grabbed.kind === "note" ? [id] : [] }
        : { nodes: [...selection.nodes], notes: [...selection.notes] };
    },
    move(pointer) {
      if (fixed) return;
      const from = placeOf(store.state, grabbed);
      const raw = { x: pointer.world.x - origin.x, y: pointer.world.y - origin.y };
      const by = pointer.mod ? raw : { x: snap(from.x + raw.x) - from.x, y: snap(from.y + raw.y) - from.y };
      store.dispatch((state) => {
        const past = state.gesture;
        const edge = spliceTarget(state, moving, by, pointer);
        if (past?.kind === "drag" && past.dx === by.x && past.dy === by.y && past.edge === edge) return state;
        return {
          ...state,
          gesture: { kind: "drag", nodes: past?.kind === "drag" ? past.nodes : moving.nodes, notes: moving.notes, dx: by.x, dy: by.y, edge },
          hover: null,
        };
      });
    },
    finish(pointer) {
      const { gesture } = store.state;
      store.dispatch((state) => ({ ...state, gesture: null }));
      if (gesture?.kind !== "drag" || (!gesture.dx && !gesture.dy && !gesture.edge)) return;
      if (pointer.alt) return void context.commands.run("duplicate", { dx: gesture.dx, dy: gesture.dy });
      const places = shownPlaces(store.state);
      const moved = Object.fromEntries(
        gesture.nodes.map((each) => [each, { x: Math.round((places[each]?.x ?? 0) + gesture.dx), y: Math.round((places[each]?.y ?? 0) + gesture.dy) }]),
      );
      const notes = Object.fromEntries(
        store.state.document.notes
          .filter((note) => gesture.notes.includes(note.id))
          .map((note) => [note.id, { x: Math.round(note.x + gesture.dx), y: Math.round(note.y + gesture.dy) }]),
      );
      if (gesture.edge && context.commands.run("splice", { node: gesture.nodes[0], edge: gesture.edge, places: moved })) return;
      context.commands.run("move", { places: moved, notes });
    },
    cancel: () => store.dispatch((state) => ({ ...state, gesture: null })),
  };
}

/** @param {State} state @param {Extract<Hit, {kind: "node"|"note"}>} grabbed @returns {Point} */
function placeOf(state, grabbed) {
  if (grabbed.kind === "node") return shownPlaces(state)[grabbed.node] ?? { x: 0, y: 0 };
  return shownDocument(state).notes.find((note) => note.id === grabbed.note) ?? { x: 0, y: 0 };
}

/** The line a single node without edges would go into. @param {State} state @param {{nodes: string[], notes: string[]}} moving @param {Point} by @param {Pointer} pointer @returns {string|null} */
function spliceTarget(state, moving, by, pointer) {
  const [id, ...more] = moving.nodes;
  if (id === undefined || more.length || moving.notes.length || pointer.alt) return null;
  const { byId, out, into } = indexOf(state.document);
  const node = byId.get(id);
  if (!node || out.has(id) || into.has(id) || !portsOf(node, state.catalogue).length) return null;
  if (state.catalogue.types.get(node.type)?.trigger) return null;
  const place = shownPlaces(state)[id] ?? { x: 0, y: 0 };
  const centre = { x: place.x + by.x + WIDTH / 2, y: place.y + by.y + HEIGHT / 2 };
  return lineAt(planeOf(state.document, state.catalogue), centre, SNAP_RADIUS + HEIGHT / 2);
}
