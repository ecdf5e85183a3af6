/**
 * A text with variables: a native input or textarea, its letters transparent, over an aria-hidden layer of the same text that
 * colours the placeholders. The control keeps everything native: caret, selection, undo, spelling, dictation, autofill off.
 */
/** @import {FormEnv} from "./fields/index.js" */
/** @import {Completion} from "../model/completion.js" */

import { accept, following, insert, opening } from "../model/completion.js";
import { preview } from "../model/preview.js";
import { referencesIn } from "../model/references.js";
import { typeOf } from "../model/mapping.js";
import { say } from "../model/words-panels.js";
import { short } from "../model/words-values.js";
import { h, icon } from "./dom.js";
import { openVariablePicker } from "./variable-picker.js";

/** @typedef {HTMLInputElement|HTMLTextAreaElement} Control */

/**
 * @param {{id: string, label: string, value: string, multiline?: boolean, mono?: boolean, placeholder?: string, describedby?: string, preview?: boolean, secure?: boolean, json?: () => boolean, change: (text: string) => void, form: FormEnv}} options
 * @returns {{dom: HTMLElement, control: Control, set: (value: any) => void, focus: () => void}}
 */
export function templateInput(options) {
  const { form, multiline = false } = options;
  const attributes = {
    class: "tpl-control",
    id: options.id,
    "aria-label": options.label,
    "aria-describedby": options.describedby ?? null,
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    autocomplete: "off",
    spellcheck: options.mono ? false : null,
    placeholder: options.placeholder ?? null,
    readonly: form.readonly() ? "" : null,
  };
  const control = /** @type {Control} */ (multiline ? h("textarea", { ...attributes, rows: "2" }) : h("input", { ...attributes, type: "text" }));
  const layer = h("div", { class: "tpl-layer", "aria-hidden": "true" });
  const button = h(
    "button",
    { class: "tpl-button", type: "button", "aria-label": `Insert a variable into ${options.label}`, title: "Insert a variable  /", hidden: form.readonly() },
    icon("variable"),
  );
  const shown = h("p", { class: "tpl-preview", hidden: true });
  const doubts = h("div", { class: "tpl-doubts", hidden: true, id: `${options.id}-doubts` });
  /** What Alt-Enter does now. @type {(() => void)|null} */
  let mend = null;
  const dom = h(
    "div",
    { class: `tpl${multiline ? " is-multiline" : ""}${options.mono ? " is-mono" : ""}` },
    h("div", { class: "tpl-box" }, layer, control, button),
    doubts,
    shown,
  );
  /** @type {import("./variable-picker.js").VariablePicker|null} */
  let picker = null;
  /** @type {Completion|null} */
  let open = null;
  let scrolled = false;

  /** @param {any} value */
  function set(value) {
    const text = value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
    if (control.value !== text) control.value = text;
    draw();
  }

  function draw() {
    const text = control.value;
    const advice = form.advice(text);
    const looks = new Map(advice.map((each) => [each.path, each.kind === "maybe" ? " is-maybe" : " is-unknown"]));
    let at = 0;
    /** @type {(string|Node)[]} */
    const parts = [];
    for (const each of referencesIn(text)) {
      parts.push(text.slice(at, each.start), h("span", { class: `tpl-chip${each.hasDefault ? "" : (looks.get(each.path) ?? "")}` }, each.text));
      at = each.end;
    }
    // A textarea ends with a line of its own where the text ends with a line break; a block drops it without this mark.
    parts.push(text.slice(at), text.endsWith("\n") ? "\u200b" : "");
    layer.replaceChildren(...parts);
    // Asking where a field has scrolled to costs a layout; one that never did is at its start.
    if (scrolled || document.activeElement === control) follow();
    showDoubts(advice);
    showPreview(advice);
  }

  /** @param {import("../model/advice.js").Advice[]} advice */
  function showDoubts(advice) {
    const fixable = form.readonly() ? undefined : advice.find((each) => each.fix);
    mend = fixable?.fix ? () => write({ text: fixable.fix?.text ?? "", caret: fixable.fix?.text.length ?? 0 }) : null;
    doubts.hidden = !advice.length;
    doubts.replaceChildren(...advice.map((each) => doubt(each, each === fixable)));
    const wrong = advice.some((each) => each.kind !== "maybe");
    control.toggleAttribute("data-doubtful", wrong);
    control.setAttribute("aria-invalid", String(wrong || dom.closest(".field.is-wrong") !== null));
    control.setAttribute("aria-describedby", [advice.length ? doubts.id : "", options.describedby ?? ""].filter(Boolean).join(" "));
  }

  /** @param {import("../model/advice.js").Advice} advice @param {boolean} first the one that the key mends */
  function doubt({ kind, message, fix }, first) {
    const button =
      fix && !form.readonly()
        ? h(
            "button",
            { class: "tpl-mend", type: "button", title: first ? "Alt Enter" : null, onclick: () => write({ text: fix.text, caret: fix.text.length }) },
            fix.label,
          )
        : null;
    return h("p", { class: kind === "maybe" ? "warning-text" : "error-text" }, icon("alert"), h("span", {}, message, " ", button));
  }

  function follow() {
    layer.scrollTop = control.scrollTop;
    layer.scrollLeft = control.scrollLeft;
  }

  /** @param {import("../model/advice.js").Advice[]} advice what is said already is not said again */
  function showPreview(advice) {
    if (options.preview === false) return;
    const result = preview(control.value, form.scope(), options.json?.() ? "json" : "text");
    shown.hidden = !result.used;
    if (!result.used) return;
    const missing = [...new Set(result.missing)].filter((path) => !advice.some((each) => each.path === path));
    const trouble = [missing.length ? `no value for ${missing.join(", ")}` : "", ...result.wrong].filter(Boolean);
    const kind = result.lone && !result.missing.length ? kindOf(result.lone.value) : "";
    shown.title = form.source();
    shown.replaceChildren(
      h("span", { class: "visually-hidden" }, "Preview: "),
      ...(kind ? [h("span", { class: "tpl-type" }, kind), " "] : []),
      h("span", { class: "tpl-shown" }, short(result.text.replace(/\s+/g, " ").trim(), 160) || (trouble.length ? "" : "empty")),
      ...trouble.flatMap((each) => [" ", h("span", { class: "tpl-missing" }, icon("alert"), each)]),
    );
  }

  function changed() {
    draw();
    options.change(control.value);
  }

  /** @param {{text: string, caret: number}} result */
  function write({ text, caret }) {
    control.focus();
    // insertText keeps the browser's own undo stack inside the field; setting `.value` would clear it.
    control.setSelectionRange(0, control.value.length);
    if (!document.execCommand("insertText", false, text)) control.value = text;
    control.setSelectionRange(caret, caret);
    changed();
    control.scrollLeft = caret >= text.length ? control.scrollWidth : control.scrollLeft;
    follow();
  }

  /** @param {boolean} withSearch @param {(path: string) => void} onpick */
  function openPicker(withSearch, onpick) {
    picker?.close();
    picker = openVariablePicker(form.layer, withSearch ? button : caretBox, {
      variables: form.variables(options.secure === true),
      scope: form.scope(),
      real: form.real(),
      source: form.source(),
      search: withSearch,
      control,
      onpick,
      onhover: form.hover,
      onclose: () => {
        picker = null;
        open = null;
        control.removeAttribute("aria-controls");
      },
    });
    if (withSearch) return;
    control.setAttribute("aria-controls", picker.listId);
    form.context.announce("Variables: type to filter, arrows to choose, Enter to insert");
  }

  /** Where the caret stands, measured in the layer, which has the same text at the same place. */
  function caretBox() {
    const range = document.createRange();
    const at = find(layer, control.selectionStart ?? 0);
    range.setStart(at.node, at.offset);
    const box = range.getBoundingClientRect();
    const frame = control.getBoundingClientRect();
    if (!box.height) return frame;
    return new DOMRect(Math.min(Math.max(box.x, frame.x), frame.right), box.y, 0, box.height);
  }

  control.addEventListener("input", (event) => {
    changed();
    const caret = control.selectionStart ?? 0;
    if (picker && open) {
      const next = following(open, control.value, caret);
      if (next) {
        open = next;
        picker.filter(next.query);
      } else picker.close();
      return;
    }
    if (/** @type {InputEvent} */ (event).inputType?.startsWith("delete")) return;
    const start = opening(control.value, caret);
    if (!start) return;
    openPicker(false, (path) => write(accept(control.value, /** @type {Completion} */ (start), control.selectionStart ?? 0, path)));
    open = start;
  });
  control.addEventListener("keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    if (picker && open) picker.key(key);
    else if (mend && key.altKey && key.key === "Enter") {
      key.preventDefault();
      mend();
      form.context.announce("Mended");
    }
  });
  control.addEventListener("blur", () => open && picker?.close());
  control.addEventListener("scroll", () => {
    scrolled = true;
    follow();
  });
  for (const type of ["keyup", "select", "focus"]) control.addEventListener(type, follow);
  control.addEventListener("pointermove", (event) => form.hover(chipAt(layer, /** @type {PointerEvent} */ (event))));
  control.addEventListener("pointerleave", () => form.hover(null));
  button.addEventListener("click", () => {
    const from = control.selectionStart ?? control.value.length;
    const to = control.selectionEnd ?? from;
    openPicker(true, (path) => write(insert(control.value, from, to, path)));
  });

  set(options.value);
  form.watch(() => {
    if (!dom.isConnected) return;
    draw();
    picker?.know({ scope: form.scope(), real: form.real(), source: form.source() });
  }, dom);
  return { dom, control, set, focus: () => control.focus() };
}

/** What a value is, where its text alone does not say it. @param {any} value */
function kindOf(value) {
  if (value === null || value === undefined || typeof value === "string") return "";
  const type = typeOf(value);
  const size = typeof value === "object" ? Object.keys(value).length : null;
  return size === null ? (say.types[type] ?? type) : `${say.types[type] ?? type} of ${size}`;
}

/** The text node and offset in the layer for an index of the text. @param {HTMLElement} layer @param {number} index */
function find(layer, index) {
  const walker = document.createTreeWalker(layer, NodeFilter.SHOW_TEXT);
  let left = index;
  /** @type {Node} */
  let node = layer;
  for (let next = walker.nextNode(); next; next = walker.nextNode()) {
    node = next;
    const length = next.nodeValue?.length ?? 0;
    if (left <= length) return { node, offset: left };
    left -= length;
  }
  return { node, offset: node.nodeValue?.length ?? 0 };
}

/** The variable under the pointer; its origin lights up on the canvas. @param {HTMLElement} layer @param {PointerEvent} event */
function chipAt(layer, event) {
  for (const chip of layer.querySelectorAll(".tpl-chip")) {
    const boxes = [...chip.getClientRects()];
    if (boxes.some((box) => event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom)) {
      return referencesIn(chip.textContent ?? "")[0]?.path ?? null;
    }
  }
  return null;
}
