/** What work may ask for next is fetched as soon as somebody is there: when the server is gone it is too late. */

/** @import {Context} from "../types.js" */

import { said } from "../model/words-sync.js";
import { style } from "../view/dom.js";

const PARTS = [
  () => import("./news.js"),
  () => import("../view/troubles.js"),
  () => import("../view/conflict.js"),
  () => import("../view/dialog.js"),
  () => import("../view/toast.js"),
  () => import("../view/inspector.js"),
  () => import("../view/app-picker.js"),
  () => import("../view/variable-picker.js"),
  () => import("../view/context-menu.js"),
];
const SHEETS = ["sync", "inspector", "rows", "pickers"];
const BETWEEN = 150;

/** What a browser says of a module it could not fetch: Chromium, Firefox, Safari. */
const NOT_FETCHED = /dynamically imported module|importing a module/i;

/** One after the other, so that nothing that is wanted now waits for it. @param {Context} context */
export async function standBy(context) {
  // Whoever asked for a part that cannot be had is told why nothing happens; asked for again, it is fetched again.
  addEventListener("unhandledrejection", (event) => {
    if (!(event.reason instanceof TypeError && NOT_FETCHED.test(event.reason.message))) return;
    event.preventDefault();
    context.toast(said.partMissing, { kind: "warn" });
  });
  for (const part of PARTS) {
    await part().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
  for (const sheet of SHEETS) style(sheet);
}
