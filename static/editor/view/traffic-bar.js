/** Traffic on the canvas: which time and version, how much in all; asks again while somebody looks. */
/** @import {Context, State, Store} from "../types.js" */

import { underWay } from "../model/traffic.js";
import { moment } from "../model/words-panels.js";
import { runWords } from "../model/words-runs.js";
import { h, icon } from "./dom.js";

const EVERY = 5000;

/** @param {Store} store @param {Context} context */
export function createTraffic(store, context) {
  let timer = 0;
  let asked = "";
  const windows = h(
    "div",
    { class: "traffic-windows", role: "group", "aria-label": runWords.window },
    ...Object.entries(runWords.windows).map(([id, label]) =>
      h("button", { class: "traffic-window", type: "button", "data-window": id, onclick: () => choose({ window: id }) }, label),
    ),
  );
  const version = h("select", {
    class: "select traffic-version",
    "aria-label": runWords.version,
    onchange: () => choose({ version: Number(version.value) || null }),
  });
  const said = h("p", { class: "traffic-said", role: "status" });
  const close = h("button", { class: "icon-button", type: "button", "aria-label": "Hide traffic", onclick: () => context.commands.run("traffic") }, icon("x"));
  const dom = h("section", { class: "traffic", "aria-label": runWords.traffic, hidden: true }, icon("chart"), windows, version, said, close);
  for (const type of ["keydown", "pointerdown"]) dom.addEventListener(type, (event) => event.stopPropagation());

  /** @param {any} patch */
  function choose(patch) {
    store.dispatch((state) => (state.traffic ? { ...state, traffic: { ...state.traffic, ...patch } } : state));
  }

  async function ask() {
    clearTimeout(timer);
    const { traffic, flow } = store.state;
    if (!traffic) return;
    const wanted = keyOf(traffic);
    asked = wanted;
    // Nobody looks at a page in the background; it asks when it comes back.
    if (document.visibilityState === "visible") {
      try {
        const data = await context.api.get(`/flows/${flow.id}/traffic/?window=${traffic.window}${traffic.version ? `&version=${traffic.version}` : ""}`);
        store.dispatch((state) =>
          state.traffic && keyOf(state.traffic) === wanted ? { ...state, traffic: { ...state.traffic, data, failed: false } } : state,
        );
      } catch {
        store.dispatch((state) => (state.traffic && keyOf(state.traffic) === wanted ? { ...state, traffic: { ...state.traffic, failed: true } } : state));
      }
    }
    if (asked === wanted) timer = window.setTimeout(ask, EVERY);
  }

  /** @param {State} state */
  function draw(state) {
    const { traffic } = state;
    dom.hidden = !traffic || state.overlay !== null;
    if (!traffic || dom.hidden) return;
    for (const each of windows.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each.dataset.window === traffic.window));
    drawVersions(state.flow.published?.number ?? 0, traffic.version);
    said.textContent = textOf(traffic);
    said.classList.toggle("is-bad", traffic.failed);
  }

  /** @param {number} newest @param {number|null} chosen */
  function drawVersions(newest, chosen) {
    if (version.childElementCount !== newest + 1) {
      const numbers = Array.from({ length: newest }, (_, n) => newest - n);
      version.replaceChildren(h("option", { value: "" }, runWords.allVersions), ...numbers.map((n) => h("option", { value: String(n) }, `Version ${n}`)));
    }
    version.value = chosen === null ? "" : String(chosen);
    version.hidden = newest < 2;
  }

  return {
    dom,
    /** @param {State} state @param {State} before */
    update(state, before) {
      if (state.traffic === before.traffic && state.overlay === before.overlay && state !== before) return;
      draw(state);
      if (!state.traffic) {
        clearTimeout(timer);
        asked = "";
      } else if (keyOf(state.traffic) !== asked) ask();
    },
  };
}

/** @param {NonNullable<State["traffic"]>} traffic */
const keyOf = ({ window: time, version }) => `${time} ${version ?? ""}`;

/** @param {NonNullable<State["traffic"]>} traffic */
function textOf({ data, failed, window: time }) {
  if (failed) return runWords.trafficFailed;
  if (!data) return "…";
  const now = underWay(data);
  if (!data.runs && !now) return runWords.trafficNone;
  const hours = time === "24h" ? 24 : 168;
  const cut = Date.now() - Date.parse(data.since) < (hours - 0.1) * 3_600_000;
  return cut ? runWords.trafficNewest(data.runs, moment(data.since)) : runWords.trafficSome(data.runs, now);
}
