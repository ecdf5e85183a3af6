/** Commands about what happened. */
/** @import {Command} from "../../types.js" */

import { announced } from "../history.js";
import { words } from "../words.js";

/** @type {Command[]} */
export const runCommands = [
  {
    id: "traffic",
    label: words.commands.traffic,
    keys: ["t"],
    group: words.groups.view,
    run: (state) =>
      announced(
        { ...state, traffic: state.traffic ? null : { window: "24h", version: null, data: null, failed: false } },
        words.announce.traffic(!state.traffic),
      ),
  },
];
