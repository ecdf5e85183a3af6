/** What is drawn over the canvas and is gone with the gesture: guides of what is in line, outlines of copies, rings around what was found. */

/** @import {Guide, Rect, State} from "../types.js" */

import { toScreen } from "../model/geometry.js";
import { foundRects } from "../model/searching.js";
import { s } from "./dom.js";

/** Half the length of the bars at the ends of a gap. */
const BAR = 5;
/** The radius of a card's corners. */
const CORNER = 12;
/** How far a ring stands off what it marks. */
const OFF = 5;

export function createGuides() {
  const lines = s("path", { class: "guide-line" });
  const gaps = s("path", { class: "guide-gap" });
  const copies = s("path", { class: "guide-copy" });
  const found = s("path", { class: "guide-found" });
  const current = s("path", { class: "guide-found is-current" });
  const dom = s("svg", { class: "guides", "aria-hidden": "true" }, copies, lines, gaps, found, current);
  return {
    dom,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (state !== before && !state.gesture && !before.gesture && !state.search && !before.search) return;
      const drag = state.gesture?.kind === "drag" ? state.gesture : null;
      const all = drag?.guides ?? [];
      draw(
        lines,
        all.filter((guide) => guide.kind === "line").map((guide) => linePath(state, guide)),
      );
      draw(
        gaps,
        all.filter((guide) => guide.kind === "gap").map((guide) => gapPath(state, guide)),
      );
      draw(
        copies,
        (drag?.copies ?? []).map((rect) => rectPath(state, rect, 0)),
      );
      const rects = state.search ? foundRects(state) : [];
      draw(
        found,
        rects.map((rect) => rectPath(state, rect, OFF)),
      );
      const here = state.search ? rects[state.search.at] : undefined;
      draw(current, here ? [rectPath(state, here, OFF)] : []);
    },
  };
}

/** @param {SVGElement} path @param {string[]} parts */
function draw(path, parts) {
  const d = parts.join("");
  if ((path.getAttribute("d") ?? "") !== d) path.setAttribute("d", d);
}

/** @param {State} state @param {Guide} guide */
function linePath(state, guide) {
  const [from, to] = [toScreen(state.camera, guide.from), toScreen(state.camera, guide.to)];
  return `M${from.x} ${from.y}L${to.x} ${to.y}`;
}

/** An arrow between two cards that says: as far as the others. @param {State} state @param {Guide} guide */
function gapPath(state, guide) {
  const [from, to] = [toScreen(state.camera, guide.from), toScreen(state.camera, guide.to)];
  const bar = (/** @type {{x: number, y: number}} */ at) => (from.x === to.x ? `M${at.x - BAR} ${at.y}h${2 * BAR}` : `M${at.x} ${at.y - BAR}v${2 * BAR}`);
  return `${bar(from)}M${from.x} ${from.y}L${to.x} ${to.y}${bar(to)}`;
}

/** Its corners are as round as a card's. @param {State} state @param {Rect} rect @param {number} off */
function rectPath(state, rect, off) {
  const at = toScreen(state.camera, rect);
  const [width, height] = [rect.width * state.camera.zoom + 2 * off, rect.height * state.camera.zoom + 2 * off];
  const r = CORNER * state.camera.zoom + off;
  const turn = (/** @type {number} */ x, /** @type {number} */ y) => `a${r} ${r} 0 0 1 ${x * r} ${y * r}`;
  return `M${at.x - off + r} ${at.y - off}h${width - 2 * r}${turn(1, 1)}v${height - 2 * r}${turn(-1, 1)}h${2 * r - width}${turn(-1, -1)}v${2 * r - height}${turn(1, -1)}z`;
}
