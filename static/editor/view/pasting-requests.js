/** A request from a cURL command becomes a step; its credentials a connection that one chooses or makes, never a part of the flow. */
/** @import {Context, Point, Store} from "../types.js" */
/** @import {Credentials, CurlRequest} from "../model/curl.js" */

import { say } from "../model/words-panels.js";
import { transfer } from "../model/words-transfer.js";
import { h } from "./dom.js";
import { reasonOf } from "./panel-frame.js";

/** @typedef {{after: {node: string, port: string}}|{at: Point}} Place */

/** @param {Store} store @param {Context} context @param {CurlRequest} request @param {Place} place */
export async function pasteRequest(store, context, request, place) {
  const connection = request.credentials ? await askConnection(store, context, request, request.credentials) : { id: null };
  if (!connection) return context.canvas.focus();
  const { method, url, query, headers, body, settings } = request;
  const config = {
    method,
    url,
    ...(connection.id ? { connection: connection.id } : {}),
    ...(query.length ? { query } : {}),
    ...(headers.length ? { headers } : {}),
    ...(body.type === "none" ? {} : { body }),
  };
  const label = labelOf(request);
  const node = { label, config, ...(Object.keys(settings).length ? { settings } : {}) };
  if (!context.commands.run("insert", { type: "api_request", node, ...place })) return context.toast(transfer.readonly, { kind: "warn" });
  context.canvas.focus();
  return context.toast([transfer.added(label), request.left.length ? transfer.left(request.left) : ""].filter(Boolean).join(" "), {
    kind: request.left.length ? "warn" : "ok",
  });
}

/** "POST charges": the method and the last word of the path that is no variable. @param {CurlRequest} request */
function labelOf({ method, url }) {
  const [host = "", ...path] = url.replace(/^[a-z]+:\/\//i, "").split("/");
  const last = path.filter((part) => part && !part.includes("{{") && !/^\d+$|^[0-9a-f-]{16,}$/i.test(part)).at(-1);
  return `${method} ${(last ?? host).replace(/\.json$/, "")}`.slice(0, 60);
}

/** @param {string} url @returns {string} "" when a variable decides */
function hostOf(url) {
  try {
    return new URL(url).host.includes("%7B") ? "" : new URL(url).host;
  } catch {
    return "";
  }
}

/** @param {Store} store @param {Context} context @param {CurlRequest} request @param {Credentials} credentials @returns {Promise<{id: string|null}|null>} null: nothing is added */
async function askConnection(store, context, request, credentials) {
  const host = hostOf(request.url);
  await context.forForms().catch(() => {}); // which connections there are; without a server, what is here
  const form = connectionForm(store.state.connections, credentials, host);
  for (let wrong = ""; ; ) {
    const answer = await context.dialog({
      title: transfer.curlTitle,
      text: h(
        "div",
        { class: "dialog-lines" },
        h("p", {}, h("code", {}, `${request.method} ${request.url}`)),
        h("p", {}, transfer.secretKept[credentials.type] ?? ""),
        wrong ? h("p", { class: "error-text", role: "alert" }, wrong) : null,
        form.dom,
      ),
      buttons: [
        { id: "no", label: say.cancel },
        { id: "add", label: transfer.addStep, kind: "primary" },
      ],
    });
    if (answer !== "add") return null;
    const chosen = form.chosen();
    if (chosen !== "new") return { id: chosen || null };
    try {
      const made = await context.api.post("/connections/", form.connection());
      store.dispatch((state) => ({ ...state, connections: [...state.connections, made] }));
      return { id: made.id };
    } catch (error) {
      wrong = transfer.notKept(reasonOf(error));
    }
  }
}

/** Which connection, and what a new one needs. @param {any[]} connections @param {Credentials} credentials @param {string} host */
function connectionForm(connections, credentials, host) {
  const fitting = connections.filter((each) => each.type === credentials.type);
  const bound = fitting.find((each) =>
    (each.allowed_hosts ?? []).some((/** @type {string} */ each) => each === host || (each.startsWith("*.") && host.endsWith(each.slice(1)))),
  );
  const choice = h(
    "select",
    { class: "select", id: "paste-connection" },
    h("option", { value: "new" }, transfer.newConnection),
    ...fitting.map((each) => h("option", { value: each.id, selected: each === bound }, each.name)),
    h("option", { value: "" }, transfer.noConnection),
  );
  const name = field("paste-name", transfer.connectionName, host || "API");
  const user = credentials.type === "basic" ? field("paste-user", transfer.userName, credentials.username) : null;
  const secret = field("paste-secret", transfer.secret[credentials.type] ?? "", secretOf(credentials), "password");
  const more = h("div", { class: "dialog-lines" }, name.dom, user?.dom ?? null, secret.dom, host ? h("p", { class: "hint" }, transfer.boundTo(host)) : null);
  const show = () => {
    more.hidden = choice.value !== "new";
  };
  choice.addEventListener("change", show);
  show();
  return {
    dom: h(
      "div",
      { class: "dialog-lines" },
      h("div", { class: "field" }, h("label", { class: "label", for: "paste-connection" }, transfer.connection), choice),
      more,
    ),
    chosen: () => choice.value,
    connection: () => ({
      name: name.input.value.trim(),
      type: credentials.type,
      ...valuesOf(credentials, user?.input.value ?? "", secret.input.value),
      allowed_hosts: host ? [host] : [],
    }),
  };
}

/** @param {string} id @param {string} label @param {string} value @param {string} [type] */
function field(id, label, value, type = "text") {
  const input = h("input", { class: "input", id, type, value, autocomplete: "off", maxlength: "8192", spellcheck: false });
  return { input, dom: h("div", { class: "field" }, h("label", { class: "label", for: id }, label), input) };
}

/** @param {Credentials} credentials */
const secretOf = (credentials) => (credentials.type === "basic" ? credentials.password : credentials.type === "bearer" ? credentials.token : credentials.key);

/** @param {Credentials} credentials @param {string} username @param {string} secret @returns {{config: Record<string, string>, secrets: Record<string, string>}} */
function valuesOf(credentials, username, secret) {
  if (credentials.type === "basic") return { config: { username }, secrets: { password: secret } };
  if (credentials.type === "bearer") return { config: {}, secrets: { token: secret } };
  const { place, name, prefix } = credentials;
  return { config: { place, name, prefix }, secrets: { key: secret } };
}
