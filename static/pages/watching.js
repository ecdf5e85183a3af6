// <section id data-watch="seconds">: asked for again while something in it is still under way; what people opened stays open.
/**
 * @param {Document} document
 * @param {(root: ParentNode) => void} freshen
 */
export function wireWatching(document, freshen) {
  for (const part of document.querySelectorAll("[data-watch]")) watch(document, part.id, freshen);
}

/**
 * @param {Document} document
 * @param {string} id
 * @param {(root: ParentNode) => void} freshen
 */
function watch(document, id, freshen) {
  const part = document.getElementById(id);
  const seconds = Number(part?.dataset.watch);
  if (!part || !seconds) return;
  setTimeout(async () => {
    const choosing = document.getElementById(id)?.querySelector("input[data-select]:checked");
    if (!document.hidden && !choosing) await renew(document, id, freshen);
    watch(document, id, freshen);
  }, seconds * 1000);
}

/**
 * @param {Document} document
 * @param {string} id
 * @param {(root: ParentNode) => void} freshen
 */
async function renew(document, id, freshen) {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(id);
    const stale = document.getElementById(id);
    if (!fresh || !stale || fresh.outerHTML === stale.dataset.seen) return;
    const seen = fresh.outerHTML;
    keepOpen(stale, fresh);
    stale.replaceWith(document.adoptNode(fresh));
    fresh.dataset.seen = seen;
    freshen(fresh);
  } catch {
    // The server is away for a moment; the next round asks again.
  }
}

/**
 * @param {Element} stale
 * @param {Element} fresh
 */
function keepOpen(stale, fresh) {
  for (const open of stale.querySelectorAll("details[open][id]")) fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
  const focus = stale.contains(document.activeElement) ? document.activeElement?.id : "";
  if (focus) queueMicrotask(() => document.getElementById(focus)?.focus());
}
