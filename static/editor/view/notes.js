/** Sticky notes: plain text beside the flow, written in place. */

/** @import {Context, Note, State, Store} from "../types.js" */

import { shownDocument } from "../model/state.js";
import { words } from "../model/words.js";
import { h, setAttribute, setText } from "./dom.js";

/** @typedef {{dom: HTMLElement, text: HTMLElement, note: Note|null}} Sheet */

/** @param {Store} store @param {Context} context @param {HTMLElement} dom where they lie */
export function createNotes(store, context, dom) {
  /** @type {Map<string, Sheet>} */
  const sheets = new Map();
  /** @type {HTMLTextAreaElement|null} */
  let editor = null;

  /** @param {string} id */
  function newSheet(id) {
    const text = h("p", { class: "note-text" });
    const sheet = {
      dom: h("aside", { class: "note", "aria-label": words.note }, text, h("span", { class: "note-corner", "aria-hidden": "true" })),
      text,
      note: null,
    };
    sheet.dom.dataset.note = id;
    dom.append(sheet.dom);
    sheets.set(id, sheet);
    return sheet;
  }

  return {
    dom,
    /** @param {State} state @param {Note[]} visible */
    update(state, visible) {
      const ids = new Set(visible.map((note) => note.id));
      for (const [id, sheet] of sheets) {
        if (ids.has(id)) continue;
        sheet.dom.remove();
        sheets.delete(id);
      }
      for (const note of visible) paint(/** @type {Sheet} */ (sheets.get(note.id) ?? newSheet(note.id)), note, state);
      write(state);
    },
  };

  /** Opens the field for the note whose text is being written. @param {State} state */
  function write(state) {
    const id = state.editingNote;
    if (editor && editor.dataset.note !== id) {
      const closing = editor;
      editor = null;
      closing.remove();
    }
    const sheet = id === null ? undefined : sheets.get(id);
    if (!sheet || editor) return;
    const note = shownDocument(state).notes.find((each) => each.id === id);
    const field = h("textarea", { class: "note-edit", "aria-label": words.note, placeholder: words.noteEmpty, value: note?.text ?? "", maxlength: "5000" });
    field.dataset.note = id ?? "";
    const keep = () => {
      if (editor !== field) return;
      editor = null;
      field.remove();
      if (field.value !== note?.text) context.commands.run("change-note", { note: id, patch: { text: field.value } });
      else store.dispatch((past) => (past.editingNote === id ? { ...past, editingNote: null } : past));
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
      keep();
      context.canvas.focus();
    });
    field.addEventListener("blur", keep);
    editor = field;
    sheet.dom.append(field);
    field.focus();
  }
}

/** @param {Sheet} sheet @param {Note} note @param {State} state */
function paint(sheet, note, state) {
  const { gesture } = state;
  const moving = gesture?.kind === "drag" && gesture.notes.includes(note.id) ? gesture : { dx: 0, dy: 0 };
  const size = gesture?.kind === "resize" && gesture.note === note.id ? gesture : note;
  sheet.dom.style.transform = `translate(${note.x + moving.dx}px, ${note.y + moving.dy}px)`;
  sheet.dom.style.width = `${size.width}px`;
  sheet.dom.style.height = `${size.height}px`;
  sheet.dom.dataset.color = note.color;
  sheet.dom.classList.toggle("is-selected", state.selection.notes.has(note.id));
  if (sheet.note !== note) {
    setText(sheet.text, note.text || words.noteEmpty);
    setAttribute(sheet.dom, "aria-label", words.noteNamed(note.text));
  }
  sheet.text.classList.toggle("is-empty", !note.text);
  sheet.note = note;
}
