/** The English texts of the card that stands beside an empty flow. */

export const first = Object.freeze({
  title: "Three steps to a running flow",
  choose: "Choose what starts it",
  chooseText: "Every flow starts with a trigger: what has to happen for it to run.",
  chooseAction: "Choose a trigger",
  add: "Add what should happen",
  addText: "Press the + under the trigger, drag from the left, or press N.",
  addAction: "Add a step",
  try: "Try it on a past call",
  tryText: "A call that came in, a saved event or a made-up one; dry, so nothing is sent.",
  tryAction: "Start from a past call",
  publish: "Publish it",
  publishText: "Until then nothing runs. Every publish can be taken back.",
  templates: "Or start from a template",
  more: "All templates",
  from: (/** @type {string} */ title) => `Start from ${title}`,
  started: (/** @type {string} */ title) => `${title} is in the draft. Undo takes it back.`,
  source: (/** @type {string} */ title) => `the template ${title}`,
  dismiss: "Hide these steps",
  failed: (/** @type {string} */ why) => `The templates could not be fetched: ${why}`,
});
