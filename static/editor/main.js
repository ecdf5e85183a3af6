/** The editor's page: reads what the server put into it, makes the store, mounts every view, wires pointers, keys and the server. */

/** @import {Commands, Context, State, View} from "./types.js" */

import { createDrop } from "./gestures/drop-node.js";
import { createMachine } from "./gestures/machine.js";
import { listenToWheel } from "./gestures/pan.js";
import { listenToKeys } from "./keymap.js";
import { readCatalogue } from "./model/catalogue.js";
import { createCommandRunner } from "./model/command-runner.js";
import { table } from "./model/commands.js";
import { fit } from "./model/commands/view.js";
import { readDocument } from "./model/document.js";
import { announced } from "./model/history.js";
import { createStore, initialState } from "./model/state.js";
import { words } from "./model/words.js";
import { createApi } from "./sync/api.js";
import { createAutosave } from "./sync/autosave.js";
import { createAnnouncer } from "./view/announcer.js";
import { createCanvas } from "./view/canvas.js";
import { useSprite } from "./view/dom.js";
import { createPanels } from "./view/panels.js";
import { createToolbar } from "./view/toolbar.js";

const page = JSON.parse(byId("editor-data").textContent ?? "{}");
const api = createApi(page.urls.api);
useSprite(page.urls.icons);

start().catch((error) => {
  const box = byId("canvas");
  box.replaceChildren(
    Object.assign(document.createElement("p"), { className: "canvas-failed", role: "alert", textContent: words.save.notLoaded(error.message) }),
  );
  throw error;
});

async function start() {
  const flow = page.flow;
  const [draft, types] = await Promise.all([api.get(`/flows/${flow.id}/draft/`), api.get(`/node-types/?kind=${encodeURIComponent(flow.kind)}`)]);
  const store = createStore(
    initialState({
      flow,
      me: page.me,
      catalogue: readCatalogue(types),
      document: readDocument(draft.document),
      revision: draft.revision,
      problems: draft.problems ?? [],
      changed: draft.changes ?? Number(draft.changed ?? 0),
      workspace: page.workspace?.id ?? "",
      preferences: page.preferences ?? {},
      online: navigator.onLine,
    }),
  );

  const context = /** @type {Context & {api: typeof api}} */ (/** @type {unknown} */ ({ api, words, icons: page.urls.icons, urls: page.urls }));
  const commands = /** @type {Commands} */ (createCommandRunner(store, () => context));
  commands.open(table());
  const canvas = createCanvas(store, context);
  Object.assign(context, {
    commands,
    canvas: canvas.access,
    announce: (/** @type {string} */ text) => store.dispatch((state) => announced(state, text)),
    addNode: (/** @type {string} */ type) => void commands.run("insert", { type }),
    startDrop: createDrop(store, context, canvas.stage),
    leaveForm: () => leaveForm(),
  });
  const autosave = createAutosave(store, context);
  Object.assign(context, {
    flush: page.bench ? async () => true : autosave.flush,
    reload: autosave.reload,
    runs: { open: openRun, close: () => live?.then((feed) => feed.close()) },
  });

  /** @type {Promise<ReturnType<typeof import("./sync/live.js").createLive>>|null} */
  let live = null;
  const feed = () => {
    live ??= import("./sync/live.js").then((module) => module.createLive(store, context, autosave));
    return live;
  };
  /** @param {string} id */
  async function openRun(id) {
    await (await feed()).open(id);
  }

  /** Save, Discard or Stay, when the form has changes that were not saved. @returns {Promise<boolean>} */
  async function leaveForm() {
    const { form } = store.state;
    if (!form?.dirty) return true;
    const { leave } = words;
    const answer = await context.dialog({
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

  byId("canvas").replaceChildren(canvas.dom);
  const toolbar = createToolbar(context);
  canvas.dom.append(toolbar.dom);
  const announcer = createAnnouncer(byId("live"));
  const panels = createPanels(store, context);
  Object.assign(context, { openPicker: panels.openPicker, dialog: panels.dialog, toast: panels.toast });
  for (const [name, slot] of Object.entries(panels.slots)) byId(name).replaceChildren(slot);

  const viewport = { width: canvas.stage.clientWidth || 800, height: canvas.stage.clientHeight || 600 };
  store.dispatch((state) => withFirstCamera({ ...state, viewport }));
  paintOnFrames([canvas, toolbar], [panels, announcer]);

  createMachine(store, context, { stage: canvas.stage, panning: canvas.panning });
  listenToWheel(store, canvas.stage, canvas.panning);
  listenToKeys(store, context, canvas.stage);
  whenIdle(later);
  if (page.bench) Object.assign(window, { segueBench: bench() });

  /**
   * Every view hears of a change once a frame, with the state it drew last; those around the canvas not of its moves.
   * @param {Pick<View, "update">[]} inside @param {Pick<View, "update">[]} around
   */
  function paintOnFrames(inside, around) {
    let drawn = store.state;
    let asked = 0;
    const paint = () => {
      cancelAnimationFrame(asked);
      asked = 0;
      const past = drawn;
      drawn = store.state;
      for (const view of inside) view.update(drawn, past);
      if (!onlyMoved(drawn, heard)) {
        for (const view of around) view.update(drawn, heard);
        heard = drawn;
      }
    };
    let heard = drawn;
    for (const view of [...inside, ...around]) view.update(drawn, drawn);
    store.subscribe((state, before) => {
      if (state.focused !== before.focused && state.focused !== null && !state.gesture)
        queueMicrotask(() => canvas.access.reveal(/** @type {string} */ (store.state.focused ?? "")));
      // A field that opens must be there for the very next key.
      if (state.renaming !== before.renaming || state.editingNote !== before.editingNote) return paint();
      asked ||= requestAnimationFrame(paint);
    });
  }

  /** What is not needed to draw and drag: lists for pickers, the live feed, menus. */
  async function later() {
    if (!page.bench) feed().then((made) => made.connect());
    const lists = /** @type {const} */ (["connections", "agents", "flows"]);
    for (const name of lists) {
      api.get(`/${name}/?limit=200`).then(
        (answer) => store.dispatch((state) => ({ ...state, [name]: answer.results ?? answer })),
        () => {},
      );
    }
    const { attachContextMenu } = await import("./view/context-menu.js");
    attachContextMenu(store, context, canvas.stage, byId("layer"));
    openLinked();
  }

  /** `?run=<id>` opens a run, `?node=<id>` (or #node) a step. */
  function openLinked() {
    const asked = new URLSearchParams(location.search);
    const run = asked.get("run");
    const node = asked.get("node") ?? location.hash.slice(1);
    if (run) openRun(run).catch((error) => context.toast(error.message, { kind: "bad" }));
    if (node) commands.run("select", { node, field: asked.get("field") });
  }

  /** The view as it was left, else everything that fits. @param {State} state @returns {State} */
  function withFirstCamera(state) {
    const key = `segue.camera.${flow.id}`;
    addEventListener("pagehide", () => remember(key, JSON.stringify(store.state.camera)));
    try {
      const { x, y, zoom } = JSON.parse(localStorage.getItem(key) ?? "");
      if ([x, y, zoom].every(Number.isFinite) && zoom >= 0.1 && zoom <= 2) return { ...state, camera: { x, y, zoom } };
    } catch {
      // nothing kept, or nothing that can be read
    }
    return startCamera(state);
  }

  addEventListener("beforeunload", (event) => {
    if (!page.bench && (autosave.unsaved() || store.state.form?.dirty)) event.preventDefault();
  });

  /** For scripts that measure: `?bench=1`. Nothing is saved. */
  function bench() {
    return {
      store,
      /** @param {any} value */
      load: (value) => store.dispatch((state) => ({ ...state, document: readDocument(value), history: { past: [], future: [] } })),
      /** @param {number} zoom @param {number} x @param {number} y */
      view: (zoom, x, y) => store.dispatch((state) => ({ ...state, camera: { zoom, x, y } })),
      fit: () => commands.run("fit"),
    };
  }
}

/** @param {State} state @param {State} before @returns {boolean} nothing but what the pointer does on the canvas differs */
function onlyMoved(state, before) {
  const moving = ["camera", "viewport", "gesture"];
  return /** @type {(keyof State)[]} */ (Object.keys(state)).every((name) => state[name] === before[name] || moving.includes(name));
}

/** A long flow starts at its trigger at a size one can read, not as a speck. @param {State} state @returns {State} */
function startCamera(state) {
  const whole = fit(state) ?? state;
  if (whole.camera.zoom >= 0.6) return whole;
  const trigger = state.document.nodes.find((node) => state.catalogue.types.get(node.type)?.trigger);
  const place = trigger && state.document.layout[trigger.id];
  return place ? { ...state, camera: { zoom: 0.9, x: state.viewport.width / 2 - (place.x + 128) * 0.9, y: 64 - place.y * 0.9 } } : whole;
}

/** @param {string} key @param {string} text */
function remember(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // storage is full or forbidden; the view is only a convenience
  }
}

/** @param {() => void} run */
function whenIdle(run) {
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: 1500 });
  else setTimeout(run, 300);
}

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
