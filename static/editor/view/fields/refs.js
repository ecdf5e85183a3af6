/** connection_ref, flow_ref, table_ref, agent_refs: what is set up elsewhere, chosen by name. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { count } from "../../model/words-panels.js";
import { h, icon } from "../dom.js";
import { selectOf } from "./choice.js";
import { ticks } from "./multi-choice.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function connectionRef(options) {
  const { field, form, id, value, change, describedby } = options;
  const types = field.types?.length ? field.types : null;
  const fitting = form.store.state.connections.filter((each) => !types || types.includes(each.type));
  const note = h("p", { class: "hint ref-note" });
  const part = selectOf({
    id,
    label: field.label,
    describedby,
    disabled: form.readonly(),
    value,
    change: (next) => {
      change(next);
      show(next);
    },
    options: fitting.map((each) => ({
      value: each.id,
      label: types?.length === 1 ? each.name : `${each.name} (${String(each.type).replaceAll("_", " ")})`,
    })),
    blank: fitting.length ? "No connection" : "No connection yet",
  });

  /** @param {any} chosen */
  function show(chosen) {
    const one = form.store.state.connections.find((each) => each.id === chosen);
    const nodes = typeof one?.used_by === "number" ? one.used_by : one?.used_by?.length;
    const facts = [nodes ? `used by ${count(nodes, "node")}` : "", one?.allowed_hosts?.length ? `only for ${one.allowed_hosts.join(", ")}` : ""].filter(
      Boolean,
    );
    note.replaceChildren(
      ...(facts.length ? [h("span", {}, facts.join(" · "))] : []),
      h("a", { href: "/settings/connections/", target: "_blank", rel: "noopener" }, "Connections", icon("external")),
    );
  }

  show(value);
  const set = (/** @type {any} */ next) => {
    part.set(next);
    show(next);
  };
  return { dom: h("div", {}, part.dom, note), set, focus: part.focus };
}

/** @param {FieldOptions} options @returns {Rendered} */
export function flowRef({ field, form, id, value, change, describedby }) {
  const own = form.store.state.flow.id;
  const flows = form.store.state.flows.filter((each) => each.id !== own);
  return selectOf({
    id,
    label: field.label,
    describedby,
    disabled: form.readonly(),
    value,
    change,
    options: flows.map((each) => ({ value: each.id, label: each.name })),
    blank: flows.length ? "Choose a flow…" : "There is no other flow yet",
  });
}

/** Tables are asked for when the field is shown: few flows have one. @param {FieldOptions} options @returns {Rendered} */
export function tableRef({ field, form, id, value, change, describedby }) {
  const dom = h("div", {});
  let shown = value;
  /** @param {{name: string}[]|null} tables */
  const build = (tables) =>
    selectOf({
      id,
      label: field.label,
      describedby,
      disabled: form.readonly(),
      value: shown,
      change: (next) => {
        shown = next;
        change(next);
      },
      options: tables ? tables.map((each) => ({ value: each.name, label: each.name })) : shown ? [{ value: shown, label: shown }] : [],
      blank: tables && !tables.length ? "There is no table yet" : "Choose a table…",
    });
  let part = build(null);
  const link = h("p", { class: "hint ref-note" }, h("a", { href: "/data/", target: "_blank", rel: "noopener" }, "Data", icon("external")));
  dom.append(part.dom, link);
  form.context.api.get("/tables/?limit=200").then(
    (answer) => {
      const had = document.activeElement === part.control;
      const fresh = build(answer.results);
      part.dom.replaceWith(fresh.dom);
      part = fresh;
      if (had) fresh.focus();
    },
    () => {},
  );
  const set = (/** @type {any} */ next) => {
    shown = next;
    part.set(next);
  };
  return { dom, set, focus: () => part.focus() };
}

/** @param {FieldOptions} options @returns {Rendered} */
export function agentRefs({ form, id, value, change }) {
  const agents = form.store.state.agents;
  const part = ticks({ id, options: agents.map((each) => ({ value: each.slug, label: each.name })), value, change, readonly: form.readonly() });
  if (agents.length) return part;
  return {
    ...part,
    dom: h(
      "div",
      {},
      part.dom,
      h("p", { class: "hint" }, "There is no agent yet. ", h("a", { href: "/settings/agents/", target: "_blank", rel: "noopener" }, "Add an agent")),
    ),
  };
}
