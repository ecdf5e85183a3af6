/**
 * The editor's page, first stage: the flow on a canvas that can be moved. What makes it an editor (editing.js) comes right after the
 * first paint; keys and commands used before wait for it. A static import here is on the way to the first picture: see the budget.
 */

/** @import {Context, State, Store, View} from "./types.js" */

import { createMachine } from "./gestures/machine.js";
import { listenToWheel } from "./gestures/pan.js";
import { readCatalogue } from "./model/catalogue.js";
import { createCommandRunner } from "./model/command-runner.js";
import { readDocument } from "./model/document.js";
import { fit } from "./model/spatial.js";
import { createStore, initialState } from "./model/state.js";
import { words } from "./model/words.js";
import { createCanvas } from "./view/canvas.js";
import { styled, useSprite } from "./view/dom.js";

/** @typedef {{add: (view: Pick<View, "update">, how?: {around?: boolean}) => void}} Painter  around: not told of moves on the canvas */

const page = JSON.parse(byId("editor-data").textContent ?? "{}");
const sprite = useSprite(page.urls.icons);
const playInput = keepInput();

start().catch((error) => {
  const text = words.save.notLoaded(error.message);
  byId("canvas").replaceChildren(Object.assign(document.createElement("p"), { className: "canvas-failed", role: "alert", textContent: text }));
  throw error;
});

async function start() {
  const { flow } = page;
  const [draft, types] = await Promise.all([ask(`/flows/${flow.id}/draft/`), ask(`/node-types/?kind=${encodeURIComponent(flow.kind)}&brief=1`)]);
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
  const context = /** @type {Context} */ (/** @type {unknown} */ ({ words, icons: page.urls.icons, urls: page.urls }));
  context.commands = createCommandRunner(store, () => context);
  const canvas = createCanvas(store, context);
  context.canvas = canvas.access;
  // The bar comes with the second stage; that it comes is known now, and the canvas must not move under a pointer.
  byId("banner").classList.toggle("is-awaited", wantsBanner(store.state));
  byId("canvas").replaceChildren(canvas.dom);
  const viewport = { width: canvas.stage.clientWidth || 800, height: canvas.stage.clientHeight || 600 };
  store.dispatch((state) => withFirstCamera({ ...state, viewport }));
  const painter = paintOnFrames(store, canvas);
  createMachine(store, context, { stage: canvas.stage, panning: canvas.panning });
  listenToWheel(store, canvas.stage, canvas.panning);
  rememberCamera(store);
  sprite.then(canvas.again, () => {});
  afterPaint(async () => {
    performance.mark("canvas");
    for (const module of page.late) import(module);
    const { edit } = await styled(import("./editing.js"), "panels", "controls");
    edit({ store, context, canvas, page, painter });
    playInput(context);
  });
}

/** What view/banner.js has words for. @param {State} state */
const wantsBanner = ({ flow, changed, readonly }) => !flow.published || Boolean(changed) || readonly !== null;

/**
 * What the page begins with. What fails is asked for again in the way that has words for failures.
 * @param {string} path
 */
async function ask(path) {
  const answer = await fetch(page.urls.api + path, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) return answer.json();
  const { createApi } = await import("./sync/api.js");
  return createApi(page.urls.api).get(path);
}

/**
 * Every view hears of a change once a frame, with the state it drew last; those around the canvas not of its moves.
 * @param {Store} store @param {ReturnType<typeof createCanvas>} canvas @returns {Painter}
 */
function paintOnFrames(store, canvas) {
  /** @type {Pick<View, "update">[]} */
  const inside = [];
  /** @type {Pick<View, "update">[]} */
  const around = [];
  let drawn = store.state;
  let heard = drawn;
  let asked = 0;
  const paint = () => {
    cancelAnimationFrame(asked);
    asked = 0;
    const past = drawn;
    drawn = store.state;
    for (const view of inside) view.update(drawn, past);
    // A panel that opened for what was grabbed would make the first steps of a drag stumble.
    if (drawn.gesture?.kind === "drag" || onlyMoved(drawn, heard)) return;
    for (const view of around) view.update(drawn, heard);
    heard = drawn;
  };
  store.subscribe((state, before) => {
    if (state.focused !== before.focused && state.focused !== null && !state.gesture)
      queueMicrotask(() => canvas.access.reveal(/** @type {string} */ (store.state.focused ?? "")));
    // A field that opens must be there for the very next key, no form may take what is meant for the next; a resized canvas must not jump.
    const another = before.form && state.form && state.form.node !== before.form.node;
    if (another || state.renaming !== before.renaming || state.editingNote !== before.editingNote || state.viewport !== before.viewport) return paint();
    asked ||= requestAnimationFrame(paint);
  });
  const painter = {
    add(/** @type {Pick<View, "update">} */ view, { around: outside = false } = {}) {
      (outside ? around : inside).push(view);
      const state = outside ? heard : drawn;
      view.update(state, state);
    },
  };
  painter.add(canvas);
  return painter;
}

/** @param {State} state @param {State} before @returns {boolean} nothing but what the pointer does on the canvas differs */
function onlyMoved(state, before) {
  const moving = ["camera", "viewport", "gesture"];
  return /** @type {(keyof State)[]} */ (Object.keys(state)).every((name) => state[name] === before[name] || moving.includes(name));
}

const cameraKey = `segue.camera.${page.me.id}.${page.flow.id}`;

/** The view as it was left, else everything that fits. @param {State} state @returns {State} */
function withFirstCamera(state) {
  try {
    const { x, y, zoom } = JSON.parse(localStorage.getItem(cameraKey) ?? "");
    if ([x, y, zoom].every(Number.isFinite) && zoom >= 0.1 && zoom <= 2) return { ...state, camera: { x, y, zoom } };
  } catch {
    // nothing kept, or nothing that can be read
  }
  const whole = fit(state) ?? state;
  if (whole.camera.zoom >= 0.6) return whole;
  // A long flow starts at its trigger at a size one can read, not as a speck.
  const trigger = state.document.nodes.find((node) => state.catalogue.types.get(node.type)?.trigger);
  const place = trigger && state.document.layout[trigger.id];
  return place ? { ...state, camera: { zoom: 0.9, x: state.viewport.width / 2 - (place.x + 128) * 0.9, y: 64 - place.y * 0.9 } } : whole;
}

/** @param {Store} store */
function rememberCamera(store) {
  addEventListener("pagehide", () => {
    try {
      localStorage.setItem(cameraKey, JSON.stringify(store.state.camera));
    } catch {
      // storage is full or forbidden; the view is only a convenience
    }
  });
}

/**
 * Keys, copy and paste before anybody can act on them; the answer plays them again, in order. Space is the canvas's own from the start.
 * @returns {(context: Context) => void}
 */
function keepInput() {
  /** @type {((context: Context) => void)[]} */
  const kept = [];
  const stop = new AbortController();
  const on = { capture: true, signal: stop.signal };
  addEventListener("keydown", (event) => event.code !== "Space" && kept.push(() => pressAgain(event)), on);
  addEventListener("copy", () => kept.push(({ commands }) => commands.run("copy")), on);
  addEventListener("cut", () => kept.push(({ commands }) => commands.run("cut")), on);
  addEventListener(
    "paste",
    (event) => {
      const text = event.clipboardData?.getData("text/plain");
      kept.push(({ commands }) => commands.run("paste", { text }) || commands.run("paste", {}));
    },
    on,
  );
  return (context) => {
    stop.abort();
    for (const play of kept) play(context);
  };
}

/** @param {KeyboardEvent} event */
function pressAgain(event) {
  const target = event.target instanceof Element && event.target.isConnected ? event.target : document.body;
  target.dispatchEvent(new KeyboardEvent("keydown", event));
}

/** @param {() => void} run */
function afterPaint(run) {
  requestAnimationFrame(() => setTimeout(run));
}

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
