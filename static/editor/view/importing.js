/** A flow from outside onto the canvas: its steps beside what is there, or the whole of it in place of the draft. One entry of the history. */
/** @import {Command, Context, FlowDocument, Point, State, Store} from "../types.js" */
/** @import {FlowFile} from "../model/flow-file.js" */

import { isTrigger } from "../model/catalogue.js";
import { clipOfDocument, readFlowFile, withConnections } from "../model/flow-file.js";
import { commit } from "../model/history.js";
import { fit } from "../model/spatial.js";
import { NOTHING, readonlyReason } from "../model/state.js";
import { say } from "../model/words-panels.js";
import { transfer } from "../model/words-transfer.js";
import { h } from "./dom.js";

/** @param {Store} store @param {Context} context @param {File} file @param {Point} [at] canvas pixels */
export async function openFile(store, context, file, at) {
  const found = await readFlowFile(new Uint8Array(await file.arrayBuffer()));
  if (found) await bringIn(store, context, found, at);
  else context.toast(transfer.noFlow(file.name || "This picture"), { kind: "warn" });
}

/** The browser's own choice of a file. @param {Store} store @param {Context} context */
export function chooseFile(store, context) {
  const input = h("input", { type: "file", accept: ".json,.png,.svg,application/json,image/png,image/svg+xml", "aria-label": transfer.open });
  input.addEventListener("change", () => input.files?.[0] && openFile(store, context, input.files[0]));
  input.click();
}

/** @param {Store} store @param {Context} context @param {FlowFile} file @param {Point} [at] */
export async function bringIn(store, context, { flows, connections }, at = context.canvas.center()) {
  // A connection is found by its name, so the names have to be here.
  await context.forForms().catch(() => {}); // without a server with what is here
  const { state } = store;
  const [flow] = flows;
  if (!flow) return undefined;
  if (readonlyReason(state)) return context.toast(transfer.readonly, { kind: "warn" });
  const { document, missing } = withConnections(flow.document, connections, state.connections, state.catalogue);
  const sameKind = !flow.kind || flow.kind === state.flow.kind;
  const steps = document.nodes.filter((node) => !isTrigger(node, state.catalogue));
  const lines = [
    transfer.bringText(document.nodes.length, document.notes.length),
    sameKind ? "" : transfer.otherKind(say.kinds[flow.kind] ?? flow.kind),
    flows.length > 1 ? transfer.onlyFirst(flows.length) : "",
    missing.length ? transfer.missing(missing) : "",
  ];
  const answer = await context.dialog({
    title: transfer.bringTitle(flow.name),
    text: h("div", { class: "dialog-lines" }, ...lines.filter(Boolean).map((line) => h("p", {}, line))),
    buttons: [
      { id: "no", label: say.cancel },
      ...(sameKind ? [{ id: "replace", label: transfer.replace }] : []),
      ...(steps.length || document.notes.length ? [{ id: "add", label: transfer.addSteps, kind: /** @type {const} */ ("primary") }] : []),
    ],
  });
  if (answer === "add") context.commands.run("paste", { text: JSON.stringify(clipOfDocument(document, state.workspace)), at });
  if (answer === "replace" && replaceDraft(context, document, transfer.replaced(flow.name))) context.toast(transfer.imported(flow.name), { kind: "ok" });
  if (answer === "add" || answer === "replace") context.canvas.focus();
  return undefined;
}

/** A document in place of the draft, as one entry of the history. @param {Context} context @param {FlowDocument} document @param {string} label */
export function replaceDraft(context, document, label) {
  context.commands.register(REPLACE);
  return context.commands.run("replace-flow", { document, label });
}

/** @type {Command} */
const REPLACE = {
  id: "replace-flow",
  label: transfer.replace,
  keys: [],
  group: transfer.group,
  hidden: true,
  leaves: true,
  run(state, args) {
    const next = readonlyReason(state) || !args ? null : commit(state, args.label, args.document, { selection: NOTHING, focused: null });
    return next && (fit(next) ?? next);
  },
};
