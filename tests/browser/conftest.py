"""What the tests of the canvas begin with: a flow with places for its steps, and a browser that shows it."""

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from tests.browser.editing import card, open_editor
from tests.flows import call_ended, chain, end, set_variable

#: Four steps below each other, 64 px apart; cards are 256 x 64.
COLUMN = {"start": (0, 0), "one": (0, 128), "two": (0, 256), "end": (0, 384)}


@pytest.fixture
def make_flow(live, workspace, owner):
    """make_flow(document, places, notes): a stored flow of the owner; places are (x, y) by id."""

    def make(document, places=(), notes=(), kind="post_call", name="Canvas"):
        layout = {id_: {"x": x, "y": y} for id_, (x, y) in dict(places).items()}
        whole = {**document, "layout": layout, "notes": list(notes)}
        return create_flow(workspace, owner.user, name=name, kind=kind, document=whole)

    return make


@pytest.fixture
def column(make_flow):
    """start -> one -> two -> end, below each other."""
    return make_flow(
        chain(call_ended(), set_variable("one", a="1"), set_variable("two", b="{{vars.a}}"), end()), COLUMN
    )


@pytest.fixture
def show(page, owner, sign_in):
    """show(flow, card="start") opens the editor as the owner and waits for a card."""

    def show(flow, name="start"):
        sign_in(owner)
        open_editor(page, flow)
        expect(card(page, name)).to_be_visible()
        return page

    return show


@pytest.fixture
def canvas(show, column):
    """The page with the column on it."""
    return show(column)


@pytest.fixture
def flow(make_flow):
    """A small flow, where a test brings none of its own."""
    document = chain(call_ended(), set_variable("one", a="1"), set_variable("two", b="2"), end())
    return make_flow(document, COLUMN, name="Follow up")


@pytest.fixture
def editor(page, flow, owner, sign_in):
    """The owner's page with `flow`, the form of a step opened once."""
    sign_in(owner)
    open_editor(page, flow)
    # Somebody who works here has opened a step before; its form is fetched then.
    card(page, "end").click()
    expect(page.get_by_label("Name of the step")).to_have_value("end")
    return page
