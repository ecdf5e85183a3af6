/** Who else looks at this flow, and at which step: said by this tab while it is seen, heard from the others, kept nowhere. */

/** @import {Context, Person, Store} from "../types.js" */

const EVERY = 10_000;
const SOON = 200;
const COLORS = 6;

/** The same person has the same colour everywhere. @param {string} user @returns {number} */
export function colorOf(user) {
  let sum = 0;
  for (const letter of user) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return sum % COLORS;
}

/** @param {Store} store @param {Context} context @param {{build: (id: string) => void}} hooks  told which build the server runs */
export function createPresence(store, context, { build }) {
  /** @type {((message: any) => void)|null} */
  let send = null;
  let self = "";
  let timer = 0;
  /** @type {string|null|undefined} */
  let told;

  /** The step this person works on. */
  const place = () => {
    const { form, selection } = store.state;
    if (form) return form.node;
    return selection.nodes.size === 1 ? ([...selection.nodes][0] ?? null) : null;
  };

  function tell() {
    if (!send || document.visibilityState === "hidden") return;
    told = place();
    send({ kind: "here", node: told });
  }

  store.subscribe(() => {
    if (!send || place() === told) return;
    clearTimeout(timer);
    timer = setTimeout(() => place() !== told && tell(), SOON);
  });
  setInterval(tell, EVERY);
  document.addEventListener("visibilitychange", tell);

  /** @param {readonly Person[]} people */
  function here(people) {
    if (!people.length && !store.state.people.length) return;
    store.dispatch((state) => ({ ...state, people }));
    import("../view/people.js").then(({ showPeople }) => showPeople(store, context));
  }

  return {
    /** @param {(message: any) => void} say */
    opened(say) {
      send = say;
      tell();
    },
    closed() {
      send = null;
      here([]);
    },
    /** A frame of the socket; true when it was for us. @param {any} hint @returns {boolean} */
    heard(hint) {
      if (hint.kind === "welcome") {
        self = hint.id;
        build(hint.build);
      } else if (hint.kind === "presence") {
        const others = hint.people.filter((/** @type {any} */ person) => person.id !== self);
        here(others.map((/** @type {any} */ person) => ({ ...person, color: colorOf(person.user), me: person.user === String(store.state.me.id) })));
      } else return false;
      return true;
    },
  };
}
