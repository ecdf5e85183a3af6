/**
 * The list of variables under a field. The field keeps the focus and filters as one types (after `/` or `{{`); opened by its
 * button, the list brings a search of its own. Only what is in scope at the node is offered.
 */
/** @import {Variable} from "../types.js" */
/** @import {Scope} from "../model/preview.js" */

import { search } from "../model/match.js";
import { lookUp } from "../model/preview.js";
import { say } from "../model/words-panels.js";
import { short } from "../model/words-values.js";
import { h, icon } from "./dom.js";
import { openPopover } from "./popover.js";

/**
 * @typedef {object} VariablePicker
 * @property {(query: string) => void} filter
 * @property {(values: {scope: Scope, real: Scope, source: string}) => void} know   values of another source, which came later
 * @property {(event: KeyboardEvent) => boolean} key   true when it took the key
 * @property {() => void} close
 * @property {string} listId
 */

/**
 * @param {HTMLElement} layer
 * @param {Element|(() => DOMRect)} anchor
 * @param {{variables: Variable[], scope: Scope, real: Scope, source: string, search: boolean, control: HTMLElement, onpick: (path: string) => void, onclose: () => void, onhover: (path: string|null) => void}} options
 * @returns {VariablePicker}
 */
export function openVariablePicker(layer, anchor, options) {
  const { variables, control } = options;
  const listId = "variable-list";
  const list = h("div", {
    class: "pick-list",
    role: "listbox",
    id: listId,
    tabindex: "0",
    "aria-label": "Variables",
    onpointerdown: (/** @type {Event} */ event) => event.preventDefault(),
  });
  const input = options.search
    ? h("input", {
        class: "input",
        type: "search",
        placeholder: "Search variables",
        "aria-label": "Search variables",
        role: "combobox",
        "aria-controls": listId,
        "aria-expanded": "true",
        autocomplete: "off",
      })
    : null;
  const host = input ?? control;
  const source = h("span", { class: "picker-source" }, options.source);
  const popover = openPopover(layer, anchor, {
    label: "Insert variable",
    class: "picker picker-variables",
    focus: false,
    content: [
      ...(input ? [h("div", { class: "picker-search" }, input)] : []),
      list,
      h(
        "p",
        { class: "picker-foot" },
        h("kbd", { class: "kbd" }, "↑↓"),
        " choose  ",
        h("kbd", { class: "kbd" }, "Enter"),
        " insert  ",
        h("kbd", { class: "kbd" }, "Esc"),
        " leave",
        source,
      ),
    ],
    onclose: () => {
      host.removeAttribute("aria-activedescendant");
      options.onhover(null);
      options.onclose();
    },
  });
  /** @type {HTMLElement[]} */
  let rows = [];
  let active = 0;
  let asked = "";

  /** @param {string} query */
  function filter(query) {
    asked = query;
    const found = search(variables, query, (each) => [each.path, each.label, each.source]);
    rows = [];
    list.replaceChildren(
      ...grouped(found, query).flatMap(([source, members]) => [h("div", { class: "pick-group", role: "presentation" }, source), ...members.map(row)]),
    );
    if (!rows.length)
      list.append(
        h(
          "p",
          { class: "pick-none" },
          variables.length ? `No variable matches “${query}”.` : "Nothing is known at this step yet. Connect it to the steps before it.",
        ),
      );
    active = 0;
    mark();
  }

  /** @type {VariablePicker["know"]} */
  function know(values) {
    if (values.source === options.source) return;
    const at = active;
    Object.assign(options, values);
    source.textContent = options.source;
    filter(asked);
    mark(at);
  }

  /** @param {Variable} each */
  function row(each) {
    const value = lookUp(each.path, options.scope) ?? each.sample;
    const isSample = (lookUp(each.path, options.real) ?? null) === null;
    const none = value === undefined || value === null || value === "";
    const dom = h(
      "div",
      { class: "pick-row", role: "option", id: `variable-${rows.length}`, "aria-selected": "false", "data-path": each.path },
      h("span", { class: "pick-path" }, each.path),
      h("span", { class: "pick-type" }, say.types[each.type] ?? each.type),
      h("span", { class: `pick-value${isSample ? " is-sample" : ""}` }, none ? "no value yet" : (isSample ? "e.g. " : "") + short(value, 60)),
      each.certain ? null : h("span", { class: "pick-maybe" }, icon("alert"), "may be missing on some paths: a default is added"),
    );
    const n = rows.push(dom) - 1;
    dom.addEventListener("pointerdown", (event) => event.preventDefault());
    dom.addEventListener("pointermove", () => active !== n && mark(n));
    dom.addEventListener("click", () => pick(n));
    return dom;
  }

  /** @param {number} [to] */
  function mark(to = active) {
    active = to;
    for (const [n, each] of rows.entries()) each.setAttribute("aria-selected", String(n === active));
    const here = rows[active];
    here?.scrollIntoView({ block: "nearest" });
    if (here) host.setAttribute("aria-activedescendant", here.id);
    else host.removeAttribute("aria-activedescendant");
    options.onhover(here?.dataset.path ?? null);
  }

  /** @param {number} n */
  function pick(n) {
    const path = rows[n]?.dataset.path;
    if (!path) return;
    const certain = variables.find((each) => each.path === path)?.certain;
    popover.close("chosen");
    options.onpick(certain === false ? `${path} | default: ""` : path);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const last = rows.length - 1;
    if (event.key === "ArrowDown") active = active >= last ? 0 : active + 1;
    else if (event.key === "ArrowUp") active = active <= 0 ? last : active - 1;
    else if (event.key === "PageDown") active = Math.min(last, active + 8);
    else if (event.key === "PageUp") active = Math.max(0, active - 8);
    else if ((event.key === "Enter" || event.key === "Tab") && rows.length && !event.ctrlKey && !event.metaKey) return stop(event, () => pick(active));
    else return false;
    return stop(event, mark);
  }

  if (input) {
    input.addEventListener("input", () => filter(/** @type {HTMLInputElement} */ (input).value));
    input.addEventListener("keydown", (event) => key(/** @type {KeyboardEvent} */ (event)));
    input.focus();
  }
  filter("");
  popover.place();
  return { filter, know, key, close: () => popover.close(), listId };
}

/** @param {KeyboardEvent} event @param {() => void} then */
function stop(event, then) {
  event.preventDefault();
  event.stopPropagation();
  then();
  return true;
}

/** By source in order of appearance; while searching, the best match decides which group comes first. @param {Variable[]} found @param {string} query @returns {[string, Variable[]][]} */
function grouped(found, query) {
  const shown = query ? found.slice(0, 40) : found;
  /** @type {Map<string, Variable[]>} */
  const groups = new Map();
  const ownFirst = query ? shown : [...shown.filter((each) => each.node), ...shown.filter((each) => !each.node)];
  for (const each of ownFirst) groups.set(each.source, [...(groups.get(each.source) ?? []), each]);
  return [...groups];
}
