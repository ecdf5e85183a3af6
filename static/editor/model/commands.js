/**
 * The table of commands. Toolbar, menus, palette and keyboard read it; nothing else changes the document.
 *
 * `run` is pure: a new state, or null = does not apply now. `perform` is the effect outside the state that goes with it.
 */

/** @import {Command, Commands, Context, Store} from "../types.js" */

import { createCommands } from "./commands/create.js";
import { editCommands } from "./commands/edit.js";
import { selectCommands } from "./commands/select.js";
import { viewCommands } from "./commands/view.js";

/** @returns {Command[]} */
export const table = () => [...editCommands, ...createCommands, ...selectCommands, ...viewCommands];

/** @param {Store} store @param {() => Context} context made later, so asked for @returns {Commands} */
export function createCommandRunner(store, context) {
  const byId = new Map(table().map((command) => [command.id, command]));

  /** @param {Command} command @param {any} args @returns {boolean} */
  function runNow(command, args) {
    const before = store.state;
    const next = command.run(before, args);
    if (next === null) return false;
    store.dispatch(() => next);
    command.perform?.(context(), { ...args, state: store.state, before });
    return true;
  }

  return {
    run(id, args) {
      const command = byId.get(id);
      if (!command) return false;
      if (!command.leaves || !store.state.form?.dirty) return runNow(command, args);
      if (command.run(store.state, args) === null) return false;
      context()
        .leaveForm()
        .then((left) => left && runNow(command, args));
      return true;
    },
    applies: (id, args) => (byId.get(id)?.run(store.state, args) ?? null) !== null,
    all: () => [...byId.values()],
    register: (command) => void byId.set(command.id, command),
  };
}
