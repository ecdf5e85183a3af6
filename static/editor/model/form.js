/** The form buffer: what the inspector shows of the selected node and what typing changes, until Save Changes writes it. */

/** @import {FlowNode, Form, State} from "../types.js" */

import { nodeOf } from "./document.js";
import { same } from "./diff.js";

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
