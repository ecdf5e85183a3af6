/**
 * The cards of the nodes in view. Elements are kept in a pool and given to whichever node comes into view; each paints only what
 * differs from what it shows. Nothing here is measured: place, width and height come from the model.
 */

/** @import {Context, FlowNode, Problem, State, Store} from "../types.js" */
/** @import {Marks, NodeMark} from "../model/overlay.js" */

import { portsOf, summaryOf, typeOf } from "../model/catalogue.js";
import { extraRows, heightOf, portAt } from "../model/geometry.js";
import { indexOf } from "../model/graph.js";
import { referencesIn } from "../model/references.js";
import { shiftOf } from "../model/spatial.js";
import { pastDocument, shownDocument, shownPlaces } from "../model/state.js";
import { words } from "../model/words.js";
import { h, icon, iconImage, setAttribute, setText } from "./dom.js";

/** Cards kept for what comes into view next; more than that would only weigh on the page. */
const SPARE = 40;

/** @typedef {{dom: HTMLElement, chip: HTMLElement, name: HTMLElement, status: HTMLElement|null, summary: HTMLElement, row: HTMLElement|null, badge: HTMLElement|null, ports: HTMLElement[], shown: Record<string, any>}} Card */

/** @typedef {{theme: string, ink: string, nameFont: string, summaryFont: string}} Look  of what is drawn by hand: icons, texts that are cut */

/** @param {Store} store @param {Context} context */
export function createNodes(store, context) {
  const dom = h("div", { class: "nodes" });
  /** @type {Map<string, Card>} */
  const cards = new Map();
  /** @type {Card[]} */
  const free = [];

  // Ports are seen under the pointer and on what is selected; others need none.
  dom.addEventListener("pointerover", ({ target }) => {
    const card = cards.get(/** @type {HTMLElement|null} */ (/** @type {Element} */ (target).closest(".node"))?.dataset.node ?? "");
    if (card) paintPorts(card, card.shown.node, store.state);
  });

  let look = /** @type {Look} */ ({ theme: "", ink: "", nameFont: "", summaryFont: "" });

  /** @param {string} id @param {Card[]} gone */
  function take(id, gone) {
    const card = gone.pop() ?? free.pop() ?? newCard();
    card.dom.id = `node-${id}`;
    card.dom.dataset.node = id;
    if (!card.dom.parentNode) dom.append(card.dom);
    cards.set(id, card);
    return card;
  }

  return {
    dom,
    /** @param {State} state @param {ReadonlySet<string>} visible @param {Marks|null} marks what a run says of each node */
    update(state, visible, marks) {
      // Who leaves is given to who comes at once; what is left over waits outside the page.
      /** @type {Card[]} */
      const gone = [];
      for (const [id, card] of cards) {
        if (visible.has(id)) continue;
        cards.delete(id);
        gone.push(card);
      }
      look = lookNow(dom, look);
      const seen = lookOf(state, marks, look);
      for (const id of visible) {
        const node = seen.byId.get(id);
        if (node) paint(cards.get(id) ?? take(id, gone), node, state, seen);
      }
      for (const card of gone) {
        card.dom.remove();
        if (free.length < SPARE) free.push(card);
      }
      rename(state, cards, store, context);
    },
    /** What is dragged, where the pointer has it now. @param {State} state */
    move(state) {
      if (state.gesture?.kind !== "drag") return;
      const places = shownPlaces(state);
      for (const id of state.gesture.nodes) {
        const card = cards.get(id);
        if (card) put(card, places[id] ?? { x: 0, y: 0 }, state.gesture);
      }
    },
  };
}

const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
const forced = globalThis.matchMedia?.("(forced-colors: active)");

/** A new look when the theme is another than at the last time, or the sprite has come. @param {HTMLElement} dom @param {Look} past @returns {Look} */
function lookNow(dom, past) {
  const theme = `${document.documentElement.dataset.theme ?? ""} ${dark.matches} ${forced.matches} ${iconImage("help", "") !== ""}`;
  if (theme === past.theme) return past;
  const probe = newCard();
  dom.append(probe.dom);
  const font = (/** @type {Element} */ element) => getComputedStyle(element).font;
  const look = { theme, ink: getComputedStyle(dom).outlineColor, nameFont: font(probe.name), summaryFont: font(probe.summary) };
  probe.dom.remove();
  return look;
}

/** What all cards need of the state, looked up once per update. @param {State} state @param {Marks|null} marks @param {Look} look */
function lookOf(state, marks, look) {
  const { gesture } = state;
  return {
    look,
    byId: indexOf(shownDocument(state)).byId,
    places: shownPlaces(state),
    marks,
    problems: pastDocument(state) ? NONE : problemsByNode(state.problems),
    target: gesture?.kind === "connect" ? gesture.target : null,
    refused: gesture?.kind === "connect" ? gesture.refused : null,
    origin: originOf(state),
  };
}

/** @type {Map<string, Problem[]>} */
const NONE = new Map();
/** @type {WeakMap<readonly Problem[], Map<string, Problem[]>>} */
const grouped = new WeakMap();

/** @param {readonly Problem[]} problems */
function problemsByNode(problems) {
  let map = grouped.get(problems);
  if (!map) {
    map = new Map();
    for (const problem of problems) if (problem.node) map.set(problem.node, [...(map.get(problem.node) ?? []), problem]);
    grouped.set(problems, map);
  }
  return map;
}

/** The node a hovered variable comes from. @param {State} state */
function originOf(state) {
  const [root, key] = (state.hover?.path ?? "").split(".");
  if (root === "steps" && key) return state.document.nodes.find((node) => node.key === key)?.id ?? null;
  return state.hover?.node ?? null;
}

/** @returns {Card} */
function newCard() {
  const chip = h("span", { class: "node-chip" });
  const name = h("span", { class: "node-name" });
  const summary = h("span", { class: "node-summary" });
  const dom = h("article", { class: "node", "aria-roledescription": "step" }, chip, name, summary);
  return { dom, chip, name, status: null, summary, row: null, badge: null, ports: [], shown: {} };
}

/** @param {Card} card @param {FlowNode} node @param {State} state @param {ReturnType<typeof lookOf>} seen */
function paint(card, node, state, seen) {
  const { shown } = card;
  const place = seen.places[node.id] ?? { x: 0, y: 0 };
  put(card, place, shiftOf(state, node.id));
  if (
    shown.node !== node ||
    shown.look !== seen.look ||
    shown.catalogue !== state.catalogue ||
    shown.connections !== state.connections ||
    shown.agents !== state.agents ||
    shown.flows !== state.flows
  )
    paintNode(card, node, state, seen.look);
  const problems = seen.problems.get(node.id);
  if (shown.problems !== problems) paintProblems(card, problems);
  const mark = seen.marks?.nodes.get(node.id);
  const className = classesOf(node, state, seen, mark);
  if (shown.className !== className) {
    shown.className = className;
    card.dom.className = className;
  }
  const selected = state.selection.nodes.has(node.id);
  if (shown.mark === mark && shown.labelNode === node && shown.labelProblems === problems && shown.selected === selected) return;
  Object.assign(shown, { mark, labelNode: node, labelProblems: problems, selected });
  if (selected) paintPorts(card, node, state);
  const line = mark?.summary || plainSummary(summaryOf(node, state.catalogue, state));
  setText(card.summary, fitted(line, ROOM, seen.look.summaryFont));
  const text = said(node, mark);
  paintStatus(card, text);
  setText(card.name, fitted(shown.name, ROOM - (text ? text.length * 6.5 + 14 : 0), seen.look.nameFont));
  setAttribute(card.dom, "aria-label", spoken(node, state, line, problems, mark ? words.ran(mark.status, mark.text) : ""));
}

/** @param {FlowNode} node @param {State} state @param {ReturnType<typeof lookOf>} seen @param {NodeMark|undefined} mark */
function classesOf(node, state, seen, mark) {
  const flags = [
    "node",
    state.selection.nodes.has(node.id) ? "is-selected" : "",
    state.focused === node.id ? "is-focused" : "",
    shiftOf(state, node.id) ? "is-moving" : "",
    node.disabled ? "is-off" : "",
    seen.target !== node.id ? "" : seen.refused ? "is-refused" : "is-target",
    seen.origin === node.id ? "is-origin" : "",
    mark ? `ran-${mark.status}` : "",
    mark?.current ? "is-current" : "",
    mark?.tone ? `is-${mark.tone}` : "",
  ];
  return flags.filter(Boolean).join(" ");
}

/** Pixels for a line of text beside the icon. */
const ROOM = 186;
const MOST_FITS = 5000;
/** @type {Map<string, string>} */
const fits = new Map();
/** @type {CanvasRenderingContext2D|null} */
let ruler = null;

/**
 * As much of a text as there is room for. The browser's own ellipsis would clip, and every clip is a step of layering on every frame.
 * @param {string} text @param {number} room @param {string} font @returns {string}
 */
function fitted(text, room, font) {
  const key = `${room} ${font} ${text}`;
  const past = fits.get(key);
  if (past !== undefined) return past;
  ruler ??= /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  ruler.font = font;
  const tooWide = (/** @type {string} */ part) => /** @type {CanvasRenderingContext2D} */ (ruler).measureText(part).width > room;
  let [short, long] = tooWide(text) ? [0, text.length] : [text.length, text.length];
  while (short < long - 1) {
    const middle = (short + long) >> 1;
    if (tooWide(`${text.slice(0, middle)}…`)) long = middle;
    else short = middle;
  }
  const found = short < text.length ? `${text.slice(0, short).trimEnd()}…` : text;
  if (fits.size > MOST_FITS) fits.clear();
  fits.set(key, found);
  return found;
}

/** @param {Card} card @param {string} text */
function paintStatus(card, text) {
  if (!text && !card.status) return;
  card.status ??= card.dom.appendChild(h("span", { class: "node-status" }));
  setText(card.status, text);
  card.status.hidden = !text;
}

/** What stands at the right of the name: the state of a run, or that the step is off. @param {FlowNode} node @param {NodeMark|undefined} mark */
function said(node, mark) {
  if (!mark) return node.disabled ? words.disabled : "";
  return `${mark.sign} ${mark.text}${mark.visits > 1 ? ` · ${words.visits(mark.visits)}` : ""}`.trim();
}

/**
 * A card lies at left and top; only one that is being moved has a transform. A transform of its own for each card would cost the
 * browser a step of layering for every card on every frame of a pan.
 * @param {Card} card @param {{x: number, y: number}} place @param {{dx: number, dy: number}|null} by
 */
function put(card, place, by) {
  const { shown, dom } = card;
  if (shown.x !== place.x || shown.y !== place.y) {
    shown.x = place.x;
    shown.y = place.y;
    dom.style.left = `${place.x}px`;
    dom.style.top = `${place.y}px`;
  }
  const shift = by ? `translate(${by.dx}px, ${by.dy}px)` : "";
  if (shown.shift === shift) return;
  shown.shift = shift;
  dom.style.transform = shift;
}

/** @param {Card} card @param {FlowNode} node @param {State} state @param {Look} look */
function paintNode(card, node, state, look) {
  Object.assign(card.shown, { node, look, catalogue: state.catalogue, connections: state.connections, agents: state.agents, flows: state.flows });
  const type = typeOf(state.catalogue, node.type);
  card.shown.name = node.label || type?.label || node.type;
  card.shown.labelNode = null; // its line and its name to who listens are written next
  card.chip.style.backgroundImage = iconImage(type?.icon ?? "help", look.ink);
  card.chip.dataset.color = type?.group.color ?? "slate";
  card.dom.classList.toggle("is-trigger", type?.trigger ?? false);
  const height = heightOf(node);
  if (card.shown.height !== height) {
    card.shown.height = height;
    card.dom.style.height = `${height}px`;
  }
  paintRow(card, node);
  if (card.ports.length) paintPorts(card, node, state);
}

/** A variable in a summary reads as its path. @param {string} text */
function plainSummary(text) {
  return referencesIn(text).reduceRight((result, each) => result.slice(0, each.start) + each.path + result.slice(each.end), text);
}

/** The extra row: what the node does about failures. @param {Card} card @param {FlowNode} node */
function paintRow(card, node) {
  if (!extraRows(node)) {
    if (card.row) card.row.hidden = true;
    return;
  }
  if (!card.row) {
    card.row = h("span", { class: "node-row" });
    card.dom.append(card.row);
  }
  const attempts = node.settings?.retry?.max_attempts ?? 1;
  const parts = [attempts > 1 ? words.retries(attempts) : "", words.onError[node.settings?.on_error ?? "stop"] ?? ""];
  card.row.hidden = false;
  setText(card.row, parts.filter(Boolean).join(" · "));
}

/** @param {Card} card @param {FlowNode} node @param {State} state */
function paintPorts(card, node, state) {
  const ports = portsOf(node, state.catalogue);
  while (card.ports.length < ports.length) {
    const port = h("span", { class: "node-port", "aria-hidden": "true" });
    card.dom.append(port);
    card.ports.push(port);
  }
  card.ports.forEach((port, at) => {
    port.hidden = at >= ports.length;
    if (port.hidden) return;
    const centre = portAt(node, { x: 0, y: 0 }, at, ports.length);
    port.style.left = `${centre.x - 6}px`;
    port.style.top = `${centre.y - 6}px`;
    port.classList.toggle("is-error", ports[at]?.id === "error");
  });
}

/** @param {Card} card @param {Problem[]|undefined} problems */
function paintProblems(card, problems) {
  card.shown.problems = problems;
  if (!problems?.length) {
    if (card.badge) card.badge.hidden = true;
    return;
  }
  if (!card.badge) {
    card.badge = h("span", { class: "node-badge", "aria-hidden": "true" }, icon("alert", "icon icon-small"));
    card.dom.append(card.badge);
  }
  const errors = problems.filter((problem) => problem.severity === "error").length;
  card.badge.hidden = false;
  card.badge.dataset.tone = errors ? "bad" : "warn";
  card.badge.title = problems.map((problem) => problem.message).join("\n");
}

/** @param {FlowNode} node @param {State} state @param {string} line @param {Problem[]|undefined} problems @param {string} ran */
function spoken(node, state, line, problems, ran) {
  const errors = problems?.filter((problem) => problem.severity === "error").length ?? 0;
  const marks = [
    line,
    state.selection.nodes.has(node.id) ? "selected" : "",
    node.disabled ? words.disabled : "",
    problems?.length ? words.problems(errors, problems.length - errors) : "",
    ran.trim(),
  ];
  return words.nodeLabel(node.label, typeOf(state.catalogue, node.type)?.label ?? node.type, marks);
}

/** The field in which a name is written, over the card. @param {State} state @param {Map<string, Card>} cards @param {Store} store @param {Context} context */
function rename(state, cards, store, context) {
  const card = state.renaming === null ? undefined : cards.get(state.renaming);
  const open = /** @type {HTMLInputElement|null} */ (document.querySelector(".node-rename"));
  if (!card) return void open?.remove();
  if (open?.dataset.node === state.renaming) return;
  open?.remove();
  const id = /** @type {string} */ (state.renaming);
  const input = h("input", {
    class: "node-rename",
    "aria-label": words.commands.rename,
    value: card.shown.name ?? "",
    maxlength: "200",
    spellcheck: false,
  });
  input.dataset.node = id;
  let done = false;
  const finish = (/** @type {boolean} */ keep) => {
    if (done) return;
    done = true;
    if (keep) context.commands.run("rename-to", { node: id, label: input.value });
    else store.dispatch((past) => ({ ...past, renaming: null }));
    context.canvas.focus();
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter");
  });
  input.addEventListener("blur", () => finish(true));
  card.dom.append(input);
  input.focus();
  input.select();
}
