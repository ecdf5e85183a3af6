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
    if (!document.hidden && !inUse(document.getElementById(id))) await renew(document, id, freshen);
    watch(document, id, freshen);
  }, seconds * 1000);
}

/** Rows are being chosen, or something is being pressed: in a new part the ticks would be gone, and the press would meet nothing. @param {Element | null} part */
const inUse = (part) => part?.querySelector("input[data-select]:checked, :active") != null;

/**
 * @param {Document} document
 * @param {string} id
 * @param {(root: ParentNode) => void} freshen
 */
async function renew(document, id, freshen) {
  const [asked, stale] = [location.href, document.getElementById(id)];
  try {
    const answer = await fetch(asked);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(id);
    // Meanwhile somebody may have filtered, done something, or begun to choose: then this answer is of before.
    if (asked !== location.href || stale !== document.getElementById(id) || inUse(stale)) return;
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
