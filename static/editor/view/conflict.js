/** The question who goes on, field by field: yours or theirs, both in plain words. It can be put off; nothing is lost meanwhile. */

import { said } from "../model/words-sync.js";
import { h, style } from "./dom.js";

/** @typedef {import("../sync/questions.js").Question} Question */

/**
 * @param {{title: string, text: string, who: string, questions: Question[]}} asked
 * @returns {Promise<Record<string, "mine"|"theirs">|null>} by the id of the question; null: later
 */
export async function askWhich({ title, text, who, questions }) {
  await style("sync");
  const { conflict } = said;
  const one = questions.length === 1;
  const fields = questions.map((question, at) => choice(question, who, at));
  return new Promise((resolve) => {
    const end = (/** @type {Record<string, "mine"|"theirs">|null} */ answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const all = (/** @type {"mine"|"theirs"} */ side) => () => end(Object.fromEntries(questions.map(({ id }) => [id, side])));
    const chosen = () => fields.map((field) => field.chosen());
    const done = h(
      "button",
      {
        class: "button button-primary",
        type: "button",
        disabled: true,
        hidden: one,
        onclick: () => end(Object.fromEntries(fields.map((field, at) => [questions[at]?.id, field.chosen() ?? "theirs"]))),
      },
      conflict.done,
    );
    const dialog = /** @type {HTMLDialogElement} */ (
      h(
        "dialog",
        { class: "dialog conflict", "aria-labelledby": "conflict-title", "aria-describedby": "conflict-text" },
        h("div", { class: "dialog-head" }, h("h2", { id: "conflict-title" }, title)),
        h("div", { class: "dialog-body" }, h("p", { id: "conflict-text" }, text), ...fields.map((field) => field.dom)),
        h(
          "div",
          { class: "dialog-foot" },
          h("button", { class: "button button-quiet", type: "button", onclick: () => end(null) }, conflict.later),
          h("span", { class: "conflict-space" }),
          h("button", { class: "button", type: "button", onclick: all("theirs") }, one ? conflict.theirsAll : conflict.allTheirs),
          h("button", { class: one ? "button button-primary" : "button", type: "button", onclick: all("mine") }, one ? conflict.mineAll : conflict.allMine),
          done,
        ),
      )
    );
    dialog.addEventListener("change", () => {
      done.disabled = chosen().includes(null);
    });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      end(null);
    });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    (document.getElementById("layer") ?? document.body).append(dialog);
    dialog.showModal();
    dialog.querySelector("input")?.focus();
  });
}

/** @param {Question} question @param {string} who @param {number} at */
function choice(question, who, at) {
  const side = (/** @type {"mine"|"theirs"} */ id, /** @type {string} */ name, /** @type {string} */ value) =>
    h(
      "label",
      { class: "conflict-side" },
      h("span", { class: "conflict-name" }, h("input", { type: "radio", name: `conflict-${at}`, value: id }), name),
      h("span", { class: "conflict-value" }, value),
    );
  const dom = h(
    "fieldset",
    { class: "conflict-field" },
    h("legend", {}, question.about),
    side("mine", said.conflict.mine, question.mine),
    side("theirs", who, question.theirs),
  );
  const chosen = () => /** @type {"mine"|"theirs"|null} */ (/** @type {HTMLInputElement|null} */ (dom.querySelector("input:checked"))?.value ?? null);
  return { dom, chosen };
}
