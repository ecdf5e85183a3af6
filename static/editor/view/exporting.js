/** The flow as a file: JSON as the server exports it (no secrets, connections by name), or a picture that carries the same. */
/** @import {Context, State, Store} from "../types.js" */

import { KEYWORD } from "../model/carrying.js";
import { pictureOf, symbolsOf, themed } from "../model/picture.js";
import { withText } from "../model/png.js";
import { transfer } from "../model/words-transfer.js";
import { reasonOf } from "./panel-frame.js";

/** Browsers refuse larger bitmaps. */
const [LONGEST, MOST_PIXELS] = [16_000, 120_000_000];
const TOKENS = "canvas surface text text-2 text-3 line line-strong off bad note note-text on-group g-violet g-pink g-amber g-blue g-green g-teal g-slate".split(
  " ",
);

/** @typedef {"png"|"svg"|"json"} Format */
/** @typedef {"light"|"dark"} Theme */

/** @param {Store} store @param {Context} context @param {Format} format @param {Theme} [theme] */
export async function exportFlow(store, context, format, theme = themeNow()) {
  if (!(await context.flush())) return context.toast(transfer.notSaved, { kind: "bad" });
  try {
    const { flow } = store.state;
    const carried = await context.api.get(`/flows/${flow.id}/export/`);
    const name = `${flow.name.replace(/[^\p{L}\p{N}._ -]+/gu, " ").trim() || "flow"}.${format === "json" ? "segue.json" : format}`;
    download(name, await contentOf(store.state, context, format, theme, carried));
    context.toast(transfer.exported(name), { kind: "ok" });
  } catch (error) {
    context.toast(transfer.exportFailed(reasonOf(error)), { kind: "bad" });
  }
}

/** The theme the page shows. @returns {Theme} */
function themeNow() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches) ? "dark" : "light";
}

/** @param {State} state @param {Context} context @param {Format} format @param {Theme} theme @param {any} carried @returns {Promise<Blob>} */
async function contentOf(state, context, format, theme, carried) {
  if (format === "json") return new Blob([`${JSON.stringify(carried, null, 2)}\n`], { type: "application/json" });
  const icons = symbolsOf(await (await fetch(context.icons)).text());
  const { document: flow, catalogue, connections, agents } = state;
  const scene = { document: flow, catalogue, names: { connections, agents }, palette: paletteOf(theme), icons, title: state.flow.name };
  if (format === "svg") return new Blob([pictureOf({ ...scene, carries: JSON.stringify(carried) }).svg], { type: "image/svg+xml" });
  const bytes = new Uint8Array(await (await bitmapOf(pictureOf(scene))).arrayBuffer());
  return new Blob([withText(bytes, KEYWORD, JSON.stringify(carried))], { type: "image/png" });
}

/** @param {Theme} theme */
function paletteOf(theme) {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(TOKENS.map((name) => [name, themed(style.getPropertyValue(`--${name}`), theme === "dark")]));
}

/** Twice the size, so that it is sharp; less where that would be too much. @param {{svg: string, width: number, height: number}} picture @returns {Promise<Blob>} */
async function bitmapOf({ svg, width, height }) {
  const scale = Math.min(2, LONGEST / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
  if (scale < 0.2) throw new Error(transfer.tooLarge);
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error(transfer.tooLarge);
    return blob;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {string} name @param {Blob} content */
function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
