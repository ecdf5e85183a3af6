/** What was pasted and is not copied steps: a cURL command, a phone number, a flow, JSON, a file that carries one. Each becomes what it means here. */
/** @import {Context, Point, Store} from "../types.js" */

import { readClip } from "../model/clipboard.js";
import { currentNode } from "../model/commands/create.js";
import { openPort } from "../model/connecting.js";
import { readCurl } from "../model/curl.js";
import { readFlows } from "../model/flow-file.js";
import { assignmentsOf, eventOf, isEvent } from "../model/json-paste.js";
import { sampleEvent } from "../model/sample-event.js";
import { readonlyReason } from "../model/state.js";
import { say } from "../model/words-panels.js";
import { transfer } from "../model/words-transfer.js";
import { h } from "./dom.js";
import { bringIn, openFile } from "./importing.js";

/** @typedef {{text: string, files: File[], at: Point}} Pasted  at: canvas pixels */

/** @param {Store} store @param {Context} context @param {Pasted} pasted */
export async function pasteForeign(store, context, { text, files, at }) {
  if (readonlyReason(store.state)) return context.toast(transfer.readonly, { kind: "warn" });
  const [file] = files;
  if (file) return openFile(store, context, file, at);
  if (readClip(text)) return void context.commands.run("paste", { text, at });
  const request = readCurl(text);
  if (request) return (await import("./pasting-requests.js")).pasteRequest(store, context, request, whereTo(store, at));
  const number = phoneIn(text);
  if (number) return findCalls(store, number);
  const value = parsed(text);
  if (value === undefined) return context.toast(transfer.notUnderstood, { kind: "warn" });
  const flows = readFlows(value);
  return flows ? bringIn(store, context, flows, at) : askWhatFor(store, context, value, at);
}

/** A phone number with its country code, as people write one. @param {string} text @returns {string|null} as E.164 */
function phoneIn(text) {
  if (!/^\s*\+[\d\s()./-]{7,30}\s*$/.test(text)) return null;
  const digits = text.replace(/\D/g, "");
  return digits.length >= 7 && digits.length <= 15 ? `+${digits}` : null;
}

/** The calls of a number, to try the flow with. @param {Store} store @param {string} number */
function findCalls(store, number) {
  store.dispatch((state) => ({ ...state, right: "test", modal: { find: number } }));
}

/** After the step that is chosen, if a way out of it is free; else where the pointer is. @param {Store} store @param {Point} at */
function whereTo({ state }, at) {
  const node = currentNode(state);
  const port = node ? openPort(state.document, state.catalogue, node.id) : null;
  return node && port ? { after: { node: node.id, port } } : { at };
}

/** @param {string} text @returns {any} undefined: no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {Store} store @param {Context} context @param {any} value @param {Point} at */
async function askWhatFor(store, context, value, at) {
  const names = value !== null && typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : [];
  const likely = isEvent(value);
  const buttons = [
    { id: "variables", label: transfer.setVariables, kind: likely ? undefined : /** @type {const} */ ("primary") },
    { id: "sample", label: transfer.useAsSample, kind: likely ? /** @type {const} */ ("primary") : undefined },
  ];
  const answer = await context.dialog({
    title: transfer.jsonTitle,
    text: h("p", {}, transfer.jsonText(names)),
    buttons: [{ id: "no", label: say.cancel }, ...(likely ? buttons : buttons.reverse())],
  });
  if (answer === "variables") {
    const node = { config: { assignments: assignmentsOf(value) } };
    context.commands.run("insert", { type: "set_variable", node, ...whereTo(store, at) });
    context.canvas.focus();
  }
  if (answer === "sample") {
    const { flow, document, catalogue } = store.state;
    const event = eventOf(value, flow.kind, sampleEvent(flow.kind, document, catalogue));
    store.dispatch((state) => ({ ...state, sample: { event, source: transfer.sampleSource } }));
    context.toast(transfer.sampleUsed, { kind: "ok" });
  }
}
