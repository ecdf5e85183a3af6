/** One renderer for each kind of field of the catalogue, and the row around it: label, help, what is wrong with it. */
/** @import {Context, Field, Problem, Store, Variable} from "../../types.js" */
/** @import {Scope} from "../../model/preview.js" */

import { h, icon } from "../dom.js";
import { choice } from "./choice.js";
import { code } from "./code.js";
import { conditions } from "./conditions.js";
import { cron } from "./cron.js";
import { dateTime, timeOfDay } from "./date-time.js";
import { duration } from "./duration.js";
import { jsonBody } from "./json-body.js";
import { jsonValue, schema } from "./json-value.js";
import { keyValues } from "./key-values.js";
import { list } from "./list.js";
import { mapping } from "./mapping.js";
import { multiChoice } from "./multi-choice.js";
import { number } from "./number.js";
import { object } from "./object.js";
import { agentRefs, connectionRef, flowRef, tableRef } from "./refs.js";
import { longText, text } from "./text.js";
import { timeZone } from "./time-zone.js";
import { toggle } from "./toggle.js";
import { variableName } from "./variable-name.js";

/**
 * What all fields of one form share.
 * @typedef {object} FormEnv
 * @property {Store} store
 * @property {Context} context
 * @property {HTMLElement} layer                                  where popovers go
 * @property {() => boolean} readonly
 * @property {(secure?: boolean) => Variable[]} variables         in scope; `secure` offers secrets too
 * @property {(text: string) => import("../../model/advice.js").Advice[]} advice  what is doubtful about its variables
 * @property {() => Scope} scope                                  values for previews
 * @property {() => Scope} real                                   the same without the samples of the catalogue
 * @property {() => string} source                                where the values come from, in words
 * @property {(path: string|null) => void} hover                  lights up the origin of a variable
 * @property {(run: () => void, dom: HTMLElement) => void} watch  called when values or variables changed, while `dom` is there
 * @property {(options: FieldOptions) => Rendered} field          a row for a field inside another field
 * @property {(pointer: string, row: {dom: HTMLElement, show: (problems: readonly Problem[]) => void, focus: () => void}) => void} register
 * @property {Map<string, any>} results                           what Send gave, by node id
 * @property {string} node
 */

/**
 * @typedef {object} FieldOptions
 * @property {Field} field
 * @property {string} id         of the control, for its label
 * @property {string} pointer    JSON Pointer from the node, e.g. "/config/url"
 * @property {any} value         the stored value, or the default
 * @property {(value: any) => void} change
 * @property {FormEnv} form
 * @property {string} [describedby]
 * @property {boolean} [compact]  inside a list: the label is only heard
 * @property {() => any} [siblings]  the values beside it, inside an object
 */

/**
 * @typedef {object} Rendered
 * @property {HTMLElement} dom
 * @property {(value: any) => void} set   a value from outside: undo, another tab
 * @property {() => void} focus
 * @property {boolean} [labelled]         brings its own visible label
 * @property {boolean} [group]            has several controls, so its label is a heading
 */

/** @type {Record<string, (options: FieldOptions) => Rendered>} */
export const RENDERERS = {
  text,
  long_text: longText,
  number,
  toggle,
  choice,
  multi_choice: multiChoice,
  duration,
  date_time: dateTime,
  time: timeOfDay,
  time_zone: timeZone,
  cron,
  key_values: keyValues,
  conditions,
  mapping,
  variable_name: variableName,
  json_body: jsonBody,
  json_value: jsonValue,
  schema,
  code,
  list,
  object,
  connection_ref: connectionRef,
  flow_ref: flowRef,
  agent_refs: agentRefs,
  table_ref: tableRef,
};

const SHORT_HELP = 56;

/** Kinds that want the whole width of the form. */
export const WIDE = new Set([
  "long_text",
  "key_values",
  "conditions",
  "mapping",
  "json_body",
  "json_value",
  "schema",
  "code",
  "list",
  "object",
  "connection_ref",
  "flow_ref",
  "table_ref",
  "agent_refs",
  "multi_choice",
  "cron",
  "date_time",
]);

/**
 * A field with its label, help and problems.
 * @param {FieldOptions} options
 * @returns {Rendered}
 */
export function fieldRow(options) {
  const { field, id, pointer, form, compact = false } = options;
  const helpId = `${id}-help`;
  const wrongId = `${id}-wrong`;
  const render = RENDERERS[field.kind] ?? unknown;
  const part = render({ ...options, describedby: `${field.help ? `${helpId} ` : ""}${wrongId}` });
  const wrong = h("div", { class: "field-problems", id: wrongId });
  const optional =
    !field.required || field.kind === "toggle"
      ? null
      : h("span", { class: "required", title: "Required" }, "*", h("span", { class: "visually-hidden" }, " required"));
  const help = field.help && !compact ? h("p", { class: "hint", id: helpId, hidden: field.help.length > SHORT_HELP }, field.help) : null;
  const more = help?.hidden ? helpButton(field.label, help) : null;
  const label =
    part.labelled || compact
      ? null
      : h(
          "div",
          { class: "label-line" },
          part.group ? h("div", { class: "label", id: `${id}-label` }, field.label, optional) : h("label", { class: "label", for: id }, field.label, optional),
          more,
        );
  const dom = h(
    "div",
    {
      class: `field field-${field.kind.replaceAll("_", "-")}`,
      "data-field": field.name,
      role: part.group ? "group" : null,
      "aria-labelledby": part.group && label ? `${id}-label` : null,
    },
    label,
    part.dom,
    help,
    wrong,
  );

  form.register(pointer, {
    dom,
    focus: part.focus,
    show(problems) {
      dom.classList.toggle(
        "is-wrong",
        problems.some((each) => each.severity === "error"),
      );
      dom.classList.toggle("is-doubtful", problems.length > 0);
      wrong.replaceChildren(
        ...problems.map((each) => h("p", { class: each.severity === "error" ? "error-text" : "warning-text" }, icon("alert"), each.message)),
      );
      const control = document.getElementById(id);
      // A field with variables says by itself what is wrong with them.
      if (control && dom.contains(control))
        control.setAttribute("aria-invalid", String("doubtful" in control.dataset || problems.some((each) => each.severity === "error")));
    },
  });
  return { dom, set: part.set, focus: part.focus };
}

/** Help of more than a line is folded away; screen readers hear it with the field either way. @param {string} label @param {HTMLElement} help */
function helpButton(label, help) {
  const button = h("button", { class: "help-button", type: "button", "aria-label": `Help on ${label}`, "aria-expanded": "false" }, icon("info"));
  button.addEventListener("click", () => {
    help.hidden = !help.hidden;
    button.setAttribute("aria-expanded", String(!help.hidden));
  });
  return button;
}

/** A kind this editor does not know (a newer server): shown as JSON, kept as it is. @param {FieldOptions} options @returns {Rendered} */
function unknown({ value }) {
  const dom = h("pre", { class: "code" }, "");
  const set = (/** @type {any} */ next) => {
    dom.textContent = JSON.stringify(next, null, 2) ?? "";
  };
  set(value);
  return { dom, set, focus: () => {} };
}
