/** How one row of the outline looks and what it says; the panel decides which rows there are and where. */
/** @import {Problem, State} from "../types.js" */
/** @import {Row} from "../model/outline.js" */

import { summaryOf } from "../model/catalogue.js";
import { indexOf } from "../model/graph.js";
import { marksOf, SIGNS } from "../model/overlay.js";
import { referencesIn } from "../model/references.js";
import { pastDocument, shownDocument } from "../model/state.js";
import { outline } from "../model/words-outline.js";
import { words } from "../model/words.js";
import { h, icon } from "./dom.js";

/** What every row is drawn from, looked up once per update. @param {State} state */
export function lookOf(state) {
  /** @type {Map<string, Problem[]>} */
  const problems = new Map();
  if (!pastDocument(state)) for (const each of state.problems) if (each.node) problems.set(each.node, [...(problems.get(each.node) ?? []), each]);
  return { state, byId: indexOf(shownDocument(state)).byId, marks: marksOf(state), problems };
}
/** @typedef {ReturnType<typeof lookOf>} Look */

/**
 * What a row shows; two equal texts need no drawing.
 * @param {Row} row @param {Look} look
 * @returns {{name: string, sub: string, glyph: string, color: string, notes: {text: string, tone: string, icon?: string}[], off: boolean}}
 */
export function contentOf(row, look) {
  const plain = { sub: "", glyph: "", color: "", notes: [], off: false };
  const nameOf = (/** @type {string|null} */ id) => nodeName(look, id ?? "");
  if (row.kind === "port") return { ...plain, name: row.label, sub: row.folds ? "" : outline.nothingYet };
  if (row.kind === "open") return { ...plain, name: outline.addHere, glyph: "plus" };
  if (row.kind === "link") return { ...plain, name: outline.continuesAt(nameOf(row.target)), glyph: "arrow-down" };
  if (row.kind === "back") return { ...plain, name: outline.backTo(nameOf(row.target)), glyph: "undo" };
  const node = look.byId.get(row.node);
  const type = node && look.state.catalogue.types.get(node.type);
  return {
    name: nameOf(row.node),
    sub: node ? plainText(summaryOf(node, look.state.catalogue, look.state)) : "",
    glyph: type?.icon ?? "help",
    color: type?.group.color ?? "slate",
    notes: notesOf(row, look),
    off: node?.disabled === true,
  };
}

/** What a row is called by who reads it aloud. @param {Row} row @param {Look} look */
export function spokenOf(row, look) {
  const { name, sub, notes } = contentOf(row, look);
  if (row.kind === "port") return [outline.branch(name), sub].filter(Boolean).join(", ");
  const node = look.byId.get(row.node);
  const type = node && look.state.catalogue.types.get(node.type)?.label;
  if (row.kind !== "node") return name;
  // What is seen comes first and in the order it is seen, so that who speaks to the page can name it.
  return [name, sub, ...notes.map((note) => note.text), type === name ? "" : type].filter(Boolean).join(", ");
}

/** @param {Row} row @param {Look} look @returns {{text: string, tone: string, icon?: string}[]} */
function notesOf(row, look) {
  const node = look.byId.get(row.node);
  const problems = look.problems.get(row.node) ?? [];
  const errors = problems.filter((each) => each.severity === "error").length;
  const mark = look.marks?.nodes.get(row.node);
  const notes = [];
  if (row.loose) notes.push({ text: outline.loose, tone: "warn" });
  if (node?.disabled) notes.push({ text: words.disabled, tone: "off" });
  if (mark) notes.push({ text: `${SIGNS[mark.status]} ${mark.text}`.trim(), tone: mark.status });
  if (problems.length) notes.push({ text: words.problems(errors, problems.length - errors), tone: errors ? "bad" : "warn", icon: "alert" });
  return notes;
}

/**
 * @param {Row} row @param {ReturnType<typeof contentOf>} content @param {{open: boolean, editable: boolean, onfold: () => void, onmore: (anchor: HTMLElement) => void}} how
 * @returns {Node[]}
 */
export function partsOf(row, content, how) {
  const fold = row.folds
    ? h(
        "span",
        {
          class: "outline-fold",
          "aria-hidden": "true",
          onclick: (/** @type {Event} */ event) => {
            event.stopPropagation();
            how.onfold();
          },
        },
        icon(how.open ? "chevron-down" : "chevron-right", "icon icon-small"),
      )
    : h("span", { class: "outline-fold", "aria-hidden": "true" });
  const chip =
    row.kind === "node"
      ? h("span", { class: "glyph glyph-small", "data-color": content.color, "aria-hidden": "true" }, icon(content.glyph))
      : content.glyph
        ? icon(content.glyph, "icon icon-small outline-sign")
        : null;
  const text = h(
    "span",
    { class: "outline-text", "aria-hidden": "true" },
    h("span", { class: "outline-name" }, content.name),
    " ",
    content.sub ? h("span", { class: "outline-sub" }, content.sub) : null,
  );
  const notes = content.notes.map((note) =>
    h(
      "span",
      { class: "outline-note", "data-tone": note.tone, "aria-hidden": "true", title: note.text },
      note.icon ? icon(note.icon, "icon icon-small") : ` ${note.text}`,
    ),
  );
  return /** @type {Node[]} */ (
    [fold, chip, text, ...notes, row.kind === "open" || !how.editable ? null : moreButton(content.name, how.onmore)].filter(Boolean)
  );
}

/** The same rows as with the menu key, for a finger; not a stop of Tab. @param {string} name @param {(anchor: HTMLElement) => void} onmore */
function moreButton(name, onmore) {
  const button = h("button", { class: "icon-button outline-more", type: "button", tabindex: "-1", "aria-label": outline.more(name) }, icon("more"));
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    onmore(button);
  });
  return button;
}

/** @param {Look} look @param {string} id */
export function nodeName(look, id) {
  const node = look.byId.get(id);
  return node?.label || (node && look.state.catalogue.types.get(node.type)?.label) || node?.type || words.something;
}

/** A variable in a summary reads as its path. @param {string} text */
function plainText(text) {
  return referencesIn(text).reduceRight((result, each) => result.slice(0, each.start) + each.path + result.slice(each.end), text);
}
