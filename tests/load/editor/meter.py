"""Trusted input (CDP) and what it costs the browser: CPU time of the renderer's main thread, per step.

The time is the kernel's (a process's own schedstat is its main thread's), not the clock's on the wall: what else runs
on the machine does not count.
"""

from contextlib import contextmanager

from playwright.sync_api import Page

STEPS = 50
FRAMES = "async (count) => { for (; count; count--) await new Promise(requestAnimationFrame) }"


class Meter:
    """The main threads of a browser that shows one page."""

    def __init__(self, page: Page):
        self.page = page
        self.cdp = page.context.new_cdp_session(page)
        browser = page.context.browser.new_browser_cdp_session()
        processes = browser.send("SystemInfo.getProcessInfo")["processInfo"]
        self.renderers = [process["id"] for process in processes if process["type"] == "renderer"]

    def busy(self) -> float:
        """Milliseconds of CPU so far."""
        total = 0
        for pid in self.renderers:
            with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e6

    def settle(self, frames=4):
        self.page.evaluate(FRAMES, frames)

    @contextmanager
    def timed(self, results, steps=1):
        self.settle()
        before = self.busy()
        yield
        self.settle(2)
        results.append((self.busy() - before) / steps)

    def mouse(self, kind, x, y, **more):
        self.cdp.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})

    def drag(self, x, y, by, button="left", modifiers=0) -> float:
        """Presses, moves 50 times by (dx, dy), lets go. Milliseconds a step."""
        held = {"button": button, "modifiers": modifiers}
        bits = {"left": 1, "middle": 4}[button]
        results = []
        self.mouse("mouseMoved", x, y)
        with self.timed(results, STEPS):
            self.mouse("mousePressed", x, y, buttons=bits, clickCount=1, **held)
            for step in range(1, STEPS + 1):
                self.mouse("mouseMoved", x + step * by[0], y + step * by[1], buttons=bits, **held)
            self.mouse("mouseReleased", x + STEPS * by[0], y + STEPS * by[1], buttons=0, clickCount=1, **held)
        return results[0]

    def zoom(self, x, y, modifiers) -> float:
        """25 turns of the wheel out and 25 in: 1 -> 0.125 -> 1."""
        results = []
        self.mouse("mouseMoved", x, y)
        with self.timed(results, STEPS):
            for step in range(STEPS):
                delta = 60 if step < STEPS / 2 else -60
                self.mouse("mouseWheel", x, y, deltaX=0, deltaY=delta, modifiers=modifiers)
        return results[0]

    def elements(self) -> int:
        return self.page.evaluate("document.querySelectorAll('*').length")
