/** Ids that are unique within one document: short, made on the client, also where `crypto.randomUUID` is missing (plain http). */

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** @param {string} prefix @param {(id: string) => boolean} taken @returns {string} */
export function newId(prefix, taken = () => false) {
  for (;;) {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    const id = prefix + Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
    if (!taken(id)) return id;
  }
}
