/** conditions: {all|any: [...]} of comparisons and groups, or one comparison; kept in the shape it was stored in until edited. */
/** @import {FieldOptions, FormEnv, Rendered} from "./index.js" */

import { ALONE, say } from "../../model/words-panels.js";
import { h, icon } from "../dom.js";
import { templateInput } from "../template-input.js";

const DEEPEST = 3;
/** @type {Record<string, string>} */
const HINTS = { in_list: "one, two, three", between: "1, 10", matches: "^[A-Z]+$", within_last: "seconds" };

/** @param {FieldOptions} options @returns {Rendered} */
export function conditions({ field, id, value, change, form }) {
  const dom = h("div", { class: "conditions" });
  /** @type {any} */
  let here;

  /** @param {any} next */
  function emit(next) {
    here = next;
    change(next);
  }

  /** @param {any} next */
  function set(next) {
    if (here !== undefined && (next === here || JSON.stringify(next) === JSON.stringify(here))) return;
    here = next ?? null;
    draw();
  }

  /** @param {any} next @param {string} [focus] */
  function redraw(next, focus) {
    emit(next);
    draw(focus);
  }

  /** @param {string} [focus] id of what should have the focus then; what is no longer there gives it to the first that is */
  function draw(focus) {
    dom.replaceChildren(here ? group({ form, id, label: field.label, value: asGroup(here), depth: 0, change: emit, redraw, remove: null }) : empty());
    if (focus) (document.getElementById(focus) ?? first())?.focus();
  }

  function empty() {
    if (form.readonly()) return h("p", { class: "hint" }, "None");
    return h(
      "button",
      { class: "button button-quiet button-small", type: "button", id, onclick: () => redraw({ all: [blank()] }, `${id}-0`) },
      icon("plus"),
      "Add condition",
    );
  }

  const first = () => /** @type {HTMLElement|null} */ (dom.querySelector("input, button"));

  set(value);
  return { dom, set, focus: () => first()?.focus(), group: true };
}

/** A comparison alone is a group of one. @param {any} value */
function asGroup(value) {
  return Array.isArray(value.all) || Array.isArray(value.any) ? value : { all: [value] };
}

const blank = () => ({ left: "", operator: "equals", right: "" });

/**
 * @typedef {{form: FormEnv, id: string, label: string, value: any, depth: number, change: (value: any) => void, redraw: (value: any, focus?: string) => void, remove: (() => void)|null}} GroupOptions
 *  change: the same rows with other words in them; redraw: rows came or went
 */

/** @param {GroupOptions} options @returns {HTMLElement} */
function group({ form, id, label, value, depth, change, redraw, remove }) {
  const mode = Array.isArray(value.any) ? "any" : "all";
  /** @type {any[]} */
  let items = value[mode];
  const wrap = (/** @type {any[]} */ next) => ({ [mode]: next });
  const replaced = (/** @type {number} */ n, /** @type {any} */ item) => {
    items = items.map((each, at) => (at === n ? item : each));
    return wrap(items);
  };
  const select = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { class: "select select-inline", id: `${id}-mode`, "aria-label": `How conditions combine in ${label}`, disabled: form.readonly() },
      h("option", { value: "all" }, "all of these"),
      h("option", { value: "any" }, "any of these"),
    )
  );
  select.value = mode;
  select.addEventListener("change", () => redraw({ [select.value]: items }, select.id));

  const rows = items.map((item, n) => {
    const gone = () => redraw(wrap(items.filter((_, at) => at !== n)), `${id}-${Math.max(n - 1, 0)}`);
    const rowId = `${id}-${n}`;
    if (item?.all || item?.any)
      return group({
        form,
        id: rowId,
        label: `${label}, group ${n + 1}`,
        value: item,
        depth: depth + 1,
        change: (next) => change(replaced(n, next)),
        redraw: (next, at) => redraw(replaced(n, next), at),
        remove: gone,
      });
    return comparison(form, rowId, n, item ?? blank(), (next) => change(replaced(n, next)), items.length > 1 || depth ? gone : () => redraw(null, id));
  });
  const buttons = form.readonly()
    ? null
    : h(
        "div",
        { class: "condition-add" },
        h(
          "button",
          { class: "button button-quiet button-small", type: "button", onclick: () => redraw(wrap([...items, blank()]), `${id}-${items.length}`) },
          icon("plus"),
          "Add condition",
        ),
        depth < DEEPEST - 1
          ? h(
              "button",
              {
                class: "button button-quiet button-small",
                type: "button",
                onclick: () => redraw(wrap([...items, { [mode === "all" ? "any" : "all"]: [blank()] }]), `${id}-${items.length}-0`),
              },
              icon("layers"),
              "Add group",
            )
          : null,
      );
  const head =
    items.length > 1 || depth
      ? h(
          "div",
          { class: "condition-head" },
          select,
          h("span", {}, "hold"),
          remove && !form.readonly()
            ? h("button", { class: "icon-button", type: "button", "aria-label": `Remove ${label}`, onclick: remove }, icon("x"))
            : null,
        )
      : null;
  return h("div", { class: `condition-group${depth ? " is-nested" : ""}`, role: "group", "aria-label": label }, head, ...rows, buttons);
}

/**
 * @param {FormEnv} form @param {string} id @param {number} n @param {any} item @param {(item: any) => void} send @param {() => void} remove
 */
function comparison(form, id, n, item, send, remove) {
  let here = item;
  const update = (/** @type {any} */ patch) => {
    here = { ...here, ...patch };
    send(here);
  };
  const operator = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { class: "select", "aria-label": `Comparison ${n + 1}`, disabled: form.readonly() },
      ...say.operators.map(([value, label]) => h("option", { value }, label)),
    )
  );
  operator.value = item.operator ?? "equals";
  const left = templateInput({
    id,
    label: `Value ${n + 1}`,
    value: item.left,
    placeholder: "Type / for a variable",
    change: (text) => update({ left: text }),
    form,
    preview: true,
  });
  const right = templateInput({ id: `${id}-right`, label: `Compared with ${n + 1}`, value: item.right, change: (text) => update({ right: text }), form });
  const fit = () => {
    right.dom.hidden = ALONE.includes(operator.value);
    right.control.placeholder = HINTS[operator.value] ?? "value";
  };
  operator.addEventListener("change", () => {
    fit();
    update({ operator: operator.value });
  });
  fit();
  const button = form.readonly()
    ? null
    : h("button", { class: "icon-button", type: "button", "aria-label": `Remove condition ${n + 1}`, title: "Remove condition", onclick: remove }, icon("x"));
  return h("div", { class: "comparison" }, left.dom, h("div", { class: "comparison-line" }, operator, right.dom, button));
}
