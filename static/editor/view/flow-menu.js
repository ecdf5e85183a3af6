/** What can be done with the whole flow beside editing it: out as a file, in from one, links, how it was. */
/** @import {Context} from "../types.js" */

import { transfer } from "../model/words-transfer.js";
import { words } from "../model/words.js";
import { icon } from "./dom.js";
import { openMenu } from "./popover.js";

/** @param {Context} context @param {Element} anchor */
export function openFlowMenu(context, anchor) {
  const layer = /** @type {HTMLElement} */ (document.querySelector("#layer > .layer") ?? document.getElementById("layer"));
  const item = (/** @type {string} */ id, /** @type {string} */ label, /** @type {string} */ glyph, /** @type {any} */ args = {}) => ({
    label,
    icon: icon(glyph),
    disabled: !context.commands.applies(id, args),
    run: () => void context.commands.run(id, args),
  });
  const picture = (/** @type {"png"|"svg"} */ format, /** @type {"light"|"dark"} */ theme) =>
    item(`export-${format}`, `${transfer.export[format]}, ${transfer.themes[theme]}`, theme === "light" ? "sun" : "moon", { theme });
  openMenu(layer, anchor, {
    label: transfer.more,
    items: [
      item("copy-flow-link", transfer.copyFlowLink, "link"),
      picture("png", "light"),
      picture("png", "dark"),
      picture("svg", "light"),
      picture("svg", "dark"),
      item("export-json", transfer.export.json, "code"),
      item("import-file", transfer.open, "upload"),
      item("sides", words.commands.sides, "panel"),
    ],
  });
}
