/** cron: five fields, with the common rhythms one press away. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h } from "../dom.js";
import { plainInput } from "./text.js";

/** @type {[string, string][]} */
const RHYTHMS = [
  ["Every hour", "0 * * * *"],
  ["Every day at 9", "0 9 * * *"],
  ["Weekdays at 9", "0 9 * * 1-5"],
  ["Mondays at 9", "0 9 * * 1"],
  ["First of the month", "0 9 1 * *"],
];

/** @param {FieldOptions} options @returns {Rendered} */
export function cron(options) {
  const part = plainInput(options, { mono: true, placeholder: "minute hour day month weekday" });
  const use = (/** @type {string} */ text) => {
    part.set(text);
    options.change(text);
  };
  const presets = h(
    "div",
    { class: "presets", hidden: options.form.readonly() },
    ...RHYTHMS.map(([label, text]) => h("button", { class: "preset", type: "button", onclick: () => use(text) }, label)),
  );
  return { ...part, dom: h("div", {}, part.dom, presets) };
}
