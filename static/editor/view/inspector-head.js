/** The head of the inspector: what kind of step it is, its name and key to edit in place, and what else can be done with it. */
/** @import {Context, Form, NodeType, Store} from "../types.js" */

import { keyFrom } from "../model/document.js";
import { selectedNode } from "../model/state.js";
import { say } from "../model/words-panels.js";
import { h, icon } from "./dom.js";
import { glyph } from "./palette.js";
import { openMenu } from "./popover.js";
import { copyText } from "./copying.js";
import { keysText } from "./shortcuts.js";

/**
 * @param {Store} store @param {Context} context @param {HTMLElement} layer
 * @param {{type: NodeType|undefined, readonly: boolean, edit: (patch: Partial<Form>) => void}} about
 */
export function inspectorHead(store, context, layer, { type, readonly, edit }) {
  const fixed = readonly || !type ? "" : null;
  const name = h("input", {
    class: "step-title",
    type: "text",
    "aria-label": "Name of the step",
    maxlength: "120",
    autocomplete: "off",
    readonly: fixed,
  });
  name.addEventListener("input", () => edit({ label: name.value }));
  const key = h("input", {
    class: "key-input",
    type: "text",
    "aria-label": "Key: how other steps refer to this one",
    maxlength: "48",
    spellcheck: false,
    autocomplete: "off",
    readonly: fixed,
  });
  key.addEventListener("change", () => {
    key.value = keyFrom(key.value);
    edit({ key: key.value });
    fit();
  });
  key.addEventListener("input", () => fit());
  key.addEventListener("keydown", (event) => event.key === "Enter" && !event.ctrlKey && !event.metaKey && key.blur());
  const more = h("button", { class: "icon-button", type: "button", "aria-label": "More about this step", "aria-haspopup": "menu" }, icon("more"));
  more.addEventListener("click", () => openMenu(layer, more, { label: "Step", items: menuItems(store, context, key, readonly) }));
  const back = store.state.narrow
    ? h("button", { class: "icon-button", type: "button", "aria-label": say.back, onclick: () => context.commands.run("escape") }, icon("chevron-left"))
    : null;
  const dom = h(
    "header",
    { class: "inspector-head" },
    back,
    type ? glyph(type) : h("span", { class: "glyph" }, icon("help")),
    h(
      "div",
      { class: "inspector-names" },
      h("h2", { class: "visually-hidden" }, "Step"),
      name,
      h(
        "div",
        { class: "inspector-sub" },
        h("span", {}, type?.label ?? "Unknown type"),
        type?.trigger
          ? null
          : h("label", { class: "key-chip", title: "Key: how other steps refer to what this one gives" }, h("span", { "aria-hidden": "true" }, "steps."), key),
      ),
    ),
    more,
  );
  // An input as wide as its text; `field-sizing` does the same where it exists.
  const fit = () => {
    key.style.width = `${Math.max(2, key.value.length)}ch`;
  };
  return {
    dom,
    /** @param {Form|null} form */
    update(form) {
      if (!form) return;
      if (name.value !== form.label && document.activeElement !== name) name.value = form.label;
      if (key.value !== form.key && document.activeElement !== key) key.value = form.key;
      fit();
    },
  };
}

/** @param {Store} store @param {Context} context @param {HTMLInputElement} key @param {boolean} readonly */
function menuItems(store, context, key, readonly) {
  const node = selectedNode(store.state);
  const command = (/** @type {string} */ id, /** @type {string} */ label, /** @type {string} */ glyphName, /** @type {any} */ more = {}) => ({
    label,
    icon: icon(glyphName),
    run: () => void context.commands.run(id),
    disabled: !context.commands.applies(id),
    ...more,
  });
  const reference = `{{steps.${node?.key}}}`;
  return [
    { label: "Rename key", icon: icon("key"), run: () => key.select(), disabled: readonly },
    { label: `Copy ${reference}`, icon: icon("copy"), run: () => copyText(reference) && context.toast(`${reference} is copied.`, { kind: "ok" }) },
    command("disable", node?.disabled ? "Turn on" : "Turn off", node?.disabled ? "eye" : "eye-off", { keys: "D" }),
    command("replace", "Replace…", "refresh", { keys: "R" }),
    command("duplicate", "Duplicate", "layers", { keys: keysText("Mod+d") }),
    command("copy-link", "Copy link to this step", "link"),
    { label: "About this step type", icon: icon("help"), run: () => window.open(`/nodes/#${node?.type}`, "_blank", "noopener") },
    command("delete", "Delete", "trash", { danger: true, keys: keysText("Delete") }),
  ];
}
