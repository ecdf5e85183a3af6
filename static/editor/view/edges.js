/** Lines, their labels and the `+` at open ends. One SVG over what is in view; lines that look the same are one path. */

/** @import {Edge, FlowDocument, Gesture, Point, Rect, State} from "../types.js" */
/** @import {Marks} from "../model/overlay.js" */
/** @import {Line} from "../model/spatial.js" */

import { portsOf, typeOf } from "../model/catalogue.js";
import { edgeMarks, edgePath, portAt, routeOf, STUB } from "../model/geometry.js";
import { indexOf } from "../model/graph.js";
import { lineOf, planeOf, shiftOf } from "../model/spatial.js";
import { readonlyReason, shownDocument, shownPlaces } from "../model/state.js";
import { words } from "../model/words.js";
import { h, s, setAttribute, setHidden, setText } from "./dom.js";

/** @typedef {{dom: SVGElement, shown: Record<string, any>}} Path */
/** @typedef {{dom: HTMLElement, shown: Record<string, any>}} Tag */
/** @typedef {{edge: Edge, from: Point, to: Point, moving: boolean}} Drawn  a line in view */

export function createEdges() {
  const svg = s("svg", { class: "edges", "aria-hidden": "true" });
  const stubs = s("path", { class: "edge edge-stub" });
  // Of the nodes that are dragged: only this one changes with every step.
  const movedStubs = s("path", { class: "edge edge-stub" });
  const draft = s("path", { class: "edge edge-draft" });
  svg.append(stubs, movedStubs, draft);
  const marks = h("div", { class: "edge-marks" });
  const insert = plus();
  insert.classList.add("is-on-edge");
  insert.hidden = true;
  marks.append(insert);
  /** One for all lines that look the same: few things to draw, however many lines. @type {Pool<Path>} */
  const paths = pool(svg, () => ({ dom: s("path", {}), shown: {} }));
  /** @type {Pool<Tag>} */
  const labels = pool(marks, () => ({ dom: h("span", { class: "edge-label" }), shown: {} }));
  /** @type {Pool<Tag>} */
  const ends = pool(marks, () => ({ dom: plus(), shown: {} }));
  let lines = /** @type {Drawn[]} */ ([]);
  let ran = /** @type {Marks|null} */ (null);
  let nodes = /** @type {ReadonlySet<string>} */ (new Set());
  /** How the lines look that are dragged. */
  let moving = /** @type {string[]} */ ([]);

  return {
    svg,
    marks,
    /**
     * @param {State} state @param {ReadonlySet<string>} inView ids of edges @param {ReadonlySet<string>} nodesInView
     * @param {Marks|null} marks what a run says of each edge @param {Rect} area what is drawn of the canvas
     */
    update(state, inView, nodesInView, marks, area) {
      ran = marks;
      nodes = nodesInView;
      fitTo(svg, area);
      const plane = planeOf(shownDocument(state), state.catalogue);
      lines = [];
      for (const id of inView) {
        const line = lineOf(plane, id);
        if (line) lines.push(shifted(line, state));
      }
      paintAll(state);
    },
    /** What hangs on the dragged nodes, where the pointer has it now; all else lies as it lay. @param {State} state */
    move(state) {
      const plane = planeOf(shownDocument(state), state.catalogue);
      lines = lines.map((line) => (line.moving ? shifted(/** @type {Line} */ (lineOf(plane, line.edge.id)), state) : line));
      const looks = looksOf(
        state,
        lines.filter((line) => line.moving),
      );
      // A line that now goes around looks another way.
      if (looks.size !== moving.length || moving.some((look) => !looks.has(look))) return paintAll(state);
      for (const [look, parts] of looks) paintPath(paths.get(look), look, parts.join(""));
      setAttribute(movedStubs, "d", endsOf(state, true));
    },
  };

  /** @param {State} state */
  function paintAll(state) {
    labels.begin();
    paintLines(state);
    paintEnds(state);
    labels.end();
    paintDraft(state, draft);
    paintInsert(state, insert);
  }

  /** @param {State} state */
  function paintLines(state) {
    const looks = looksOf(state, lines);
    moving = [...looks.keys()].filter((look) => look.endsWith(MOVING));
    paths.begin();
    for (const [look, parts] of looks) paintPath(paths.get(look), look, parts.join(""));
    paths.end();
  }

  /** How lines run, by how they look; their labels are put where they belong. @param {State} state @param {Drawn[]} lines @returns {Map<string, string[]>} */
  function looksOf(state, lines) {
    const document = shownDocument(state);
    /** @type {Map<string, string[]>} */
    const looks = new Map();
    for (const line of lines) {
      const { edge } = line;
      const more = ran?.lines.get(edge.id);
      const look = `${lookOf(line, state, ran?.edges.get(edge.id), more?.width)}|${more?.width ?? ""}${line.moving ? MOVING : ""}`;
      const same = looks.get(look);
      if (same) same.push(pathOf(line));
      else looks.set(look, [pathOf(line)]);
      const text = [labelOf(document, state, edge), more?.text].filter(Boolean).join(" · ");
      if (text) paintLabel(labels.get(edge.id), edgeMarks(line.from, line.to).label, text, ran?.edges.get(edge.id), edge.port === "error");
    }
    return looks;
  }

  /** @param {State} state */
  function paintEnds(state) {
    ends.begin();
    setAttribute(stubs, "d", endsOf(state, false));
    setAttribute(movedStubs, "d", endsOf(state, true));
    ends.end();
  }

  /** Open ports of the nodes that are dragged, or of the others: their `+` and names; the lines down to them as a path. @param {State} state @param {boolean} dragged @returns {string} */
  function endsOf(state, dragged) {
    const { byId, out } = indexOf(shownDocument(state));
    const places = shownPlaces(state);
    const fixed = readonlyReason(state) !== null;
    let d = "";
    for (const id of dragged ? draggedOf(state) : nodes) {
      const by = shiftOf(state, id);
      const node = nodes.has(id) && (by !== null) === dragged ? byId.get(id) : undefined;
      const stored = places[id];
      if (!node || !stored) continue;
      const place = by ? moved(stored, by) : stored;
      const ports = portsOf(node, state.catalogue);
      const taken = out.get(id);
      for (const [at, port] of ports.entries()) {
        if (taken?.some((edge) => edge.port === port.id)) continue;
        const from = portAt(node, place, at, ports.length);
        d += `M${from.x} ${from.y}v${STUB - 10}`;
        if (ports.length > 1) paintLabel(labels.get(`${id} ${port.id}`), { x: from.x, y: from.y + STUB + 18 }, port.label, undefined, port.id === "error");
        if (!fixed)
          paintPlus(
            ends.get(`${id} ${port.id}`),
            { x: from.x, y: from.y + STUB - 2 },
            id,
            port.id,
            words.insertAfter(node.label || node.type, ports.length > 1 ? port.label : ""),
          );
      }
    }
    return d;
  }
}

const MOVING = "|moving";

/** @param {State} state @returns {readonly string[]} */
const draggedOf = ({ gesture }) => (gesture?.kind === "drag" ? gesture.nodes : []);

/** A line with the ends where a drag has them. @param {Line} line @param {State} state @returns {Drawn} */
function shifted({ edge, from, to }, state) {
  const by = shiftOf(state, edge.source);
  const too = shiftOf(state, edge.target);
  return { edge, from: by ? moved(from, by) : from, to: too ? moved(to, too) : to, moving: by !== null || too !== null };
}

/** @param {Point} point @param {{dx: number, dy: number}} by @returns {Point} */
const moved = (point, { dx, dy }) => ({ ...point, x: point.x + dx, y: point.y + dy });

/** The name of the port, where the node has several. @param {FlowDocument} document @param {State} state @param {Edge} edge */
function labelOf(document, state, edge) {
  const node = indexOf(document).byId.get(edge.source);
  if (!node) return "";
  const ports = portsOf(node, state.catalogue);
  if (ports.length < 2) return "";
  return ports.find((port) => port.id === edge.port)?.label ?? (typeOf(state.catalogue, node.type) ? edge.port : "");
}

/** @param {Path} path @param {string} look classes, then the width where the line says how much passes it @param {string} d */
function paintPath(path, look, d) {
  const { shown, dom } = path;
  if (shown.look !== look) {
    shown.look = look;
    const [className = "", width] = look.split("|");
    dom.setAttribute("class", className);
    dom.style.strokeWidth = width ? `${width}px` : "";
  }
  if (shown.d !== d) {
    shown.d = d;
    dom.setAttribute("d", d);
  }
}

/** The classes of a line. @param {Drawn} line @param {State} state @param {"taken"|"not_taken"|undefined} ran @param {number} [width] */
function lookOf({ edge, from, to }, state, ran, width) {
  const { gesture } = state;
  const lit = state.hover?.edge === edge.id || ((gesture?.kind === "drag" || gesture?.kind === "drop") && gesture.edge === edge.id);
  const hiding = gesture?.kind === "connect" && gesture.edge === edge.id;
  let look = "edge";
  if (isBack(from, to)) look += " is-back";
  if (edge.port === "error") look += " is-error";
  if (state.selection.edges.has(edge.id)) look += " is-selected";
  if (lit) look += " is-lit";
  if (hiding) look += " is-hiding";
  return ran ? `${look} is-${ran.replace("_", "-")}` : width ? `${look} is-traffic` : look;
}

/** @type {WeakMap<Point, {to: Point, d: string}>} */
const known = new WeakMap();

/** Where nothing moves the same points come again. @param {Drawn} line */
function pathOf({ from, to }) {
  const past = known.get(from);
  if (past?.to === to) return past.d;
  const d = edgePath(from, to);
  known.set(from, { to, d });
  return d;
}

/** The drawing lies over what is in view: at the far corner of the canvas it would make one huge layer of everything. @param {SVGElement} svg @param {Rect} area */
function fitTo(svg, { x, y, width, height }) {
  svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  Object.assign(svg.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}

/** @param {Point} from @param {Point} to */
function isBack(from, to) {
  const route = routeOf(from, to);
  return route.kind === "around" && route.back;
}

const LONGEST = 24;
const LABEL = { padding: 18, height: 20 };
const PLUS = 24;
/** @type {Map<string, number>} */
const widths = new Map();
/** @type {CanvasRenderingContext2D|null} */
let ruler = null;

/** How wide a label is, without asking the page for its layout. @param {HTMLElement} dom @param {string} text */
function widthOf(dom, text) {
  let width = widths.get(text);
  if (width === undefined) {
    if (!ruler) {
      ruler = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
      ruler.font = getComputedStyle(dom).font;
    }
    width = ruler.measureText(text).width + LABEL.padding;
    widths.set(text, width);
  }
  return width;
}

/** @param {Tag} tag @param {Point} at @param {string} whole @param {"taken"|"not_taken"|undefined} ran @param {boolean} error */
function paintLabel(tag, at, whole, ran, error) {
  const text = whole.length > LONGEST ? `${whole.slice(0, LONGEST - 1)}…` : whole;
  place(tag, at, widthOf(tag.dom, text), LABEL.height);
  setText(tag.dom, text);
  const className = `edge-label${ran ? ` is-${ran.replace("_", "-")}` : ""}${error ? " is-error" : ""}`;
  if (tag.shown.className === className) return;
  tag.shown.className = className;
  tag.dom.className = className;
}

/** @param {Tag} tag @param {Point} at @param {string} node @param {string} port @param {string} label */
function paintPlus(tag, at, node, port, label) {
  place(tag, at, PLUS, PLUS);
  const { shown } = tag;
  if (shown.node === node && shown.port === port && shown.label === label) return;
  Object.assign(shown, { node, port, label });
  Object.assign(tag.dom.dataset, { node, port });
  tag.dom.setAttribute("aria-label", label);
}

/** Around a point, by its corner: a transform would make each a step of layering of its own. @param {Tag} tag @param {Point} at @param {number} width @param {number} height */
function place(tag, at, width, height) {
  if (tag.shown.x === at.x && tag.shown.y === at.y && tag.shown.width === width) return;
  Object.assign(tag.shown, { x: at.x, y: at.y, width });
  tag.dom.style.left = `${at.x - width / 2}px`;
  tag.dom.style.top = `${at.y - height / 2}px`;
}

/** The line that is being drawn. @param {State} state @param {SVGElement} path */
function paintDraft(state, path) {
  const { gesture } = state;
  const d = gesture?.kind === "connect" ? draftPath(state, gesture) : "";
  if (path.getAttribute("d") !== d) path.setAttribute("d", d);
  setAttribute(path, "class", gesture?.kind === "connect" && gesture.refused ? "edge edge-draft is-refused" : "edge edge-draft");
}

/** @param {State} state @param {Extract<Gesture, {kind: "connect"}>} gesture */
function draftPath(state, gesture) {
  const places = shownPlaces(state);
  const node = indexOf(shownDocument(state)).byId.get(gesture.source);
  const from = places[gesture.source];
  const held = places[gesture.held ?? ""];
  if (held && (!from || gesture.refused)) return edgePath(gesture, { x: held.x + 128, y: held.y });
  if (!node || !from) return "";
  const ports = portsOf(node, state.catalogue);
  const start = portAt(
    node,
    from,
    Math.max(
      0,
      ports.findIndex((port) => port.id === gesture.port),
    ),
    ports.length,
  );
  const target = held ?? (gesture.target && !gesture.refused ? places[gesture.target] : undefined);
  return edgePath(start, target ? { x: target.x + 128, y: target.y } : { x: gesture.x, y: gesture.y });
}

/** The one `+` on the edge under the pointer or selected. @param {State} state @param {HTMLElement} button */
function paintInsert(state, button) {
  const id = state.hover?.edge ?? (state.selection.edges.size === 1 ? [...state.selection.edges][0] : undefined);
  const line = id === undefined || state.gesture || readonlyReason(state) ? null : lineOf(planeOf(shownDocument(state), state.catalogue), id);
  setHidden(button, !line);
  if (!line) return;
  const at = edgeMarks(line.from, line.to).insert;
  button.dataset.edge = line.edge.id;
  button.style.left = `${at.x - PLUS / 2}px`;
  button.style.top = `${at.y - PLUS / 2}px`;
  setAttribute(button, "aria-label", words.insertHere);
}

/** Elements of the canvas are no stops of Tab: the keyboard adds with N and Ctrl-arrows. */
const plus = () => h("button", { class: "edge-plus", type: "button", tabIndex: -1, "aria-label": words.insertHere });

const SPARE = 12;

/** @template T @typedef {{begin: () => void, get: (id: string) => T, end: () => void}} Pool */

/** Elements by id that are reused when their id is not asked for between begin and end. @template {{dom: Element}} T @param {Element} host @param {() => T} make @returns {Pool<T>} */
function pool(host, make) {
  /** @type {Map<string, T>} */
  let used = new Map();
  /** @type {Map<string, T>} */
  let past = new Map();
  /** @type {T[]} */
  const free = [];
  return {
    begin() {
      past = used;
      used = new Map();
    },
    get(id) {
      const item = used.get(id) ?? past.get(id) ?? free.pop() ?? make();
      past.delete(id);
      used.set(id, item);
      if (!item.dom.parentNode) host.append(item.dom);
      return item;
    },
    end() {
      for (const item of past.values()) {
        item.dom.remove();
        if (free.length < SPARE) free.push(item);
      }
      past = new Map();
    },
  };
}
