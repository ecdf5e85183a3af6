/** What the code editor says. */

export const sayCode = Object.freeze({
  keys: "Tab indents. Press Escape, then Tab, to leave.",
  inputs: "what you chose above",
  console: "shown in the run",
  /** @param {number} line */
  unreadable: (line) => `Line ${line} cannot be read from here on.`,
});
