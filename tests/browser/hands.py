"""Hands: a mouse, a wheel and fingers, through the browser's own input (CDP), not through events made by a script."""

from contextlib import contextmanager

from tests.browser.editing import card, document_of, until

CTRL, SHIFT = 2, 8


def middle(page, name, dx=0, dy=0):
    """The middle of a card on the screen, and a bit beside it."""
    box = card(page, name).bounding_box()
    return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy


def port(page, name, at=0.5):
    """A port at the lower edge of a card; `at` from left (0) to right (1)."""
    box = card(page, name).bounding_box()
    return box["x"] + box["width"] * at, box["y"] + box["height"]


def inlet(page, name):
    box = card(page, name).bounding_box()
    return box["x"] + box["width"] / 2, box["y"]


def go(page, end, steps=8):
    page.mouse.move(*end, steps=steps)


def come(page, at):
    """The pointer comes to rest on something, as a hand's does before it presses: what the page shows under a pointer,
    and the "+" of a line lies over it, is there by then.
    """
    page.mouse.move(*at)
    painted(page)
    painted(page)


def press(page, at, button="left"):
    come(page, at)
    page.mouse.click(*at, button=button)


def grab(page, start, button="left"):
    come(page, start)
    page.mouse.down(button=button)


def drag(page, start, end, button="left"):
    """Press, move in steps, let go."""
    grab(page, start, button)
    go(page, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    go(page, end)
    page.mouse.up(button=button)


@contextmanager
def held(page, *keys):
    """Keys that are down meanwhile."""
    for key in keys:
        page.keyboard.down(key)
    yield
    for key in reversed(keys):
        page.keyboard.up(key)


def wheel(page, at, dx=0, dy=0, modifiers=0):
    """One turn of the wheel (or one event of a trackpad) in pixels; pinching is reported by browsers as Ctrl."""
    session = page.context.new_cdp_session(page)
    event = {"type": "mouseWheel", "x": at[0], "y": at[1], "deltaX": dx, "deltaY": dy, "modifiers": modifiers}
    session.send("Input.dispatchMouseEvent", event)
    session.detach()


class Fingers:
    """Touches of the screen. Each call says where all fingers are, by number."""

    def __init__(self, page):
        self.session = page.context.new_cdp_session(page)
        self.page = page
        self.down = {}

    def touch(self, **places):
        """touch(a=(x, y), b=(x, y)): fingers come down, one event for all of them."""
        self.down.update(places)
        self._send("touchStart")

    def move(self, steps=6, **places):
        start = dict(self.down)
        for step in range(1, steps + 1):
            for name, (x, y) in places.items():
                x0, y0 = start[name]
                self.down[name] = (x0 + (x - x0) * step / steps, y0 + (y - y0) * step / steps)
            self._send("touchMove")

    def lift(self, *names):
        for name in names or list(self.down):
            del self.down[name]
        self._send("touchEnd")

    def lose(self):
        """The system takes the touch away."""
        self.down.clear()
        self._send("touchCancel")

    def tap(self, at):
        self.touch(a=at)
        self.lift()

    def drag(self, start, end, steps=8):
        self.touch(a=start)
        self.move(a=end, steps=steps)
        self.lift()

    def _send(self, kind):
        points = [{"x": x, "y": y, "id": ord(name)} for name, (x, y) in self.down.items()]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def place_of(flow, id_):
    """(x, y) of a step in the server's draft."""
    place = document_of(flow)["layout"][id_]
    return place["x"], place["y"]


def places_of(flow):
    return {id_: (place["x"], place["y"]) for id_, place in document_of(flow)["layout"].items()}


def node_ids(flow):
    return {node["id"] for node in document_of(flow)["nodes"]}


def select(page, *names):
    """Clicks cards, all but the first with Shift. Waits until the panels follow: whoever fills in a field of the step
    that was selected before fills it in for nobody, since its form goes with the next frame.
    """
    for position, name in enumerate(names):
        card(page, name).click(position={"x": 128, "y": 20}, modifiers=["Shift"] if position else [])
    painted(page)


def painted(page):
    """Waits until the canvas shows what was done to it: it paints once a frame."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def expect_selected(page, *names):
    """Waits until just these cards say they are selected: what a click changes is painted with the next frame."""
    until(page, lambda: selected(page) == set(names))


def selected(page):
    """Names of the cards that say they are selected now."""
    found = page.get_by_role("article").evaluate_all("cards => cards.map(card => card.ariaLabel)")
    return {name.split(",")[0] for name in found if ", selected" in name}
