/** "Why did it go here?" beside the branching step or the line that is selected, with the values of the run that is open. */
/** @import {Context, State, Store} from "../types.js" */
/** @import {Why} from "../model/why.js" */

import { isTrigger, portsOf } from "../model/catalogue.js";
import { edgeOf, nodeOf } from "../model/document.js";
import { edgeMarks, heightOf, toScreen, WIDTH } from "../model/geometry.js";
import { runAt } from "../model/replay.js";
import { endsOf } from "../model/spatial.js";
import { shownDocument, shownPlaces } from "../model/state.js";
import { whyEdge, whyNode, whyStart } from "../model/why.js";
import { runWords } from "../model/words-runs.js";
import { h, icon } from "./dom.js";
import { whyParts } from "./why-parts.js";

const GAP = 18;

/** @param {Store} store @param {Context} context */
export function createWhyCard(store, context) {
  const title = h("h3", { class: "why-card-title", tabindex: "-1" });
  const close = h("button", { class: "icon-button", type: "button", "aria-label": "Close the explanation", onclick: () => dismiss() }, icon("x"));
  const body = h("div", { class: "why-card-body" });
  const dom = h("section", { class: "why-card", "aria-label": runWords.why, hidden: true }, h("header", { class: "why-card-head" }, title, close), body);
  for (const type of ["pointerdown", "wheel", "dblclick", "contextmenu"]) dom.addEventListener(type, (event) => event.stopPropagation());
  dom.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") dismiss();
  });
  /** What was closed by hand stays closed until something else is selected. */
  let dismissed = "";
  let shown = "";

  context.commands.register({
    id: "why",
    label: runWords.why,
    keys: ["w"],
    group: "Flow",
    run: (state) => (subjectOf(state) ? { ...state } : null),
    perform: () => {
      dismissed = "";
      draw(store.state);
      title.focus();
    },
  });

  function dismiss() {
    dismissed = shown;
    dom.hidden = true;
    context.canvas.focus();
  }

  /** @param {State} state */
  function draw(state) {
    const subject = subjectOf(state);
    shown = subject?.id ?? "";
    if (shown !== dismissed) dismissed = "";
    dom.hidden = !subject || dismissed === shown;
    if (!subject || dom.hidden) return;
    title.textContent = subject.why.title;
    body.replaceChildren(...whyParts(subject.why));
    place(state);
  }

  /** Beside what it speaks of, inside the canvas. @param {State} state */
  function place(state) {
    const anchor = anchorOf(state);
    if (!anchor) return;
    const { width, height } = state.viewport;
    const [own, tall] = [dom.offsetWidth, dom.offsetHeight];
    const right = anchor.x + anchor.width + GAP;
    const left = anchor.x - own - GAP;
    const beside = right + own <= width - 8 ? right : left >= 8 ? left : null;
    // Without room at its sides it lies below, so that what it speaks of is seen.
    const x = beside ?? Math.max(8, Math.min(anchor.x + anchor.width / 2 - own / 2, width - own - 8));
    const y = Math.max(64, Math.min(beside === null ? anchor.y + anchor.height + GAP : anchor.y, height - tall - 64));
    dom.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  return {
    dom,
    /** @param {State} state @param {State} before */
    update(state, before) {
      const same = state.overlay === before.overlay && state.selection === before.selection && state.document === before.document;
      if (!same || state === before) draw(state);
      else if (!dom.hidden && (state.camera !== before.camera || state.viewport !== before.viewport)) place(state);
    },
  };
}

/** What is explained: the one step or line that is selected while a run is open. @param {State} state @returns {{id: string, why: Why}|null} */
function subjectOf(state) {
  const { overlay, selection, catalogue } = state;
  if (!overlay || selection.nodes.size + selection.edges.size !== 1) return null;
  const document = shownDocument(state);
  const run = runAt(overlay);
  const [id = ""] = [...selection.nodes, ...selection.edges];
  const edge = selection.edges.size ? edgeOf(document, id) : undefined;
  const node = nodeOf(document, edge?.source ?? id);
  if (!node) return null;
  const ports = portsOf(node, catalogue);
  const why = edge ? whyEdge(run, document, edge, ports) : isTrigger(node, catalogue) ? whyStart(run, node) : whyNode(run, document, id, ports);
  return why && { id: `${run.id} ${id}`, why };
}

/** Where on the screen it is. @param {State} state */
function anchorOf(state) {
  const { selection, camera } = state;
  const document = shownDocument(state);
  const places = shownPlaces(state);
  const node = nodeOf(document, [...selection.nodes][0] ?? "");
  const at = node && places[node.id];
  // Below a step there are its ports and their names.
  if (at) return { ...toScreen(camera, at), width: WIDTH * camera.zoom, height: (heightOf(node) + 36) * camera.zoom };
  const edge = edgeOf(document, [...selection.edges][0] ?? "");
  const ends = edge && endsOf(document, state.catalogue, places, edge);
  if (!ends) return null;
  const { x, y } = toScreen(camera, edgeMarks(ends.from, ends.to).label);
  return { x: x - 70 * camera.zoom, y: y - 12, width: 140 * camera.zoom, height: 24 };
}
