/** variable_name: the name behind `vars.`; spaces become underscores as one types. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { plainInput } from "./text.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function variableName(options) {
  const part = plainInput(
    {
      ...options,
      change: (text) => {
        const name = text.replace(/\s/g, "_");
        if (name !== text) part.set(name);
        options.change(name);
      },
    },
    { mono: true, prefix: "vars.", placeholder: "name" },
  );
  return part;
}
