/** When to do what nobody waits for: once the page is idle, or once somebody is there. */

/** @param {() => void} run */
export function whenIdle(run) {
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: 3000 });
  else setTimeout(run, 1000);
}

/** Once, at the first sign of somebody: a pointer that moves, a key, a touch. @param {() => void} run */
export function onFirstSign(run) {
  const signs = ["pointermove", "pointerdown", "keydown"];
  const once = () => {
    for (const sign of signs) removeEventListener(sign, once, true);
    run();
  };
  for (const sign of signs) addEventListener(sign, once, { capture: true, passive: true });
}
