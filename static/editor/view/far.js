/** The flow from far away: below a zoom of 0.5 (geometry.js) cards are rectangles on a bitmap, so that a thousand of them cost what one does. */

/** @import {Point, Rect, State} from "../types.js" */
/** @import {Marks} from "../model/overlay.js" */

import { typeOf } from "../model/catalogue.js";
import { FAR_MARGIN, heightOf, WIDTH } from "../model/geometry.js";
import { indexOf } from "../model/graph.js";
import { endsOf } from "../model/spatial.js";
import { shownDocument, shownPlaces } from "../model/state.js";
import { h } from "./dom.js";

const COLORS = ["violet", "pink", "amber", "blue", "green", "teal", "slate"];

/** Colours as the theme resolves them; a bitmap cannot use custom properties. @param {HTMLElement} host */
export function paletteOf(host) {
  const probe = h("span", { hidden: true });
  host.append(probe);
  const read = (/** @type {string} */ name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const groups = Object.fromEntries(COLORS.map((color) => [color, read(`--g-${color}`)]));
  const palette = {
    groups,
    card: read("--surface"),
    line: read("--line-strong"),
    edge: read("--edge"),
    accent: read("--accent"),
    ok: read("--ok"),
    bad: read("--bad"),
    note: read("--note"),
    text: read("--text"),
  };
  probe.remove();
  return palette;
}

/** @param {HTMLElement} place where the bitmap lies */
export function createFar(place) {
  const dom = h("canvas", {});
  place.append(dom);
  const context = /** @type {CanvasRenderingContext2D} */ (dom.getContext("2d"));
  /** @type {ReturnType<typeof paletteOf>|null} */
  let palette = null;
  let theme = "";
  /** What was drawn last with its surroundings, and for what. */
  const still = h("canvas", {});
  const stillContext = /** @type {CanvasRenderingContext2D} */ (still.getContext("2d"));
  /** @type {{wish: any[], camera: import("../types.js").Camera}} */
  let kept = { wish: [], camera: { x: 0, y: 0, zoom: 1 } };

  return {
    dom,
    /**
     * @param {State} state @param {ReadonlySet<string>} nodes @param {ReadonlySet<string>} lines @param {Marks|null} marks
     * what is in view and FAR_MARGIN around it; the same sets as long as that is all that is needed
     */
    update(state, nodes, lines, marks) {
      const now = `${document.documentElement.dataset.theme ?? ""}${matchMedia("(prefers-color-scheme: dark)").matches}`;
      if (!palette || theme !== now) palette = paletteOf(place);
      theme = now;
      const ratio = globalThis.devicePixelRatio || 1;
      const { camera, viewport } = state;
      sized(dom, viewport.width * ratio, viewport.height * ratio);
      const wish = [nodes, lines, marks, state.selection, state.gesture?.kind === "drag" ? state.gesture : null, camera.zoom, ratio, viewport, palette];
      if (wish.some((each, at) => each !== kept.wish[at])) {
        kept = { wish, camera };
        sized(still, (viewport.width + 2 * FAR_MARGIN) * ratio, (viewport.height + 2 * FAR_MARGIN) * ratio);
        const [x, y] = [camera.x + FAR_MARGIN, camera.y + FAR_MARGIN];
        stillContext.setTransform(1, 0, 0, 1, 0, 0);
        stillContext.clearRect(0, 0, still.width, still.height);
        stillContext.setTransform(camera.zoom * ratio, 0, 0, camera.zoom * ratio, x * ratio, y * ratio);
        draw(stillContext, state, nodes, lines, palette, marks);
      }
      // A pan moves the picture that is there.
      context.clearRect(0, 0, dom.width, dom.height);
      context.drawImage(still, (camera.x - kept.camera.x - FAR_MARGIN) * ratio, (camera.y - kept.camera.y - FAR_MARGIN) * ratio);
    },
  };
}

/** Only when it differs: setting a size empties a bitmap and makes it anew. @param {HTMLCanvasElement} bitmap @param {number} width @param {number} height */
function sized(bitmap, width, height) {
  const [wide, high] = [Math.round(width), Math.round(height)];
  if (bitmap.width === wide && bitmap.height === high) return;
  bitmap.width = wide;
  bitmap.height = high;
}

/** @param {CanvasRenderingContext2D} context @param {State} state @param {ReadonlySet<string>} nodes @param {ReadonlySet<string>} lines @param {ReturnType<typeof paletteOf>} palette @param {Marks|null} marks */
function draw(context, state, nodes, lines, palette, marks) {
  const shown = shownDocument(state);
  const places = shownPlaces(state);
  const { gesture } = state;
  const moved = new Set(gesture?.kind === "drag" ? gesture.nodes : []);
  const at = (/** @type {string} */ id) => {
    const place = places[id] ?? { x: 0, y: 0 };
    return gesture?.kind === "drag" && moved.has(id) ? { x: place.x + gesture.dx, y: place.y + gesture.dy } : place;
  };
  for (const note of shown.notes) block(context, note, palette.note);
  strokes(context, state, lines, moved.size ? Object.fromEntries([...touched(shown, lines)].map((id) => [id, at(id)])) : places, palette, marks);
  const { byId } = indexOf(shown);
  for (const id of nodes) {
    const node = byId.get(id);
    if (!node) continue;
    const { x, y } = at(id);
    const height = heightOf(node);
    const mark = marks?.nodes.get(id);
    const status = mark?.status === "traffic" ? undefined : mark?.status;
    const chosen = state.selection.nodes.has(id);
    context.fillStyle = palette.card;
    context.fillRect(x, y, WIDTH, height);
    context.lineWidth = chosen || status || mark?.tone ? 8 : 2;
    context.strokeStyle = chosen
      ? palette.accent
      : status === "succeeded"
        ? palette.ok
        : status === "failed" || mark?.tone === "bad"
          ? palette.bad
          : palette.line;
    context.strokeRect(x, y, WIDTH, height);
    context.fillStyle = palette.groups[typeOf(state.catalogue, node.type)?.group.color ?? "slate"] ?? palette.line;
    context.fillRect(x + 12, y + 17, 30, 30);
    context.fillStyle = palette.text;
    if (state.camera.zoom >= 0.25 && nodes.size < 300) {
      context.font = "600 22px system-ui, sans-serif";
      context.fillText(short(node.label || node.type), x + 54, y + 40, WIDTH - 62);
    } else context.fillRect(x + 54, y + 26, Math.min(180, 12 * (node.label ?? "").length), 12);
  }
}

/** @param {CanvasRenderingContext2D} context @param {State} state @param {ReadonlySet<string>} lines @param {Readonly<Record<string, Point>>} places @param {ReturnType<typeof paletteOf>} palette @param {Marks|null} marks */
function strokes(context, state, lines, places, palette, marks) {
  const shown = shownDocument(state);
  context.lineWidth = Math.max(2, 1.5 / state.camera.zoom);
  for (const taken of [false, true]) {
    context.beginPath();
    for (const edge of shown.edges) {
      if (!lines.has(edge.id) || (marks?.edges.get(edge.id) === "taken") !== taken) continue;
      const ends = endsOf(shown, state.catalogue, places, edge);
      if (!ends) continue;
      const middle = (ends.from.y + ends.to.y) / 2;
      context.moveTo(ends.from.x, ends.from.y);
      context.bezierCurveTo(ends.from.x, middle, ends.to.x, middle, ends.to.x, ends.to.y);
    }
    context.strokeStyle = taken ? palette.ok : palette.edge;
    context.stroke();
  }
}

/** @param {import("../types.js").FlowDocument} shown @param {ReadonlySet<string>} lines */
function touched(shown, lines) {
  return new Set(shown.edges.filter((edge) => lines.has(edge.id)).flatMap((edge) => [edge.source, edge.target]));
}

/** @param {CanvasRenderingContext2D} context @param {Rect} rect @param {string} color */
function block(context, rect, color) {
  context.fillStyle = color;
  context.fillRect(rect.x, rect.y, rect.width, rect.height);
}

/** @param {string} text */
const short = (text) => (text.length > 17 ? `${text.slice(0, 16)}…` : text);
