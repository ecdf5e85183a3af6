/**
 * The second stage of the page: what makes the canvas an editor. Commands, keys, panels, saving; then, when the page is idle, the
 * live feed and the lists that pickers show.
 */

/** @import {Context, Store} from "./types.js" */
/** @import {Painter} from "./main.js" */

import { createDrop } from "./gestures/drop-node.js";
// Nobody here asks for them; they come along so that no pointer waits for them.
import "./gestures/stories.js";
import { listenToKeys } from "./keymap.js";
import { table } from "./model/commands.js";
import { readCatalogue } from "./model/catalogue.js";
import { announced } from "./model/history.js";
import { wantsMinimap } from "./model/state.js";
import { fit } from "./model/spatial.js";
import { createApi } from "./sync/api.js";
import { createAutosave } from "./sync/autosave.js";
import { createAnnouncer } from "./view/announcer.js";
import { styled } from "./view/dom.js";
import { onFirstSign, whenIdle } from "./view/moments.js";
import { createPanels } from "./view/panels.js";
import { createToolbar } from "./view/toolbar.js";

/** @typedef {ReturnType<typeof import("./view/canvas.js").createCanvas>} Canvas */

/** @param {{store: Store, context: Context, canvas: Canvas, page: any, painter: Painter}} first what the first stage made; `page` is the page's JSON */
export function edit({ store, context, canvas, page, painter }) {
  const { commands } = context;
  const api = createApi(page.urls.api);
  Object.assign(context, {
    api,
    announce: (/** @type {string} */ text) => store.dispatch((state) => announced(state, text)),
    addNode: (/** @type {string} */ type) => void commands.run("insert", { type }),
    startDrop: createDrop(store, context, canvas.stage),
    leaveForm: () => leaveForm(store, context),
    forForms: forForms(store, api),
    toClipboard: (/** @type {string} */ text) => void navigator.clipboard?.writeText(text).catch(() => {}),
  });
  const autosave = createAutosave(store, /** @type {any} */ (context), { off: page.bench, build: page.build });
  const live = liveFeed(store, context, autosave);
  Object.assign(context, { flush: page.bench ? async () => true : autosave.flush, reload: autosave.reload, runs: live.runs });

  // What was asked for too early is done at the end.
  const asked = commands.open(table());
  const panels = createPanels(store, context);
  Object.assign(context, { openPicker: panels.openPicker, dialog: panels.dialog, toast: panels.toast });
  for (const [name, slot] of Object.entries(panels.slots)) byId(name).replaceChildren(slot);
  byId("banner").classList.remove("is-awaited");
  // The toolbar names commands, of the panels too.
  const toolbar = createToolbar(context);
  canvas.dom.append(toolbar.dom);
  painter.add(toolbar);
  painter.add(overCanvas(store, context, painter));
  painter.add(panels, { around: true });
  painter.add(createAnnouncer(byId("live")), { around: true });
  listenToKeys(store, context, canvas.stage);
  menuOnFirstWish(store, context, canvas.stage);
  takeFiles(store, context, canvas.stage);
  offerMinimap(store, context, canvas, painter);
  guidesOnFirstWish(store, context, canvas, painter);
  teachWhereEmpty(store, context, canvas, painter);
  asked();
  openLinked(store, context);

  addEventListener("beforeunload", (event) => {
    if (!page.bench && (autosave.unsaved() || store.state.form?.dirty)) event.preventDefault();
  });
  whenIdle(() => {
    if (page.bench) return;
    live.connect();
    const fetchAhead = () => context.forForms().catch(() => {});
    if (namesThings(store.state)) fetchAhead();
    else onFirstSign(fetchAhead);
  });
  if (page.bench) import("./bench.js").then(({ bench }) => Object.assign(window, { segueBench: bench(store, context) }));
}

/** Save, Discard or Stay, when the form has changes that were not saved. @param {Store} store @param {Context} context @returns {Promise<boolean>} */
async function leaveForm(store, { dialog, commands, words }) {
  const { form } = store.state;
  if (!form?.dirty) return true;
  const { leave } = words;
  const answer = await dialog({
    title: leave.title(form.label || form.key),
    text: leave.text,
    buttons: [
      { id: "stay", label: leave.stay, kind: "quiet" },
      { id: "discard", label: leave.discard },
      { id: "save", label: leave.save, kind: "primary" },
    ],
  });
  if (answer === "save") return commands.run("save-form");
  if (answer === "discard") return commands.run("discard-form");
  return false;
}

/** What forms show beside the document, fetched once: the whole catalogue, and the lists of what can be chosen. @param {Store} store @param {any} api */
function forForms(store, api) {
  /** @type {Promise<any>|null} */
  let asked = null;
  const types = async () => {
    const given = await api.get(`/node-types/?kind=${encodeURIComponent(store.state.flow.kind)}`);
    store.dispatch((state) => ({ ...state, catalogue: readCatalogue(given) }));
  };
  return () => {
    asked ??= Promise.all([types(), fetchLists(store, api)]).catch((error) => {
      asked = null; // a form without all its fields would hide some: whoever wants one asks again
      throw error;
    });
    return asked;
  };
}

/** The live feed, fetched when it is first wanted. @param {Store} store @param {Context} context @param {any} autosave */
function liveFeed(store, context, autosave) {
  /** @type {Promise<ReturnType<typeof import("./sync/live.js").createLive>>|null} */
  let made = null;
  const feed = () => {
    made ??= import("./sync/live.js").then((module) => module.createLive(store, context, autosave));
    return made;
  };
  return {
    connect: () => feed().then((live) => live.connect()),
    runs: { open: async (/** @type {string} */ id) => (await feed()).open(id), close: () => made?.then((live) => live.close()) },
  };
}

/** What lies over the canvas of a run or of traffic is fetched with the first of them. @param {Store} store @param {Context} context @param {Painter} painter */
function overCanvas(store, context, painter) {
  let asked = false;
  return {
    update(/** @type {Store["state"]} */ state) {
      if (asked || !(state.overlay || state.traffic)) return;
      asked = true;
      styled(import("./view/over-canvas.js"), "runs").then(
        (module) => painter.add(module.createOverCanvas(store, context, byId("canvas"))),
        () => {
          asked = false;
        },
      );
    },
  };
}

const THINGS = new Set(["connection_ref", "flow_ref", "agent_refs"]);

/** Whether a card may show the name of a connection, a flow or an agent. @param {import("./types.js").State} state */
const namesThings = ({ document, catalogue }) =>
  document.nodes.some((node) => catalogue.types.get(node.type)?.fields.some((field) => THINGS.has(field.kind) && node.config[field.name]?.length));

/** Names for cards and choices for pickers. @param {Store} store @param {any} api */
function fetchLists(store, api) {
  return Promise.all(
    /** @type {const} */ (["connections", "agents", "flows"]).map((name) =>
      api.get(`/${name}/?limit=200`).then(
        (/** @type {any} */ answer) => store.dispatch((state) => ({ ...state, [name]: answer.results ?? answer })),
        () => {}, // ids are shown instead of names
      ),
    ),
  );
}

/** A file over the page: no drop may take the page away, nor be lost because what reads files is still being fetched. @param {Store} store @param {Context} context @param {HTMLElement} stage */
function takeFiles(store, context, stage) {
  const over = (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const inside = stage.contains(/** @type {Node} */ (event.target));
    stage.classList.toggle("is-receiving", inside && event.type === "dragover");
    const reader = styled(import("./view/importing.js"), "transfer");
    const [file] = event.dataTransfer.files; // of a drop
    const at = context.canvas.toWorld(event.clientX, event.clientY);
    if (inside && file) reader.then(({ openFile }) => openFile(store, context, file, at));
    else reader.catch(() => {});
  };
  for (const type of /** @type {const} */ (["dragover", "dragleave", "drop"])) addEventListener(type, over);
}

/** The menu is fetched by the first wish for it, which it then answers. @param {Store} store @param {Context} context @param {HTMLElement} stage */
function menuOnFirstWish(store, context, stage) {
  const isWish = (/** @type {Event} */ event) =>
    event.type === "contextmenu" || (event instanceof KeyboardEvent && (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)));
  let attached = false;
  const wish = async (/** @type {Event} */ event) => {
    if (attached || !isWish(event) || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    const { attachContextMenu } = await styled(import("./view/context-menu.js"), "pickers", "gestures");
    if (!attached) attachContextMenu(store, context, stage, byId("layer"));
    attached = true;
    event.target?.dispatchEvent(event instanceof KeyboardEvent ? new KeyboardEvent("keydown", event) : new MouseEvent("contextmenu", event));
  };
  for (const type of ["contextmenu", "keydown"]) stage.addEventListener(type, wish);
}

/** Guides are fetched by the first drag, the search by the first question. @param {Store} store @param {Context} context @param {Canvas} canvas @param {Painter} painter */
function guidesOnFirstWish(store, context, canvas, painter) {
  let guided = false;
  const stop = store.subscribe(async (state) => {
    if (!guided && (state.gesture?.kind === "drag" || state.search)) {
      guided = true;
      styled(import("./view/guides.js"), "gestures").then(({ createGuides }) => {
        const guides = createGuides();
        canvas.stage.append(guides.dom);
        painter.add(guides);
      });
    }
    if (!state.search) return;
    stop();
    const { createFlowSearch } = await styled(import("./view/flow-search.js"), "gestures");
    const search = createFlowSearch(store, context);
    canvas.dom.append(search.dom);
    painter.add(search);
  });
}

/** A flow with nothing but its trigger has its next steps beside it. @param {Store} store @param {Context} context @param {Canvas} canvas @param {Painter} painter */
function teachWhereEmpty(store, context, canvas, painter) {
  let asked = false;
  const look = async () => {
    if (asked || store.state.document.nodes.length > 1) return;
    asked = true;
    const { createFirstSteps } = await styled(import("./view/first-steps.js"), "first-steps");
    const card = createFirstSteps(store, context);
    canvas.dom.append(card.dom);
    painter.add(card);
  };
  store.subscribe(look);
  look();
}

/** The overview comes when it is first shown; whether it is, is remembered. @param {Store} store @param {Context} context @param {Canvas} canvas @param {Painter} painter */
function offerMinimap(store, context, canvas, painter) {
  const key = "segue.minimap";
  const kept = remembered(key);
  if (kept) store.dispatch((state) => ({ ...state, minimap: kept === "shown" }));
  context.commands.register({
    id: "minimap",
    label: context.words.commands.minimap,
    keys: ["Shift+m"],
    group: context.words.groups.view,
    run: (state) => ({ ...state, minimap: !wantsMinimap(state) }),
    perform: () => remember(key, store.state.minimap ? "shown" : "hidden"),
  });
  let asked = false;
  const offer = async () => {
    if (asked || !wantsMinimap(store.state)) return;
    asked = true;
    const { createMinimap } = await styled(import("./view/minimap.js"), "minimap");
    const map = createMinimap(store);
    canvas.dom.append(map.dom);
    painter.add(map);
  };
  store.subscribe(offer);
  whenIdle(offer);
}

/** @param {string} key @returns {string|null} */
function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage is full or forbidden; it is a convenience
  }
}

/** `?run=<id>` opens a run, with `&draft=1` its data in the draft; `?node=<id>` (or #node) a step, at a size one can read. @param {Store} store @param {Context} context */
function openLinked(store, context) {
  const asked = new URLSearchParams(location.search);
  const run = asked.get("run");
  const node = asked.get("node") ?? location.hash.slice(1);
  const take = async () => (await import("./view/to-draft.js")).openInDraft(store, context);
  const opened = run ? context.runs.open(run) : null;
  (asked.has("draft") ? opened?.then(take) : opened)?.catch((/** @type {Error} */ error) => context.toast(error.message, { kind: "bad" }));
  if (!node) return;
  if (context.commands.run("select", { node, field: asked.get("field") }))
    store.dispatch((state) => (state.camera.zoom < 0.6 ? (fit(state, true) ?? state) : state));
  else if (!run) context.toast("The step that this link leads to is no longer in the flow.", { kind: "warn" });
}

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
