/**
 * What others did, told to the person: said aloud, shown in their colour on the cards for a moment, and asked about where it clashes
 * with what was done here. What is being typed is brought together field by field and never taken away.
 */

/** @import {Clash, Context, FlowDocument, FlowNode, Form, Rebased, State, Store} from "../types.js" */

import { diff, split } from "../model/diff.js";
import { addNode, nodeOf, same } from "../model/document.js";
import { commit } from "../model/history.js";
import { rebase } from "../model/rebase.js";
import { editForm } from "../model/state.js";
import { said } from "../model/words-sync.js";
import { colorOf } from "./presence.js";
import { fieldName } from "./questions.js";

const SHOWN_FOR = 3000;
/** @typedef {{revision: number, kind: string, count: number, by: {id: string, name: string}|null}} Write */

/** @param {Store} store @param {Context} context */
export function createNews(store, context) {
  let timer = 0;

  /** @param {readonly Write[]} writes */
  function whoOf(writes) {
    const names = writes.map((write) => (write.by ? (write.by.id === String(store.state.me.id) ? said.otherTab : write.by.name) : said.someone));
    return [...new Set(names)].join(", ") || said.someone;
  }

  /** Which of both goes on, clash by clash; null: later. @param {readonly Clash[]} clashes @param {readonly Write[]} writes @param {boolean} [before] mine were kept from an earlier visit */
  async function ask(clashes, writes, before = false) {
    const [{ questions }, { askWhich }] = await Promise.all([import("./questions.js"), import("../view/conflict.js")]);
    const who = whoOf(writes);
    const { conflict } = said;
    return askWhich({
      title: conflict.title(who, clashes.length),
      text: before ? `${conflict.before} ${conflict.text}` : conflict.text,
      who,
      questions: questions(clashes, store.state),
    });
  }

  /** @param {State} before the page as it was @param {Rebased} merge what came @param {readonly Write[]} writes whose it is */
  function tell(before, merge, writes) {
    if (merge.dropped.length) context.toast(said.leftOut(merge.dropped.map((edge) => labelOf(before.document, edge.target))), { kind: "warn" });
    for (const { node, to } of merge.renamed) context.toast(said.renamed(labelOf(merge.document, node), to), { kind: "info" });
    const ops = diff(before.document, merge.document);
    if (!ops.length || !writes.length) return;
    const who = whoOf(writes);
    if (writes.some((write) => write.kind !== "ops" && write.kind !== "put")) context.toast(said.wentBack(who), { kind: "info" });
    const logic = ops.filter((op) => !op.path.startsWith("/layout/"));
    const names = logic.map((op) => nameOf(op.path, before.document, merge.document)).filter(Boolean);
    context.announce(said.merged(who, names));
    show(ops.map((op) => nodeIdOf(op.path, merge.document)).filter(Boolean), writes);
  }

  /** The cards somebody changed carry the colour of that person for a moment. @param {string[]} nodes @param {readonly Write[]} writes */
  function show(nodes, writes) {
    const by = writes.at(-1)?.by;
    const touched = { nodes: new Set(nodes), name: whoOf(writes), color: colorOf(by?.id ?? "") };
    store.dispatch((state) => ({ ...state, touched }));
    import("../view/people.js").then(({ showPeople }) => showPeople(store, context));
    clearTimeout(timer);
    timer = setTimeout(() => store.dispatch((state) => ({ ...state, touched: null })), SHOWN_FOR);
  }

  /** What is being typed, on the step as it has become. @param {State} state @param {FlowDocument} document @param {readonly Write[]} writes @returns {Form|null} */
  function form(state, document, writes) {
    const typed = state.form;
    const old = typed && nodeOf(state.document, typed.node);
    if (!typed?.dirty || !old) return typed;
    const now = nodeOf(document, typed.node);
    if (!now) {
      queueMicrotask(() => offerStep(typed, old, whoOf(writes)));
      return null;
    }
    if (now === old) return typed;
    const { form: merged, torn } = mergedForm(typed, old, now);
    if (torn.length) queueMicrotask(() => offerTheirs(now, torn, whoOf(writes)));
    return editForm({ ...state, document, form: typed }, merged).form;
  }

  /** @param {FlowNode} now @param {string[]} torn names of fields @param {string} who */
  function offerTheirs(now, torn, who) {
    const { typing } = said;
    const take = () =>
      store.dispatch((state) => {
        if (state.form?.node !== now.id) return state;
        const patch = { label: state.form.label, key: state.form.key, config: { ...state.form.config }, settings: { ...state.form.settings } };
        for (const name of torn) put(patch, name, read(now, name));
        return editForm(state, patch);
      });
    const fields = torn.map((name) => fieldName(store.state, now.type, name));
    context.toast(typing.both(who, fields, now.label), { kind: "warn", action: { label: typing.theirs, run: take } });
  }

  /** @param {Form} typed @param {FlowNode} old @param {string} who */
  function offerStep(typed, old, who) {
    const { typing } = said;
    const node = { ...old, label: typed.label, key: typed.key, config: typed.config };
    const bring = () =>
      store.dispatch((state) => {
        if (nodeOf(state.document, node.id)) return state;
        return commit(state, typing.restored(node.label), addNode(state.document, node)) ?? state;
      });
    context.toast(typing.gone(who, old.label), { kind: "warn", action: { label: typing.restore, run: bring } });
  }

  return { ask, tell, form, rebase };
}

/** @param {FlowDocument} document @param {string} id */
const labelOf = (document, id) => nodeOf(document, id)?.label || id;

/** @param {string} path @param {FlowDocument} document */
function nodeIdOf(path, document) {
  const [area, id = ""] = split(path);
  if (area === "edges") return document.edges.find((edge) => edge.id === id)?.source ?? "";
  return area === "notes" ? "" : id;
}

/** @param {string} path @param {FlowDocument} before @param {FlowDocument} after */
function nameOf(path, before, after) {
  const id = nodeIdOf(path, after) || nodeIdOf(path, before);
  return path.startsWith("/notes/") ? said.conflict.note : (nodeOf(after, id) ?? nodeOf(before, id))?.label || "";
}

/**
 * Three hands at one form: what was typed, what it began with, what the step is now. Untouched fields follow the step.
 * @param {Form} typed @param {FlowNode} old @param {FlowNode} now @returns {{form: Pick<Form, "label"|"key"|"config"|"settings">, torn: string[]}}
 */
export function mergedForm(typed, old, now) {
  const form = { label: typed.label, key: typed.key, config: { ...typed.config }, settings: { ...typed.settings } };
  /** @type {string[]} */
  const torn = [];
  const names = new Set(["label", "key"]);
  for (const table of /** @type {const} */ (["config", "settings"]))
    for (const side of [typed, old, now]) for (const name of Object.keys(side[table] ?? {})) names.add(`${table}/${name}`);
  for (const name of names) {
    const [mine, before, after] = [read(typed, name), read(old, name), read(now, name)];
    if (same(mine, before)) put(form, name, after);
    else if (!same(after, before) && !same(after, mine)) torn.push(name);
  }
  return { form, torn };
}

/** @param {any} from @param {string} name "label" or "config/url" @returns {any} */
const read = (from, name) => name.split("/").reduce((value, part) => value?.[part], from);

/** @param {any} into @param {string} name @param {any} value undefined takes it away */
function put(into, name, value) {
  const [table = "", field] = name.split("/");
  if (field === undefined) into[table] = value ?? "";
  else if (value === undefined) delete into[table][field];
  else into[table][field] = value;
}
