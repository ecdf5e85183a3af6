/** The settings every step has: tries, time limit, and what happens when it fails. Absent means the default. */
/** @import {NodeType, Settings} from "../../types.js" */
/** @import {FormEnv} from "./index.js" */

import { h, icon } from "../dom.js";
import { fieldRow } from "./index.js";

/** @type {{value: string, label: string}[]} */
const ON_ERROR = [
  { value: "stop", label: "stop the run" },
  { value: "continue", label: "go on as if it had worked" },
  { value: "branch", label: "take the error path" },
];

/**
 * @param {NodeType} type @param {FormEnv} form @param {() => Settings} current @param {(settings: Settings) => void} change
 * @returns {{dom: HTMLElement, update: () => void}}
 */
export function settingsForm(type, form, current, change) {
  const reaches = type.effect !== "none";
  const choices = ON_ERROR.filter(({ value }) => value !== "branch" || type.ports.some((port) => port.when?.setting === "on_error"));
  const retry = () => current().retry ?? {};
  const number = (
    /** @type {string} */ name,
    /** @type {string} */ label,
    /** @type {any} */ limits,
    /** @type {() => any} */ read,
    /** @type {(value: any) => void} */ write,
  ) => ({
    part: fieldRow({
      field: { name, kind: "number", label, template: false, limits },
      id: `setting-${name}`,
      pointer: name === "timeout_seconds" ? "/settings/timeout_seconds" : `/settings/retry/${name}`,
      value: read(),
      change: write,
      form,
    }),
    read,
  });
  const setRetry = (/** @type {any} */ patch) => {
    const next = Object.fromEntries(Object.entries({ ...retry(), ...patch }).filter(([, value]) => value !== null));
    change(put(current(), "retry", Object.keys(next).length && (next.max_attempts ?? 1) > 1 ? next : null));
  };
  const rows = [
    number(
      "max_attempts",
      "Tries",
      { min: 1, max: 10 },
      () => retry().max_attempts ?? 1,
      (value) => setRetry({ max_attempts: value }),
    ),
    number(
      "backoff_seconds",
      "First pause, seconds",
      { min: 0, max: 3600 },
      () => retry().backoff_seconds ?? null,
      (value) => setRetry({ backoff_seconds: value }),
    ),
    number(
      "factor",
      "Each pause longer by",
      { min: 1, max: 10 },
      () => retry().factor ?? null,
      (value) => setRetry({ factor: value }),
    ),
    number(
      "timeout_seconds",
      "Time limit, seconds",
      { min: 1, max: 60 },
      () => current().timeout_seconds ?? null,
      (value) => change(put(current(), "timeout_seconds", value)),
    ),
  ];
  const onError = fieldRow({
    field: { name: "on_error", kind: "choice", label: "If it fails, then", default: "stop", options: choices },
    id: "setting-on_error",
    pointer: "/settings/on_error",
    value: current().on_error ?? "stop",
    change: (value) => change(put(current(), "on_error", value === "stop" ? null : value)),
    form,
  });
  const pauses = [rows[1].part.dom, rows[2].part.dom];
  const body = reaches ? [rows[0].part.dom, rows[3].part.dom, ...pauses, onError.dom] : [onError.dom];
  const summary = h("span", { class: "settings-summary" });
  const dom = h(
    "details",
    { class: "form-section is-advanced settings" },
    h("summary", {}, icon("chevron-right", "icon icon-small"), "If it fails", summary),
    h("div", { class: "form-grid" }, ...body),
  );

  function update() {
    const tries = retry().max_attempts ?? 1;
    for (const { part, read } of rows) part.set(read());
    onError.set(current().on_error ?? "stop");
    for (const each of pauses) each.hidden = tries <= 1;
    onError.dom.classList.add("is-wide");
    const then = ON_ERROR.find((each) => each.value === (current().on_error ?? "stop"))?.label ?? "";
    summary.textContent = `${tries > 1 ? `try ${tries} times, then ` : ""}${then}`;
  }

  update();
  return { dom, update };
}

/** @param {Settings} settings @param {string} name @param {any} value null: absent @returns {Settings} */
function put(settings, name, value) {
  const { [name]: _gone, ...rest } = /** @type {any} */ (settings);
  return value === null || value === undefined ? rest : { ...rest, [name]: value };
}
