/**
 * All panels around the canvas. Top bar, banner and palette are here from the start; everything else is fetched when it is
 * first wanted, or when the page is idle, so that the first draggable canvas waits for none of it.
 */
/** @import {Context, Panels, State, Store} from "../types.js" */

import { expectTyping } from "../keymap.js";
import { selectedNode } from "../model/state.js";
import { createBanner } from "./banner.js";
import { h, styled } from "./dom.js";
import { createPalette } from "./palette.js";
import { registerPanelCommands } from "./panel-commands.js";
import { createTopbar } from "./topbar.js";
import { onFirstSign, whenIdle } from "./moments.js";

/** @typedef {{dom: HTMLElement, update: (state: State, before: State|null) => void, shown?: (focus: boolean) => void}} Panel  shown: it has just come; focus: it may take the focus */
/** @typedef {(store: Store, context: Context, layer: HTMLElement) => Panel} Make */

/** The panels on the right, by `state.right`; each comes with its sheets (static/css). @type {Record<string, () => Promise<Make>>} */
const RIGHT = {
  run: () => styled(import("./run-panel.js"), "right", "runs").then((module) => module.createRunPanel),
  problems: () => styled(import("./problems.js"), "right").then((module) => module.createProblems),
  snapshots: () => styled(import("./snapshots.js"), "right", "sync").then((module) => module.createSnapshots),
  versions: () => styled(import("./versions.js"), "right", "review").then((module) => module.createVersions),
  review: () => styled(import("./review.js"), "right", "review").then((module) => module.createReview),
  test: () => styled(import("./test-panel.js"), "right", "runs").then((module) => module.createTestPanel),
  outline: () => styled(import("./outline.js"), "right", "outline", "pickers").then((module) => module.createOutline),
};
/** A form is shown with all its fields and choices. @param {Context} context @returns {Promise<Make>} */
const inspector = async (context) => {
  const [module] = await Promise.all([styled(import("./inspector.js"), "inspector", "rows", "right", "pickers"), context.forForms()]);
  return module.createInspector;
};

/** @param {Store} store @param {Context} context @returns {Panels} */
export function createPanels(store, context) {
  const topbar = createTopbar(store, context);
  const banner = createBanner(store, context);
  const palette = createPalette(store, context);
  const layer = h("div", { class: "layer" });
  const left = h("div", { class: "left-panel" }, palette.dom);
  const right = h("div", { class: "right-panel", hidden: true });
  /** The bar at the foot of a narrow screen. @type {Panel|undefined} */
  let narrow;
  /** @type {Map<string, Panel>} */
  const made = new Map();
  /** @type {Map<string, Promise<void>>} */
  const asked = new Map();
  /** What comes late does not take the focus from somebody who went on meanwhile. */
  let mayFocus = true;

  /**
   * A panel once its module is here. Without a server a first wish fails; it is not repeated until somebody asks again.
   * @param {string} id @param {() => Promise<Make>} fetch
   */
  function want(id, fetch) {
    if (asked.has(id)) return made.get(id);
    const calm = attention();
    const done = fetch().then(
      (make) => void made.set(id, make(store, context, layer)),
      () =>
        void made.set(
          id,
          lost(() => asked.delete(id) && made.delete(id) && show(store.state, null)),
        ),
    );
    asked.set(
      id,
      done.then(() => {
        mayFocus = calm();
        // Nothing else is told anew: a comparison under way stays.
        show(store.state, store.state);
        mayFocus = true;
      }),
    );
    return made.get(id);
  }

  /** @param {State} state @param {State|null} before */
  function showLeft(state, before) {
    const node = !state.narrow || state.sheet ? selectedNode(state) : undefined;
    const panel = node ? want("inspector", () => inspector(context)) : made.get("inspector");
    palette.dom.hidden = Boolean(node && panel);
    if (panel && !left.contains(panel.dom)) {
      // The palette itself stays where it is: somebody may be typing in it.
      for (const each of [...left.children]) if (each !== palette.dom) each.remove();
      left.append(panel.dom);
    }
    if (panel) panel.dom.hidden = !node;
    panel?.update(state, before);
  }

  /** @param {State} state @param {State|null} before */
  function showRight(state, before) {
    const id = state.right ?? (state.narrow === "outline" ? "outline" : null);
    const hadFocus = right.contains(document.activeElement);
    right.hidden = id === null;
    if (id === null) {
      right.replaceChildren();
      if (hadFocus) context.canvas.focus();
      return undefined;
    }
    const panel = want(id, RIGHT[id]);
    if (!panel) return undefined;
    const fresh = panel.dom.parentNode !== right;
    if (fresh) right.replaceChildren(panel.dom);
    panel.update(state, fresh ? null : before);
    if (fresh) panel.shown?.(mayFocus);
    return undefined;
  }

  /** @param {State} state @param {State|null} before */
  function show(state, before) {
    showLeft(state, before);
    showRight(state, before);
  }

  const openPicker = /** @type {Context["openPicker"]} */ (
    (anchor, options) => expectTyping(styled(import("./app-picker.js"), "pickers").then((module) => module.openAppPicker(layer, store, anchor, options)))
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

  registerPanelCommands(store, context, layer);
  onNarrow(store, () =>
    styled(import("./narrow.js"), "narrow").then(({ createNarrow }) => {
      narrow ??= createNarrow(store, context, layer);
    }),
  );
  // The inspector comes next for nearly everybody who means to do something; who only looks does not pay for it.
  onFirstSign(() => whenIdle(() => want("inspector", () => inspector(context))));
  show(store.state, null);

  return {
    update(state, before) {
      if (state.preferences !== before.preferences) import("./sides.js").then(({ takeSides }) => takeSides(state));
      topbar.update(state, before);
      banner.update(state, before);
      palette.update(state, before);
      show(state, before);
      narrow?.update(state, before);
    },
    slots: { topbar: topbar.dom, banner: banner.dom, left, right, layer },
    openPicker,
    dialog,
    toast,
  };
}

/** What stands in the place of a panel that could not be fetched. @param {() => void} retry @returns {Panel} */
function lost(retry) {
  const button = h("button", { class: "button", type: "button", onclick: retry }, "Try again");
  const dom = h(
    "div",
    { class: "empty is-bad", role: "alert" },
    h("p", { class: "empty-title" }, "This part could not be loaded."),
    h("p", {}, "The server cannot be reached. Your work is safe on this page."),
    button,
  );
  return { dom, update: () => {} };
}

/** Watches from now on; the answer tells whether somebody is still where they were: nothing was pressed, the focus did not go elsewhere. @returns {() => boolean} */
function attention() {
  const had = document.activeElement;
  let pressed = false;
  const note = () => {
    pressed = true;
  };
  addEventListener("pointerdown", note, true);
  return () => {
    removeEventListener("pointerdown", note, true);
    const now = document.activeElement;
    // A list that was chosen from gives the focus back as it closes.
    return !pressed && (now === had || now === document.body || !had?.getClientRects().length);
  };
}

/** Below 768 px the outline is the editor. @param {Store} store @param {() => Promise<void>} wanted */
function onNarrow(store, wanted) {
  const small = matchMedia("(width < 768px)");
  const measure = () => {
    if (small.matches === (store.state.narrow !== null)) return;
    const change = () => store.dispatch((state) => ({ ...state, narrow: small.matches ? "outline" : null, sheet: false, tool: "select" }));
    if (small.matches) wanted().then(change);
    else change();
  };
  small.addEventListener("change", measure);
  measure();
}
