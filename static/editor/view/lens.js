/**
 * While the view is dragged the world lies in a box that scrolls. What is scrolled the browser moves as it is; for another transform
 * it would look at styles and layers again, on every frame.
 */

/** @import {Camera} from "../types.js" */

import { h } from "./dom.js";

/** Pixels that can be scrolled to every side; who goes further gets a new box around where he is. */
const ROOM = 1024;
const SCROLLS = { width: "100%", height: "100%", overflow: "scroll", scrollbarWidth: "none", willChange: "scroll-position", touchAction: "none" };
const RESTS = { width: "", height: "", overflow: "", scrollbarWidth: "", willChange: "", touchAction: "" };

/** @param {HTMLElement} lens the box @param {HTMLElement} world */
export function createLens(lens, world) {
  // As large as box and room; over the world, so that nobody looks for what lies under a pointer that drags.
  const room = h("div", { "aria-hidden": "true" });
  Object.assign(room.style, { position: "absolute", left: "0", top: "0", width: `calc(100% + ${2 * ROOM}px)`, height: `calc(100% + ${2 * ROOM}px)` });
  /** Where the world lies while the box is in the middle of its room. @type {Camera|null} */
  let middle = null;

  /** @param {Camera} camera */
  function put({ x, y, zoom }) {
    middle = { x, y, zoom };
    world.style.transform = `translate(${x + ROOM}px, ${y + ROOM}px) scale(${zoom})`;
    lens.scrollTo(ROOM, ROOM);
  }

  return {
    /** @param {Camera} camera @param {boolean} covered whether what lies there is out of reach meanwhile */
    show(camera, covered) {
      if (!middle) {
        Object.assign(lens.style, SCROLLS);
        world.style.willChange = "auto";
        room.style.visibility = covered ? "" : "hidden";
        lens.append(room);
        return put(camera);
      }
      const [dx, dy] = [middle.x - camera.x, middle.y - camera.y];
      if (camera.zoom !== middle.zoom || Math.abs(dx) > ROOM || Math.abs(dy) > ROOM) return put(camera);
      lens.scrollTo(ROOM + Math.round(dx), ROOM + Math.round(dy));
    },
    end() {
      if (!middle) return;
      middle = null;
      room.remove();
      Object.assign(lens.style, RESTS);
      world.style.willChange = "";
    },
  };
}
