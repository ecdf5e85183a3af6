/** Commands that move focus and selection along the flow. */

/** @import {Command, State} from "../../types.js" */

import { edgesInPortOrder, indexOf, downstream, triggerOf, upstream } from "../graph.js";
import { nodeOf } from "../document.js";
import { announced } from "../history.js";
import { revealRect } from "../spatial.js";
import { isEmpty, NOTHING, readonlyReason, selectionOf, shownDocument, shownPlaces } from "../state.js";
import { words } from "../words.js";

const group = words.groups.select;
const walking = words.groups.walk;

/** Selects one node and focuses it. @param {State} state @param {string} id @returns {State} */
export const selectOnly = (state, id) => ({ ...state, selection: selectionOf([id]), focused: id });

/** @param {State} state @param {"up"|"down"|"left"|"right"} way @returns {State|null} */
function walk(state, way) {
  const at = state.focused ?? [...state.selection.nodes][0];
  const id = at === undefined ? firstNode(state) : neighbour(state, at, way);
  if (id === null) return at === undefined ? null : announced(state, words.announce.endOfFlow);
  return selectOnly(state, id);
}

/** @param {State} state @returns {string|null} */
const firstNode = (state) => (triggerOf(shownDocument(state), state.catalogue) ?? shownDocument(state).nodes[0])?.id ?? null;

/** @param {State} state @param {string} id @param {"up"|"down"|"left"|"right"} way @returns {string|null} */
function neighbour(state, id, way) {
  const document = shownDocument(state);
  if (way === "down") return edgesInPortOrder(document, state.catalogue, id)[0]?.target ?? beside(state, id, way);
  if (way === "up") return indexOf(document).into.get(id)?.[0]?.source ?? beside(state, id, way);
  return beside(state, id, way);
}

/** The nearest node on that side, by place. @param {State} state @param {string} id @param {"up"|"down"|"left"|"right"} way @returns {string|null} */
function beside(state, id, way) {
  const places = shownPlaces(state);
  const from = places[id] ?? { x: 0, y: 0 };
  const sign = way === "left" || way === "up" ? -1 : 1;
  const flat = way === "left" || way === "right";
  let best = { id: /** @type {string|null} */ (null), cost: Number.POSITIVE_INFINITY };
  for (const node of shownDocument(state).nodes) {
    const to = places[node.id] ?? from;
    const along = (flat ? to.x - from.x : to.y - from.y) * sign;
    const across = Math.abs(flat ? to.y - from.y : to.x - from.x);
    if (node.id === id || along <= 8 || across > along * 2) continue;
    if (along + across * 3 < best.cost) best = { id: node.id, cost: along + across * 3 };
  }
  return best.id;
}

/** @param {State} state @param {Iterable<string>} ids @returns {State} */
const selectMany = (state, ids) => {
  const selection = selectionOf(ids);
  return announced({ ...state, selection }, words.announce.selected(selection.nodes.size));
};

/** @param {State} state @param {"up"|"down"} way @returns {State|null} */
function selectAlong(state, way) {
  const starts = state.selection.nodes.size ? [...state.selection.nodes] : state.focused ? [state.focused] : [];
  if (!starts.length) return null;
  const document = shownDocument(state);
  const found = starts.flatMap((id) => [...(way === "up" ? upstream(document, state.catalogue, id) : downstream(document, id))]);
  return selectMany(state, [...starts, ...found]);
}

/** Gesture, then overlay, then selection (a picker closes itself first). @param {State} state @returns {State|null} */
function backOut(state) {
  if (state.gesture) return announced({ ...state, gesture: null }, words.announce.cancelled);
  if (state.renaming || state.editingNote) return { ...state, renaming: null, editingNote: null };
  if (state.narrow && state.sheet) return { ...state, sheet: false };
  if (state.search) return { ...state, search: null };
  if (state.overlay) return announced({ ...state, overlay: null, right: state.right === "run" ? null : state.right }, words.announce.runClosed);
  if (isEmpty(state.selection)) return null;
  return announced({ ...state, selection: NOTHING }, words.announce.selected(0));
}

/** Enter: the inspector of the focused node, with the keyboard in it. @param {State} state @returns {State|null} */
function open(state) {
  const [note, ...more] = state.selection.notes;
  if (note !== undefined && !more.length && !state.selection.nodes.size && !readonlyReason(state)) return { ...state, editingNote: note };
  const id = state.focused ?? [...state.selection.nodes][0];
  if (id === undefined || !nodeOf(state.document, id)) return null;
  const form = state.form?.node === id ? { ...state.form, focus: "/" } : null;
  return { ...selectOnly(state, id), tab: "configure", sheet: true, ...(form ? { form } : {}) };
}

/** After `open` the form exists; asking for its first field is a second, equal step. @param {any} context */
function focusForm(context) {
  context.commands.run("focus-form");
}

/** @param {State} state @returns {State|null} */
function nextProblem(state) {
  const list = state.problems.filter((problem) => problem.node && nodeOf(state.document, problem.node));
  if (!list.length) return announced(state, words.announce.noProblems);
  const at = list.findIndex((problem) => problem.node === state.focused && problem.field === (state.form?.focus ?? problem.field));
  const problem = list[(at + 1) % list.length];
  if (!problem?.node) return null;
  return announced(withFocus(selectOnly(state, problem.node), problem.node, problem.field), problem.message);
}

/** Notes lie beside the flow, so arrows do not come by them. @param {State} state @returns {State|null} */
function nextNote(state) {
  const notes = [...shownDocument(state).notes].sort((a, b) => a.y - b.y || a.x - b.x);
  const note = notes[(notes.findIndex((each) => state.selection.notes.has(each.id)) + 1) % notes.length];
  if (!note) return announced(state, words.announce.noNotes);
  const shown = revealRect(state, note);
  return announced({ ...shown, selection: selectionOf([], [], [note.id]), focused: null }, words.noteNamed(note.text));
}

/** @param {State} state @param {string} id @param {string|null} focus @returns {State} */
function withFocus(state, id, focus) {
  const node = nodeOf(state.document, id);
  if (!node) return state;
  return {
    ...state,
    tab: "configure",
    sheet: true,
    right: state.narrow ? null : state.right,
    form: { node: id, key: node.key, label: node.label ?? "", config: node.config, settings: node.settings ?? {}, dirty: false, focus },
  };
}

/** @param {string} id @param {string} label @param {string} key @param {"up"|"down"|"left"|"right"} way @returns {Command} */
const walkCommand = (id, label, key, way) => ({ id, label, keys: [key], group: walking, leaves: true, run: (state) => walk(state, way) });

/** @type {Command[]} */
export const selectCommands = [
  {
    id: "select",
    label: words.commands.pointer,
    keys: [],
    group,
    hidden: true,
    leaves: true,
    run: (state, args) => (args?.node && nodeOf(shownDocument(state), args.node) ? withOptionalFocus(state, args) : null),
  },
  { id: "select-all", label: words.commands.selectAll, keys: ["Mod+a"], group, leaves: true, run: (state) => selectEverything(state) },
  { id: "select-upstream", label: words.commands.selectUpstream, keys: ["Shift+ArrowUp"], group, leaves: true, run: (state) => selectAlong(state, "up") },
  {
    id: "select-downstream",
    label: words.commands.selectDownstream,
    keys: ["Shift+ArrowDown"],
    group,
    leaves: true,
    run: (state) => selectAlong(state, "down"),
  },
  {
    id: "escape",
    label: words.commands.escape,
    keys: ["Escape"],
    group,
    leaves: true,
    run: backOut,
    perform: (context, args) => {
      if (args.before.overlay && !args.state.overlay) context.runs.close();
    },
  },
  { id: "open", label: words.commands.open, keys: ["Enter"], group, leaves: true, run: open, perform: focusForm },
  {
    id: "focus-form",
    label: words.commands.open,
    keys: [],
    group,
    hidden: true,
    run: (state) => (state.form ? { ...state, form: { ...state.form, focus: state.form.focus ?? "/" } } : null),
  },
  { id: "next-problem", label: words.commands.nextProblem, keys: ["F8"], group: words.groups.view, where: "page", leaves: true, run: nextProblem },
  { id: "next-note", label: words.commands.nextNote, keys: ["m"], group: walking, leaves: true, run: nextNote },
  walkCommand("walk-down", words.commands.walkDown, "ArrowDown", "down"),
  walkCommand("walk-up", words.commands.walkUp, "ArrowUp", "up"),
  walkCommand("walk-left", words.commands.walkLeft, "ArrowLeft", "left"),
  walkCommand("walk-right", words.commands.walkRight, "ArrowRight", "right"),
];

/** @param {State} state @param {{node: string, field?: string|null}} args @returns {State} */
const withOptionalFocus = (state, args) => (args.field ? withFocus(selectOnly(state, args.node), args.node, args.field) : selectOnly(state, args.node));

/** @param {State} state @returns {State|null} */
function selectEverything(state) {
  const document = shownDocument(state);
  if (!document.nodes.length) return null;
  const selection = selectionOf(
    document.nodes.map((node) => node.id),
    [],
    document.notes.map((note) => note.id),
  );
  return announced({ ...state, selection }, words.announce.selected(selection.nodes.size));
}
