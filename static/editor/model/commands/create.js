/** Commands that add, replace and connect. Those that need a type open the picker first (`perform`), then run the pure one. */

/** @import {Command, Context, FlowNode, State} from "../../types.js" */

import { isTrigger, portIdsOf, typeOf } from "../catalogue.js";
import { openPort, refusal, refusalFrom } from "../connecting.js";
import { addNote, connect, dropDangling, edgeAt, edgeOf, freeKey, leadFrom, moveNodes, nodeOf, replaceNode } from "../document.js";
import { HEIGHT, heightOf, nodeRect, RANK_GAP, snap, STUB, toWorld, WIDTH } from "../geometry.js";
import { announced, commit } from "../history.js";
import { indexOf, triggerOf } from "../graph.js";
import { insertAfter, insertFree, insertOnEdge, makeRoom, newNode, splice } from "../inserting.js";
import { pinned, placesOf } from "../layout.js";
import { revealRect } from "../spatial.js";
import { readonlyReason, selectionOf } from "../state.js";
import { words } from "../words.js";
import { defaultsOf } from "../catalogue.js";

/** The node a command without arguments is about: the focused one, or the only selected. @param {State} state @returns {FlowNode|undefined} */
export function currentNode(state) {
  const [only, ...more] = state.selection.nodes;
  const id = state.focused ?? (more.length ? undefined : only);
  return id === undefined ? undefined : nodeOf(state.document, id);
}

/**
 * Adds a node of a type. Where: `edge` (on it), `after` {node, port}, `at` (canvas pixels of its centre), `free` (top-left), or after
 * the selection, at the end of the flow, in the middle of the view.
 * `node`: label, config and settings of its own.
 * @param {State} state @param {{type: string, node?: Partial<FlowNode>, edge?: string|null, after?: {node: string, port: string}|null, at?: {x: number, y: number}|null}} args @returns {State|null}
 */
export function insert(state, args) {
  const type = typeOf(state.catalogue, args?.type);
  if (readonlyReason(state) || !type) return null;
  if (type.trigger) return insertTrigger(state, type.type, args);
  const { catalogue } = state;
  const document = pinned(state.document, catalogue);
  const node = { ...newNode(document, type), ...args.node, ...(args.node?.label ? { key: freeKey(document, args.node.label) } : {}) };
  const after = args.after ?? (args.at || args.edge ? null : placeToGoOn(state));
  let next;
  if (args.after && args.at)
    next = connect(
      insertFree(document, catalogue, node, cornerAt(state, { x: args.at.x, y: args.at.y + HEIGHT / 2 })),
      args.after.node,
      args.after.port,
      node.id,
    );
  else if (args.edge && edgeOf(document, args.edge)) next = insertOnEdge(document, catalogue, node, args.edge);
  else if (after) next = insertAfter(document, catalogue, node, after.node, after.port);
  else next = insertFree(document, catalogue, node, cornerAt(state, args.at));
  const added = commit(state, words.labels.add(node.label), next, selected(node.id));
  if (args.at) return added; // under the hand that put it there nothing moves
  // What hangs from its open port must be in reach too: there one goes on.
  return added && revealRect(added, { ...nodeRect(node, next.layout[node.id] ?? { x: 0, y: 0 }), height: heightOf(node) + STUB + 12 });
}

/** @param {State} state @param {string} type @param {{at?: {x: number, y: number}|null}} args @returns {State|null} */
function insertTrigger(state, type, args) {
  const old = triggerOf(state.document, state.catalogue);
  if (old) return replaceWith(state, { node: old.id, type });
  const definition = typeOf(state.catalogue, type);
  if (!definition) return null;
  const node = newNode(state.document, definition);
  return commit(state, words.labels.add(definition.label), insertFree(state.document, state.catalogue, node, cornerAt(state, args.at)), selected(node.id));
}

/** @param {string} id @returns {Partial<State>} */
const selected = (id) => ({ selection: selectionOf([id]), focused: id, tab: "configure" });

/** @param {State} state @param {{x: number, y: number}|null|undefined} at @returns {{x: number, y: number}} */
function cornerAt(state, at) {
  const middle = at ?? toWorld(state.camera, { x: state.viewport.width / 2, y: state.viewport.height / 2 });
  return { x: snap(middle.x - WIDTH / 2), y: snap(middle.y - HEIGHT / 2) };
}

/** The open port one would go on from: of the current node, else of the only loose end. @param {State} state */
function placeToGoOn(state) {
  const { document, catalogue } = state;
  const node = currentNode(state) ?? (document.nodes.length === 1 ? document.nodes[0] : undefined);
  if (!node) return null;
  const port = openPort(document, catalogue, node.id) ?? portIdsOf(node, catalogue)[0];
  return port === undefined ? null : { node: node.id, port };
}

/** @param {State} state @param {{source: string, port: string, target: string}} args @returns {State|null} */
export function connectNodes(state, args) {
  if (readonlyReason(state)) return null;
  const { document, catalogue } = state;
  const reason = refusal(document, catalogue, args.source, args.port, args.target);
  if (reason) return announced(state, reason, true);
  const name = (/** @type {string} */ id) => nodeOf(document, id)?.label ?? id;
  const label = edgeAt(document, args.source, args.port)
    ? words.labels.reconnect(name(args.target))
    : words.labels.connect(name(args.source), name(args.target));
  return commit(state, label, connect(document, args.source, args.port, args.target));
}

/** @param {State} state @param {{edge: string, source: string, port: string}} args @returns {State|null} */
export function leadLineFrom(state, { edge: id, source, port }) {
  const { document, catalogue } = state;
  const edge = edgeOf(document, id);
  if (readonlyReason(state) || !edge) return null;
  const reason = refusalFrom(document, catalogue, edge, source, port);
  if (reason) return announced(state, reason, true);
  return commit(state, words.labels.leadFrom(nodeOf(document, source)?.label ?? source), leadFrom(document, id, source, port));
}

/** @param {State} state @param {{node: string, type: string}} args @returns {State|null} */
export function replaceWith(state, args) {
  const type = typeOf(state.catalogue, args?.type);
  const old = nodeOf(state.document, args?.node ?? "");
  if (readonlyReason(state) || !type || !old || old.type === type.type) return null;
  const past = typeOf(state.catalogue, old.type);
  if (type.trigger !== (past?.trigger ?? false)) return null;
  const label = !old.label || old.label === past?.label ? type.label : old.label;
  const node = { ...old, type: type.type, label, config: defaultsOf(type) };
  const next = replaceNode(state.document, old.id, { type: type.type, label, config: node.config }, portIdsOf(node, state.catalogue));
  const whole = dropDangling(next, (each) => (state.catalogue.types.has(each.type) ? portIdsOf(each, state.catalogue) : next.edges.map((edge) => edge.port)));
  return commit(state, words.labels.replace(old.label || old.type, type.label), whole, selected(old.id));
}

/** A dragged node let go on an edge. @param {State} state @param {{node: string, edge: string, places: Record<string, {x: number, y: number}>}} args @returns {State|null} */
export function spliceNode(state, { node: id, edge: edgeId, places }) {
  const node = nodeOf(state.document, id);
  const edge = edgeOf(state.document, edgeId);
  if (readonlyReason(state) || !node || !edge) return null;
  const moved = moveNodes(pinned(state.document, state.catalogue), places);
  const led = splice(moved, state.catalogue, node, edge);
  const bottom = (places[id]?.y ?? 0) + heightOf(node);
  const room = makeRoom(led, state.catalogue, id, edge.target, bottom + RANK_GAP);
  return commit(state, words.labels.splice(node.label || node.type), room);
}

/** @param {Context} context @param {State} state @param {{edge?: string|null, after?: {node: string, port: string}|null, at?: {x: number, y: number}|null, anchor?: any}} args */
async function pickAndInsert(context, state, args) {
  const needsTrigger = !triggerOf(state.document, state.catalogue);
  const node = currentNode(state);
  const anchor =
    args.anchor ??
    (node && !args.at
      ? context.canvas.toClient(belowOf(state, node).x, belowOf(state, node).y)
      : context.canvas.toClient(context.canvas.center().x, context.canvas.center().y));
  const type = await context.openPicker(anchor, needsTrigger ? { triggers: true } : {});
  if (type) context.commands.run("insert", { ...args, anchor: undefined, type });
  context.canvas.focus();
}

/** @param {State} state @param {FlowNode} node */
function belowOf(state, node) {
  const place = placesOf(state.document, state.catalogue)[node.id] ?? { x: 0, y: 0 };
  return { x: place.x + WIDTH / 2, y: place.y + HEIGHT };
}

/** The port that an arrow means: down the first open one, right the next, left the first. @param {State} state @param {"down"|"left"|"right"} way */
function portTowards(state, way) {
  const node = currentNode(state);
  if (!node) return null;
  const ports = portIdsOf(node, state.catalogue);
  const open = ports.filter((port) => !edgeAt(state.document, node.id, port));
  const port = way === "right" ? (open.at(-1) ?? ports.at(-1)) : (open[0] ?? ports[0]);
  return port === undefined ? null : { node: node.id, port };
}

const editable = (/** @type {State} */ state) => (readonlyReason(state) ? null : state);
const group = words.groups.add;

/** @param {string} id @param {string} label @param {string[]} keys @param {"down"|"left"|"right"} way @returns {Command} */
const createTowards = (id, label, keys, way) => ({
  id,
  label,
  keys,
  group,
  leaves: true,
  run: (state) => (editable(state) && portTowards(state, way) ? state : null),
  perform: (context, args) => pickAndInsert(context, args.state, { after: portTowards(args.state, way) }),
});

/** @type {Command[]} */
export const createCommands = [
  {
    id: "add",
    label: words.commands.add,
    keys: ["n"],
    group,
    leaves: true,
    run: (state) => editable(state),
    perform: (context, args) => pickAndInsert(context, args.state, args),
  },
  { id: "insert", label: words.commands.add, keys: [], group, hidden: true, leaves: true, run: (state, args) => insert(state, args ?? {}) },
  createTowards("create-down", words.commands.createDown, ["Mod+ArrowDown"], "down"),
  createTowards("create-left", words.commands.createLeft, ["Mod+ArrowLeft"], "left"),
  createTowards("create-right", words.commands.createRight, ["Mod+ArrowRight"], "right"),
  {
    id: "create-up",
    label: words.commands.createUp,
    keys: ["Mod+ArrowUp"],
    group,
    leaves: true,
    run: (state) => (editable(state) && incoming(state) ? state : null),
    perform: (context, args) => pickAndInsert(context, args.state, { edge: incoming(args.state) }),
  },
  { id: "connect", label: words.commands.connectTo, keys: [], group, hidden: true, run: (state, args) => connectNodes(state, args) },
  { id: "lead-from", label: words.commands.reconnect, keys: [], group, hidden: true, run: (state, args) => leadLineFrom(state, args) },
  {
    id: "replace",
    label: words.commands.replace,
    keys: ["r"],
    group: words.groups.edit,
    leaves: true,
    run: (state) => (editable(state) && currentNode(state) ? state : null),
    perform: pickAndReplace,
  },
  { id: "replace-with", label: words.commands.replace, keys: [], group: words.groups.edit, hidden: true, run: replaceWith },
  { id: "splice", label: words.commands.add, keys: [], group, hidden: true, run: (state, args) => spliceNode(state, args) },
  { id: "add-note", label: words.commands.addNote, keys: ["Shift+n"], group, leaves: true, run: noteAt },
];

/** @param {State} state @returns {string|null} */
function incoming(state) {
  const node = currentNode(state);
  return (node && indexOf(state.document).into.get(node.id)?.[0]?.id) ?? null;
}

/** @param {Context} context @param {{state: State, anchor?: any}} args */
async function pickAndReplace(context, args) {
  const node = currentNode(args.state);
  if (!node) return;
  const at = belowOf(args.state, node);
  const type = await context.openPicker(args.anchor ?? context.canvas.toClient(at.x, at.y), {
    triggers: isTrigger(node, args.state.catalogue),
    exclude: [node.type],
  });
  if (type) context.commands.run("replace-with", { node: node.id, type });
  context.canvas.focus();
}

/** @param {State} state @param {{at?: {x: number, y: number}}} [args] @returns {State|null} */
function noteAt(state, args) {
  if (!editable(state)) return null;
  const at = args?.at ?? toWorld(state.camera, { x: state.viewport.width / 2, y: state.viewport.height / 2 });
  const note = { x: snap(at.x), y: snap(at.y), width: 208, height: 96, text: "", color: "yellow" };
  const document = addNote(state.document, note);
  const id = document.notes.find((each) => !state.document.notes.includes(each))?.id ?? "";
  return commit(state, words.labels.addNote, document, { selection: selectionOf([], [], [id]), editingNote: id });
}
