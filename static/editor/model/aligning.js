/** Where a dragged card lies in line with others, or as far from its neighbours as they are from each other. */

/** @import {Guide, Point, Rect} from "../types.js" */

/** @typedef {{by: number, guides: Guide[]}} Pull  by: how far to go so that the guides hold */
/** @typedef {{at: "x"|"y", size: "width"|"height", across: "x"|"y", breadth: "width"|"height"}} Axis */

/** @type {Axis} */
const ACROSS = { at: "x", size: "width", across: "y", breadth: "height" };
/** @type {Axis} */
const DOWN = { at: "y", size: "height", across: "x", breadth: "width" };

/**
 * How far a rectangle has to go to be aligned, on each axis at most `reach`, and what to draw then. null: nothing near.
 * @param {Rect} moving @param {readonly Rect[]} others @param {number} reach canvas pixels
 * @returns {{x: Pull|null, y: Pull|null}}
 */
export function aligned(moving, others, reach) {
  return { x: pullOn(ACROSS, moving, others, reach), y: pullOn(DOWN, moving, others, reach) };
}

/** @param {Axis} axis @param {Rect} moving @param {readonly Rect[]} others @param {number} reach @returns {Pull|null} */
function pullOn(axis, moving, others, reach) {
  let by = nearestLine(axis, moving, others);
  for (const wish of gapWishes(axis, moving, others)) if (Math.abs(wish) < Math.abs(by)) by = wish;
  if (Math.abs(by) > reach) return null;
  const there = { ...moving, [axis.at]: moving[axis.at] + by };
  return {
    by,
    // Looked for by who draws them; most ask how far only.
    get guides() {
      return [...linesThrough(axis, there, others), ...gapsBeside(axis, there, others)];
    },
  };
}

/** Start, middle and end of a rectangle on an axis. @param {Axis} axis @param {Rect} rect */
const edgesOf = ({ at, size }, rect) => [rect[at], rect[at] + rect[size] / 2, rect[at] + rect[size]];

/** How far start, middle or end are from those of the nearest; Infinity without others. @param {Axis} axis @param {Rect} moving @param {readonly Rect[]} others */
function nearestLine({ at, size }, moving, others) {
  let best = Number.POSITIVE_INFINITY;
  for (const other of others) {
    const start = other[at] - moving[at];
    const more = other[size] - moving[size];
    for (const by of [start, start + more / 2, start + more]) if (Math.abs(by) < Math.abs(best)) best = by;
  }
  return best;
}

/** @param {Axis} axis @param {Rect} moving @param {readonly Rect[]} others @returns {number[]} shifts that make two gaps equal */
function gapWishes(axis, moving, others) {
  const { at, size } = axis;
  return pairsIn(axis, moving, others).flatMap(([first, second]) => {
    const gap = second[at] - first[at] - first[size];
    const between = (first[at] + first[size] + second[at] - moving[size]) / 2;
    const places = [second[at] + second[size] + gap, first[at] - gap - moving[size], ...(gap >= moving[size] ? [between] : [])];
    return places.map((place) => place - moving[at]);
  });
}

/** Neighbours in the same column (row) as the rectangle, one after the other, with room between them. @param {Axis} axis @param {Rect} moving @param {readonly Rect[]} others @returns {[Rect, Rect][]} */
function pairsIn(axis, moving, others) {
  const { at, size, across, breadth } = axis;
  const lane = others.filter((other) => other[across] < moving[across] + moving[breadth] && moving[across] < other[across] + other[breadth]);
  lane.sort((a, b) => a[at] - b[at]);
  return lane.slice(1).flatMap((second, n) => {
    const first = /** @type {Rect} */ (lane[n]);
    return second[at] > first[at] + first[size] ? [/** @type {[Rect, Rect]} */ ([first, second])] : [];
  });
}

/** One line for each edge that is shared, from the first to the last rectangle on it. @param {Axis} axis @param {Rect} there @param {readonly Rect[]} others @returns {Guide[]} */
function linesThrough(axis, there, others) {
  const { across, breadth } = axis;
  const own = edgesOf(axis, there);
  return own.flatMap((edge, n) => {
    const sharing = others.filter((other) => Math.abs((edgesOf(axis, other)[n] ?? Number.NaN) - edge) < 0.5);
    // Cards of one width share both sides with their middles; the middle says it all.
    if (!sharing.length || (n !== 1 && sharing.every((other) => other[axis.size] === there[axis.size]))) return [];
    const all = [there, ...sharing];
    const from = Math.min(...all.map((rect) => rect[across]));
    const to = Math.max(...all.map((rect) => rect[across] + rect[breadth]));
    return [{ kind: /** @type {const} */ ("line"), from: pointOn(axis, edge, from), to: pointOn(axis, edge, to) }];
  });
}

/** The gaps that are equal now: next to the rectangle and between its neighbours. @param {Axis} axis @param {Rect} there @param {readonly Rect[]} others @returns {Guide[]} */
function gapsBeside(axis, there, others) {
  const { at, size, across, breadth } = axis;
  const pairs = pairsIn(axis, there, [...others, there]);
  const width = (/** @type {[Rect, Rect]} */ [first, second]) => second[at] - first[at] - first[size];
  const own = pairs.filter((pair) => pair.includes(there));
  const alike = (/** @type {[Rect, Rect]} */ a, /** @type {[Rect, Rect]} */ b) => Math.abs(width(a) - width(b)) < 0.5;
  const equal = pairs.filter((pair) => own.some((mine) => alike(mine, pair)) && pairs.some((other) => other !== pair && alike(other, pair)));
  const middle = there[across] + there[breadth] / 2;
  return equal.map(([first, second]) => ({
    kind: /** @type {const} */ ("gap"),
    from: pointOn(axis, first[at] + first[size], middle),
    to: pointOn(axis, second[at], middle),
  }));
}

/** @param {Axis} axis @param {number} along @param {number} across @returns {Point} */
const pointOn = (axis, along, across) => (axis.at === "x" ? { x: along, y: across } : { x: across, y: along });
