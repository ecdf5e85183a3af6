/**
 * Which tabs live. A tab holds a lock of its name for as long as it lives, so what a dead one left behind can be taken up by exactly
 * one other. On plain http there are no Web Locks: there a row says until when a tab lives, and the tab renews it.
 */

/** @import {Kept} from "./storage.js" */

/** A hidden tab's timers may sleep for a minute. */
const LEASE = 90_000;
const RENEW = 20_000;
const TAKING = 30_000;

const nameOf = (/** @type {string} */ client) => `segue:${client}`;

/** @param {Kept} storage @param {string} client @param {LockManager|undefined} [locks] */
export function createLeases(storage, client, locks = navigator.locks) {
  return locks ? byLocks(locks, client) : byRows(storage, client);
}

/** @param {LockManager} locks @param {string} client */
function byLocks(locks, client) {
  const held = new Promise((resolve) => {
    locks.request(
      nameOf(client),
      () =>
        new Promise(() => {
          resolve(null);
        }),
    );
  });
  return {
    ready: held,
    /** Does `work` when that tab is dead and nobody else looks after it. @param {string} other @param {() => Promise<void>} work @returns {Promise<boolean>} */
    whenDead: (other, work) =>
      locks.request(nameOf(other), { ifAvailable: true }, async (lock) => {
        if (lock) await work();
        return lock !== null;
      }),
  };
}

/** @param {Kept} storage @param {string} client */
function byRows(storage, client) {
  const renew = () => storage.write({ put: { leases: [{ client, until: Date.now() + LEASE }] } }).catch(() => {});
  const ready = renew();
  setInterval(renew, RENEW);
  addEventListener("pagehide", () => storage.write({ remove: { leases: [client] } }).catch(() => {}));
  addEventListener("pageshow", (event) => event.persisted && renew());
  return {
    ready,
    /** @param {string} other @param {() => Promise<void>} work @returns {Promise<boolean>} */
    async whenDead(other, work) {
      const mine = await storage.update("leases", other, (row) => (row && row.until > Date.now() ? null : { client: other, until: Date.now() + TAKING }));
      if (!mine) return false;
      try {
        await work();
      } finally {
        await storage.write({ remove: { leases: [other] } });
      }
      return true;
    },
  };
}
