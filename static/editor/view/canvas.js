/**
 * The canvas: one transformed world of cards and lines, culled to what is in view, a bitmap from far away. It decides what is in
 * view and passes that on; nodes, edges and notes paint themselves.
 */

/** @import {Camera, Context, Rect, State, Store} from "../types.js" */

import { nodeOf } from "../model/document.js";
import { bounds, cameraFor, contentRects, FAR, FAR_MARGIN, grown, toScreen, toWorld, touches, WIDTH } from "../model/geometry.js";
import { indexOf } from "../model/graph.js";
import { linesIn, nodesIn, notesIn, planeOf, reveal } from "../model/spatial.js";
import { shownDocument, shownPlaces } from "../model/state.js";
import { words } from "../model/words.js";
import { h, setAttribute, setHidden } from "./dom.js";
import { createEdges } from "./edges.js";
import { createNodes } from "./nodes.js";

/** Pixels around the view that are drawn too, so that a short pan draws nothing new. More costs every frame, less draws more often. */
const MARGIN = 160;
/** So many dragged nodes are drawn with all their lines wherever they are; of more, what comes into view. */
const FEW = 50;
/** State whose change alone leaves the canvas as it is. */
const DRAWN = /** @type {const} */ ([
  "document",
  "catalogue",
  "selection",
  "focused",
  "gesture",
  "hover",
  "overlay",
  "traffic",
  "comparison",
  "problems",
  "renaming",
  "editingNote",
  "readonly",
  "connections",
  "agents",
]);

/** @param {Store} store @param {Context} context */
export function createCanvas(store, context) {
  const nodes = createNodes(store, context);
  const edges = createEdges();
  const late = lateParts(store, context, again, () => /** @type {[HTMLElement, HTMLElement]} */ ([lens, world]));
  let panning = false;
  const grid = h("div", { class: "canvas-grid", "aria-hidden": "true" });
  // Dots under all that is drawn. Because it covers everything the browser makes one layer of cards and lines, not one of each row.
  const ground = h("div", { class: "ground", "aria-hidden": "true" });
  const world = h("div", { class: "world" }, ground, late.notesPlace, edges.svg, nodes.dom, edges.marks);
  const lens = h("div", { class: "lens" }, world);
  const marquee = h("div", { class: "marquee", hidden: true });
  const ghost = h("div", { class: "drop-ghost", hidden: true, "aria-hidden": "true" });
  const reason = h("div", { class: "canvas-reason", hidden: true, role: "status" });
  const lost = h("button", { class: "button canvas-lost", type: "button", hidden: true, onclick: () => context.commands.run("fit") }, words.backToContent);
  const stage = h(
    "div",
    { class: "stage", tabIndex: 0, role: "application", "aria-label": words.canvas, "aria-describedby": "canvas-help" },
    grid,
    late.farPlace,
    lens,
    marquee,
    ghost,
  );
  const dom = h("div", { class: "canvas" }, stage, reason, lost, h("p", { id: "canvas-help", class: "visually-hidden" }, words.canvasHelp));

  /** What was drawn last. */
  let drawn = {
    area: /** @type {Rect|null} */ (null),
    far: false,
    nodes: /** @type {Set<string>} */ (new Set()),
    lines: /** @type {Set<string>} */ (new Set()),
  };

  /** Where its upper edge was; nowhere before it is in the page. @type {number|null} */
  let top = null;
  new ResizeObserver(([entry]) => {
    const { width, height } = entry?.contentRect ?? { width: 0, height: 0 };
    if (!width || !height) return;
    const now = stage.getBoundingClientRect().top;
    const lower = now - (top ?? now);
    top = now;
    store.dispatch((state) => resized(state, { width, height }, lower));
  }).observe(stage);
  stage.addEventListener("focus", () => {
    context.home = null;
    focusFirst(store);
  });
  // Focus given by a click is not drawn: the ring is for who walks with the keyboard.
  addEventListener("keydown", () => stage.classList.add("is-keyed"), true);
  addEventListener("pointerdown", () => stage.classList.remove("is-keyed"), true);

  /** A part that was waited for is here: all is drawn anew. */
  function again() {
    drawn.area = null;
    update(store.state, store.state);
  }

  /** @param {State} state @param {State} before */
  function update(state, before) {
    const first = drawn.area === null;
    const moved = first || state.camera !== before.camera || state.viewport !== before.viewport;
    const changed = first || DRAWN.some((name) => state[name] !== before[name]);
    if (!moved && !changed) return;
    const isFar = state.camera.zoom < FAR;
    if (moved) paintCamera(state, before, isFar, first);
    if (changed) paintChrome(state);
    const view = viewRect(state);
    const marks = state.overlay || state.traffic ? (late.overlay()?.marksOf(state) ?? null) : null;
    const holds = drawn.area !== null && drawn.far === isFar && inside(drawn.area, view);
    const stale = changed || !holds;
    const same = holds && !first && sameThings(state, before);
    if (stale && !same) cull(state, view, isFar);
    if (isFar) {
      if (moved || changed) late.far()?.update(state, drawn.nodes, drawn.lines, marks);
    } else if (same && dragsOn(state, before)) {
      nodes.move(state);
      edges.move(state);
      late.notesShown() && late.notes()?.update(state, notesIn(shownDocument(state), drawn.area ?? view));
    } else if (stale) {
      nodes.update(state, drawn.nodes, marks);
      edges.update(state, drawn.lines, drawn.nodes, marks, drawn.area ?? view);
      if (shownDocument(state).notes.length || late.notesShown()) late.notes()?.update(state, notesIn(shownDocument(state), drawn.area ?? view));
    }
    if (moved || state.document !== before.document || state.overlay !== before.overlay) setHidden(lost, !outOfView(state, view));
    const active = !isFar && state.focused !== null && drawn.nodes.has(state.focused) ? `node-${state.focused}` : null;
    if (stage.getAttribute("aria-activedescendant") !== active) setAttribute(stage, "aria-activedescendant", active);
  }

  /** @param {State} state @param {Rect} view @param {boolean} isFar */
  function cull(state, view, isFar) {
    const plane = planeOf(shownDocument(state), state.catalogue);
    const area = grown(view, isFar ? FAR_MARGIN / state.camera.zoom : MARGIN * Math.min(1, state.camera.zoom));
    const found = nodesIn(plane, area);
    const lines = linesIn(plane, area);
    if (state.gesture?.kind === "drag") {
      const shifted = { ...area, x: area.x - state.gesture.dx, y: area.y - state.gesture.dy };
      const arriving = nodesIn(plane, shifted);
      const moving = new Set(state.gesture.nodes);
      for (const id of moving) if (arriving.has(id)) found.add(id);
      const { out, into } = indexOf(plane.document);
      if (moving.size <= FEW) for (const id of moving) for (const edge of [...(out.get(id) ?? []), ...(into.get(id) ?? [])]) lines.add(edge.id);
    }
    drawn = { area, far: isFar, nodes: found, lines };
    // Cards reach out of the area by as much as they are wide.
    if (!isFar) cover(ground, grown(area, WIDTH + DOTS));
  }

  /** @param {State} state @param {State} before @param {boolean} isFar @param {boolean} first */
  function paintCamera(state, before, isFar, first) {
    const { x, y, zoom } = state.camera;
    if (first || isFar !== drawn.far) {
      world.hidden = isFar;
      late.farPlace.hidden = !isFar;
      grid.hidden = !isFar;
    }
    const step = DOTS * (zoom < 0.35 ? 4 : zoom < 0.7 ? 2 : 1);
    const moving = panning && !isFar ? late.lens.known() : null;
    if (moving) moving.show(state.camera, state.gesture?.kind === "pan");
    else if (!isFar) world.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    else grid.style.transform = `translate(${(x % (step * zoom)) - step * zoom}px, ${(y % (step * zoom)) - step * zoom}px)`;
    if (first || zoom !== before.camera.zoom) {
      (isFar ? grid : ground).style.setProperty("--step", `${isFar ? step * zoom : step}px`);
      if (!isFar) ground.style.setProperty("--dot-size", `${1 / zoom}px`);
      stage.classList.toggle("is-small", zoom < 0.7);
    }
  }

  /** @param {State} state */
  function paintChrome(state) {
    const { gesture } = state;
    stage.dataset.gesture = gesture?.kind ?? "";
    stage.dataset.tool = state.tool;
    setHidden(marquee, gesture?.kind !== "marquee");
    if (gesture?.kind === "marquee") {
      const at = toScreen(state.camera, gesture.rect);
      Object.assign(marquee.style, {
        transform: `translate(${at.x}px, ${at.y}px)`,
        width: `${gesture.rect.width * state.camera.zoom}px`,
        height: `${gesture.rect.height * state.camera.zoom}px`,
      });
    }
    paintGhost(state, ghost);
    const refused = gesture?.kind === "connect" ? gesture.refused : null;
    setHidden(reason, !refused);
    if (refused) reason.textContent = refused;
  }

  for (const wish of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(wish).addEventListener("change", again);

  return {
    dom,
    stage,
    update,
    again,
    /** Fades what moves while the camera does. @param {boolean} on */
    panning: (on) => {
      if (panning === on) return;
      panning = on;
      stage.classList.toggle("is-panning", on);
      if (on) return void late.lens();
      late.lens.known()?.end();
      const { x, y, zoom } = store.state.camera;
      if (zoom >= FAR) world.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    },
    /** @type {Context["canvas"]} */
    access: {
      reveal: (id) => store.dispatch((state) => reveal(state, id)),
      focus: () => void (context.home?.() || stage.focus({ preventScroll: true })),
      toWorld: (x, y) => {
        const box = stage.getBoundingClientRect();
        return toWorld(store.state.camera, { x: x - box.left, y: y - box.top });
      },
      toClient: (x, y) => {
        const box = stage.getBoundingClientRect();
        const at = toScreen(store.state.camera, { x, y });
        return { x: at.x + box.left, y: at.y + box.top };
      },
      center: () => toWorld(store.state.camera, { x: store.state.viewport.width / 2, y: store.state.viewport.height / 2 }),
    },
  };
}

/**
 * What the first picture of most flows does without: notes, the bitmap from far away, the marks of a run. Each is fetched when it is
 * first wanted; until it is here the answer is null, then `again` is called.
 * @param {Store} store @param {Context} context @param {() => void} again @param {() => [HTMLElement, HTMLElement]} moved what a lens is made of
 */
function lateParts(store, context, again, moved) {
  const notesPlace = h("div", { class: "notes" });
  const farPlace = h("div", { class: "far", "aria-hidden": "true", hidden: true });
  /** @template T @param {() => Promise<T>} fetch @returns {(() => T|null) & {known: () => T|null}} */
  const late = (fetch) => {
    /** @type {T|null} */
    let part = null;
    let asked = false;
    const get = () => {
      if (!asked) {
        asked = true;
        fetch().then(
          (made) => {
            part = made;
            again();
          },
          () => {
            asked = false;
          },
        );
      }
      return part;
    };
    return Object.assign(get, { known: () => part });
  };
  const notes = late(() => import("./notes.js").then((module) => module.createNotes(store, context, notesPlace)));
  return {
    notesPlace,
    farPlace,
    notes,
    lens: late(() => import("./lens.js").then((module) => module.createLens(...moved()))),
    notesShown: () => notes.known() !== null,
    far: late(() => import("./far.js").then((module) => module.createFar(farPlace))),
    overlay: late(() => import("../model/overlay.js")),
  };
}

/**
 * A panel that opens takes room: what was in the middle stays there, and a flow seen whole stays whole. A bar that comes above the
 * canvas moves nothing: with the first change after a publish it comes while the hand is still on the step it dropped.
 * @param {State} state @param {{width: number, height: number}} viewport @param {number} lower  by how much the upper edge is lower now @returns {State}
 */
function resized(state, viewport, lower) {
  const past = state.viewport;
  if (past.width === viewport.width && past.height === viewport.height) return state;
  const camera = { ...state.camera, x: state.camera.x + (viewport.width - past.width) / 2, y: state.camera.y - lower };
  const box = bounds(contentRects(shownDocument(state), shownPlaces(state)));
  const wasWhole = box !== null && isInside(box, state.camera, past);
  return { ...state, viewport, camera: wasWhole && !isInside(box, camera, viewport) ? cameraFor(box, viewport, camera.zoom) : camera };
}

/** Whether all of a rectangle can be seen. @param {Rect} box @param {Camera} camera @param {{width: number, height: number}} viewport @returns {boolean} */
function isInside(box, camera, viewport) {
  const at = toScreen(camera, box);
  return at.x >= 0 && at.y >= 0 && at.x + box.width * camera.zoom <= viewport.width && at.y + box.height * camera.zoom <= viewport.height;
}

/** @param {State} state @returns {Rect} the part of the canvas that can be seen */
function viewRect(state) {
  const at = toWorld(state.camera, { x: 0, y: 0 });
  return { x: at.x, y: at.y, width: state.viewport.width / state.camera.zoom, height: state.viewport.height / state.camera.zoom };
}

/** World pixels between dots, close up. */
const DOTS = 24;

/** Lies over an area, its dots where they always are. @param {HTMLElement} ground @param {Rect} area */
function cover(ground, area) {
  const [left, top] = [Math.floor(area.x / (4 * DOTS)) * 4 * DOTS, Math.floor(area.y / (4 * DOTS)) * 4 * DOTS];
  Object.assign(ground.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${area.x + area.width - left}px`,
    height: `${area.y + area.height - top}px`,
  });
}

/** Nothing but a gesture went on, and it shows the same things: no need to look for them again. @param {State} state @param {State} before */
function sameThings(state, before) {
  if (!DRAWN.every((name) => name === "gesture" || state[name] === before[name])) return false;
  const [now, past] = [state.gesture, before.gesture].map((gesture) => (gesture?.kind === "drag" ? gesture.nodes : null));
  return now === past && (!now || now.length <= FEW);
}

/** A drag went on, and nothing else is to be drawn. @param {State} state @param {State} before */
function dragsOn({ gesture }, { gesture: past }) {
  return gesture?.kind === "drag" && past?.kind === "drag" && gesture.edge === past.edge;
}

/** @param {Rect} outer @param {Rect} inner */
const inside = (outer, inner) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;

/** Between cards that lie far from each other one is not lost. @param {State} state @param {Rect} view */
function outOfView(state, view) {
  const shown = shownDocument(state);
  const { box } = planeOf(shown, state.catalogue);
  if (box ? touches(box, view) : !shown.notes.length) return false;
  return !shown.notes.some((note) => touches(note, view));
}

/** What comes from the palette, under the pointer. @param {State} state @param {HTMLElement} ghost */
function paintGhost(state, ghost) {
  const { gesture } = state;
  setHidden(ghost, gesture?.kind !== "drop" || !gesture.inside);
  if (gesture?.kind !== "drop") return;
  const at = toScreen(state.camera, { x: gesture.x - 128, y: gesture.y - 32 });
  ghost.style.transform = `translate(${at.x}px, ${at.y}px) scale(${state.camera.zoom})`;
  const name = state.catalogue.types.get(gesture.type)?.label ?? gesture.type;
  if (ghost.textContent !== name) ghost.textContent = name;
}

/** Coming in with Tab lands on the node one left, or on the trigger. @param {Store} store */
function focusFirst(store) {
  store.dispatch((state) => {
    if (state.focused !== null && nodeOf(shownDocument(state), state.focused)) return state;
    const [only] = state.selection.nodes;
    return only === undefined ? state : { ...state, focused: only };
  });
}
