/**
 * Typing in the inspector that was not saved: kept in this browser while it is unsaved, back in the form after a reload or a crash.
 * Fields that others changed since follow the draft; what was typed stays typed.
 */

/** @import {Context, Form, FlowNode, State, Store} from "../types.js" */
/** @import {Kept} from "./storage.js" */

import { nodeOf } from "../model/document.js";
import { editForm } from "../model/state.js";
import { said } from "../model/words-sync.js";

const PAUSE = 250;
/** @typedef {{user: string, flow: string, client: string, node: string, form: Pick<Form, "label"|"key"|"config"|"settings">, base: FlowNode, at: number}} Typed */

/**
 * @param {Store} store @param {Context} context @param {Kept} storage
 * @param {{user: string, flow: string, client: string, leases: {whenDead: (client: string, work: () => Promise<void>) => Promise<boolean>}, failed: (error: any) => void}} owner
 */
export function createTyping(store, context, storage, { user, flow, client, leases, failed }) {
  /** What others left, by the step it is about. @type {Map<string, Typed>} */
  const found = new Map();
  /** Nodes this tab has a row for. @type {Set<string>} */
  const written = new Set();
  let timer = 0;

  store.subscribe((state, before) => {
    if (state.form === before.form) return;
    clearTimeout(timer);
    if (!state.form?.dirty) write();
    else timer = setTimeout(write, PAUSE);
    if (state.form && state.form.node !== before.form?.node) offer(state.form);
  });
  addEventListener("pagehide", write);
  document.addEventListener("visibilitychange", write);

  function write() {
    clearTimeout(timer);
    const { form, document } = store.state;
    const base = form && nodeOf(document, form.node);
    const dirty = form?.dirty && base;
    // Typing whose step somebody deleted stays: the form was not given up.
    const gone = [...written].filter((node) => !(dirty && form.node === node) && !found.has(node) && nodeOf(document, node));
    if (!dirty && !gone.length) return;
    const put = dirty ? [{ user, flow, client, node: form.node, form: buffer(form), base, at: Date.now() }] : [];
    if (dirty) written.add(form.node);
    for (const node of gone) written.delete(node);
    storage.write({ put: { forms: put }, remove: { forms: gone.map((node) => [user, flow, client, node]) } }).catch(failed);
  }

  /** Takes up what dead tabs left, but for the step that is being typed in: this tab's own row has its place. @returns {Promise<Typed|undefined>} the newest */
  async function takeUp() {
    const form = store.state.form;
    const rows = (await storage.all("forms").catch(() => [])).filter((row) => isTyped(row) && row.user === user && row.flow === flow && row.client !== client);
    const wanted = form?.dirty ? rows.filter((row) => row.node !== form.node) : rows;
    for (const other of new Set(wanted.map((row) => row.client)))
      await leases.whenDead(other, () => own(wanted.filter((row) => row.client === other))).catch(() => {});
    return [...found.values()].filter((row) => nodeOf(store.state.document, row.node)).sort((a, b) => b.at - a.at)[0];
  }

  /** The newest is put back, the rest when its step is opened. */
  async function begin() {
    const newest = await takeUp();
    if (newest && !store.state.form?.dirty) restore(newest);
  }

  /** Of a tab that crashed where there are no Web Locks one hears late; somebody is at something else by then, and is asked. */
  async function lookAgain() {
    const known = new Set(found.values());
    const newest = await takeUp();
    if (!newest || known.has(newest)) return;
    const bring = async () => (await context.leaveForm()) && restore(newest);
    context.toast(said.typing.offer(newest.form.label), { kind: "info", action: { label: said.typing.bring, run: bring } });
  }

  /** @param {Typed[]} rows */
  async function own(rows) {
    for (const row of rows) if ((found.get(row.node)?.at ?? 0) < row.at) found.set(row.node, row);
    await storage.write({
      put: { forms: rows.map((row) => ({ ...row, client })) },
      remove: { forms: rows.map((row) => [user, flow, row.client, row.node]) },
    });
    for (const row of rows) written.add(row.node);
  }

  /** @param {Typed} row */
  async function restore(row) {
    found.delete(row.node);
    context.commands.run("select", { node: row.node });
    await bringBack(row);
    const form = store.state.form;
    if (!form?.dirty) return;
    const discard = () => void context.commands.run("discard-form");
    context.toast(said.typing.back(form.label), { kind: "info", action: { label: said.typing.discard, run: discard } });
  }

  /** The form with what was typed, on the step as it is now. @param {Typed} row */
  async function bringBack(row) {
    const { mergedForm } = await import("./news.js");
    store.dispatch((state) => {
      const now = nodeOf(state.document, row.node);
      if (!now || state.form?.node !== row.node || state.form.dirty) return state;
      const typed = /** @type {Form} */ ({ ...row.form, node: row.node, dirty: true, focus: null });
      return editForm(state, mergedForm(typed, row.base, now).form);
    });
  }

  /** @param {Form} form */
  function offer(form) {
    const row = found.get(form.node);
    if (!row || form.dirty) return;
    const bring = () => {
      found.delete(row.node);
      bringBack(row);
    };
    queueMicrotask(() => context.toast(said.typing.offer(form.label), { kind: "info", action: { label: said.typing.bring, run: bring } }));
  }

  return { begin, lookAgain };
}

/** @param {Form} form */
const buffer = ({ label, key, config, settings }) => ({ label, key, config, settings });

/** @param {any} row @returns {row is Typed} */
const isTyped = (row) =>
  typeof row?.node === "string" && typeof row.form?.label === "string" && typeof row.form.config === "object" && row.base?.id === row.node;
