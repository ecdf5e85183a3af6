/** The gestures that come after the first paint; panning is there from the start. */

export { dragNodes } from "./drag-nodes.js";
export { drawEdge } from "./draw-edge.js";
export { leadEdge } from "./lead-edge.js";
export { marquee } from "./marquee.js";
export { resizeNote } from "./resize-note.js";
