/** What happens elsewhere: websocket frames are hints, facts are fetched. Without a websocket the run that is open is asked for (watching.js). */

/** @import {Context, Store} from "../types.js" */

const RECONNECT = [500, 1000, 2000, 5000, 10000];

/** @typedef {ReturnType<typeof import("./watching.js").createWatching>} Watching */

/** @param {Store} store @param {Context} context @param {Pick<import("./autosave.js").Autosave, "pull"|"presence">} autosave */
export function createLive(store, context, autosave) {
  /** @type {WebSocket|null} */
  let socket = null;
  let attempts = 0;
  /** What watches a run, once somebody opened one. @type {Promise<Watching>|null} */
  let asked = null;
  /** @type {Watching|null} */
  let watching = null;
  const watch = () => {
    asked ??= import("./watching.js").then((module) => {
      watching = module.createWatching(store, context, () => socket?.readyState === 1);
      return watching;
    });
    return asked;
  };

  function connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const opened = new WebSocket(`${scheme}://${location.host}${context.urls.ws}/flows/${store.state.flow.id}/`);
    socket = opened;
    opened.addEventListener("open", () => {
      attempts = 0;
      autosave.presence.opened((message) => opened.readyState === 1 && opened.send(JSON.stringify(message)));
    });
    opened.addEventListener("message", (event) => hint(event.data));
    opened.addEventListener("close", () => {
      if (socket === opened) socket = null;
      autosave.presence.closed();
      // Where no socket can be had, each attempt asks for news the other way; it also finds out why it was closed.
      if (store.state.online) autosave.pull();
      setTimeout(connect, RECONNECT[Math.min(attempts++, RECONNECT.length - 1)]);
    });
    opened.addEventListener("error", () => opened.close());
  }

  /** @param {string} text */
  function hint(text) {
    const said = JSON.parse(text);
    // From here on nothing is missed; what was before is asked for.
    if (said.kind === "welcome") {
      autosave.pull();
      watching?.refresh();
    }
    if (autosave.presence.heard(said)) return;
    if (said.kind === "draft" && said.revision > store.state.revision) autosave.pull(said.revision);
    if (said.kind === "run") watching?.heard(said.run);
    if (said.kind === "started") watching?.heard(said.run, said.node);
  }

  return { connect, open: async (/** @type {string} */ id) => (await watch()).open(id), close: () => watching?.close() };
}
