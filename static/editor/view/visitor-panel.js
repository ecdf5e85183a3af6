/** The visitor's side of a chat flow, to try the draft with: what the flow says, buttons and forms to answer with, a line to write. */
/** @import {Context, Store} from "../types.js" */

import { createApi } from "../sync/api.js";
import { h, icon } from "./dom.js";
import { reasonOf } from "./panel-frame.js";

const EVERY = 700;
const WORDS = {
  title: "Talk with it as a visitor",
  hint: "The draft answers; who the visitor is stands in the event below.",
  start: "Start the chat",
  again: "Start again",
  send: "Send",
  write: "Your message",
  none: "The flow says nothing yet.",
  run: "Show the run",
  /** @type {Record<string, string>} */
  states: {
    open: "Listening",
    waiting: "Waits for an answer",
    with_ai: "With the AI model",
    with_human: "With a person: the flow is silent",
    ended: "The conversation has ended",
  },
};

/**
 * @param {Store} store @param {Context} context
 * @param {() => {event: any, mode: string}|null} read  what comes in, null when it is written wrongly
 * @returns {{dom: HTMLElement}}
 */
export function createVisitorPanel(store, context, read) {
  const api = createApi("/api/v1");
  /** @type {{id: string, token: string, run: string}|null} */
  let chat = null;
  /** The newest message that is shown. */
  let last = "";
  /** All that are: two looks that overlap bring the same ones. @type {Set<string>} */
  const shown = new Set();
  let said = 0;
  let timer = 0;

  const log = h("div", { class: "chat-log", role: "log", "aria-label": WORDS.title, tabindex: "0" });
  const state = h("p", { class: "hint", role: "status" }, WORDS.hint);
  const wrong = h("p", { class: "error-text", role: "alert", hidden: true });
  const input = h("input", { class: "input", type: "text", "aria-label": WORDS.write, placeholder: WORDS.write, autocomplete: "off", maxlength: "4000" });
  const line = h("form", { class: "chat-line", hidden: true, onsubmit: write }, input, h("button", { class: "button", type: "submit" }, WORDS.send));
  const start = h("button", { class: "button button-primary", type: "button", onclick: begin }, icon("chat"), WORDS.start);
  const show = h("button", { class: "button button-quiet", type: "button", hidden: true, onclick: openRun }, WORDS.run);
  input.addEventListener("keydown", (event) => event.stopPropagation());
  const dom = h(
    "section",
    { class: "chat", "aria-label": WORDS.title },
    h("h3", { class: "label" }, WORDS.title),
    state,
    log,
    wrong,
    line,
    h("div", { class: "chat-foot" }, start, show),
  );

  /** @param {unknown} error */
  function tell(error) {
    wrong.hidden = !error;
    wrong.textContent = error ? reasonOf(error) : "";
  }

  /** @param {string} method @param {string} path @param {any} [body] */
  const ask = (method, path, body) => api.send(method, `/conversations/${chat?.id}/${path}`, body, { headers: { Authorization: `Bearer ${chat?.token}` } });

  async function begin() {
    const given = read();
    if (!given || !(await context.leaveForm()) || !(await context.flush())) return;
    start.setAttribute("aria-busy", "true");
    try {
      chat = await context.api.post(`/flows/${store.state.flow.id}/chat/`, given);
      last = "";
      shown.clear();
      log.replaceChildren();
      start.replaceChildren(icon("refresh"), WORDS.again);
      show.hidden = line.hidden = false;
      tell(null);
      await look();
      input.focus();
    } catch (error) {
      tell(error);
    } finally {
      start.removeAttribute("aria-busy");
    }
  }

  /** What was said since the last look; looked for again while the panel is shown. */
  async function look() {
    clearTimeout(timer);
    const mine = chat;
    if (!mine) return;
    try {
      const thread = await ask("GET", last ? `?after=${last}` : "");
      if (chat !== mine) return;
      for (const message of thread.messages) if (!shown.has(message.id)) add(message);
      settle(thread);
      tell(null);
      if (thread.status === "ended") return;
    } catch (error) {
      tell(error);
    }
    timer = dom.isConnected ? window.setTimeout(look, EVERY) : 0;
  }

  /** @param {any} thread */
  function settle(thread) {
    state.textContent = WORDS.states[thread.status] ?? thread.status;
    line.hidden = thread.status === "ended";
    const open = log.lastElementChild;
    for (const each of log.querySelectorAll("button, fieldset")) if (!open?.contains(each)) /** @type {HTMLButtonElement} */ (each).disabled = true;
  }

  /** @param {Record<string, any>} words */
  async function send(words) {
    said += 1;
    tell(null);
    try {
      await ask("POST", "messages/", { id: `panel-${said}`, ...words });
    } catch (error) {
      tell(error);
    }
    await look();
  }

  /** @param {SubmitEvent} event */
  function write(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    send({ text });
  }

  /** @param {any} message */
  function add(message) {
    last = message.id;
    shown.add(last);
    const mine = message.role === "user";
    const item = h(
      "div",
      { class: mine ? "chat-said is-mine" : "chat-said" },
      h("span", { class: "visually-hidden" }, mine ? "You: " : "Flow: "),
      textOf(message),
    );
    if (message.image) item.append(h("p", { class: "hint" }, `Picture: ${message.image}`));
    if (message.buttons.length) item.append(h("div", { class: "chat-buttons" }, ...message.buttons.map(buttonOf)));
    if (!mine && message.form?.fields) item.append(formOf(message.form.fields));
    log.append(item);
    log.scrollTop = log.scrollHeight;
  }

  /** @param {any} button */
  const buttonOf = (button) =>
    button.url
      ? h("a", { class: "button button-small", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.label)
      : h("button", { class: "button button-small", type: "button", onclick: () => send({ choice: button.value }) }, button.label);

  /** @param {any[]} fields */
  function formOf(fields) {
    const inputs = fields.map((field) => ({ field, input: inputOf(field) }));
    const rows = inputs.map(({ field, input }) =>
      h(
        "label",
        { class: "chat-field" },
        field.required ? `${field.label} *` : field.label,
        input,
        field.error && h("span", { class: "error-text" }, field.error),
      ),
    );
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const filledIn = (/** @type {any} */ each) => (each.type === "checkbox" ? each.checked : each.value.trim());
      send({ form: Object.fromEntries(inputs.map(({ field, input }) => [field.name, filledIn(input)])) });
    };
    return h(
      "form",
      { onsubmit: submit, novalidate: true },
      h("fieldset", { class: "chat-form" }, ...rows, h("button", { class: "button button-small", type: "submit" }, WORDS.send)),
    );
  }

  /** @param {any} field */
  function inputOf(field) {
    if (field.kind === "toggle") return h("input", { type: "checkbox" });
    if (field.choices?.length)
      return h(
        "select",
        { class: "select" },
        h("option", { value: "" }, ""),
        ...field.choices.map((/** @type {any} */ each) => h("option", { value: each.value }, each.label)),
      );
    const input = h("input", { class: "input", type: "text", autocomplete: "off" });
    input.addEventListener("keydown", (event) => event.stopPropagation());
    return input;
  }

  function openRun() {
    if (chat) context.runs.open(chat.run);
  }

  return { dom };
}

/** A filled-in form reads as its lines. @param {any} message */
function textOf(message) {
  if (message.text || !message.form || message.form.fields) return message.text;
  return Object.entries(message.form)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}
