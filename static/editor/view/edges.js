/** Lines, their labels and the `+` at open ends. One SVG holds a path for each edge in view, and one path for all stubs together. */

/** @import {Edge, FlowDocument, Gesture, Point, State} from "../types.js" */
/** @import {Marks} from "../model/overlay.js" */

import { portsOf, typeOf } from "../model/catalogue.js";
import { edgeMarks, edgePath, portAt, routeOf, STUB } from "../model/geometry.js";
import { indexOf } from "../model/graph.js";
import { endsOf } from "../model/spatial.js";
import { readonlyReason, shownDocument, shownPlaces } from "../model/state.js";
import { words } from "../model/words.js";
import { h, icon, s, setAttribute, setText } from "./dom.js";

/** @typedef {{dom: SVGElement, shown: Record<string, any>}} Path */
/** @typedef {{dom: HTMLElement, shown: Record<string, any>}} Tag */

export function createEdges() {
  const svg = s("svg", { class: "edges", width: "1", height: "1", "aria-hidden": "true" });
  const stubs = s("path", { class: "edge edge-stub" });
  const draft = s("path", { class: "edge edge-draft" });
  svg.append(stubs, draft);
  const marks = h("div", { class: "edge-marks" });
  const insert = plus();
  insert.classList.add("is-on-edge");
  insert.hidden = true;
  marks.append(insert);
  /** @type {Pool<Path>} */
  const paths = pool(() => {
    const dom = s("path", { class: "edge" });
    svg.append(dom);
    return { dom, shown: {} };
  });
  /** @type {Pool<Tag>} */
  const labels = pool(() => {
    const dom = h("span", { class: "edge-label" });
    marks.append(dom);
    return { dom, shown: {} };
  });
  /** @type {Pool<Tag>} */
  const ends = pool(() => {
    const dom = plus();
    marks.append(dom);
    return { dom, shown: {} };
  });

  return {
    svg,
    marks,
    /**
     * @param {State} state @param {ReadonlySet<string>} lines ids of edges in view @param {ReadonlySet<string>} nodes ids of nodes in view
     * @param {Marks|null} ran what a run says of each edge
     */
    update(state, lines, nodes, ran) {
      const places = movedPlaces(state);
      const document = shownDocument(state);
      /** @type {Set<string>} */
      const labelled = new Set();
      paths.begin();
      labels.begin();
      for (const id of lines) {
        const edge = edgeById(document, id);
        const line = edge && endsOf(document, state.catalogue, places, edge);
        if (!edge || !line) continue;
        const more = ran?.lines.get(id);
        paintPath(paths.get(id), edge, line, state, ran?.edges.get(id), more?.width);
        const text = [labelOf(document, state, edge), more?.text].filter(Boolean).join(" · ");
        if (text) paintLabel(labels.get(id), edgeMarks(line.from, line.to).label, text, ran?.edges.get(id), edge.port === "error");
        labelled.add(id);
      }
      paths.end();
      paintEnds(state, places, nodes);
      labels.end();
      paintDraft(state, draft, places);
      paintInsert(state, insert, places);
    },
  };

  /** @param {State} state @param {Readonly<Record<string, Point>>} places @param {ReadonlySet<string>} nodes */
  function paintEnds(state, places, nodes) {
    const document = shownDocument(state);
    const { byId, out } = indexOf(document);
    const fixed = readonlyReason(state) !== null;
    let d = "";
    ends.begin();
    for (const id of nodes) {
      const node = byId.get(id);
      const place = places[id];
      if (!node || !place) continue;
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
    ends.end();
    if (stubs.getAttribute("d") !== d) stubs.setAttribute("d", d);
  }
}

/** Places with what is being dragged already moved. @param {State} state @returns {Readonly<Record<string, Point>>} */
function movedPlaces(state) {
  const places = shownPlaces(state);
  const { gesture } = state;
  if (gesture?.kind !== "drag" || !gesture.nodes.length) return places;
  // Places are frozen and many; the moved ones lie over them.
  const shift = (/** @type {string} */ id) => ({ value: { x: (places[id]?.x ?? 0) + gesture.dx, y: (places[id]?.y ?? 0) + gesture.dy } });
  return Object.create(places, Object.fromEntries(gesture.nodes.map((id) => [id, shift(id)])));
}

/** @type {WeakMap<readonly Edge[], Map<string, Edge>>} */
const byIds = new WeakMap();
/** @param {FlowDocument} document @param {string} id */
function edgeById(document, id) {
  let map = byIds.get(document.edges);
  if (!map) {
    map = new Map(document.edges.map((edge) => [edge.id, edge]));
    byIds.set(document.edges, map);
  }
  return map.get(id);
}

/** The name of the port, where the node has several. @param {FlowDocument} document @param {State} state @param {Edge} edge */
function labelOf(document, state, edge) {
  const node = indexOf(document).byId.get(edge.source);
  if (!node) return "";
  const ports = portsOf(node, state.catalogue);
  if (ports.length < 2) return "";
  return ports.find((port) => port.id === edge.port)?.label ?? (typeOf(state.catalogue, node.type) ? edge.port : "");
}

/**
 * @param {Path} path @param {Edge} edge @param {{from: Point, to: Point}} line @param {State} state @param {"taken"|"not_taken"|undefined} ran
 * @param {number} [width] where the line says how much passes it
 */
function paintPath(path, edge, { from, to }, state, ran, width) {
  if (path.shown.width !== width) {
    path.shown.width = width;
    path.dom.style.strokeWidth = width ? `${width}px` : "";
  }
  const d = edgePath(from, to);
  if (path.shown.d !== d) {
    path.shown.d = d;
    path.dom.setAttribute("d", d);
  }
  const { gesture } = state;
  const lit = state.hover?.edge === edge.id || ((gesture?.kind === "drag" || gesture?.kind === "drop") && gesture.edge === edge.id);
  const hiding = gesture?.kind === "connect" && gesture.edge === edge.id;
  const className = [
    "edge",
    isBack(from, to) ? "is-back" : "",
    edge.port === "error" ? "is-error" : "",
    state.selection.edges.has(edge.id) ? "is-selected" : "",
    lit ? "is-lit" : "",
    hiding ? "is-hiding" : "",
    ran ? `is-${ran.replace("_", "-")}` : width ? "is-traffic" : "",
  ]
    .filter(Boolean)
    .join(" ");
  if (path.shown.className !== className) {
    path.shown.className = className;
    path.dom.setAttribute("class", className);
  }
}

/** @param {Point} from @param {Point} to */
function isBack(from, to) {
  const route = routeOf(from, to);
  return route.kind === "around" && route.back;
}

/** @param {Tag} tag @param {Point} at @param {string} text @param {"taken"|"not_taken"|undefined} ran @param {boolean} error */
function paintLabel(tag, at, text, ran, error) {
  place(tag, at);
  setText(tag.dom, text);
  const className = `edge-label${ran ? ` is-${ran.replace("_", "-")}` : ""}${error ? " is-error" : ""}`;
  if (tag.dom.className !== className) tag.dom.className = className;
}

/** @param {Tag} tag @param {Point} at @param {string} node @param {string} port @param {string} label */
function paintPlus(tag, at, node, port, label) {
  place(tag, at);
  tag.dom.dataset.node = node;
  tag.dom.dataset.port = port;
  setAttribute(tag.dom, "aria-label", label);
}

/** @param {Tag} tag @param {Point} at */
function place(tag, at) {
  if (tag.shown.x === at.x && tag.shown.y === at.y) return;
  tag.shown.x = at.x;
  tag.shown.y = at.y;
  tag.dom.style.transform = `translate(${at.x}px, ${at.y}px) translate(-50%, -50%)`;
}

/** The line that is being drawn. @param {State} state @param {SVGElement} path @param {Readonly<Record<string, Point>>} places */
function paintDraft(state, path, places) {
  const { gesture } = state;
  const d = gesture?.kind === "connect" ? draftPath(state, gesture, places) : "";
  if (path.getAttribute("d") !== d) path.setAttribute("d", d);
  setAttribute(path, "class", gesture?.kind === "connect" && gesture.refused ? "edge edge-draft is-refused" : "edge edge-draft");
}

/** @param {State} state @param {Extract<Gesture, {kind: "connect"}>} gesture @param {Readonly<Record<string, Point>>} places */
function draftPath(state, gesture, places) {
  const node = indexOf(shownDocument(state)).byId.get(gesture.source);
  const from = places[gesture.source];
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
  const target = gesture.target && !gesture.refused ? places[gesture.target] : undefined;
  return edgePath(start, target ? { x: target.x + 128, y: target.y } : { x: gesture.x, y: gesture.y });
}

/** The one `+` on the edge under the pointer or selected. @param {State} state @param {HTMLElement} button @param {Readonly<Record<string, Point>>} places */
function paintInsert(state, button, places) {
  const id = state.hover?.edge ?? (state.selection.edges.size === 1 ? [...state.selection.edges][0] : undefined);
  const document = shownDocument(state);
  const edge = id === undefined || state.gesture || readonlyReason(state) ? undefined : edgeById(document, id);
  const line = edge && endsOf(document, state.catalogue, places, edge);
  button.hidden = !line;
  if (!edge || !line) return;
  const at = edgeMarks(line.from, line.to).insert;
  button.dataset.edge = edge.id;
  button.style.transform = `translate(${at.x}px, ${at.y}px) translate(-50%, -50%)`;
  setAttribute(button, "aria-label", words.insertHere);
}

/** Elements of the canvas are no stops of Tab: the keyboard adds with N and Ctrl-arrows. */
const plus = () => h("button", { class: "edge-plus", type: "button", tabIndex: -1, "aria-label": words.insertHere }, icon("plus", "icon icon-small"));

const SPARE = 40;

/** @template T @typedef {{begin: () => void, get: (id: string) => T, end: () => void}} Pool */

/** Elements by id that are reused when their id is not asked for between begin and end. @template {{dom: Element}} T @param {() => T} make @returns {Pool<T>} */
function pool(make) {
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
      if (item.dom.hasAttribute("hidden")) item.dom.removeAttribute("hidden");
      return item;
    },
    end() {
      for (const item of past.values()) {
        item.dom.setAttribute("hidden", "");
        if (free.length < SPARE) free.push(item);
        else item.dom.remove();
      }
      past = new Map();
    },
  };
}
