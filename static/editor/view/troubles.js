/** Bars under the top bar for what does not mend itself: what happened, what is safe, and a way on. */

/** @import {Context, State, Store, Trouble} from "../types.js" */

import { said } from "../model/words-sync.js";
import { h, icon, style } from "./dom.js";

const TONES = /** @type {Record<Trouble["kind"], string>} */ ({ version: "info", storage: "warn", damaged: "warn" });
const MILD = ["version", "storage", "damaged"];
/** @typedef {{unsent: () => number, retry: () => void, clear: (kind: Trouble["kind"]) => void}} Saving */

let shown = false;

/** Once; from then on the bars follow the state. @param {Store} store @param {Context} context @param {Saving} saving */
export async function showTroubles(store, context, saving) {
  if (shown) return;
  shown = true;
  await style("sync");
  const dom = h("div", { class: "troubles", role: "region", "aria-label": "What needs you" });
  document.getElementById("banner")?.after(dom);
  const draw = () => {
    dom.replaceChildren(...store.state.troubles.map((trouble) => bar(trouble, store, context, saving)));
  };
  store.subscribe((state, before) => {
    if (state.troubles !== before.troubles || (state.troubles.length && state.save.kept !== before.save.kept)) draw();
    for (const trouble of state.troubles) if (!before.troubles.some((each) => each.kind === trouble.kind)) context.announce(textOf(trouble, saving));
  });
  draw();
  for (const trouble of store.state.troubles) context.announce(textOf(trouble, saving));
}

/** @param {Trouble} trouble @param {Saving} saving */
function textOf(trouble, saving) {
  const words = said.trouble[trouble.kind];
  const detail = trouble.kind === "refused" ? ` ${trouble.message}` : "";
  return `${words.title}${detail} ${words.text(saving.unsent() + trouble.more)}`;
}

/** @param {Trouble} trouble @param {Store} store @param {Context} context @param {Saving} saving */
function bar(trouble, store, context, saving) {
  const words = said.trouble[trouble.kind];
  const mild = MILD.includes(trouble.kind);
  const kept = saving.unsent() + trouble.more;
  const button = (/** @type {string} */ label, /** @type {() => void} */ run, look = "") =>
    h("button", { class: `button button-small ${look}`, type: "button", onclick: run }, label);
  return h(
    "div",
    { class: "trouble", "data-tone": TONES[trouble.kind] ?? "bad" },
    icon(mild ? "info" : "alert"),
    h("p", {}, h("strong", {}, words.title), trouble.kind === "refused" ? ` ${trouble.message} ` : " ", words.text(kept)),
    words.act ? button(words.act, () => ACTS[trouble.kind]?.(saving), "button-primary") : null,
    trouble.kind === "refused" ? button(said.trouble.undo, () => context.commands.run("undo") && saving.retry()) : null,
    mild || !kept ? null : button(said.trouble.download, () => download(store)),
    mild
      ? h("button", { class: "icon-button", type: "button", "aria-label": said.trouble.dismiss, onclick: () => saving.clear(trouble.kind) }, icon("x"))
      : null,
  );
}

/** @type {Partial<Record<Trouble["kind"], (saving: Saving) => void>>} */
const ACTS = {
  session: () => void open("/sign-in/?next=/", "_blank"),
  stranger: () => location.reload(),
  gone: () => void open("/flows/trash/", "_blank"),
  version: () => location.reload(),
  refused: (saving) => saving.retry(),
};

/** Everything of this draft as it is on this page, and what tabs before it kept, as a file. @param {Store} store */
async function download(store) {
  const { flow, me, document: draft, revision } = store.state;
  const { openStorage } = await import("../sync/storage.js");
  const { leftBehind } = await import("../sync/queue.js");
  const rows = await openStorage()
    .then((storage) => leftBehind(storage, String(me.id), flow.id))
    .catch(() => new Map());
  const batches = [...rows.values()].flat().map(({ client, seq, base, ops }) => ({ client, seq, base, ops }));
  const value = { segue: "changes", flow: { id: flow.id, name: flow.name }, revision, at: new Date().toISOString(), batches, document: draft };
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 1)], { type: "application/json" }));
  const name = flow.name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "flow";
  h("a", { href: url, download: `${name}-changes.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
