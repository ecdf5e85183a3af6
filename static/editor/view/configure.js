/** The tab Configure: the form of one node, made from its type's fields; every change goes to the form buffer. */
/** @import {Field, Form, NodeType, State, Store} from "../types.js" */
/** @import {Rendered} from "./fields/index.js" */
/** @import {LiveEnv} from "./form-env.js" */

import { fieldValue, visibleFields } from "../model/catalogue.js";
import { h, icon, rearrange } from "./dom.js";
import { fieldRow, WIDE } from "./fields/index.js";
import { settingsForm } from "./fields/settings.js";
import { triggerAddress } from "./trigger-address.js";

/**
 * @param {Store} store @param {NodeType} type @param {LiveEnv} env @param {() => Form|null} current the buffer, or what an old version holds
 * @param {(patch: Partial<Form>) => void} edit changes the buffer
 * @returns {{dom: HTMLElement, update: (state: State) => void, focusFirst: () => void}}
 */
export function createConfigure(store, type, env, current, edit) {
  const notes = h("div", { class: "form-notes" });
  const body = h("div", { class: "form-sections" });
  const settings =
    type.trigger || !type.ports.length
      ? null
      : settingsForm(
          type,
          env,
          () => current()?.settings ?? {},
          (next) => edit({ settings: next }),
        );
  const address = type.trigger ? triggerAddress(store, env.context, type.type, current) : null;
  const dom = h("div", { class: "configure" }, helpOf(type), address?.dom ?? null, notes, body, settings?.dom ?? null);
  /** @type {Map<string, Rendered>} */
  let parts = new Map();
  let shown = "";
  /** @type {any} */
  let last;

  function build() {
    const form = current();
    if (!form) return;
    const fields = visibleFields(type.fields, form.config, form.settings);
    const names = fields.map((field) => field.name).join(" ");
    for (const field of fields) parts.get(field.name)?.set(fieldValue(field, form.config));
    if (names === shown) return;
    shown = names;
    const old = parts;
    parts = new Map(fields.map((field) => [field.name, old.get(field.name) ?? make(field)]));
    const open = new Set([...body.querySelectorAll("details[open]")].map((each) => each.getAttribute("data-section")));
    rearrange(body, () => sectionsOf(fields).map(({ title, advanced, members }) => section(title, advanced, members, open)));
  }

  /** @param {Field} field */
  function make(field) {
    return fieldRow({
      field,
      id: `field-${field.name}`,
      pointer: `/config/${field.name}`,
      value: fieldValue(field, current()?.config ?? {}),
      form: env,
      change: (value) => edit({ config: { ...current()?.config, [field.name]: value } }),
    });
  }

  /** @param {string} title @param {boolean} advanced @param {Field[]} members @param {Set<string|null>} open */
  function section(title, advanced, members, open) {
    const grid = h("div", { class: "form-grid" }, ...members.map((field, n) => cell(field, members[n - 1], members[n + 1])));
    if (!advanced) return h("section", { class: "form-section", "aria-label": title || null }, title ? h("h3", { class: "section-title" }, title) : null, grid);
    return h(
      "details",
      { class: "form-section is-advanced", "data-section": title, open: open.has(title) },
      h("summary", {}, icon("chevron-right", "icon icon-small"), title),
      grid,
    );
  }

  /** A short choice and the text after it share a line (method and address). @param {Field} field @param {Field|undefined} before @param {Field|undefined} after */
  function cell(field, before, after) {
    const { dom } = /** @type {Rendered} */ (parts.get(field.name));
    dom.classList.toggle("is-narrow", isShortChoice(field) && after?.kind === "text");
    dom.classList.toggle("is-rest", field.kind === "text" && before !== undefined && isShortChoice(before));
    dom.classList.toggle("is-wide", WIDE.has(field.kind));
    return dom;
  }

  /** @param {State} state */
  function showNotes(state) {
    const own = state.problems.filter((each) => each.node === env.node && (!each.field || !/^\/(config|settings)/.test(each.field)));
    notes.replaceChildren(...own.map((each) => h("p", { class: each.severity === "error" ? "error-text" : "warning-text" }, icon("alert"), each.message)));
  }

  return {
    dom,
    update(state) {
      const form = current();
      if (form && form.config !== last?.config) build();
      if (form && form.settings !== last?.settings) settings?.update();
      last = form;
      address?.update(state, null);
      showNotes(state);
      env.showProblems();
    },
    focusFirst: () => [...parts.values()][0]?.focus(),
  };
}

/** @param {Field} field */
function isShortChoice(field) {
  return field.kind === "choice" && (field.options ?? []).length > 0 && (field.options ?? []).every((each) => String(each.label ?? each).length <= 8);
}

/** Consecutive fields of one heading, the advanced ones at the end. @param {Field[]} fields */
function sectionsOf(fields) {
  /** @type {Map<string, {title: string, advanced: boolean, members: Field[]}>} */
  const sections = new Map();
  for (const field of fields) {
    const advanced = field.advanced === true;
    const title = advanced ? "More options" : (field.section ?? "");
    const key = `${advanced} ${title}`;
    const section = sections.get(key) ?? { title, advanced, members: [] };
    section.members.push(field);
    sections.set(key, section);
  }
  return [...sections.values()].sort((a, b) => Number(a.advanced) - Number(b.advanced));
}

/** The type's help, folded away. @param {NodeType} type */
function helpOf(type) {
  const paragraphs = (type.help ?? "")
    .split(/\n\s*\n/)
    .map((text) => text.replace(/\s+/g, " ").trim())
    .filter(Boolean);
  if (!paragraphs.length) return null;
  const [first, ...rest] = paragraphs;
  if (!rest.length) return h("p", { class: "type-help" }, ...inline(first));
  return h(
    "details",
    { class: "type-help" },
    h("summary", {}, ...inline(first), " ", h("span", { class: "more" }, "More")),
    ...rest.map((text) => h("p", {}, ...inline(text))),
  );
}

/** The little markdown a docstring has: **strong** and `code`. @param {string} text @returns {(string|Node)[]} */
function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|`+[^`]+`+)/).map((part) => {
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    return part.startsWith("`") ? h("code", {}, part.replace(/`/g, "")) : part;
  });
}
