/**
 * The difference of two states drawn over the canvas, while Review or Versions compares them. A layer of its own, moved by one
 * transform a frame; what it holds changes only when the view leaves what was drawn or the flow changes. It takes no pointer.
 */
/** @import {Comparison, Context, FlowDocument, Rect, State, Store} from "../types.js" */
/** @import {GhostBox, GhostLine, Ghosts} from "../model/comparison.js" */

import { ghostsIn, ghostsOf } from "../model/comparison.js";
import { FAR, toWorld } from "../model/geometry.js";
import { pastDocument, shownDocument } from "../model/state.js";
import { publishing } from "../model/words-publish.js";
import { h, icon, s } from "./dom.js";

/** Around the view, in pixels of the canvas; and the most boxes, and lines, that are drawn at once. */
const MARGIN = 400;
const MOST = 250;
const ICONS = { added: "plus", removed: "minus", changed: "pencil", moved: "drag" };

/** @typedef {NonNullable<State["right"]>} PanelId */

/** @type {{layer: HTMLElement, panel: PanelId}|null} */
let mounted = null;

/**
 * Draws a comparison for as long as its panel is open.
 * @param {Store} store @param {PanelId} panel @param {Comparison|null} comparison null: nothing any more
 */
export function showComparison(store, panel, comparison) {
  if (store.state.right !== panel && comparison) return;
  if (comparison) mount(store, panel);
  // A step selected before may not be in what is shown now.
  store.dispatch((state) => ({ ...state, comparison }));
}

/** @param {Store} store @param {PanelId} panel */
function mount(store, panel) {
  if (mounted) {
    mounted.panel = panel;
    return;
  }
  const stage = document.querySelector(".stage");
  if (!stage) return;
  const layer = h("div", { class: "ghosts", "aria-hidden": "true" });
  const world = stage.querySelector(".world");
  stage.insertBefore(layer, world?.nextSibling ?? null);
  mounted = { layer, panel };
  const painter = createPainter(layer);
  let asked = 0;
  store.subscribe((state) => {
    if (state.comparison && state.right !== mounted?.panel) return store.dispatch((now) => ({ ...now, comparison: null }));
    if (asked) return undefined;
    asked = requestAnimationFrame(() => {
      asked = 0;
      painter(store.state);
    });
    return undefined;
  });
}

/** @param {HTMLElement} layer @returns {(state: State) => void} */
function createPainter(layer) {
  const svg = s("svg", { class: "ghost-lines", width: "1", height: "1" });
  const boxes = h("div", {});
  layer.append(svg, boxes);
  /** @type {{before: FlowDocument, after: FlowDocument, ghosts: Ghosts}|null} */
  let known = null;
  /** @type {{ghosts: Ghosts, area: Rect}|null} */
  let drawn = null;
  let camera = /** @type {State["camera"]|null} */ (null);

  return (state) => {
    const { comparison } = state;
    const shown = comparison !== null && !state.overlay?.document;
    if (layer.hidden === shown) layer.hidden = !shown;
    if (!shown) {
      if (drawn) {
        svg.replaceChildren();
        boxes.replaceChildren();
      }
      known = drawn = camera = null;
      return;
    }
    if (camera !== state.camera) {
      camera = state.camera;
      layer.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})`;
      layer.classList.toggle("is-far", camera.zoom < FAR);
    }
    const [before, after] = [comparison.before.document, shownDocument(state)];
    if (known?.before !== before || known.after !== after) known = { before, after, ghosts: ghostsOf(before, after, state.catalogue) };
    const view = viewOf(state);
    if (drawn?.ghosts === known.ghosts && covers(drawn.area, view)) return;
    const area = { x: view.x - MARGIN, y: view.y - MARGIN, width: view.width + 2 * MARGIN, height: view.height + 2 * MARGIN };
    const seen = ghostsIn(known.ghosts, area, MOST);
    svg.replaceChildren(...seen.lines.map(lineOf), ...seen.boxes.flatMap(trailOf));
    boxes.replaceChildren(...seen.boxes.flatMap((box) => boxOf(box, pastDocument(state) !== null)));
    drawn = { ghosts: known.ghosts, area };
  };
}

/** @param {State} state @returns {Rect} */
function viewOf({ camera, viewport }) {
  const at = toWorld(camera, { x: 0, y: 0 });
  return { x: at.x, y: at.y, width: viewport.width / camera.zoom, height: viewport.height / camera.zoom };
}

/** @param {Rect} outer @param {Rect} inner */
const covers = (outer, inner) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;

/** @param {GhostLine} line */
const lineOf = (line) => s("path", { class: `ghost-line is-${line.kind}`, d: line.path });

/** From where it stood to where it is. @param {GhostBox} box */
function trailOf({ rect, from }) {
  if (!from) return [];
  const start = middle(from);
  const end = rimOf(rect, start);
  return [
    s("path", { class: "ghost-trail", d: `M${start.x} ${start.y}L${end.x} ${end.y}` }),
    s("circle", { class: "ghost-start", cx: start.x, cy: start.y, r: 4 }),
  ];
}

/** @param {Rect} rect */
const middle = (rect) => ({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 });

/** Where a line from outside to the middle of a box meets its rim. @param {Rect} rect @param {{x: number, y: number}} start */
function rimOf(rect, start) {
  const to = middle(rect);
  const [dx, dy] = [to.x - start.x, to.y - start.y];
  const part = Math.min(rect.width / 2 / Math.max(Math.abs(dx), 0.1), rect.height / 2 / Math.max(Math.abs(dy), 0.1), 1);
  return { x: to.x - dx * part, y: to.y - dy * part };
}

/** @param {GhostBox} box @param {boolean} past */
function boxOf(box, past) {
  const frame = h(
    "div",
    { class: `ghost is-${box.kind}${past ? " is-past" : ""}`, "data-ghost": box.kind, "data-of": box.id, style: placed(box.rect) },
    h("span", { class: "ghost-tag" }, icon(ICONS[box.kind], "icon icon-small"), publishing.ghost[box.kind]),
    box.kind === "removed" ? h("span", { class: "ghost-name" }, box.name) : null,
  );
  return box.from ? [h("div", { class: "ghost is-place", style: placed(box.from) }), frame] : [frame];
}

/** @param {Rect} rect */
const placed = (rect) => ({ left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${rect.height}px` });
