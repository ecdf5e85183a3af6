/** What work may ask for next is fetched as soon as somebody is there: when the server is gone it is too late. */

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

/** One after the other, so that nothing that is wanted now waits for it. */
export async function standBy() {
  for (const part of PARTS) {
    await part().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
  for (const sheet of SHEETS) style(sheet);
}
