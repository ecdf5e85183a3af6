/** Commands that rearrange the line a step is in; registered with the outline and with connecting by keyboard. */

/** @import {Command, State} from "../../types.js" */

import { disconnect, edgeOf, nodeOf } from "../document.js";
import { announced, commit } from "../history.js";
import { moveAfter, moveBefore, stepAfter, stepBefore } from "../moving.js";
import { readonlyReason, selectionOf } from "../state.js";
import { outline } from "../words-outline.js";
import { words } from "../words.js";
import { currentNode } from "./create.js";

const group = words.groups.edit;

/** @param {State} state @param {string} id */
const nameOf = (state, id) => nodeOf(state.document, id)?.label || nodeOf(state.document, id)?.type || words.something;

/** @param {State} state @param {string} label @param {import("../moving.js").Moved} moved @returns {State|null} */
function moveOrSay(state, label, moved) {
  return "refused" in moved ? announced(state, moved.refused, true) : commit(state, label, moved.document);
}

/** @param {State} state @param {"earlier"|"later"} way @returns {State|null} */
function move(state, way) {
  const node = currentNode(state);
  if (readonlyReason(state) || !node) return null;
  const { document, catalogue } = state;
  const other = way === "earlier" ? stepBefore(document, node.id) : stepAfter(document, catalogue, node.id);
  if (other === undefined) return announced(state, words.refused.noStepThere, true);
  const [first, second] = way === "earlier" ? [node.id, other] : [other, node.id];
  const label =
    way === "earlier" ? outline.movedBefore(nameOf(state, node.id), nameOf(state, other)) : outline.moved(nameOf(state, node.id), nameOf(state, other));
  return moveOrSay(state, label, moveBefore(document, catalogue, first, second));
}

/** @param {State} state @param {{node: string, after: {node: string, port: string}}} args @returns {State|null} */
function moveTo(state, args) {
  if (readonlyReason(state) || !nodeOf(state.document, args?.node ?? "")) return null;
  const label = outline.moved(nameOf(state, args.node), nameOf(state, args.after.node));
  return moveOrSay(state, label, moveAfter(state.document, state.catalogue, args.node, args.after));
}

/** @param {State} state @param {{edge: string}} args @returns {State|null} */
function removeEdge(state, args) {
  const edge = edgeOf(state.document, args?.edge ?? "");
  if (readonlyReason(state) || !edge) return null;
  return commit(state, words.labels.disconnect, disconnect(state.document, [edge.id]), { selection: selectionOf([edge.source]), focused: edge.source });
}

/** @type {Command[]} */
export const arrangeCommands = [
  { id: "move-earlier", label: outline.moveEarlier, keys: [], group, run: (state) => move(state, "earlier") },
  { id: "move-later", label: outline.moveLater, keys: [], group, run: (state) => move(state, "later") },
  { id: "move-after", label: outline.moveTo, keys: [], group, hidden: true, run: moveTo },
  { id: "disconnect", label: outline.disconnect, keys: [], group, hidden: true, run: removeEdge },
];
