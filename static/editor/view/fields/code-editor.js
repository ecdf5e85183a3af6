/**
 * CodeMirror in the place of a code field's textarea. It lives in a shadow root: there its rules are adopted style
 * sheets, which the page's policy allows, and none of ours reach in.
 */
/** @import {FieldOptions, Rendered} from "./index.js" */
/** @import {CompletionContext, CompletionResult} from "@codemirror/autocomplete" */
/** @import {Diagnostic} from "@codemirror/lint" */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript, javascriptLanguage, localCompletionSource, scopeCompletionSource } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";

import { fieldValue } from "../../model/catalogue.js";
import { nodeOf } from "../../model/document.js";
import { preview } from "../../model/preview.js";
import { sayCode } from "../../model/words-code.js";
import { short } from "../../model/words-values.js";
import { COLOURS, LOOKS } from "./code-theme.js";
import { h } from "../dom.js";

/** What a program finds there besides its inputs; the browser has much more, the sandbox has not. */
const BUILT_IN = {
  Array,
  BigInt,
  Boolean,
  Date,
  Error,
  JSON,
  Map,
  Math,
  Number,
  Object,
  Promise,
  RegExp,
  Set,
  String,
  isFinite,
  isNaN,
  parseFloat,
  parseInt,
  encodeURIComponent,
  decodeURIComponent,
};

/**
 * @param {HTMLTextAreaElement} control
 * @param {FieldOptions} options
 * @returns {{set: Rendered["set"], focus: Rendered["focus"]}}
 */
export function replace(control, { field, id, change, form }) {
  const host = h("div", { class: "code-editor", id });
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  const hadFocus = document.activeElement === control;
  const length = control.value.length;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: control.value,
      selection: { anchor: Math.min(control.selectionStart, length), head: Math.min(control.selectionEnd, length) },
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        indentUnit.of("  "),
        javascript(),
        javascriptLanguage.data.of({ autocomplete: offered(() => inputsOf(field.options_from, form)) }),
        javascriptLanguage.data.of({ autocomplete: scopeCompletionSource(BUILT_IN) }),
        javascriptLanguage.data.of({ autocomplete: localCompletionSource }),
        autocompletion({ icons: false }),
        linter(unreadable, { delay: 400 }),
        lintGutter(),
        syntaxHighlighting(COLOURS),
        LOOKS,
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
        EditorState.readOnly.of(form.readonly()),
        EditorView.editable.of(!form.readonly()),
        EditorView.contentAttributes.of({ "aria-label": field.label, "aria-description": sayCode.keys, spellcheck: "false" }),
        EditorView.domEventHandlers({ beforeinput: overSelection }),
        EditorView.updateListener.of((update) => update.docChanged && change(update.state.doc.toString())),
      ],
    }),
  });
  control.replaceWith(host);
  host.addEventListener("keydown", ownKeys);
  // The row of the field says on the host whether the program is right; who listens is inside.
  new MutationObserver(() => {
    const wrong = host.getAttribute("aria-invalid");
    if (wrong === null) return;
    host.removeAttribute("aria-invalid");
    view.contentDOM.setAttribute("aria-invalid", wrong);
  }).observe(host, { attributeFilter: ["aria-invalid"] });
  host
    .closest(".field")
    ?.querySelector("label")
    ?.addEventListener("click", () => view.focus());
  if (hadFocus) view.focus();
  return {
    set(value) {
      const next = String(value ?? "");
      if (next !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    focus: () => view.focus(),
  };
}

/**
 * Typing over a selection is done here: where lines merge the browser would keep their looks in style attributes, which
 * the page's policy refuses loudly.
 * @param {InputEvent} event @param {EditorView} view
 */
function overSelection(event, view) {
  const { state } = view;
  const { from, to, empty } = state.selection.main;
  const text = event.data;
  if (event.inputType !== "insertText" || text === null || empty || view.composing || state.readOnly) return false;
  const insert = () => view.state.update({ ...view.state.replaceSelection(text), userEvent: "input.type", scrollIntoView: true });
  if (!state.facet(EditorView.inputHandler).some((take) => take(view, from, to, text, insert))) view.dispatch(insert());
  event.preventDefault();
  return true;
}

/** Undo, search and Escape in here are not the page's. @param {KeyboardEvent} event */
function ownKeys(event) {
  if (event.key === "Escape" || ((event.ctrlKey || event.metaKey) && /^[zyd/]$/i.test(event.key))) event.stopPropagation();
}

/**
 * The names of the rows of another field of the form, with what they hold just now.
 * @param {string|null|undefined} name @param {FieldOptions["form"]} form
 * @returns {{name: string, value: string}[]}
 */
function inputsOf(name, form) {
  const { state } = form.store;
  const node = nodeOf(state.document, form.node);
  const declared = state.catalogue.types.get(node?.type ?? "")?.fields.find((each) => each.name === name);
  const config = state.form?.node === form.node ? state.form.config : node?.config;
  const rows = declared && config ? fieldValue(declared, config) : [];
  return (Array.isArray(rows) ? rows : [])
    .filter((row) => typeof row?.name === "string" && row.name)
    .map((row) => ({ name: row.name, value: short(preview(String(row.value ?? ""), form.scope()).text, 40) }));
}

/** Completes `inputs` and what follows it. @param {() => {name: string, value: string}[]} rows */
function offered(rows) {
  return (/** @type {CompletionContext} */ context) => {
    const member = context.matchBefore(/(?<![\w$.])inputs\??\.[\w$]*/);
    if (member) {
      const from = member.from + member.text.lastIndexOf(".") + 1;
      return { from, options: rows().map(({ name, value }) => ({ label: name, type: "property", detail: value })), validFor: /^[\w$]*$/ };
    }
    const word = context.matchBefore(/[\w$]+/);
    if (!word && !context.explicit) return null;
    const options = [
      { label: "inputs", type: "variable", detail: sayCode.inputs, boost: 9 },
      { label: "console.log", type: "function", detail: sayCode.console, boost: 8 },
    ];
    return /** @type {CompletionResult} */ ({ from: word?.from ?? context.pos, options, validFor: /^[\w$]*$/ });
  };
}

/** Where the parser stumbled: the first place of each line. @param {EditorView} view @returns {Diagnostic[]} */
function unreadable(view) {
  /** @type {Map<number, Diagnostic>} */
  const found = new Map();
  syntaxTree(view.state).iterate({
    enter(node) {
      if (!node.type.isError) return;
      const line = view.state.doc.lineAt(node.from);
      const to = Math.min(Math.max(node.to, node.from + 1), view.state.doc.length);
      if (!found.has(line.number)) found.set(line.number, { from: Math.min(node.from, to), to, severity: "error", message: sayCode.unreadable(line.number) });
    },
  });
  return [...found.values()];
}
