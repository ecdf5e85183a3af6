/**
 * All panels around the canvas. Top bar, banner and palette are here from the start; everything else is fetched when it is
 * first wanted, or when the page is idle, so that the first draggable canvas waits for none of it.
 */
/** @import {Context, Panels, State, Store} from "../types.js" */

import { selectedNode } from "../model/state.js";
import { createBanner } from "./banner.js";
import { h } from "./dom.js";
import { createPalette } from "./palette.js";
import { createTopbar } from "./topbar.js";

/** @typedef {{dom: HTMLElement, update: (state: State, before: State|null) => void, shown?: () => void}} Panel */
/** @typedef {(store: Store, context: Context, layer: HTMLElement) => Panel} Make */

/** The panels on the right, by `state.right`. @type {Record<string, () => Promise<Make>>} */
const RIGHT = {
  run: () => import("./run-panel.js").then((module) => module.createRunPanel),
  problems: () => import("./problems.js").then((module) => module.createProblems),
  versions: () => import("./versions.js").then((module) => module.createVersions),
  review: () => import("./review.js").then((module) => module.createReview),
  test: () => import("./test-panel.js").then((module) => module.createTestPanel),
};
const inspector = () => import("./inspector.js").then((module) => module.createInspector);

/** @param {Store} store @param {Context} context @returns {Panels} */
export function createPanels(store, context) {
  const topbar = createTopbar(store, context);
  const banner = createBanner(store, context);
  const palette = createPalette(store, context);
  const layer = h("div", { class: "layer" });
  const left = h("div", { class: "left-panel" }, palette.dom);
  const right = h("div", { class: "right-panel", hidden: true });
  /** @type {Map<string, Panel>} */
  const made = new Map();
  /** @type {Map<string, Promise<void>>} */
  const asked = new Map();

  /** @param {string} id @param {() => Promise<Make>} fetch */
  function want(id, fetch) {
    if (!asked.has(id)) {
      const done = fetch().then((make) => {
        made.set(id, make(store, context, layer));
        show(store.state, null);
      });
      // A page that lost its server can ask again later.
      asked.set(
        id,
        done.catch(() => {
          asked.delete(id);
          toast("This part of the page could not be loaded. Your work is safe; try again.", { kind: "bad" });
        }),
      );
    }
    return made.get(id);
  }

  /** @param {State} state @param {State|null} before */
  function showLeft(state, before) {
    const node = selectedNode(state);
    const panel = node ? want("inspector", inspector) : undefined;
    palette.dom.hidden = Boolean(node && panel);
    if (panel && !panel.dom.isConnected) left.append(panel.dom);
    const drawer = made.get("inspector");
    if (drawer) drawer.dom.hidden = !node;
    drawer?.update(state, before);
  }

  /** @param {State} state @param {State|null} before */
  function showRight(state, before) {
    const id = state.right;
    right.hidden = id === null;
    if (id === null) return right.replaceChildren();
    const panel = want(id, RIGHT[id]);
    if (!panel) return undefined;
    const fresh = panel.dom.parentNode !== right;
    if (fresh) right.replaceChildren(panel.dom);
    panel.update(state, fresh ? null : before);
    if (fresh) panel.shown?.();
    return undefined;
  }

  /** @param {State} state @param {State|null} before */
  function show(state, before) {
    showLeft(state, before);
    showRight(state, before);
  }

  const openPicker = /** @type {Context["openPicker"]} */ (
    async (anchor, options) => (await import("./app-picker.js")).openAppPicker(layer, store, anchor, options)
  );
  const dialog = /** @type {Context["dialog"]} */ (async (options) => (await import("./dialog.js")).ask(layer, options));
  /** @type {Promise<Context["toast"]>|null} */
  let toasts = null;
  const toast = /** @type {Context["toast"]} */ (
    (text, options) => {
      toasts ??= import("./toast.js").then((module) => module.createToasts(layer, context.announce));
      toasts.then((say) => say(text, options));
    }
  );

  import("./panel-commands.js").then((module) => module.registerPanelCommands(store, context, layer));
  // The inspector is what comes next for nearly everybody; it is fetched once the canvas stands.
  whenIdle(() => want("inspector", inspector));
  show(store.state, null);

  return {
    update(state, before) {
      topbar.update(state, before);
      banner.update(state, before);
      palette.update(state, before);
      show(state, before);
    },
    slots: { topbar: topbar.dom, banner: banner.dom, left, right, layer },
    openPicker,
    dialog,
    toast,
  };
}

/** @param {() => void} run */
function whenIdle(run) {
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: 3000 });
  else setTimeout(run, 1000);
}
