/** date_time: ISO 8601 or a variable, with the browser's calendar at hand. time: a time of day. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h, icon } from "../dom.js";
import { templateInput } from "../template-input.js";
import { plainInput } from "./text.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function dateTime(options) {
  const { field, id, value, change, form, describedby } = options;
  if (field.template === false) return plainInput(options, { type: "datetime-local" });
  const part = templateInput({ id, label: field.label, value, describedby, change, form, placeholder: "2026-01-31T09:00" });
  const calendar = /** @type {HTMLInputElement} */ (h("input", { type: "datetime-local", class: "calendar-input", tabindex: "-1", "aria-hidden": "true" }));
  calendar.addEventListener("change", () => {
    part.set(calendar.value);
    change(calendar.value);
  });
  const open = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": `Choose ${field.label} from a calendar`,
      hidden: form.readonly(),
      onclick: () => calendar.showPicker(),
    },
    icon("calendar"),
  );
  return { dom: h("div", { class: "with-button" }, part.dom, h("div", { class: "calendar" }, calendar, open)), set: part.set, focus: part.focus };
}

/** @param {FieldOptions} options @returns {Rendered} */
export const timeOfDay = (options) => plainInput(options, { type: "time" });
