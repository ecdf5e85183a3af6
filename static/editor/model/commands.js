/**
 * The table of commands. Toolbar, menus, palette and keyboard read it; nothing else changes the document.
 *
 * `run` is pure: a new state, or null = does not apply now. `perform` is the effect outside the state that goes with it.
 */

/** @import {Command} from "../types.js" */

import { createCommands } from "./commands/create.js";
import { editCommands } from "./commands/edit.js";
import { selectCommands } from "./commands/select.js";
import { viewCommands } from "./commands/view.js";

/** @returns {Command[]} */
export const table = () => [...editCommands, ...createCommands, ...selectCommands, ...viewCommands];
