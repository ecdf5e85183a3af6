/** What the fields of one node's form share: variables in scope, values for previews, problems by pointer, who listens. */
/** @import {Context, FlowDocument, Problem, State, Store, Variable} from "../types.js" */
/** @import {FieldOptions, FormEnv} from "./fields/index.js" */
/** @import {Scope} from "../model/preview.js" */

import { nodeOf } from "../model/document.js";
import { previewScope } from "../model/preview.js";
import { variablesInScope } from "../model/scope.js";
import { readonlyReason, shownDocument } from "../model/state.js";
import { fieldRow } from "./fields/index.js";

/** Roots whose members only a call brings, so none of them can be called unknown. */
const OPEN_ROOTS = ["vars.*", "trigger.*", "secure.*", "workspace.*", "contact", "analysis", "response"];

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
  const paths = remembered((/** @type {Variable[]} */ list) => new Set([...list.map((each) => each.path), ...OPEN_ROOTS]));

  /** @type {{key: any[], value: Scope}|null} */
  let kept = null;
  function scope() {
    const { sample, overlay } = store.state;
    const document = shownDocument(store.state);
    const key = [sample, overlay?.run, document, results.size, constants()];
    if (!kept || kept.key.some((each, n) => each !== key[n]))
      kept = { key, value: previewScope({ sample, overlay, document, variables: variables(), results }) };
    return kept.value;
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
    const own = store.state.problems.filter((each) => each.node === node && each.field);
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
    paths: () => paths(variables()),
    scope,
    hover: (path) => {
      if ((store.state.hover?.path ?? null) !== path) store.dispatch((state) => ({ ...state, hover: path ? { path } : null }));
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

/** The last answer is kept while the question is the same. @template A, B @param {(a: A) => B} ask @returns {(a: A) => B} */
function remembered(ask) {
  /** @type {{a: A, b: B}|null} */
  let last = null;
  return (a) => {
    if (!last || last.a !== a) last = { a, b: ask(a) };
    return last.b;
  };
}
