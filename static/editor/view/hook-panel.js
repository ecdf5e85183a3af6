/** Below a webhook's address: its signing secret, which goes in and never comes out, and listening for a test request. */
/** @import {Context, Store} from "../types.js" */

import { mayEdit } from "../model/rights.js";
import { readonlyReason } from "../model/state.js";
import { sampleState, secretState, timeLeft, triggerWords as say } from "../model/words-triggers.js";
import { copyText } from "./copying.js";
import { h, icon, setText } from "./dom.js";
import { keepSample } from "./hook-sample.js";
import { jsonTree } from "./json-tree.js";
import { reasonOf } from "./panel-frame.js";

const ASK_EVERY = 1500;

/** @typedef {{secret: {has_value: boolean, updated_at: string|null, previous_until: string|null}, listening_until: string|null, refused: string, sample: any, sample_at: string|null}} Hook */

/** @param {Store} store @param {Context} context @returns {{dom: HTMLElement, update: (config: any) => void}} */
export function createTriggerPanel(store, context) {
  const path = `/flows/${store.state.flow.id}/hook/`;
  /** How many changes were begun or have ended: an answer that was asked for before one of them knows nothing of it. */
  let changes = 0;
  /** One change after the other: each answer tells the whole, and the last must be the newest. @type {Promise<unknown>} */
  let turn = Promise.resolve();
  const secret = secretPart(store, context, change);
  const listen = listenPart(store, context, { change, look });
  const dom = h("div", { class: "hook-panel" }, secret.dom, listen.dom);
  const mine = mayEdit(store.state.me) && readonlyReason(store.state) === null;
  dom.hidden = !mine;

  /** @param {Hook} hook */
  function show(hook) {
    secret.show(hook);
    listen.show(hook);
  }

  /** @param {any} body @returns {Promise<void>} */
  function change(body) {
    changes++;
    const answer = turn.then(() => context.api.patch(path, body)).finally(() => changes++);
    turn = answer.catch(() => {});
    return answer.then(show);
  }

  async function look() {
    const asked = changes;
    const hook = await context.api.get(path);
    if (asked === changes) show(hook);
  }

  if (mine) look().catch((error) => changes || dom.replaceChildren(h("p", { class: "hint" }, reasonOf(error))));
  return { dom, update: (config) => secret.update(config.signature ?? "none") };
}

/** @param {Store} store @param {Context} context @param {(body: any) => Promise<void>} save */
function secretPart(store, context, save) {
  const state = h("p", { class: "hint", role: "status" });
  const help = h("p", { class: "hint", id: "hook-secret-help" });
  const input = h("input", {
    class: "input mono",
    id: "hook-secret",
    type: "text",
    maxlength: "500",
    autocomplete: "off",
    spellcheck: false,
    placeholder: say.newSecret,
    "aria-describedby": "hook-secret-help",
  });
  const wrong = h("p", { class: "error-text", role: "alert", hidden: true });
  const make = h("button", { class: "button button-quiet", type: "button", title: say.makeTitle }, icon("refresh"), say.make);
  const keep = h("button", { class: "button", type: "button" }, icon("lock"), say.saveSecret);
  const forget = h("button", { class: "preset", type: "button", hidden: true }, say.forgetPrevious);
  const dom = h(
    "div",
    { class: "hook-part", hidden: true },
    h("label", { class: "label", for: "hook-secret" }, say.secret),
    state,
    h("div", { class: "hook-row" }, input, make, keep),
    wrong,
    help,
    forget,
  );

  make.addEventListener("click", () => {
    input.value = randomSecret();
    input.select();
    context.toast(copyText(input.value) ? "A new secret is in the field and on the clipboard." : "A new secret is in the field.", { kind: "ok" });
  });
  keep.addEventListener("click", () => send({ secret: input.value.trim() }));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    send({ secret: input.value.trim() });
  });
  forget.addEventListener("click", () => send({ forget_previous: true }));

  /** @param {{secret?: string, forget_previous?: boolean}} body */
  async function send(body) {
    wrong.hidden = body.secret === undefined || body.secret.length >= 8;
    setText(wrong, say.tooShort);
    if (!wrong.hidden) return input.focus();
    try {
      await save(body);
      if (body.secret !== undefined) {
        input.value = "";
        context.announce(say.kept);
        context.toast(say.kept, { kind: "ok" });
        checkAgain(store, context);
      }
    } catch (error) {
      setText(wrong, reasonOf(error));
      wrong.hidden = false;
    }
    return undefined;
  }

  return {
    dom,
    /** @param {Hook} hook */
    show(hook) {
      setText(state, secretState(hook.secret));
      state.classList.toggle("warning-text", !hook.secret.has_value);
      forget.hidden = !hook.secret.previous_until;
    },
    /** @param {string} mode */
    update(mode) {
      dom.hidden = mode === "none";
      setText(help, say.secretHelp[mode] ?? "");
    },
  };
}

/** A missing secret is a problem of the draft; this one is solved. @param {Store} store @param {Context} context */
async function checkAgain(store, context) {
  const { problems } = await context.api.post(`/flows/${store.state.flow.id}/validate/`);
  store.dispatch((state) => ({ ...state, problems }));
}

/** 32 random bytes; getRandomValues is there on plain http too. */
function randomSecret() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

/** @param {Store} store @param {Context} context @param {{change: (body: any) => Promise<void>, look: () => Promise<void>}} server */
function listenPart(store, context, { change, look }) {
  const start = h("button", { class: "button", type: "button" }, icon("play"), h("span", {}, say.listen));
  const stop = h("button", { class: "button button-quiet", type: "button", hidden: true }, icon("stop"), say.stop);
  const words = h("p", { class: "hint", role: "status" }, say.listenHelp);
  const left = h("span", { class: "hook-left", "aria-hidden": "true" });
  const refused = h("p", { class: "warning-text", role: "alert", hidden: true });
  const kept = h("div", { class: "hook-kept", hidden: true });
  const dom = h("div", { class: "hook-part" }, h("div", { class: "hook-row" }, start, stop, left), words, refused, kept);
  /** @type {Hook|null} */
  let last = null;
  let timer = 0;

  start.addEventListener("click", () => ask({ listening: true }));
  stop.addEventListener("click", () => ask({ listening: false }));

  /** @param {any} body */
  async function ask(body) {
    try {
      await change(body);
    } catch (error) {
      setText(words, reasonOf(error));
    }
  }

  /** While it listens: once every second and a half, and only while somebody looks at it. */
  async function lookAgain() {
    if (!dom.isConnected || !last?.listening_until) return;
    await look().catch(() => {}); // the next turn asks again; the listening itself goes on at the server
    wait();
  }

  function wait() {
    clearTimeout(timer);
    timer = window.setTimeout(lookAgain, ASK_EVERY);
  }

  /** @param {Hook} hook */
  function drawKept(hook) {
    kept.hidden = !hook.sample;
    if (!hook.sample) return kept.replaceChildren();
    const forget = h("button", { class: "preset", type: "button", onclick: () => ask({ forget_sample: true }) }, say.forget);
    const tree = h(
      "details",
      { class: "addresses" },
      h("summary", {}, icon("chevron-right", "icon icon-small"), sampleState(hook.sample, hook.sample_at ?? "")),
    );
    tree.append(jsonTree(hook.sample, { label: say.source, titled: true, depth: 2 }));
    kept.replaceChildren(tree, forget);
    return undefined;
  }

  return {
    dom,
    /** @param {Hook} hook */
    show(hook) {
      const before = last;
      last = hook;
      const listening = hook.listening_until !== null;
      const came = hook.sample_at !== null && hook.sample_at !== (before ?? hook).sample_at;
      start.hidden = listening;
      stop.hidden = !listening;
      setText(/** @type {HTMLElement} */ (start.lastElementChild), hook.sample ? say.listenAgain : say.listen);
      setText(left, listening ? timeLeft(hook.listening_until ?? "") : "");
      dom.classList.toggle("is-listening", listening);
      refused.hidden = !hook.refused;
      setText(refused, hook.refused ? say.notTaken(hook.refused) : "");
      if (listening) setText(words, say.listening);
      else if (came) setText(words, say.came);
      else if (before?.listening_until && Date.parse(before.listening_until) - Date.now() < 2 * ASK_EVERY) setText(words, say.nothingCame);
      else if (before?.listening_until || !before) setText(words, say.listenHelp);
      if (came) keepSample(store, hook.sample);
      if (!before || before.sample_at !== hook.sample_at) drawKept(hook);
      if (listening) wait();
    },
  };
}
