/** Dragging what is selected. Snaps to the grid (Ctrl inverts) and to guides, Alt drags a copy, a loose node let go on a line goes into it. */

/** @import {Guide, Point, Rect, State} from "../types.js" */
/** @import {Hit} from "../model/spatial.js" */
/** @import {Pointer, Story, Tools} from "./machine.js" */

import { isTrigger, portsOf } from "../model/catalogue.js";
import { bounds, grown, HEIGHT, nodeRect, snap, SNAP_RADIUS, WIDTH } from "../model/geometry.js";
import { indexOf } from "../model/graph.js";
import { lineAt, nodesIn, planeOf } from "../model/spatial.js";
import { shownDocument, shownPlaces } from "../model/state.js";
import { addsTo, choose, chosen } from "./machine.js";

/** @typedef {Extract<Hit, {kind: "node"|"note"}>} Grabbed */
/** @typedef {{nodes: string[], notes: string[]}} Moving */
/** @typedef {{box: Rect|null, others: Rect[]}} Neighbours */

/** Pixels on the screen within which a guide pulls; how far around, and at how many cards, one looks. */
const PULL = 6;
const NEAR = 900;
const MOST = 120;

/** Fetched by the first drag, which goes without guides until it is here. @type {typeof import("../model/aligning.js").aligned|null} */
let aligned = null;

/** @param {Tools} tools @param {Grabbed} grabbed @param {Pointer} down @param {boolean} fixed @returns {Story} */
export function dragNodes(tools, grabbed, down, fixed) {
  const { store, context } = tools;
  const id = grabbed.kind === "node" ? grabbed.node : grabbed.note;
  const adding = addsTo(store.state, down);
  let origin = { x: 0, y: 0 };
  /** @type {Moving} */
  let moving = { nodes: [], notes: [] };
  /** @type {Neighbours} */
  let neighbours = { box: null, others: [] };

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
      neighbours = neighboursOf(store.state, moving);
      if (!aligned) import("../model/aligning.js").then((module) => (aligned = module.aligned));
    },
    move(pointer) {
      if (fixed) return;
      const raw = { x: pointer.world.x - origin.x, y: pointer.world.y - origin.y };
      store.dispatch((state) => shown(state, moving, placed(state, grabbed, raw, pointer, neighbours), pointer));
    },
    finish(pointer) {
      const { gesture } = store.state;
      store.dispatch((state) => ({ ...state, gesture: null }));
      if (gesture?.kind !== "drag" || (!gesture.dx && !gesture.dy && !gesture.edge)) return;
      if (pointer.alt) return void context.commands.run("duplicate", { dx: gesture.dx, dy: gesture.dy });
      const { places, notes } = landed(store.state, moving, gesture);
      if (gesture.edge && context.commands.run("splice", { node: moving.nodes[0], edge: gesture.edge, places })) return;
      context.commands.run("move", { places, notes });
    },
    cancel: () => store.dispatch((state) => ({ ...state, gesture: null })),
  };
}

/** @param {State} state @param {Moving} moving @param {{by: Point, guides: readonly Guide[]}} placed @param {Pointer} pointer @returns {State} */
function shown(state, moving, { by, guides }, pointer) {
  const past = state.gesture?.kind === "drag" ? state.gesture : null;
  const edge = spliceTarget(state, moving, by, pointer);
  if (past && past.dx === by.x && past.dy === by.y && past.edge === edge && past.copies.length > 0 === pointer.alt) return state;
  // A copy leaves the cards where they are; only its outline moves.
  const drawn = pointer.alt ? NOTHING_MOVES : moving;
  const copies = pointer.alt ? rectsOf(state, moving).map((rect) => ({ ...rect, x: rect.x + by.x, y: rect.y + by.y })) : [];
  const same = past?.nodes.length === drawn.nodes.length ? past : drawn;
  return { ...state, hover: null, gesture: { kind: "drag", nodes: same.nodes, notes: drawn.notes, dx: by.x, dy: by.y, edge, copies, guides } };
}

/** @type {Moving} */
const NOTHING_MOVES = { nodes: [], notes: [] };

/** How far what is dragged goes: to the grid (Ctrl inverts), to where it is in line with others when that is nearer. @param {State} state @param {Grabbed} grabbed @param {Point} raw @param {Pointer} pointer @param {Neighbours} neighbours */
function placed(state, grabbed, raw, pointer, { box, others }) {
  const from = placeOf(state, grabbed);
  const toGrid = (state.preferences.snap !== false) !== pointer.mod;
  const by = toGrid ? { x: snap(from.x + raw.x) - from.x, y: snap(from.y + raw.y) - from.y } : { ...raw };
  if (pointer.mod || !box || !aligned) return { by, guides: [] };
  const pull = aligned(shifted(box, raw), others, PULL / state.camera.zoom);
  if (pull.x) by.x = raw.x + pull.x.by;
  if (pull.y) by.y = raw.y + pull.y.by;
  const past = state.gesture?.kind === "drag" ? state.gesture : null;
  if (past?.dx === by.x && past.dy === by.y) return { by, guides: past.guides };
  const held = aligned(shifted(box, by), others, 0.5);
  return { by, guides: [...(held.x?.guides ?? []), ...(held.y?.guides ?? [])] };
}

/** @param {Rect} rect @param {Point} by @returns {Rect} */
const shifted = (rect, by) => ({ ...rect, x: rect.x + by.x, y: rect.y + by.y });

/** What is dragged as one rectangle, and the cards around it. @param {State} state @param {Moving} moving @returns {Neighbours} */
function neighboursOf(state, moving) {
  const box = bounds(rectsOf(state, moving));
  if (!box) return { box, others: [] };
  const plane = planeOf(state.document, state.catalogue);
  const own = new Set(moving.nodes);
  const near = [...nodesIn(plane, grown(box, NEAR))].filter((id) => !own.has(id)).slice(0, MOST);
  return { box, others: rectsOf(state, { nodes: near, notes: [] }) };
}

/** @param {State} state @param {Moving} moving @returns {Rect[]} */
function rectsOf(state, moving) {
  const { byId } = indexOf(shownDocument(state));
  const places = shownPlaces(state);
  const nodes = moving.nodes.flatMap((id) => {
    const node = byId.get(id);
    return node ? [nodeRect(node, places[id] ?? { x: 0, y: 0 })] : [];
  });
  return [...nodes, ...shownDocument(state).notes.filter((note) => moving.notes.includes(note.id))];
}

/** Where everything is after the drag, in whole pixels. @param {State} state @param {Moving} moving @param {{dx: number, dy: number}} by */
function landed(state, moving, { dx, dy }) {
  const at = (/** @type {Point|undefined} */ place) => ({ x: Math.round((place?.x ?? 0) + dx), y: Math.round((place?.y ?? 0) + dy) });
  const places = shownPlaces(state);
  const notes = state.document.notes.filter((note) => moving.notes.includes(note.id));
  return { places: Object.fromEntries(moving.nodes.map((id) => [id, at(places[id])])), notes: Object.fromEntries(notes.map((note) => [note.id, at(note)])) };
}

/** @param {State} state @param {Grabbed} grabbed @returns {Point} */
function placeOf(state, grabbed) {
  if (grabbed.kind === "node") return shownPlaces(state)[grabbed.node] ?? { x: 0, y: 0 };
  return shownDocument(state).notes.find((note) => note.id === grabbed.note) ?? { x: 0, y: 0 };
}

/** The line a single node without a way to it would go into. @param {State} state @param {Moving} moving @param {Point} by @param {Pointer} pointer @returns {string|null} */
function spliceTarget(state, moving, by, pointer) {
  const [id, ...more] = moving.nodes;
  if (id === undefined || more.length || moving.notes.length || pointer.alt) return null;
  const { byId, out, into } = indexOf(state.document);
  const node = byId.get(id);
  if (!node || out.has(id) || into.has(id) || !portsOf(node, state.catalogue).length) return null;
  if (isTrigger(node, state.catalogue)) return null;
  const place = shownPlaces(state)[id] ?? { x: 0, y: 0 };
  const centre = { x: place.x + by.x + WIDTH / 2, y: place.y + by.y + HEIGHT / 2 };
  return lineAt(planeOf(state.document, state.catalogue), centre, SNAP_RADIUS + HEIGHT / 2);
}
