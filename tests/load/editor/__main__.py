"""`python -m tests.load.editor`: Segue's canvas beside React Flow, litegraph and Drawflow, one run, one browser."""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.conftest import FLAGS
from tests.load.editor import document
from tests.load.editor.meter import Meter
from tests.load.editor.subjects import PEERS, Segue, built, owner_of
from tests.test_up import Up

ROUNDS = 3
FIGURES = ("first render", "pan", "drag one", "drag all", "zoom", "pan, all in view", "elements")
# figure, the peer it is measured by, how much of the peer's it may be (SPEED.md, section 4)
RATIOS = (
    ("pan", "React Flow", 0.75),
    ("drag one", "React Flow", 0.5),
    ("zoom", "React Flow", 0.75),
    ("pan, all in view", "litegraph", 0.4),
    ("drag all", "litegraph", 0.75),
)
ELEMENTS, FIRST_RENDER, GROWTH = 1500, 70, 1.5


def measure(subject, meter, count, deadline):
    """{figure: milliseconds or a count}; what a subject cannot do, or has no time left for, is missing."""
    bench = Bench(subject, meter, count)
    figures = {}
    for figure in FIGURES:
        if figure in getattr(subject, "skips", ()) or time.monotonic() > deadline:
            continue
        run = getattr(bench, figure.replace(", ", "_").replace(" ", "_"))
        figures[figure] = statistics.median(run() for _ in range(ROUNDS))
    return figures


class Bench:
    def __init__(self, subject, meter, count):
        self.subject, self.meter, self.page, self.count = subject, meter, meter.page, count
        self.page.evaluate("flow => { window.flow = flow }", subject.flow(count))
        self.left, self.top, self.width, self.height = subject.stage(self.page)
        # So that the middle of the flow is in the middle of the stage.
        wide, rows = document.columns(count), count // document.columns(count)
        self.flow = (wide * document.WIDE, rows * document.HIGH)

    def call(self, name, *args):
        self.page.evaluate("([api, name, args]) => { window[api][name](...args) }", [self.subject.api, name, args])
        self.meter.settle()

    def look(self, zoom=1.0):
        """The middle of the flow in the middle of the stage; the screen's place of the card that is there."""
        column, row = document.columns(self.count) // 2, self.count // document.columns(self.count) // 2
        x, y = column * document.WIDE, row * document.HIGH
        self.call("view", zoom, self.width / 2 - (x + 128) * zoom, self.height / 2 - (y + 32) * zoom)
        return self.left + self.width / 2, self.top + self.height / 2

    def anew(self):
        """Everything where it was at first: a card that was dragged away is not there for the next round."""
        self.page.evaluate("([api]) => { window[api].load(window.flow) }", [self.subject.api])
        self.meter.settle(8)

    def first_render(self):
        self.page.evaluate("([api]) => { window[api].load({nodes: [], edges: []}) }", [self.subject.api])
        self.call("view", 1, 0, 0)
        results = []
        with self.meter.timed(results):
            self.page.evaluate("([api]) => { window[api].load(window.flow) }", [self.subject.api])
            self.meter.settle(2)
        return results[0]

    def pan(self, zoom=1.0):
        x, y = self.look(zoom)
        gap = 152 * zoom  # from the middle of a card into the gap beside it
        return self.meter.drag(x + gap, y + 200, (-6, -4), self.subject.pan_button)

    def pan_all_in_view(self):
        zoom = min(self.width / self.flow[0], self.height / self.flow[1]) * 0.94
        return self.pan(zoom)

    def drag_one(self):
        self.anew()
        x, y = self.look()
        return self.meter.drag(x - 20, y + 10, (4, 2))

    def drag_all(self):
        self.anew()
        x, y = self.look()
        self.subject.select_all(self.page, self.meter)
        return self.meter.drag(x - 20, y + 10, (2, 2))

    def zoom(self):
        x, y = self.look()
        return self.meter.zoom(x, y, self.subject.zoom_modifiers)

    def elements(self):
        found = []
        for zoom in (1, 0.5, 0.2):
            self.look(zoom)
            found.append(self.meter.elements())
        return max(found)


def run(subjects, counts, chromium, seconds):
    """{(subject, count): figures}"""
    results = {}
    deadline = time.monotonic() + seconds
    with sync_playwright() as playwright:
        for count in counts:
            for subject in subjects:
                if count > getattr(subject, "most", count) or time.monotonic() > deadline:
                    continue
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                subject.open(page)
                meter = Meter(page)
                results[subject.name, count] = measure(subject, meter, count, deadline)
                browser.close()
                told = ", ".join(f"{name} {value:.1f}" for name, value in results[subject.name, count].items())
                print(f"  {subject.name}, {count} steps: {told}", file=sys.stderr, flush=True)
    return results


def show(results, names, counts):
    for count in counts:
        print(f"\n{count} steps".ljust(20) + "".join(f"{name:>14}" for name in names))
        for figure in FIGURES:
            values = [results.get((name, count), {}).get(figure) for name in names]
            cells = "".join(f"{'-' if value is None else format(value, '.1f'):>14}" for value in values)
            print(f"{figure:18}{cells}")


def judge(results, counts):
    """Lines of what SPEED.md asks for, and whether each holds."""
    ours = {count: results["Segue", count] for count in counts if results.get(("Segue", count))}
    counts = list(ours)  # there may have been no time for all
    middle = 1000 if 1000 in ours else counts[-1]
    for figure, peer, most in RATIOS:
        theirs = results.get((peer, middle), {}).get(figure)
        if theirs:
            ratio = ours[middle][figure] / theirs
            yield f"{figure}, {middle} steps: {ratio:.2f} of {peer} (at most {most})", ratio <= most
    first, last = ours[counts[0]], ours[counts[-1]]
    value = ours[middle]["first render"]
    yield f"first render, {middle} steps: {value:.0f} ms (at most {FIRST_RENDER})", value <= FIRST_RENDER
    if counts[0] != counts[-1]:
        growth = last["first render"] / first["first render"]
        yield f"first render, {counts[-1]} against {counts[0]} steps: {growth:.2f} (at most {GROWTH})", growth <= GROWTH
        flat = last["pan, all in view"] / ours[middle]["pan, all in view"]
        yield f"pan, all in view, {counts[-1]} against {middle} steps: {flat:.2f} (at most {GROWTH})", flat <= GROWTH
    most = max(figures["elements"] for figures in ours.values())
    yield f"elements: {most:.0f} (at most {ELEMENTS})", most <= ELEMENTS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", default="100,1000,5000", help="sizes of flows")
    parser.add_argument("--only", default="", help="names of subjects, e.g. Segue,litegraph")
    parser.add_argument("--seconds", type=float, default=900, help="no measurement begins after so long")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--check", action="store_true", help="fail when a budget is missed")
    options = parser.parse_args()
    counts = [int(each) for each in options.nodes.split(",")]
    only = [each for each in options.only.split(",") if each]
    peers = [each for each in PEERS if not only or each.name in only]
    with tempfile.TemporaryDirectory() as folder:
        up = Up(Path(folder) / "data")
        try:
            up.ready()
            subjects = [Segue(up.url, *owner_of(up.output())), *(each(built(each)) for each in peers)]
            results = run(subjects, counts, options.chromium, options.seconds)
        finally:
            up.end()
    show(results, [subject.name for subject in subjects], counts)
    print()
    verdicts = list(judge(results, counts))
    for line, holds in verdicts:
        print(f"{'holds ' if holds else 'MISSED'}  {line}")
    return int(options.check and not all(holds for _, holds in verdicts))


if __name__ == "__main__":
    sys.exit(main())
