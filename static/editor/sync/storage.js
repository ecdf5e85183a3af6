/**
 * What this browser keeps, in IndexedDB: rows of unsent changes, of typing that was not saved, and leases of tabs where there are no
 * Web Locks. A database that cannot be opened is left alone and another one is begun; where nothing can be kept, `open` says so.
 */

const NAMES = ["segue", "segue-again"];
const VERSION = 1;
/** Stores and what names a row in each. */
const STORES = { queue: ["user", "flow", "client", "seq"], forms: ["user", "flow", "client", "node"], leases: "client" };

/** @typedef {keyof typeof STORES} StoreName */
/** @typedef {{put?: Partial<Record<StoreName, any[]>>, remove?: Partial<Record<StoreName, IDBValidKey[]>>}} Changes */
/**
 * @typedef {object} Kept
 * @property {(store: StoreName) => Promise<any[]>} all
 * @property {(changes: Changes) => Promise<void>} write   all of it or nothing
 * @property {(store: StoreName, key: IDBValidKey, change: (row: any) => any) => Promise<boolean>} update  null from `change`: leave it; true when written
 * @property {boolean} fresh   the usual database could not be opened
 */

/** @returns {Promise<Kept>} throws where nothing can be kept */
export async function openStorage() {
  let reason;
  for (const name of NAMES) {
    try {
      const database = await open(name);
      await usable(database);
      return kept(database, name !== NAMES[0]);
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

/** @param {string} name @returns {Promise<IDBDatabase>} */
function open(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(STORES)) request.result.createObjectStore(store, { keyPath });
    };
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new DOMException("Another tab holds the storage", "BlockedError"));
  });
}

/** A database may open and still lack its stores. @param {IDBDatabase} database */
async function usable(database) {
  const reading = database.transaction(Object.keys(STORES), "readonly");
  await done(reading.objectStore("leases").count());
}

/** @param {IDBDatabase} database @param {boolean} fresh @returns {Kept} */
function kept(database, fresh) {
  return {
    fresh,
    all: (store) => done(database.transaction(store, "readonly").objectStore(store).getAll()),
    async write({ put = {}, remove = {} }) {
      const names = /** @type {StoreName[]} */ ([...new Set([...Object.keys(put), ...Object.keys(remove)])]);
      const writing = database.transaction(names, "readwrite");
      try {
        for (const name of names) {
          const store = writing.objectStore(name);
          for (const key of remove[name] ?? []) store.delete(key);
          for (const row of put[name] ?? []) store.put(row);
        }
        writing.commit(); // now: a page that goes away would take along what waits for its next turn
      } catch (error) {
        writing.abort(); // a row that is refused at once takes the others along: all of it or nothing
        throw error;
      }
      await ended(writing);
    },
    async update(name, key, change) {
      const writing = database.transaction(name, "readwrite");
      const store = writing.objectStore(name);
      const row = change(await done(store.get(key)));
      if (row !== null) store.put(row);
      await ended(writing);
      return row !== null;
    },
  };
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const ended = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("The storage is full", "QuotaExceededError"));
    transaction.onerror = () => reject(transaction.error);
  });
