/**
 * Pointers: one set of listeners, one gesture at a time. A gesture is `{start, move, finish, cancel}`; it shows what it would do in
 * `state.gesture` and changes the document once, at its end. Escape, pointercancel, blur and a second pointer take it back.
 */

/** @import {Context, Point, State, Store} from "../types.js" */

import { toWorld } from "../model/geometry.js";
import { hit, planeOf } from "../model/spatial.js";
import { readonlyReason, shownDocument } from "../model/state.js";
import { pan } from "./pan.js";

/** @import {Hit} from "../model/spatial.js" */

/**
 * @typedef {object} Pointer
 * @property {Point} screen   relative to the canvas element
 * @property {Point} world
 * @property {boolean} alt
 * @property {boolean} shift
 * @property {boolean} mod    Ctrl, on macOS Cmd
 */
/**
 * @typedef {object} Story
 * @property {(pointer: Pointer) => void} start    the threshold was passed; `pointer` is where it went down
 * @property {(pointer: Pointer) => void} move
 * @property {(pointer: Pointer) => void} finish
 * @property {() => void} cancel                   state as before; also called when `state.gesture` was cleared from outside
 * @property {(pointer: Pointer) => void} [click]  went up again without passing the threshold
 * @property {boolean} [autoPan]
 */
/** @typedef {{store: Store, context: Context, panning: (on: boolean) => void}} Tools */

export const isMac = /Mac|iP/.test(globalThis.navigator?.platform ?? "");
const RIM = 40;
const FASTEST = 15;

/** @param {Store} store @param {Context} context @param {{stage: HTMLElement, panning: (on: boolean) => void}} canvas */
export function createMachine(store, context, { stage, panning }) {
  /** @type {Tools} */
  const tools = { store, context, panning };
  /** @type {{story: Story, id: number, origin: Point, last: PointerEvent, started: boolean, threshold: number, eased: number}|null} */
  let active = null;
  let spaceDown = false;
  let frame = 0;
  let box = stage.getBoundingClientRect();

  new ResizeObserver(measure).observe(stage);
  addEventListener("resize", measure);
  function measure() {
    box = stage.getBoundingClientRect();
  }

  /** @param {{clientX: number, clientY: number, altKey: boolean, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean}} event @returns {Pointer} */
  function pointerOf(event) {
    const screen = { x: event.clientX - box.left, y: event.clientY - box.top };
    return { screen, world: toWorld(store.state.camera, screen), alt: event.altKey, shift: event.shiftKey, mod: isMac ? event.metaKey : event.ctrlKey };
  }

  /** @param {PointerEvent} event @param {Story} story */
  function begin(event, story) {
    active = {
      story,
      id: event.pointerId,
      origin: { x: event.clientX, y: event.clientY },
      last: event,
      started: false,
      threshold: event.pointerType === "touch" ? 8 : 3,
      eased: 0,
    };
    try {
      stage.setPointerCapture(event.pointerId);
    } catch {
      // the pointer is gone already; its end was seen or will be seen as cancel
    }
  }

  /** @param {PointerEvent} event */
  function down(event) {
    measure();
    if (active) return cancel();
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, .menu")) return;
    const button = /** @type {HTMLElement|null} */ (target.closest("button"));
    if (button && !button.classList.contains("edge-plus")) return;
    if (event.button === 2) return;
    stage.focus({ preventScroll: true });
    closeEditors();
    const pointer = pointerOf(event);
    const story = storyFor(event, pointer, button);
    if (story) begin(event, story);
    if (event.pointerType !== "touch" || story) event.preventDefault();
  }

  /** Text fields on the canvas keep what was written when one clicks elsewhere. */
  function closeEditors() {
    const open = document.activeElement;
    if (open instanceof HTMLElement && open !== stage && stage.contains(open)) open.blur();
  }

  /** @param {PointerEvent} event @param {Pointer} pointer @param {HTMLElement|null} plus @returns {Story|null} */
  function storyFor(event, pointer, plus) {
    const { state } = store;
    if (event.button === 1 || spaceDown || state.tool === "hand") return pan(tools);
    if (event.button !== 0) return null;
    const fixed = readonlyReason(state) !== null;
    if (plus?.dataset.edge) return clickOnly(() => context.commands.run("add", { edge: plus.dataset.edge, anchor: plus }));
    if (plus?.dataset.node && !fixed) {
      const { node, port = "" } = plus.dataset;
      return soon((stories) => stories.drawEdge(tools, { node, port, open: plus }));
    }
    const found = hitAt(pointer, event.pointerType === "touch" ? 24 : 10);
    if (state.gesture?.kind === "connect" && state.gesture.tap) {
      const { source: node, port } = state.gesture;
      return soon((stories) => stories.drawEdge(tools, { node, port, finishing: true }));
    }
    if (found?.kind === "port" && !fixed) return soon((stories) => stories.drawEdge(tools, { node: found.node, port: found.port }));
    if (found?.kind === "input" && !fixed) {
      const edge = incomingOf(state, found.node);
      if (edge)
        return soon((stories) =>
          stories.drawEdge(tools, { node: edge.source, port: edge.port, edge: edge.id, click: () => select({ kind: "node", node: found.node }, pointer) }),
        );
    }
    if (found?.kind === "note" && found.corner && !fixed) return soon((stories) => stories.resizeNote(tools, found.note));
    if (found?.kind === "node" || found?.kind === "input" || found?.kind === "port")
      return soon((stories) => stories.dragNodes(tools, { kind: "node", node: found.node }, pointer, fixed));
    if (found?.kind === "note") return soon((stories) => stories.dragNodes(tools, found, pointer, fixed));
    if (found?.kind === "edge") return clickOnly(() => select(found, pointer));
    if (event.pointerType === "touch") return pan(tools, () => clearSelection(tools));
    return soon((stories) => stories.marquee(tools, pointer));
  }

  /** @param {Hit} found @param {Pointer} pointer */
  const select = (found, pointer) => choose(tools, found, pointer.shift || pointer.mod);

  /** @param {Pointer} pointer @param {number} [reach] @returns {Hit|null} */
  function hitAt(pointer, reach = 10) {
    const { state } = store;
    const shown = shownDocument(state);
    return hit(planeOf(shown, state.catalogue), shown.notes, pointer.world, state.camera.zoom, { reach });
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (!active) return hover(event);
    if (event.pointerId !== active.id) return;
    active.last = event;
    if (!active.started) {
      if (Math.hypot(event.clientX - active.origin.x, event.clientY - active.origin.y) < active.threshold) return;
      active.started = true;
      active.story.start(pointerOf({ ...modifiers(event), clientX: active.origin.x, clientY: active.origin.y }));
      if (active?.story.autoPan) frame = requestAnimationFrame(autoPan);
    }
    active?.story.move(pointerOf(event));
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (!active || event.pointerId !== active.id) return;
    const { story, started } = active;
    end();
    if (started) story.finish(pointerOf(event));
    else story.click?.(pointerOf(event));
  }

  function cancel() {
    if (!active) return;
    const { story, started } = active;
    end();
    if (started) story.cancel();
  }

  function end() {
    const id = active?.id;
    active = null;
    cancelAnimationFrame(frame);
    if (id !== undefined && stage.hasPointerCapture(id)) stage.releasePointerCapture(id);
  }

  /** Near the rim the view moves on by itself, gently at first. */
  function autoPan() {
    if (!active) return;
    frame = requestAnimationFrame(autoPan);
    const { x, y } = pointerOf(active.last).screen;
    const push = (/** @type {number} */ at, /** @type {number} */ size) => (at < RIM ? (RIM - at) / RIM : at > size - RIM ? -(at - size + RIM) / RIM : 0);
    const [dx, dy] = [push(x, box.width), push(y, box.height)];
    if (!dx && !dy) {
      active.eased = 0;
      return;
    }
    active.eased = Math.min(1, active.eased + 0.05);
    const speed = FASTEST * active.eased;
    const by = { x: Math.max(-1, Math.min(1, dx)) * speed, y: Math.max(-1, Math.min(1, dy)) * speed };
    store.dispatch((state) => ({ ...state, camera: { ...state.camera, x: state.camera.x + by.x, y: state.camera.y + by.y } }));
    active.story.move(pointerOf(active.last));
  }

  let hovering = 0;
  /** @type {PointerEvent|null} */
  let hoverEvent = null;
  /** @param {PointerEvent} event */
  function hover(event) {
    if (event.pointerType === "touch") return;
    hoverEvent = event;
    if (hovering) return;
    hovering = requestAnimationFrame(() => {
      hovering = 0;
      const last = hoverEvent;
      if (!last || active) return;
      const { state } = store;
      const pointer = pointerOf(last);
      if (state.gesture?.kind === "connect" && state.gesture.tap) {
        const { source: node, port } = state.gesture;
        return soon((stories) => stories.drawEdge(tools, { node, port })).move(pointer);
      }
      const plus = /** @type {HTMLElement} */ (last.target).closest?.(".edge-plus.is-on-edge");
      const found = plus ? null : hitAt(pointer);
      const edge = plus ? state.hover?.edge : found?.kind === "edge" ? found.edge : undefined;
      stage.dataset.over = plus ? "" : found ? (found.kind === "note" && found.corner ? "corner" : found.kind) : "";
      if (edge !== state.hover?.edge) store.dispatch((past) => ({ ...past, hover: edge ? { edge } : null }));
    });
  }

  stage.addEventListener("pointerdown", down);
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", cancel);
  stage.addEventListener("lostpointercapture", (event) => active?.id === event.pointerId && cancel());
  stage.addEventListener("pointerleave", () => store.state.hover?.edge && !active && store.dispatch((state) => ({ ...state, hover: null })));
  addEventListener("blur", cancel);
  stage.addEventListener("dblclick", (event) => {
    const found = hitAt(pointerOf(event));
    if (found?.kind === "node") context.commands.run("open");
    if (found?.kind === "note" && !readonlyReason(store.state)) store.dispatch((state) => ({ ...state, editingNote: found.note }));
  });
  addEventListener("keydown", (event) => {
    if (event.code === "Space" && document.activeElement === stage) {
      spaceDown = true;
      stage.classList.add("is-space");
      event.preventDefault();
    }
  });
  addEventListener("keyup", (event) => {
    if (event.code !== "Space") return;
    spaceDown = false;
    stage.classList.remove("is-space");
  });
  // A gesture taken back from outside (Escape) is over for the pointer too.
  store.subscribe((state, before) => {
    if (active?.started && before.gesture && !state.gesture) cancel();
  });

  return { begin, hitAt, pointerOf, measure };
}

/** @type {typeof import("./stories.js")|null} */
let here = null;

/**
 * A story whose module may still be on its way: what the pointer does meanwhile is told when it is here.
 * @param {(stories: typeof import("./stories.js")) => Story} make @returns {Story}
 */
function soon(make) {
  if (here) return make(here);
  /** @type {Story|null} */
  let story = null;
  /** @type {(() => void)[]} */
  const told = [];
  import("./stories.js").then((stories) => {
    here = stories;
    story = make(stories);
    for (const tell of told) tell();
  });
  const pass = (/** @type {"start"|"move"|"finish"|"cancel"|"click"} */ name) => (/** @type {Pointer} */ pointer) => {
    if (story) story[name]?.(pointer);
    else told.push(() => story?.[name]?.(pointer));
  };
  const cancel = /** @type {() => void} */ (pass("cancel"));
  return { start: pass("start"), move: pass("move"), finish: pass("finish"), cancel, click: pass("click"), autoPan: true };
}

/** @param {PointerEvent} event */
const modifiers = (event) => ({ altKey: event.altKey, shiftKey: event.shiftKey, ctrlKey: event.ctrlKey, metaKey: event.metaKey });

/** @param {() => void} click @returns {Story} */
const clickOnly = (click) => ({ start() {}, move() {}, finish() {}, cancel() {}, click });

/** @param {State} state @param {string} node */
const incomingOf = (state, node) => shownDocument(state).edges.find((edge) => edge.target === node);

/** Selects what was clicked; with Shift or Ctrl adds it or takes it out. A dirty form is asked about first. @param {Tools} tools @param {Hit} found @param {boolean} adding */
export function choose({ store, context }, found, adding) {
  const apply = () => store.dispatch((state) => chosen(state, found, adding));
  if (!store.state.form?.dirty || (found.kind === "node" && found.node === store.state.form.node && !adding)) return apply();
  context.leaveForm().then((left) => left && apply());
}

/** @param {Tools} tools */
export function clearSelection({ store, context }) {
  const clear = () => store.dispatch((state) => ({ ...state, selection: { nodes: new Set(), edges: new Set(), notes: new Set() }, focused: null }));
  if (!store.state.form?.dirty) return clear();
  context.leaveForm().then((left) => left && clear());
}

/** @param {State} state @param {Hit} found @param {boolean} adding @returns {State} */
export function chosen(state, found, adding) {
  const keep = adding ? state.selection : { nodes: [], edges: [], notes: [] };
  const next = { nodes: new Set(keep.nodes), edges: new Set(keep.edges), notes: new Set(keep.notes) };
  const [set, id] = found.kind === "edge" ? [next.edges, found.edge] : found.kind === "note" ? [next.notes, found.note] : [next.nodes, found.node];
  if (adding && set.has(id)) set.delete(id);
  else set.add(id);
  return { ...state, selection: next, focused: found.kind === "node" ? found.node : state.focused, hover: null };
}
