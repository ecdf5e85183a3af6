/**
 * The one state of the page: how it begins, the store that alone changes it, what always holds in it, questions about it, and the
 * form buffer: what the inspector shows of the selected node and what typing changes, until Save Changes writes it.
 */

/** @import {Change, FlowDocument, FlowNode, Form, Selection, State, Store} from "../types.js" */

import { edgeOf, nodeOf, noteOf, same } from "./document.js";
import { placesOf } from "./layout.js";
import { words } from "./words.js";

/** @type {Selection} */
export const NOTHING = Object.freeze({ nodes: new Set(), edges: new Set(), notes: new Set() });

/** @param {Partial<State> & Pick<State, "flow"|"me"|"catalogue"|"document">} given @returns {State} */
export function initialState(given) {
  return {
    connections: [],
    agents: [],
    flows: [],
    revision: 0,
    save: { status: "saved", kept: 0, message: "" },
    changed: 0,
    problems: [],
    selection: NOTHING,
    focused: null,
    camera: { x: 0, y: 0, zoom: 1 },
    viewport: { width: 800, height: 600 },
    minimap: null,
    tool: "select",
    gesture: null,
    hover: null,
    history: { past: [], future: [] },
    tab: "configure",
    right: null,
    narrow: null,
    sheet: false,
    form: null,
    overlay: null,
    traffic: null,
    comparison: null,
    search: null,
    picker: null,
    modal: null,
    editingNote: null,
    renaming: null,
    readonly: given.me.role === "viewer" ? words.readonlyViewer : null,
    sample: { event: null, source: "" },
    clipboard: null,
    workspace: "",
    preferences: {},
    online: true,
    people: [],
    touched: null,
    troubles: [],
    announcement: { text: "", n: 0 },
    ...given,
  };
}

/** Changed only by `dispatch`. Listeners are told at once and in order; a change made by one waits its turn. @param {State} initial @returns {Store} */
export function createStore(initial) {
  let state = settle(initial, { ...initial, selection: /** @type {any} */ (null) });
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();
  /** @type {{state: State, before: State}[]} */
  const pending = [];
  let telling = false;

  function tell() {
    telling = true;
    try {
      for (let news = pending.shift(); news; news = pending.shift()) {
        for (const listener of [...listeners]) listener(news.state, news.before);
      }
    } finally {
      telling = false;
    }
  }

  return {
    get state() {
      return state;
    },
    dispatch(/** @type {Change} */ change) {
      const before = state;
      const next = change(before);
      if (next === before) return;
      state = settle(next, before);
      pending.push({ state, before });
      if (!telling) tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What always holds, restored after every change: the selection names what exists, the form follows it. @param {State} state @param {State} before @returns {State} */
export function settle(state, before) {
  let next = state;
  if (state.document !== before.document) next = { ...next, ...existing(next) };
  if (next.selection !== before.selection || next.document !== before.document || next.form !== before.form) {
    const form = settledForm(next);
    if (form !== next.form) next = { ...next, form };
  }
  return next;
}

/** What is drawn in place of the draft: what ran, or the version one looks at. @param {State} state @returns {FlowDocument|null} */
export const pastDocument = (state) => state.overlay?.document ?? state.comparison?.after?.document ?? null;

/** What the canvas draws: what ran when a run is open whose graph differs from the draft, a version that is compared, else the draft. @param {State} state @returns {FlowDocument} */
export const shownDocument = (state) => pastDocument(state) ?? state.document;

/** Places of what is shown, nodes without layout included. @param {State} state */
export const shownPlaces = (state) => placesOf(shownDocument(state), state.catalogue);

/** Why nothing can be changed now, in words, or null. @param {State} state @returns {string|null} */
export const readonlyReason = (state) => {
  if (state.overlay?.document) return state.readonly ?? words.readonlyRun(state.overlay.version);
  return state.readonly ?? (state.comparison?.after ? words.readonlyVersion(state.comparison.after.name) : null);
};

/** So many steps that one can get lost. */
const MANY = 30;
/** @param {State} state */
export const wantsMinimap = (state) => state.minimap ?? shownDocument(state).nodes.length >= MANY;

/** The node when exactly one is selected. @param {State} state @returns {FlowNode|undefined} */
export function selectedNode(state) {
  const [id, ...more] = state.selection.nodes;
  return id !== undefined && !more.length ? nodeOf(shownDocument(state), id) : undefined;
}

/** @param {Iterable<string>} [nodes] @param {Iterable<string>} [edges] @param {Iterable<string>} [notes] @returns {Selection} */
export const selectionOf = (nodes = [], edges = [], notes = []) => Object.freeze({ nodes: new Set(nodes), edges: new Set(edges), notes: new Set(notes) });

/** @param {Selection} selection */
export const isEmpty = (selection) => !selection.nodes.size && !selection.edges.size && !selection.notes.size;

/** @param {State} state @returns {Partial<State>} */
function existing(state) {
  const { nodes, edges, notes } = state.selection;
  const shown = shownDocument(state);
  const gone = [...nodes].some((id) => !nodeOf(shown, id)) || [...edges].some((id) => !edgeOf(shown, id)) || [...notes].some((id) => !noteOf(shown, id));
  const focused = state.focused !== null && !nodeOf(shown, state.focused) ? null : state.focused;
  if (!gone) return { focused };
  return {
    focused,
    selection: selectionOf(
      [...nodes].filter((id) => nodeOf(shown, id)),
      [...edges].filter((id) => edgeOf(shown, id)),
      [...notes].filter((id) => noteOf(shown, id)),
    ),
  };
}

/** @param {FlowNode} node @param {string|null} [focus] @returns {Form} */
export function formOf(node, focus = null) {
  return { node: node.id, key: node.key, label: node.label ?? "", config: node.config, settings: node.settings ?? {}, dirty: false, focus };
}

/** Typing: a patch of key, label, config, settings or focus. Dirty is what differs from the node, so typing it back is clean. @param {State} state @param {Partial<Form>} patch @returns {State} */
export function editForm(state, patch) {
  if (!state.form) return state;
  const form = { ...state.form, ...patch };
  const node = nodeOf(state.document, form.node);
  return { ...state, form: { ...form, dirty: node !== undefined && !clean(form, node) } };
}

/** Keeps the form in step with selection and document: made, refreshed when clean, dropped with its node. @param {State} state @returns {Form|null} */
export function settledForm(state) {
  const only = state.selection.nodes.size === 1 && !state.selection.notes.size ? [...state.selection.nodes][0] : undefined;
  if (state.form?.dirty && nodeOf(state.document, state.form.node)) return state.form;
  const node = only === undefined ? undefined : nodeOf(state.document, only);
  if (!node) return null;
  if (state.form?.node === node.id && clean(state.form, node)) return state.form;
  return formOf(node, state.form?.node === node.id ? state.form.focus : null);
}

/** @param {Form} form @param {FlowNode} node */
function clean(form, node) {
  return (
    form.key === node.key &&
    form.label === (node.label ?? "") &&
    (form.config === node.config || same(form.config, node.config)) &&
    same(form.settings, node.settings ?? {})
  );
}
