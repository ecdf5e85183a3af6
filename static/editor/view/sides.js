/** Steps and settings left or right of the canvas, as somebody likes it; the page comes as it was kept. */
/** @import {State} from "../types.js" */

/** What is seen first comes first for Tab and for screen readers too. @param {State} state */
export function takeSides({ preferences }) {
  const mirrored = preferences.form_left === false;
  if (document.body.classList.contains("is-mirrored") === mirrored) return;
  document.body.classList.toggle("is-mirrored", mirrored);
  const [canvas, left, right] = ["canvas", "left", "right"].map((id) => /** @type {HTMLElement} */ (document.getElementById(id)));
  canvas.before(mirrored ? right : left);
  canvas.after(mirrored ? left : right);
  dispatchEvent(new Event("resize")); // the canvas lies elsewhere now
}
