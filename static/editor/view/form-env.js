/** What the fields of one node's form share: variables in scope, values for previews, problems by pointer, who listens. */
/** @import {Context, FlowDocument, Problem, State, Store, Variable} from "../types.js" */
/** @import {FieldOptions, FormEnv} from "./fields/index.js" */
/** @import {Scope} from "../model/preview.js" */

import { adviceOn, variableOf } from "../model/advice.js";
import { nodeOf } from "../model/document.js";
import { triggerOf } from "../model/graph.js";
import { previewScope } from "../model/preview.js";
import { variablesInScope } from "../model/scope.js";
import { readonlyReason, shownDocument } from "../model/state.js";
import { moment } from "../model/words-panels.js";
import { fieldRow } from "./fields/index.js";
import { lastRun } from "./last-run.js";

/** Roots of which nobody knows all members here, so none of them can be called unknown. */
const OPEN_ROOTS = ["contact", "analysis", "response"];
/** Problems that the field itself says while one types, with what mends them. */
const SAID_BY_FIELD = ["F007", "W109"];
const WRONG_VALUE = "F006";

/** @typedef {FormEnv & {refresh: (before: State|null, force?: boolean) => void, showProblems: () => void, focus: (pointer: string) => boolean}} LiveEnv */

/**
 * @param {Store} store @param {Context} context @param {HTMLElement} layer @param {string} node @param {Map<string, any>} results
 * @param {() => Record<string, any>} constants  of the workspace, as far as they are known by now
 * @returns {LiveEnv}
 */
export function createFormEnv(store, context, layer, node, results, constants) {
  /** @type {{run: () => void, dom: HTMLElement}[]} */
  let watching = [];
  /** @type {Map<string, {dom: HTMLElement, show: (problems: readonly Problem[]) => void, focus: () => void}>} */
  const rows = new Map();
  const inScope = remembered((/** @type {Record<string, any>} */ known) =>
    remembered((/** @type {FlowDocument} */ document) =>
      variablesInScope(document, store.state.catalogue, node, { kind: store.state.flow.kind, constants: known }),
    ),
  );

  const variables = () => inScope(constants())(shownDocument(store.state));
  const later = () => env.refresh(null, true);

  /** What was chosen, else the last live run; without one only the samples of the catalogue. */
  function source() {
    const { sample, overlay } = store.state;
    if (overlay || sample.event) return { overlay, sample };
    const last = lastRun(store, context, later)?.run;
    return { overlay, sample: last ? { event: last.event, run: last, source: "" } : sample };
  }

  /** @type {{key: any[], value: Scope, real: Scope}|null} */
  let kept = null;
  function values() {
    const { overlay, sample } = source();
    const document = shownDocument(store.state);
    const key = [sample.event, overlay?.run, document, results.size, constants()];
    if (!kept || kept.key.some((each, n) => each !== key[n])) {
      const from = { sample, overlay, document, results };
      const bare = variables().map((each) => ({ ...each, sample: each.path.startsWith("workspace.") ? each.sample : null }));
      kept = { key, value: previewScope({ ...from, variables: variables() }), real: previewScope({ ...from, variables: bare }) };
    }
    return kept;
  }

  /** @param {string} text */
  const advice = (text) => adviceOn(text, variables(), { open: OPEN_ROOTS });

  /** Is the problem one that a field of this form says by itself? @param {Problem} problem */
  function isSaid(problem) {
    const [, table = "", name = ""] = (problem.field ?? "").split("/");
    const config = store.state.form?.node === node ? store.state.form.config : nodeOf(store.state.document, node)?.config;
    if (!SAID_BY_FIELD.includes(problem.code) || table !== "config" || !config) return false;
    return textsIn(config[name]).some((text) => advice(text).some((each) => problem.message.includes(each.path)));
  }

  /** What was missing is written by now, though not saved yet: nobody is told any more that it is. @param {Problem} problem */
  function isFilled(problem) {
    const form = store.state.form?.node === node ? store.state.form : null;
    if (problem.code !== WRONG_VALUE || !form?.dirty) return false;
    const [, ...steps] = (problem.field ?? "").split("/");
    const valueIn = (/** @type {any} */ whole) => steps.reduce((within, step) => within?.[step], whole) ?? "";
    return valueIn(nodeOf(store.state.document, node)).length === 0 && valueIn(form).length !== 0;
  }

  /** Rows that were moved or removed since the last save are no longer where a pointer says; then the whole field is meant. @param {Problem} problem */
  function placeOf(problem) {
    const place = problem.field ?? "";
    const [, table, field] = place.split("/");
    const form = store.state.form?.node === node ? store.state.form : null;
    const saved = nodeOf(store.state.document, node);
    const edited = form?.dirty && table === "config" && field !== undefined && form.config[field] !== saved?.config[field];
    return edited ? `/config/${field}` : place;
  }

  /** Each problem goes to the innermost field its pointer names. */
  function showProblems() {
    const own = store.state.problems.filter((each) => each.node === node && each.field && !isSaid(each) && !isFilled(each));
    /** @type {Map<string, Problem[]>} */
    const found = new Map();
    for (const problem of own) {
      const place = placeOf(problem);
      const pointer = [...rows.keys()].filter((each) => place === each || place.startsWith(`${each}/`)).sort((a, b) => b.length - a.length)[0];
      if (pointer) found.set(pointer, [...(found.get(pointer) ?? []), problem]);
    }
    for (const [pointer, row] of rows) row.show(found.get(pointer) ?? []);
  }

  /** @type {LiveEnv} */
  const env = {
    store,
    context,
    layer,
    node,
    results,
    readonly: () => readonlyReason(store.state) !== null,
    variables: (secure = false) => (secure ? variables() : variables().filter((each) => !each.path.startsWith("secure."))),
    advice,
    scope: () => values().value,
    real: () => values().real,
    source: () => sourceText(store.state.overlay?.run ?? null, store.state.sample, lastRun(store, context, later)?.run ?? null),
    hover: (path) => {
      if ((store.state.hover?.path ?? null) === path) return;
      const origin = path === null ? null : (variableOf(path, variables())?.node ?? triggerOf(shownDocument(store.state), store.state.catalogue)?.id);
      store.dispatch((state) => ({ ...state, hover: path ? { path, ...(origin ? { node: origin } : {}) } : null }));
    },
    watch: (run, dom) => void watching.push({ run, dom }),
    field: (options) => fieldRow(options),
    register(pointer, row) {
      rows.set(pointer, row);
    },
    refresh(before, force = false) {
      const { state } = store;
      if (!force && before && state.sample === before.sample && state.overlay === before.overlay && state.document === before.document) return;
      watching = watching.filter(({ dom }) => dom.isConnected);
      for (const { run } of watching) run();
    },
    showProblems,
    focus(pointer) {
      const at = [...rows.keys()]
        .filter((each) => rows.get(each)?.dom.isConnected && (pointer === each || pointer.startsWith(`${each}/`)))
        .sort((a, b) => b.length - a.length)[0];
      if (at === undefined) return false;
      const row = /** @type {{dom: HTMLElement, focus: () => void}} */ (rows.get(at));
      row.dom.closest("details")?.setAttribute("open", "");
      row.focus();
      row.dom.scrollIntoView({ block: "nearest" });
      return true;
    },
  };
  return env;
}

/** @param {any} value @returns {string[]} */
function textsIn(value) {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(textsIn) : [];
}

/** Where the values come from, in words. @param {any} chosen @param {State["sample"]} sample @param {any} last */
function sourceText(chosen, sample, last) {
  if (chosen) return `Values of the run you look at, ${moment(chosen.started_at)}`;
  if (sample.event) return `Values of ${sample.source || "the sample"}`;
  return last ? `Values of the last live run, ${moment(last.started_at)}` : "Sample values: no run yet";
}

/** The last answer is kept while the question is the same. @template A, B @param {(a: A) => B} ask @returns {(a: A) => B} */
function remembered(ask) {
  /** @type {{a: A, b: B}|null} */
  let last = null;
  return (a) => {
    if (!last || last.a !== a) last = { a, b: ask(a) };
    return last.b;
  };
}
