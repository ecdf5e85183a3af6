/** Commands on what is there: undo, delete, move, clipboard, rename, switch off, Save Changes, tidy. */

/** @import {Command, Context, Op, Point, State} from "../../types.js" */

import { isTrigger, portIdsOf } from "../catalogue.js";
import { clipOf, paste, readClip } from "../clipboard.js";
import { lostWay } from "../connecting.js";
import { apply } from "../diff.js";
import { configure, disconnect, dropDangling, healNodes, make, moveNodes, nodeOf, removeNodes, removeNotes, setNode, setNote } from "../document.js";
import { GRID } from "../geometry.js";
import { indexOf, triggerOf } from "../graph.js";
import { nearest, placedUnder } from "../inserting.js";
import { announced, commit, redo, travel, undo } from "../history.js";
import { pinned, placesOf, tidy, tidyOnly } from "../layout.js";
import { isEmpty, NOTHING, readonlyReason, selectionOf, shownDocument, shownPlaces } from "../state.js";
import { words } from "../words.js";
import { currentNode } from "./create.js";

const group = words.groups.edit;

/** @param {State} state @param {string[]} nodes @param {number} [notes] */
const named = (state, nodes, notes = 0) =>
  words.nodesText(
    nodes.map((id) => nodeOf(state.document, id)?.label || words.something),
    notes,
  );

/** Nodes of the selection (or the focused one) that may go; the trigger stays. @param {State} state */
function removable(state) {
  const ids = state.selection.nodes.size || !state.focused || !isEmpty(state.selection) ? [...state.selection.nodes] : [state.focused];
  return ids.filter((id) => {
    const node = nodeOf(state.document, id);
    return node !== undefined && !isTrigger(node, state.catalogue);
  });
}

/** @param {State} state @param {boolean} heal @returns {State|null} */
function removeSelection(state, heal, told = heal ? words.labels.heal : words.labels.remove) {
  if (readonlyReason(state)) return null;
  const nodes = removable(state);
  const { edges, notes } = state.selection;
  if (!nodes.length && !edges.size && !notes.size) return state.selection.nodes.size ? announced(state, words.announce.keptTrigger, true) : null;
  const ports = (/** @type {any} */ node) => portIdsOf(node, state.catalogue);
  let next = heal ? healNodes(state.document, nodes, ports) : removeNodes(state.document, nodes);
  next = removeNotes(disconnect(next, edges), notes);
  const what = nodes.length || notes.size ? named(state, nodes, notes.size) : "";
  const label = what ? told(what) : words.labels.disconnect;
  const result = commit(state, label, next, { selection: NOTHING, focused: neighbourOf(state, nodes, next) });
  const lost = lostWay(state.document, next, state.catalogue);
  return result && lost.length ? announced(result, `${label}. ${words.announce.unreachable(lost.join(", "))}`) : result;
}

/** Who stands beside what went: the step before it, else the one after, else the trigger, so that the keyboard is never nowhere. @param {State} state @param {string[]} gone @param {import("../../types.js").FlowDocument} next */
function neighbourOf(state, gone, next) {
  if (!gone.length) return state.focused;
  const { into, out } = indexOf(state.document);
  const beside = gone.flatMap((id) => [...(into.get(id) ?? []).map((edge) => edge.source), ...(out.get(id) ?? []).map((edge) => edge.target)]);
  return beside.find((id) => nodeOf(next, id)) ?? triggerOf(next, state.catalogue)?.id ?? next.nodes[0]?.id ?? null;
}

/** @param {State} state @param {{places?: Record<string, Point>, notes?: Record<string, Point>}} args @returns {State|null} */
function move(state, args) {
  if (readonlyReason(state) || !args) return null;
  let next = Object.keys(args.places ?? {}).length ? moveNodes(pinned(state.document, state.catalogue), args.places ?? {}) : state.document;
  for (const [id, place] of Object.entries(args.notes ?? {})) next = setNote(next, id, place);
  return commit(state, words.labels.move(named(state, Object.keys(args.places ?? {}), Object.keys(args.notes ?? {}).length)), next);
}

/** @param {State} state @param {number} dx @param {number} dy @returns {State|null} */
function nudge(state, dx, dy) {
  const places = placesOf(state.document, state.catalogue);
  const moved = [...state.selection.nodes].map((id) => [id, { x: (places[id]?.x ?? 0) + dx, y: (places[id]?.y ?? 0) + dy }]);
  const notes = state.document.notes.filter((note) => state.selection.notes.has(note.id)).map((note) => [note.id, { x: note.x + dx, y: note.y + dy }]);
  return moved.length || notes.length ? move(state, { places: Object.fromEntries(moved), notes: Object.fromEntries(notes) }) : null;
}

/** @param {State} state @returns {State|null} */
function toggleDisabled(state) {
  const ids = removable(state).filter((id) => state.catalogue.types.get(nodeOf(state.document, id)?.type ?? "")?.can_disable !== false);
  if (readonlyReason(state) || !ids.length) return null;
  const off = ids.some((id) => !nodeOf(state.document, id)?.disabled);
  const next = ids.reduce((document, id) => setNode(document, id, { disabled: off || undefined }), state.document);
  return commit(state, off ? words.labels.disable(named(state, ids)) : words.labels.enable(named(state, ids)), next);
}

/** @param {State} state @returns {State|null} */
function copy(state) {
  const clip = clipOf(state, shownDocument(state), shownPlaces(state));
  if (!clip) return null;
  return announced(
    { ...state, clipboard: clip },
    words.announce.copied(
      words.nodesText(
        clip.nodes.map((node) => node.label || node.type),
        clip.notes.length,
      ),
    ),
  );
}

/** @param {State} state @param {{text?: string, at?: Point}} [args] @returns {State|null} */
function pasteClip(state, args) {
  const clip = args?.text === undefined ? state.clipboard : readClip(args.text);
  if (readonlyReason(state) || !clip) return null;
  const how = { catalogue: state.catalogue, workspace: state.workspace, ...(args?.at ? { at: args.at } : {}) };
  const result = paste(pinned(state.document, state.catalogue), clip, how);
  const label = words.labels.paste(
    words.nodesText(
      clip.nodes.map((node) => node.label || node.type),
      clip.notes.length,
    ),
  );
  return commit(state, label, result.document, { selection: selectionOf(result.nodes, [], result.notes), focused: result.nodes[0] ?? null });
}

/** @param {State} state @param {{dx?: number, dy?: number}} [args] @returns {State|null} */
function duplicate(state, args) {
  const clip = readonlyReason(state) ? null : clipOf(state, state.document, placesOf(state.document, state.catalogue));
  if (!clip) return null;
  const result = paste(pinned(state.document, state.catalogue), clip, { catalogue: state.catalogue, workspace: state.workspace });
  const by = { x: (args?.dx ?? 32) - 32, y: (args?.dy ?? 32) - 32 };
  const layout = Object.fromEntries(
    result.nodes.map((id) => [id, { x: (result.document.layout[id]?.x ?? 0) + by.x, y: (result.document.layout[id]?.y ?? 0) + by.y }]),
  );
  const notes = result.document.notes.map((note) => (result.notes.includes(note.id) ? { ...note, x: note.x + by.x, y: note.y + by.y } : note));
  const next = make(moveNodes(result.document, layout), { notes });
  const label = words.labels.duplicate(
    words.nodesText(
      clip.nodes.map((node) => node.label || node.type),
      clip.notes.length,
    ),
  );
  return commit(state, label, next, { selection: selectionOf(result.nodes, [], result.notes), focused: result.nodes[0] ?? null });
}

/** @param {State} state @param {{node: string, label: string}} args @returns {State|null} */
function rename(state, args) {
  const node = nodeOf(state.document, args?.node ?? "");
  const label = args?.label?.trim().slice(0, 200);
  if (readonlyReason(state) || !node) return null;
  if (!label || label === node.label) return { ...state, renaming: null };
  return commit(state, words.labels.rename(label), setNode(state.document, node.id, { label }), { renaming: null });
}

/** Save Changes: the form buffer becomes one entry; edges of ports that went are removed with it. @param {State} state @returns {State|null} */
export function saveForm(state) {
  const { form, document, catalogue } = state;
  const node = form && nodeOf(document, form.node);
  if (!form?.dirty || !node || readonlyReason(state)) return null;
  const configured = configure(document, node.id, form);
  const whole = dropDangling(configured, (each) =>
    each.id === node.id && catalogue.types.has(each.type) ? portIdsOf(each, catalogue) : portsInUse(configured, each.id),
  );
  const label = words.labels.configure(form.label || node.label || node.type);
  const result = commit(state, label, whole, { form: null });
  const lost = lostWay(document, whole, catalogue);
  const told = result && lost.length ? announced(result, `${label}. ${words.announce.unreachable(lost.join(", "))}`) : result;
  return told ?? { ...state, form: { ...form, dirty: false } };
}

/** @param {import("../../types.js").FlowDocument} document @param {string} id */
const portsInUse = (document, id) => document.edges.filter((edge) => edge.source === id).map((edge) => edge.port);

/** @param {State} state @returns {State|null} */
function tidyAll(state) {
  if (readonlyReason(state) || !state.document.nodes.length) return null;
  const chosen = state.selection.nodes;
  if (chosen.size >= 2) {
    const places = tidyOnly(state.document, state.catalogue, chosen);
    return commit(state, words.labels.tidySelection(named(state, [...chosen])), moveNodes(pinned(state.document, state.catalogue), places));
  }
  const places = tidy(state.document, state.catalogue);
  return commit(state, words.labels.tidy, withNotes(state, moveNodes(state.document, places)));
}

/** Notes stay beside the step they lie at. @param {State} state @param {import("../../types.js").FlowDocument} tidied */
function withNotes(state, tidied) {
  const old = placesOf(state.document, state.catalogue);
  return state.document.notes.reduce((document, note) => {
    const id = nearest(state.document, old, note);
    const [from, to] = [old[id], tidied.layout[id]];
    const moves = from && to && (from.x !== to.x || from.y !== to.y);
    return moves ? setNote(document, note.id, { x: note.x + to.x - from.x, y: note.y + to.y - from.y }) : document;
  }, tidied);
}
/** @param {State} state @param {{note: string, patch: any, label?: string}} args @returns {State|null} */
function changeNote(state, args) {
  if (readonlyReason(state) || !args) return null;
  return commit(state, args.label ?? words.labels.editNote, setNote(state.document, args.note, args.patch), { editingNote: null });
}

/** Grows or shrinks the selected notes. @param {State} state @param {number} dx @param {number} dy @returns {State|null} */
function resizeNotes(state, dx, dy) {
  const notes = state.document.notes.filter((note) => state.selection.notes.has(note.id));
  if (readonlyReason(state) || !notes.length) return null;
  const size = (/** @type {import("../../types.js").Note} */ note) => ({ width: Math.max(96, note.width + dx), height: Math.max(48, note.height + dy) });
  return commit(
    state,
    words.labels.resizeNote,
    notes.reduce((document, note) => setNote(document, note.id, size(note)), state.document),
  );
}

/** @param {State} state @param {{color: keyof typeof words.noteColors}} args @returns {State|null} */
function colorNotes(state, args) {
  const ids = [...state.selection.notes];
  const name = words.noteColors[args?.color];
  if (readonlyReason(state) || !ids.length || !name) return null;
  const next = ids.reduce((document, id) => setNote(document, id, { color: args.color }), state.document);
  return commit(state, words.labels.colorNote(name), next);
}

/** The first problem of the current step that mends itself. @param {State} state @returns {State|null} */
function fixCurrent(state) {
  const node = currentNode(state);
  const problem = state.problems.find((each) => each.fix && (!node || each.node === node.id));
  if (readonlyReason(state) || !state.problems.length) return null;
  return problem?.fix ? applyFix(state, problem.fix) : announced(state, words.announce.noFix, true);
}

/** A one-key fix the server offered with a problem. @param {State} state @param {{label: string, ops: Op[]}} args @returns {State|null} */
function applyFix(state, args) {
  if (readonlyReason(state) || !args) return null;
  const mended = apply(pinned(state.document, state.catalogue), args.ops);
  return commit(state, args.label, placedUnder(mended, state.catalogue));
}

/** @param {string} id @param {string} key @param {number} dx @param {number} dy @returns {Command} */
const nudgeCommand = (id, key, dx, dy) => ({ id, label: words.commands.nudge, keys: [key], group, hidden: true, run: (state) => nudge(state, dx, dy) });

/** @param {string} id @param {string} key @param {number} dx @param {number} dy @returns {Command} */
const resizeCommand = (id, key, dx, dy) => ({
  id,
  label: words.commands.largerNote,
  keys: [key],
  group,
  hidden: true,
  run: (state) => resizeNotes(state, dx, dy),
});

/** @type {Command[]} */
export const editCommands = [
  { id: "undo", label: words.commands.undo, keys: ["Mod+z"], group, where: "page", run: undo },
  { id: "redo", label: words.commands.redo, keys: ["Mod+Shift+z", "Mod+y"], group, where: "page", run: redo },
  { id: "travel", label: words.commands.history, keys: [], group, hidden: true, run: (state, args) => travel(state, args?.by ?? 0) },
  { id: "copy", label: words.commands.copy, keys: ["Mod+c"], byEvent: true, group, run: copy, perform: toClipboard },
  {
    id: "cut",
    label: words.commands.cut,
    keys: ["Mod+x"],
    byEvent: true,
    group,
    run: (state) => {
      const copied = copy(state);
      return copied && removeSelection(copied, false, words.labels.cut);
    },
    perform: toClipboard,
  },
  { id: "paste", label: words.commands.paste, keys: ["Mod+v"], byEvent: true, group, leaves: true, run: pasteClip },
  { id: "duplicate", label: words.commands.duplicate, keys: ["Mod+d"], group, leaves: true, run: duplicate },
  { id: "delete", label: words.commands.delete, keys: ["Delete", "Backspace"], group, leaves: true, run: (state) => removeSelection(state, false) },
  {
    id: "heal",
    label: words.commands.heal,
    keys: ["Shift+Delete", "Shift+Backspace"],
    group,
    leaves: true,
    run: (state) => (removable(state).length ? removeSelection(state, true) : null),
  },
  { id: "disable", label: words.commands.disable, keys: ["d"], group, run: toggleDisabled },
  {
    id: "rename",
    label: words.commands.rename,
    keys: ["F2"],
    group,
    run: (state) => (readonlyReason(state) || !currentNode(state) ? null : { ...state, renaming: currentNode(state)?.id ?? null }),
  },
  { id: "rename-to", label: words.commands.rename, keys: [], group, hidden: true, run: rename },
  { id: "move", label: words.labels.move(""), keys: [], group, hidden: true, run: move },
  { id: "change-note", label: words.labels.editNote, keys: [], group, hidden: true, run: changeNote },
  {
    id: "edit-note",
    label: words.commands.editNote,
    keys: [],
    group,
    hidden: true,
    run: (state) => (readonlyReason(state) || state.selection.notes.size !== 1 ? null : { ...state, editingNote: [...state.selection.notes][0] ?? null }),
  },
  { id: "color-note", label: words.commands.colorNote, keys: [], group, hidden: true, run: colorNotes },
  resizeCommand("note-wider", "Alt+Shift+ArrowRight", GRID, 0),
  resizeCommand("note-narrower", "Alt+Shift+ArrowLeft", -GRID, 0),
  resizeCommand("note-taller", "Alt+Shift+ArrowDown", 0, GRID),
  resizeCommand("note-lower", "Alt+Shift+ArrowUp", 0, -GRID),
  { id: "fix", label: "", keys: [], group, hidden: true, run: applyFix },
  { id: "fix-problem", label: words.commands.fixProblem, keys: ["Mod+."], group, leaves: true, run: fixCurrent },
  { id: "tidy", label: words.commands.tidy, keys: ["Shift+t"], group, run: tidyAll },
  {
    id: "save-form",
    label: words.commands.saveForm,
    keys: ["Mod+s"],
    group: words.groups.form,
    where: "page",
    run: saveForm,
    perform: (context) => context.flush(),
  },
  {
    id: "discard-form",
    label: words.commands.discardForm,
    keys: [],
    group: words.groups.form,
    run: (state) => (state.form?.dirty ? announced({ ...state, form: null }, words.announce.discarded) : null),
  },
  nudgeCommand("nudge-up", "Alt+ArrowUp", 0, -GRID),
  nudgeCommand("nudge-down", "Alt+ArrowDown", 0, GRID),
  nudgeCommand("nudge-left", "Alt+ArrowLeft", -GRID, 0),
  nudgeCommand("nudge-right", "Alt+ArrowRight", GRID, 0),
];

/** Where the page may write the clipboard itself (menu, palette); with keys the browser's own copy event carries it. @param {Context} context @param {{state: State}} args */
function toClipboard(context, args) {
  if (args.state.clipboard) context.toClipboard?.(JSON.stringify(args.state.clipboard));
}
