/** What is asked for by naming a step: where a way out leads to, where a step moves to. */
/** @import {Context, Edge, FlowNode, State, Store} from "../types.js" */
/** @import {Choice} from "./chooser.js" */

import { summaryOf } from "../model/catalogue.js";
import { openPort, refusal, refusalFrom } from "../model/connecting.js";
import { edgeAt, nodeOf } from "../model/document.js";
import { outlineOf, waysOut } from "../model/outline.js";
import { shownPlaces } from "../model/state.js";
import { outline } from "../model/words-outline.js";
import { openChooser } from "./chooser.js";
import { glyph } from "./palette.js";

/** @typedef {Element|{x: number, y: number}} Anchor */
/** @typedef {{node: string, port?: string, edge?: string, anchor?: Anchor}} From  port: of `node`; edge: that leads to it */

/**
 * Connects a step with another that is chosen by name: where it leads to, or what leads to it.
 * @param {Store} store @param {Context} context @param {HTMLElement} layer @param {string} end to | from @param {From} from
 */
export async function connectByName(store, context, layer, end, from) {
  const { state } = store;
  const node = nodeOf(state.document, from.node);
  if (!node) return;
  const anchor = from.anchor ?? besideOf(state, context, node);
  await (end === "from" ? leadHere : leadOn)(state, context, layer, anchor, node, from);
  context.canvas.focus();
}

/** With several ports the port is chosen first. @param {State} state @param {Context} context @param {HTMLElement} layer @param {Anchor} anchor @param {FlowNode} node @param {From} from */
async function leadOn(state, context, layer, anchor, node, from) {
  const port = from.port ?? (await chooseWay(state, layer, anchor, node));
  const target = port === null ? null : await chooseTarget(state, layer, anchor, node, port);
  if (target !== null) context.commands.run("connect", { source: node.id, port, target });
}

/**
 * The line that leads here gets another upper end; with several the line is chosen first, with none a new one is drawn.
 * @param {State} state @param {Context} context @param {HTMLElement} layer @param {Anchor} anchor @param {FlowNode} node @param {From} from
 */
async function leadHere(state, context, layer, anchor, node, from) {
  const lines = state.document.edges.filter((each) => each.target === node.id);
  const given = lines.find((each) => each.id === from.edge) ?? (lines.length > 1 ? await chooseLine(state, layer, anchor, node, lines) : (lines[0] ?? null));
  if (!given && lines.length) return;
  const found = await chooseSource(state, layer, anchor, node, given);
  if (!found) return;
  const { source, port } = found;
  if (given) context.commands.run("lead-from", { edge: given.id, source, port });
  else context.commands.run("connect", { source, port, target: node.id });
}

/** @param {State} state @param {HTMLElement} layer @param {Anchor} anchor @param {FlowNode} node @param {Edge[]} lines @returns {Promise<Edge|null>} */
async function chooseLine(state, layer, anchor, node, lines) {
  const choices = lines.flatMap((edge) => {
    const source = nodeOf(state.document, edge.source);
    return source ? [{ ...choiceOf(state, source), id: edge.id, label: wayName(state, source, edge.port) }] : [];
  });
  const chosen = await openChooser(layer, anchor, { title: outline.chooseLine(nameOf(node)), choices });
  return lines.find((each) => each.id === chosen) ?? null;
}

/** A way out of another step: what is taken is shown with the reason. @param {State} state @param {HTMLElement} layer @param {Anchor} anchor @param {FlowNode} node @param {Edge|null} line @returns {Promise<{source: string, port: string}|null>} */
async function chooseSource(state, layer, anchor, node, line) {
  const { document, catalogue } = state;
  const whole = line ?? { id: "", source: "", port: "", target: node.id };
  const ways = inOrder(state)
    .filter((each) => each.id !== node.id)
    .flatMap((each) => waysOut(document, catalogue, each).map(({ port }) => ({ each, port: port.id })))
    .filter(({ each, port }) => !line || each.id !== line.source || port !== line.port);
  const choices = ways.map(({ each, port }, n) => ({
    ...choiceOf(state, each),
    id: String(n),
    label: wayName(state, each, port),
    refused: edgeAt(document, each.id, port) ? outline.isTaken : refusalFrom(document, catalogue, whole, each.id, port),
  }));
  const chosen = await openChooser(layer, anchor, { title: outline.chooseSource(nameOf(node)), choices });
  const way = chosen === null ? undefined : ways[Number(chosen)];
  return way ? { source: way.each.id, port: way.port } : null;
}

/** A step, and which way out of it where there are several. @param {State} state @param {FlowNode} node @param {string} port */
function wayName(state, node, port) {
  const ways = waysOut(state.document, state.catalogue, node);
  const way = ways.find((each) => each.port.id === port);
  return way && ways.length > 1 ? `${nameOf(node)} · ${way.port.label}` : nameOf(node);
}

/** Moves a step behind another, chosen by name. @param {Store} store @param {Context} context @param {HTMLElement} layer @param {From} from */
export async function moveByName(store, context, layer, from) {
  const { state } = store;
  const node = nodeOf(state.document, from.node);
  if (!node) return;
  const ways = inOrder(state)
    .filter((each) => each.id !== node.id)
    .flatMap((each) => waysOut(state.document, state.catalogue, each).map((way) => ({ each, way })));
  const choices = ways.map(({ each, way }, n) => ({ ...choiceOf(state, each), id: String(n), label: wayName(state, each, way.port.id) }));
  const found = await openChooser(layer, from.anchor ?? besideOf(state, context, node), { title: outline.choosePlace(nameOf(node)), choices });
  const to = found === null ? undefined : ways[Number(found)];
  if (to) context.commands.run("move-after", { node: node.id, after: { node: to.each.id, port: to.way.port.id } });
  context.canvas.focus();
}

/** @param {State} state @param {HTMLElement} layer @param {Anchor} anchor @param {FlowNode} node @returns {Promise<string|null>} */
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

/** @param {State} state @param {HTMLElement} layer @param {Anchor} anchor @param {FlowNode} node @param {string} port @returns {Promise<string|null>} */
function chooseTarget(state, layer, anchor, node, port) {
  const title = outline.chooseTarget(wayName(state, node, port));
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
