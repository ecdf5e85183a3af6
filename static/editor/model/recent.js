/** The step types used last, newest first, remembered in this browser. */

const KEY = "segue.recent-types";
const MOST = 6;

/** @param {Storage|null} storage @returns {string[]} */
export function recentTypes(storage) {
  try {
    const list = JSON.parse(storage?.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((each) => typeof each === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** @param {Storage|null} storage @param {string} type */
export function rememberType(storage, type) {
  const list = [type, ...recentTypes(storage).filter((each) => each !== type)].slice(0, MOST);
  try {
    storage?.setItem(KEY, JSON.stringify(list));
  } catch {
    // A full or forbidden store only means that nothing is remembered.
  }
}
