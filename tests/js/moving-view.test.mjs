/** The numbers of the wheel and of the rim, by what the listeners do with events no real device here sends (lines, pages, gaps in time). */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createAutoPan, listenToWheel } from "../../static/editor/gestures/pan.js";
import { toWorld } from "../../static/editor/model/geometry.js";

const PIXEL = 0;
const LINE = 1;
const PAGE = 2;

/** A store that keeps a camera, and nothing else of the page. @param {object} [camera] */
function viewOf(camera = { x: 0, y: 0, zoom: 1 }) {
  return {
    state: { camera, viewport: { width: 1000, height: 600 } },
    dispatch(change) {
      this.state = change(this.state);
    },
  };
}

/** A canvas whose wheel is turned by hand: `turn({deltaY, ...})`, each event as long after the last as `after` says. */
function wheelOn(store) {
  const stage = { listen: null, addEventListener: (_, listener) => (stage.listen = listener) };
  listenToWheel(store, stage, () => {});
  let now = 1000;
  return ({ after = 1000, ...more }) => {
    now += after;
    const event = { timeStamp: now, deltaX: 0, deltaY: 0, deltaMode: PIXEL, ctrlKey: false, metaKey: false, shiftKey: false, offsetX: 300, offsetY: 200 };
    stage.listen({ ...event, preventDefault() {}, target: stage, ...more });
    return store.state.camera;
  };
}

const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, expected ${expected}`);
const zoomedBy = (event) => wheelOn(viewOf())({ ctrlKey: true, ...event }).zoom;

test("zoom goes by powers of two: 0.002 a pixel, 0.05 a line, a whole one a page", () => {
  near(zoomedBy({ deltaY: 100 }), 2 ** -0.2);
  near(zoomedBy({ deltaY: -100 }), 2 ** 0.2);
  near(zoomedBy({ deltaY: 3, deltaMode: LINE }), 2 ** -0.15);
  near(zoomedBy({ deltaY: 1, deltaMode: PAGE }), 2 ** -1);
});

test("a pinch, which comes as Ctrl with small steps, counts ten times; the Cmd key does not", () => {
  near(zoomedBy({ deltaY: 10 }), 2 ** -0.2);
  near(zoomedBy({ deltaY: 10, ctrlKey: false, metaKey: true }), 2 ** -0.02);
});

test("zoom ends at a tenth and at twice", () => {
  const store = viewOf();
  const turn = wheelOn(store);
  for (let n = 0; n < 10; n++) turn({ deltaY: 1, deltaMode: PAGE, ctrlKey: true });
  assert.equal(store.state.camera.zoom, 0.1);
  for (let n = 0; n < 10; n++) turn({ deltaY: -1, deltaMode: PAGE, ctrlKey: true });
  assert.equal(store.state.camera.zoom, 2);
});

test("what is under the pointer stays there while one zooms", () => {
  const store = viewOf({ x: 40, y: -70, zoom: 0.8 });
  const at = { x: 300, y: 200 };
  const before = toWorld(store.state.camera, at);
  const after = toWorld(wheelOn(store)({ deltaY: -130, ctrlKey: true }), at);
  near(after.x, before.x);
  near(after.y, before.y);
});

test("small steps mean a trackpad, and that is kept while events follow each other within 100 ms", () => {
  const store = viewOf();
  const turn = wheelOn(store);
  turn({ deltaY: 10, ctrlKey: true });
  near(store.state.camera.zoom, 2 ** -0.2);
  turn({ deltaY: 60, ctrlKey: true, after: 99 }); // a fast pinch, not a mouse
  near(store.state.camera.zoom, 2 ** -1.2);
  turn({ deltaY: -60, ctrlKey: true, after: 101 }); // after a pause: a mouse
  near(store.state.camera.zoom, 2 ** (-1.2 + 0.12));
  turn({ deltaY: -10, ctrlKey: true, after: 99 }); // the same mouse
  near(store.state.camera.zoom, 2 ** (-1.2 + 0.14));
});

test("without a key the wheel pans: by pixels, 20 px a line, a height a page; Shift turns a mouse's sideways, not a trackpad's", () => {
  const pannedBy = (event) => {
    const { x, y } = wheelOn(viewOf())(event);
    return [x, y];
  };
  assert.deepEqual(pannedBy({ deltaX: 7, deltaY: 120 }), [-7, -120]);
  assert.deepEqual(pannedBy({ deltaY: 3, deltaMode: LINE }), [0, -60]);
  assert.deepEqual(pannedBy({ deltaY: 1, deltaMode: PAGE }), [0, -600]);
  assert.deepEqual(pannedBy({ deltaY: 120, shiftKey: true }), [-120, 0]);
  assert.deepEqual(pannedBy({ deltaY: 12, shiftKey: true }), [0, -12]);
});

/** The view moved by the rim, frame by frame, with the pointer at one place. @param {{x: number, y: number}} at @param {number} count */
function framesAt(at, count) {
  const store = viewOf();
  const frames = [];
  Object.assign(globalThis, { requestAnimationFrame: (paint) => frames.push(paint), cancelAnimationFrame: () => (frames.length = 0) });
  const rim = createAutoPan(store, () => {});
  rim.at(at, { width: 1000, height: 600 });
  const moved = [];
  for (let n = 0; n < count && frames.length; n++) {
    const before = store.state.camera;
    frames.shift()();
    moved.push([store.state.camera.x - before.x, store.state.camera.y - before.y]);
  }
  rim.stop();
  assert.equal(frames.length, 0);
  return moved;
}

test("at the rim the view moves up to 15 px a frame, the more the nearer, and begins gently", () => {
  const moved = framesAt({ x: 1000, y: 300 }, 30).map(([x]) => -x);
  assert.ok(moved[0] < 1, "the first frame hardly moves");
  assert.ok(moved.every((by, at) => at === 0 || by >= moved[at - 1] - 1e-9));
  near(moved.at(-1), 15);
  near(-framesAt({ x: 980, y: 300 }, 30).at(-1)[0], 7.5);
  near(framesAt({ x: 300, y: 10 }, 30).at(-1)[1], 11.25);
});

test("from 40 px of the rim on it does not move", () => {
  assert.deepEqual(framesAt({ x: 960, y: 40 }, 30), []);
  assert.equal(framesAt({ x: 961, y: 300 }, 1).length, 1);
});

test("far beyond the rim it goes no faster", () => near(-framesAt({ x: 5000, y: 300 }, 30).at(-1)[0], 15));
