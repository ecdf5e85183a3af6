/** The commands of the panels, in the one table that toolbar, palette, menus and keyboard read. */
/** @import {Command, Context, State, Store} from "../types.js" */

import { expectTyping } from "../keymap.js";
import { currentNode } from "../model/commands/create.js";
import { isTrigger, portIdsOf } from "../model/catalogue.js";
import { nodeOf } from "../model/document.js";
import { mayEdit, mayPublish } from "../model/rights.js";
import { readonlyReason } from "../model/state.js";
import { say } from "../model/words-panels.js";
import { styled } from "./dom.js";
import { words } from "../model/words.js";

/** @param {Store} store @param {Context} context @param {HTMLElement} layer */
export function registerPanelCommands(store, context, layer) {
  for (const command of table(store, layer)) context.commands.register(command);
}

/** @param {Store} store @param {HTMLElement} layer @returns {Command[]} */
function table(store, layer) {
  const publishing = () => import("./publishing.js");
  const allowed = (/** @type {(me: State["me"]) => boolean} */ test) => (/** @type {State} */ state) => (test(state.me) ? { ...state } : null);
  return [
    {
      id: "test",
      label: "Test the flow",
      keys: ["Mod+Enter"],
      group: "Flow",
      where: "canvas",
      run: (state) => (mayEdit(state.me) && state.right !== "test" ? { ...state, right: "test" } : null),
    },
    {
      id: "publish",
      label: say.publish,
      keys: [],
      group: "Flow",
      run: allowed(mayPublish),
      perform: async (context) => (await publishing()).publish(store, context),
    },
    {
      id: "ask-to-publish",
      label: say.askToPublish,
      keys: [],
      group: "Flow",
      run: allowed((me) => mayEdit(me) && !mayPublish(me)),
      perform: async (context) => (await publishing()).askToPublish(store, context),
    },
    {
      id: "undo-changes",
      label: say.undoChanges,
      keys: [],
      group: "Flow",
      run: (state) => (mayEdit(state.me) && state.flow.published ? { ...state } : null),
      perform: async (context) => (await publishing()).undoChanges(store, context),
    },
    ...exporting(store),
    ...["to", "from"].map((end) => ({
      id: `connect-${end}`,
      label: end === "to" ? words.commands.connectTo : words.commands.connectFrom,
      keys: [end === "to" ? "c" : "Shift+c"],
      group: words.groups.add,
      run: (/** @type {State} */ state, /** @type {any} */ args) => (readonlyReason(state) || !endOf(state, args, end) ? null : { ...state }),
      perform: (/** @type {Context} */ context, /** @type {any} */ args) => {
        const from = { ...args, node: endOf(args.state, args, end)?.id ?? "" };
        expectTyping(styled(import("./choosing.js"), "pickers", "outline").then((module) => module.connectByName(store, context, layer, end, from)));
      },
    })),
    {
      id: "history",
      label: words.commands.history,
      keys: ["Mod+Alt+z"],
      group: words.groups.edit,
      run: (state) => (state.history.past.length || state.history.future.length ? { ...state } : null),
      perform: async (context, args) =>
        (await styled(import("./undo-list.js"), "pickers", "gestures")).openUndoList(layer, store, context, args.anchor ?? toolOf("history")),
    },
    panel("outline", "Outline"),
    panel("review", "Review changes"),
    panel("versions", "Versions"),
    panel("snapshots", say.snapshots),
    panel("problems", "Problems"),
    panel("run", "Runs"),
    { id: "close-panel", label: "Close the right panel", keys: [], group: "Flow", run: (state) => (state.right ? { ...state, right: null } : null) },
    {
      id: "command-palette",
      label: "All commands",
      keys: ["Mod+k"],
      group: "View",
      where: "page",
      hidden: true,
      run: (state) => ({ ...state }),
      perform: (context) =>
        void expectTyping(styled(import("./command-palette.js"), "pickers").then((module) => module.openCommandPalette(layer, store, context))),
    },
    {
      id: "shortcuts",
      label: "Keyboard shortcuts",
      keys: ["?"],
      group: "View",
      run: (state) => ({ ...state }),
      perform: async (context) => (await styled(import("./shortcuts.js"), "pickers")).openShortcuts(layer, store, context),
    },
  ];
}

/** Where a popover without an anchor of its own belongs: at its button among the tools. @param {string} id @returns {Element} */
const toolOf = (id) => document.querySelector(`.tool[data-command="${id}"]`) ?? document.body;

/** Out of the page and into it: files and links. @param {Store} store @returns {Command[]} */
function exporting(store) {
  const always = (/** @type {State} */ state) => ({ ...state });
  const files = () => import("./exporting.js");
  const command = (/** @type {string} */ id, /** @type {string} */ label, /** @type {Command["run"]} */ run, /** @type {Command["perform"]} */ perform) => ({
    id,
    label,
    keys: [],
    group: "Flow",
    run,
    perform,
  });
  return [
    command("export-png", "Export as PNG", always, async (context, args) => (await files()).exportFlow(store, context, "png", args.theme)),
    command("export-svg", "Export as SVG", always, async (context, args) => (await files()).exportFlow(store, context, "svg", args.theme)),
    command("export-json", "Export as JSON", always, async (context) => (await files()).exportFlow(store, context, "json")),
    command(
      "import-file",
      "Import from a file…",
      (state) => (readonlyReason(state) ? null : { ...state }),
      async (context) => (await styled(import("./importing.js"), "transfer")).chooseFile(store, context),
    ),
    command(
      "copy-link",
      "Copy link to this step",
      (state, args) => (args?.node || currentNode(state) ? { ...state } : null),
      async (context, args) => (await import("./linking.js")).copyLink(store, context, args.node ?? currentNode(args.state)?.id ?? null),
    ),
    command("copy-flow-link", "Copy link to this flow", always, async (context) => (await import("./linking.js")).copyLink(store, context, null)),
  ];
}

/** The step at one end of a connection: it needs a way out, or nothing but not to be the trigger. @param {State} state @param {{node?: string}|undefined} args @param {string} end */
function endOf(state, args, end) {
  const node = args?.node ? nodeOf(state.document, args.node) : currentNode(state);
  return node && (end === "to" ? portIdsOf(node, state.catalogue).length : !isTrigger(node, state.catalogue)) ? node : undefined;
}

/** @param {NonNullable<State["right"]>} id @param {string} label @returns {Command} */
function panel(id, label) {
  return { id: `panel-${id}`, label, keys: [], group: "Flow", run: (state) => (state.right === id ? null : { ...state, right: id }) };
}
