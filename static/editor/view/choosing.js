/** What is asked for by naming a step: where a way out leads to, where a step moves to. */
/** @import {Context, FlowNode, State, Store} from "../types.js" */
/** @import {Choice} from "./chooser.js" */

import { summaryOf } from "../model/catalogue.js";
import { openPort, refusal } from "../model/connecting.js";
import { nodeOf } from "../model/document.js";
import { outlineOf, waysOut } from "../model/outline.js";
import { shownPlaces } from "../model/state.js";
import { outline } from "../model/words-outline.js";
import { openChooser } from "./chooser.js";
import { glyph } from "./palette.js";

/** @typedef {{node: string, port?: string, anchor?: Element|{x: number, y: number}}} From */

/** Connects a port to a step chosen by name; with several ports the port is chosen first. @param {Store} store @param {Context} context @param {HTMLElement} layer @param {From} from */
export async function connectByName(store, context, layer, from) {
  const { state } = store;
  const node = nodeOf(state.document, from.node);
  if (!node) return;
  const anchor = from.anchor ?? besideOf(state, context, node);
  const port = from.port ?? (await chooseWay(state, layer, anchor, node));
  const target = port === null ? null : await chooseTarget(state, layer, anchor, node, port);
  if (target !== null) context.commands.run("connect", { source: node.id, port, target });
  context.canvas.focus();
}

/** Moves a step behind another, chosen by name. @param {Store} store @param {Context} context @param {HTMLElement} layer @param {From} from */
export async function moveByName(store, context, layer, from) {
  const { state } = store;
  const node = nodeOf(state.document, from.node);
  if (!node) return;
  const ways = inOrder(state)
    .filter((each) => each.id !== node.id)
    .flatMap((each) => waysOut(state.document, state.catalogue, each).map((way, _n, all) => ({ each, way, several: all.length > 1 })));
  const choices = ways.map(({ each, way, several }, n) => ({
    ...choiceOf(state, each),
    id: String(n),
    label: several ? `${nameOf(each)} · ${way.port.label}` : nameOf(each),
  }));
  const found = await openChooser(layer, from.anchor ?? besideOf(state, context, node), { title: outline.choosePlace(nameOf(node)), choices });
  const to = found === null ? undefined : ways[Number(found)];
  if (to) context.commands.run("move-after", { node: node.id, after: { node: to.each.id, port: to.way.port.id } });
  context.canvas.focus();
}

/** @param {State} state @param {HTMLElement} layer @param {Element|{x: number, y: number}} anchor @param {FlowNode} node @returns {Promise<string|null>} */
async function chooseWay(state, layer, anchor, node) {
  const ways = waysOut(state.document, state.catalogue, node);
  if (ways.length <= 1) return ways[0]?.port.id ?? null;
  const first = openPort(state.document, state.catalogue, node.id);
  const choices = ways.map(({ port, edge }) => {
    const target = edge && nodeOf(state.document, edge.target);
    return { id: port.id, label: port.label, hint: target ? outline.leadsTo(nameOf(target)) : outline.open_end };
  });
  choices.sort((a, b) => Number(b.id === first) - Number(a.id === first));
  return openChooser(layer, anchor, { title: outline.chooseWay(nameOf(node)), choices });
}

/** @param {State} state @param {HTMLElement} layer @param {Element|{x: number, y: number}} anchor @param {FlowNode} node @param {string} port @returns {Promise<string|null>} */
function chooseTarget(state, layer, anchor, node, port) {
  const ways = waysOut(state.document, state.catalogue, node);
  const way = ways.find((each) => each.port.id === port);
  const title = outline.chooseTarget(ways.length > 1 && way ? `${nameOf(node)} · ${way.port.label}` : nameOf(node));
  const choices = inOrder(state)
    .filter((each) => each.id !== node.id)
    .map((each) => ({ ...choiceOf(state, each), refused: refusal(state.document, state.catalogue, node.id, port, each.id) }));
  return openChooser(layer, anchor, { title, choices });
}

/** @param {State} state @param {FlowNode} node @returns {Choice} */
function choiceOf(state, node) {
  const type = state.catalogue.types.get(node.type);
  return {
    id: node.id,
    label: nameOf(node),
    hint: summaryOf(node, state.catalogue, state),
    glyph: type ? glyph(type, "glyph glyph-small") : null,
  };
}

/** Nodes as one reads them in the outline. @param {State} state */
const inOrder = (state) =>
  outlineOf(state.document, state.catalogue)
    .filter((row) => row.kind === "node")
    .flatMap((row) => nodeOf(state.document, row.node) ?? []);

/** @param {FlowNode} node */
const nameOf = (node) => node.label || node.type;

/** @param {State} state @param {Context} context @param {FlowNode} node */
function besideOf(state, context, node) {
  const place = shownPlaces(state)[node.id] ?? { x: 0, y: 0 };
  return context.canvas.toClient(place.x, place.y + 72);
}
