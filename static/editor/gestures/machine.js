/**
 * Pointers: one set of listeners, one gesture at a time. A gesture is `{start, move, finish, cancel}`; it shows what it would do in
 * `state.gesture` and changes the document once, at its end.
 *
 *     idle --down--> pressed --over the threshold--> going --up--> idle (finish)
 *                    pressed --up--> idle (click)    going --Escape, pointercancel, blur, other pointer--> idle (cancel)
 *                    pressed --finger rests--> idle (menu)          a second finger --> pinched --a finger up--> idle
 */

/** @import {Context, Point, State, Store} from "../types.js" */

import { toWorld } from "../model/geometry.js";
import { hit, planeOf } from "../model/spatial.js";
import { readonlyReason, shownDocument } from "../model/state.js";
import { createAutoPan, pan, pinch } from "./pan.js";

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
/** How far a pointer may stray and still mean a click. @type {Record<string, number>} */
const THRESHOLD = { touch: 8 };
/** How long a finger rests before it means the menu. */
const LONG_PRESS = 500;
/** Where the page was busy, the finger may have moved meanwhile: that is told before this is over. */
const TURN = 50;

/** @param {Store} store @param {Context} context @param {{stage: HTMLElement, panning: (on: boolean) => void}} canvas */
export function createMachine(store, context, { stage, panning }) {
  /** @type {Tools} */
  const tools = { store, context, panning };
  /** @type {{story: Story, phase: "pressed"|"going", id: number, down: PointerEvent, last: PointerEvent}|null} idle when null */
  let active = null;
  /** @type {ReturnType<typeof pinch>|null} */
  let pinched = null;
  let resting = 0;
  let spaceDown = false;
  const rim = createAutoPan(store, () => active?.story.move(pointerOf(active.last)));
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
  function press(event, story) {
    active = { story, phase: "pressed", id: event.pointerId, down: event, last: event };
    capture(event);
    if (event.pointerType === "touch") resting = setTimeout(rested, LONG_PRESS - TURN);
  }

  /** @param {PointerEvent} event */
  function capture(event) {
    try {
      stage.setPointerCapture(event.pointerId);
    } catch {
      // the pointer is gone already; its end was seen or will be seen as cancel
    }
  }

  /** @param {PointerEvent} event */
  function down(event) {
    measure();
    if (pinched) return;
    if (active) return interrupt(event);
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, .menu")) return;
    const button = /** @type {HTMLElement|null} */ (target.closest("button"));
    if (button && !button.classList.contains("edge-plus")) return;
    if (event.button === 2) return;
    stage.focus({ preventScroll: true });
    closeEditors();
    const pointer = pointerOf(event);
    const story = storyFor(event, pointer, button);
    if (story) press(event, story);
    if (event.pointerType !== "touch" || story) event.preventDefault();
  }

  /** A second pointer takes the gesture back; two fingers together move and zoom. @param {PointerEvent} event */
  function interrupt(event) {
    const first = active?.last;
    cancel();
    if (first?.pointerType !== "touch" || event.pointerType !== "touch") return;
    for (const finger of [first, event]) capture(finger);
    pinched = pinch(tools, [pointerIn(first), pointerIn(event)]);
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  const pointerIn = (event) => ({ id: event.pointerId, at: pointerOf(event).screen });

  function rested() {
    resting = setTimeout(openMenu, TURN);
  }

  /** The finger rested: what it lies on gets its menu, as with the right button. */
  function openMenu() {
    if (active?.phase !== "pressed") return;
    const { down: finger } = active;
    cancel();
    const at = { clientX: finger.clientX, clientY: finger.clientY, button: 2, bubbles: true, cancelable: true };
    finger.target?.dispatchEvent(new MouseEvent("contextmenu", at));
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
    const held = found?.kind === "port" && !fixed && beginOf(state, found);
    if (held) return soon((stories) => stories.leadEdge(tools, { edge: held, click: () => select({ kind: "edge", edge: held.id }, pointer) }));
    if (found?.kind === "port" && !fixed) return soon((stories) => stories.drawEdge(tools, { node: found.node, port: found.port }));
    if (found?.kind === "input" && !fixed) {
      const edge = endAt(state, found.node);
      if (edge)
        return soon((stories) =>
          stories.drawEdge(tools, { node: edge.source, port: edge.port, edge: edge.id, click: () => select({ kind: "node", node: found.node }, pointer) }),
        );
    }
    if (found?.kind === "note" && found.corner && !fixed) return soon((stories) => stories.resizeNote(tools, found.note));
    if (found?.kind === "node" || found?.kind === "input" || found?.kind === "port")
      return soon(
        (stories) => stories.dragNodes(tools, { kind: "node", node: found.node }, pointer, fixed),
        () => select({ kind: "node", node: found.node }, pointer),
      );
    if (found?.kind === "note")
      return soon(
        (stories) => stories.dragNodes(tools, found, pointer, fixed),
        () => select(found, pointer),
      );
    if (found?.kind === "edge") return clickOnly(() => select(found, pointer));
    if (event.pointerType === "touch" && state.tool !== "area") return pan(tools, () => clearSelection(tools));
    return soon(
      (stories) => stories.marquee(tools, pointer),
      () => addsTo(store.state, pointer) || clearSelection(tools),
    );
  }

  /** @param {Hit} found @param {Pointer} pointer */
  const select = (found, pointer) => choose(tools, found, addsTo(store.state, pointer));

  /** @param {Pointer} pointer @param {number} [reach] @returns {Hit|null} */
  function hitAt(pointer, reach = 10) {
    const { state } = store;
    const shown = shownDocument(state);
    return hit(planeOf(shown, state.catalogue), shown.notes, pointer.world, state.camera.zoom, { reach });
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (pinched) return pinched.move(pointerIn(event));
    if (!active) return hover(event);
    if (event.pointerId !== active.id) return;
    active.last = event;
    if (active.phase === "pressed" && !go(active, event)) return;
    active?.story.move(pointerOf(event));
    if (active?.story.autoPan) rim.at(pointerOf(event).screen, box);
  }

  /** From pressed to going, once the pointer has left its place. @param {NonNullable<typeof active>} pressed @param {PointerEvent} event */
  function go(pressed, event) {
    const { down: from, story } = pressed;
    if (Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) < (THRESHOLD[event.pointerType] ?? 3)) return false;
    clearTimeout(resting);
    pressed.phase = "going";
    story.start(pointerOf({ ...modifiers(event), clientX: from.clientX, clientY: from.clientY }));
    return true;
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (pinched) return lift(event);
    if (!active || event.pointerId !== active.id) return;
    const { story, phase } = active;
    end();
    if (phase === "going") story.finish(pointerOf(event));
    else story.click?.(pointerOf(event));
  }

  /** One finger less ends the pinch; the other does nothing until it is lifted too. @param {PointerEvent} event */
  function lift(event) {
    if (!pinched?.has(event.pointerId)) return;
    pinched.end();
    pinched = null;
  }

  /** @param {Event} [event] */
  function cancel(event) {
    if (event instanceof PointerEvent && pinched) return lift(event);
    if (!active || (event instanceof PointerEvent && event.pointerId !== active.id)) return;
    const { story, phase } = active;
    end();
    if (phase === "going") story.cancel();
  }

  function end() {
    const id = active?.id;
    active = null;
    clearTimeout(resting);
    rim.stop();
    if (id !== undefined && stage.hasPointerCapture(id)) stage.releasePointerCapture(id);
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
  stage.addEventListener("lostpointercapture", cancel);
  // Browsers that open menus themselves when a finger rests: the menu is opened here, on all of them.
  stage.addEventListener("contextmenu", (event) => {
    if (!event.isTrusted || /** @type {PointerEvent} */ (event).pointerType !== "touch") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  stage.addEventListener("pointerleave", () => store.state.hover?.edge && !active && store.dispatch((state) => ({ ...state, hover: null })));
  addEventListener("blur", cancel);
  stage.addEventListener("dblclick", (event) => {
    const found = hitAt(pointerOf(event));
    if (found?.kind === "node") context.commands.run("open");
    if (found?.kind === "note" && !readonlyReason(store.state)) store.dispatch((state) => ({ ...state, editingNote: found.note }));
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && active?.phase === "going") {
      event.preventDefault();
      event.stopImmediatePropagation();
      cancel();
      return context.announce?.(context.words.announce.cancelled);
    }
    if (event.code === "Space" && document.activeElement === stage) {
      spaceDown = true;
      stage.classList.add("is-space");
      event.preventDefault();
    }
    return undefined;
  });
  addEventListener("keyup", (event) => {
    if (event.code !== "Space") return;
    spaceDown = false;
    stage.classList.remove("is-space");
  });
  // A gesture taken back from outside (Escape) is over for the pointer too.
  store.subscribe((state, before) => {
    if (active?.phase === "going" && before.gesture && !state.gesture) cancel();
  });
}

/** @type {typeof import("./stories.js")|null} */
let here = null;

/**
 * A story whose module may still be on its way: what the pointer does meanwhile is told when it is here.
 * A click does not wait: keys that follow it mean what was clicked.
 * @param {(stories: typeof import("./stories.js")) => Story} make @param {() => void} [click] what a click does @returns {Story}
 */
function soon(make, click) {
  if (here) return make(here);
  /** @type {Story|null} */
  let story = null;
  /** @type {(() => void)[]} */
  const told = [];
  let clicked = false;
  import("./stories.js").then((stories) => {
    here = stories;
    if (clicked) return;
    story = make(stories);
    for (const tell of told) tell();
  });
  const pass = (/** @type {"start"|"move"|"finish"|"cancel"|"click"} */ name) => (/** @type {Pointer} */ pointer) => {
    if (story) story[name]?.(pointer);
    else told.push(() => story?.[name]?.(pointer));
  };
  const cancel = /** @type {() => void} */ (pass("cancel"));
  const clickNow = () => {
    clicked = true;
    click?.();
  };
  return { start: pass("start"), move: pass("move"), finish: pass("finish"), cancel, click: click ? clickNow : pass("click"), autoPan: true };
}

/** @param {PointerEvent} event */
const modifiers = (event) => ({ altKey: event.altKey, shiftKey: event.shiftKey, ctrlKey: event.ctrlKey, metaKey: event.metaKey });

/** @param {() => void} click @returns {Story} */
const clickOnly = (click) => ({ start() {}, move() {}, finish() {}, cancel() {}, click });

/** The end of a line one grabs at an input: of the selected line, where several end. @param {State} state @param {string} node */
function endAt(state, node) {
  const ends = shownDocument(state).edges.filter((edge) => edge.target === node);
  return ends.find((edge) => state.selection.edges.has(edge.id)) ?? ends[0];
}

/** The selected line that begins at a port: its upper end can be taken elsewhere. @param {State} state @param {{node: string, port: string}} at */
const beginOf = (state, { node, port }) =>
  shownDocument(state).edges.find((edge) => edge.source === node && edge.port === port && state.selection.edges.has(edge.id));

/** With the area tool every tap adds or takes out: fingers have no Shift. @param {State} state @param {Pick<Pointer, "shift"|"mod">} pointer */
export const addsTo = (state, pointer) => pointer.shift || pointer.mod || state.tool === "area";

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
