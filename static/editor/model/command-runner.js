/**
 * Runs commands by their id. The table comes after the first paint; what is asked for before is done when it is here.
 */

/** @import {Command, Commands, Context, Store} from "../types.js" */

/** @param {Store} store @param {() => Context} context made later, so asked for @returns {Commands} */
export function createCommandRunner(store, context) {
  /** @type {Map<string, Command>} */
  const byId = new Map();
  /** @type {{id: string, args: any}[]|null} */
  let waiting = [];

  /** @param {Command} command @param {any} args @returns {boolean} */
  function runNow(command, args) {
    const before = store.state;
    const next = command.run(before, args);
    if (next === null) return false;
    store.dispatch(() => next);
    command.perform?.(context(), { ...args, state: store.state, before });
    return true;
  }

  /** @param {string} id @param {any} [args] */
  function run(id, args) {
    const command = byId.get(id);
    if (!command) return Boolean(waiting?.push({ id, args }));
    if (!command.leaves || !store.state.form?.dirty) return runNow(command, args);
    if (command.run(store.state, args) === null) return false;
    context()
      .leaveForm()
      .then((left) => left && runNow(command, args));
    return true;
  }

  return {
    run,
    applies: (id, args) => (byId.get(id)?.run(store.state, args) ?? null) !== null,
    all: () => [...byId.values()],
    register: (command) => void byId.set(command.id, command),
    open(table) {
      for (const command of table) byId.set(command.id, command);
      const asked = waiting ?? [];
      waiting = null;
      return () => {
        for (const { id, args } of asked) run(id, args);
      };
    },
  };
}
