/** For scripts that measure the canvas: `?bench=1` puts this on `window.segueBench`. Nothing is saved. */

/** @import {Context, Store} from "./types.js" */

import { readDocument } from "./model/document.js";

/** @param {Store} store @param {Context} context */
export const bench = (store, context) => ({
  store,
  /** @param {any} value a document as the server gives it */
  load: (value) => store.dispatch((state) => ({ ...state, document: readDocument(value), history: { past: [], future: [] } })),
  /** @param {number} zoom @param {number} x @param {number} y */
  view: (zoom, x, y) => store.dispatch((state) => ({ ...state, camera: { zoom, x, y } })),
  fit: () => context.commands.run("fit"),
});
