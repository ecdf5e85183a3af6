/** How well a text answers a search: whole start, start of a word, inside, or letters in order; null when it does not. */

/**
 * @param {string} text
 * @param {string} query
 * @returns {number|null} smaller is better
 */
export function score(text, query) {
  const hay = text.toLowerCase();
  const needle = query.trim().toLowerCase();
  if (!needle) return 0;
  const at = hay.indexOf(needle);
  if (at === 0) return 0;
  if (at > 0) return /[\s._/-]/.test(hay[at - 1] ?? "") ? 1 : 2;
  return inOrder(hay, needle) ? 4 : null;
}

/** @param {string} hay @param {string} needle  every word has to be found somewhere, or its letters in order */
function inOrder(hay, needle) {
  const words = needle.split(/\s+/);
  if (words.length > 1) return words.every((word) => hay.includes(word));
  let at = -1;
  for (const char of needle) {
    at = hay.indexOf(char, at + 1);
    if (at < 0) return false;
  }
  return needle.length > 1;
}

/**
 * The items that answer, best first, otherwise in their own order.
 * @template T
 * @param {readonly T[]} items
 * @param {string} query
 * @param {(item: T) => string[]} texts  the first counts most
 * @returns {T[]}
 */
export function search(items, query, texts) {
  return items
    .map((item, n) => ({ item, n, rank: rank(texts(item), query) }))
    .filter((each) => each.rank !== null)
    .sort((a, b) => Number(a.rank) - Number(b.rank) || a.n - b.n)
    .map((each) => each.item);
}

/** Any place in the first text counts more than the start of another; letters in order count least. */
const OTHER_WORDS = 2.5;

/** @param {string[]} texts @param {string} query */
function rank(texts, query) {
  const scores = texts.map((text, n) => ({ found: score(text, query), n })).filter((each) => each.found !== null && (each.n === 0 || Number(each.found) < 4));
  return scores.length ? Math.min(...scores.map((each) => Number(each.found) + (each.n ? OTHER_WORDS : 0))) : null;
}
