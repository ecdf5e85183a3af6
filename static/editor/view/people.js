/** Who else is here: their initials in the top bar, at the card each works on, and for a moment around what they changed. */

/** @import {Context, Person, State, Store} from "../types.js" */

import { nodeOf } from "../model/document.js";
import { nodeRect, WIDTH } from "../model/geometry.js";
import { shownDocument, shownPlaces } from "../model/state.js";
import { said } from "../model/words-sync.js";
import { h, style } from "./dom.js";

const MOST = 5;
const MOST_TOUCHED = 200;
let shown = false;

/** Once; from then on it follows the state. @param {Store} store @param {Context} context */
export async function showPeople(store, context) {
  if (shown) return;
  shown = true;
  await style("sync");
  const faces = document.querySelector(".topbar-people");
  const layer = h("div", { class: "people-layer", "aria-hidden": "true" });
  document.querySelector("#canvas .world")?.append(layer);
  let asked = false;
  const later = () => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };
  const draw = () => {
    asked = false;
    const { state } = store;
    layer.replaceChildren(...touchedMarks(state), ...marks(state));
  };
  /** @param {State} state @param {State|null} before */
  const follow = (state, before) => {
    if (state.people !== before?.people || (state.document !== before?.document && state.people.length)) faces?.replaceChildren(...facesOf(state, context));
    const moved = state.document !== before?.document || state.overlay !== before?.overlay;
    if (state.people !== before?.people || state.touched !== before?.touched || (moved && state.people.length)) later();
    if (before) for (const person of came(state.people, before.people)) context.announce(said.here.came(person.name));
  };
  store.subscribe(follow);
  follow(store.state, null);
}

/** People with a first tab here. @param {readonly Person[]} now @param {readonly Person[]} before */
const came = (now, before) => byUser(now).filter((person) => !person.me && !before.some((other) => other.user === person.user));

/** One face a person, whatever the number of tabs; the tab that works on a step speaks for it. @param {readonly Person[]} people @returns {Person[]} */
function byUser(people) {
  /** @type {Map<string, Person>} */
  const found = new Map();
  for (const person of people) if (!found.get(person.user)?.node) found.set(person.user, person);
  return [...found.values()];
}

/** @param {State} state @param {Context} context */
function facesOf(state, context) {
  const people = byUser(state.people);
  const faces = people.slice(0, MOST).map((person) => {
    const step = person.node ? (nodeOf(state.document, person.node)?.label ?? "") : "";
    const name = said.here.at(person.me ? said.here.you : person.name, step);
    const go = () => person.node && step && context.canvas.reveal(person.node);
    return h(
      "li",
      {},
      h("button", {
        class: "face",
        type: "button",
        "data-person": person.color,
        "data-initials": person.initials,
        title: name,
        "aria-label": name,
        onclick: go,
      }),
    );
  });
  const more = people.length - MOST;
  if (more > 0)
    faces.push(
      h(
        "li",
        {},
        h(
          "span",
          {
            class: "face",
            title: people
              .slice(MOST)
              .map((person) => person.name)
              .join(", "),
          },
          `+${more}`,
        ),
      ),
    );
  return people.length ? [h("ul", { class: "faces", role: "list", "aria-label": said.here.people }, ...faces)] : [];
}

/** The initials of everybody who works on a card, once each whatever the number of tabs, at its upper right corner. @param {State} state */
function marks(state) {
  const places = shownPlaces(state);
  /** @type {Map<string, number>} */
  const at = new Map();
  const drawn = new Set();
  return state.people.flatMap((person) => {
    const place = person.node ? places[person.node] : undefined;
    if (!place || !person.node || drawn.has(`${person.user} ${person.node}`)) return [];
    drawn.add(`${person.user} ${person.node}`);
    const beside = at.get(person.node) ?? 0;
    at.set(person.node, beside + 1);
    const mark = h("span", { class: "person-mark", "data-person": person.color }, person.initials);
    mark.style.transform = `translate(${place.x + WIDTH - 48 - beside * 26}px, ${place.y - 13}px)`;
    return [mark];
  });
}

/** @param {State} state */
function touchedMarks(state) {
  const { touched } = state;
  if (!touched) return [];
  const places = shownPlaces(state);
  const drawn = shownDocument(state);
  return [...touched.nodes].slice(0, MOST_TOUCHED).flatMap((id, at) => {
    const node = nodeOf(drawn, id);
    const place = places[id];
    if (!node || !place) return [];
    const box = nodeRect(node, place);
    const mark = h("span", { class: "touched-mark", "data-person": touched.color }, at === 0 ? h("span", { class: "touched-name" }, touched.name) : null);
    Object.assign(mark.style, { transform: `translate(${box.x}px, ${box.y}px)`, width: `${box.width}px`, height: `${box.height}px` });
    return [mark];
  });
}
