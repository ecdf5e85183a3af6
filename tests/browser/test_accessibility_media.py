"""Screens and wishes of people: sizes, touch, forced colours, reduced motion, targets big enough to hit."""

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.publishing import publish
from tests.browser.editing import canvas, card, open_editor, row
from tests.browser.test_accessibility import axe, clean  # noqa: F401  (fixtures)
from tests.conftest import PATIENCE_SECONDS
from tests.flows import call_ended, decision, document, end, set_variable

SIZES = [(768, 1024), (1024, 768), (1280, 720), (1440, 900), (2560, 1440)]
SMALL_TARGETS = """() => {
  const controls = 'button, input:not([type=hidden]), select, [role=tab], [role=treeitem], summary';
  const seen = (each) => each.checkVisibility({visibilityProperty: true}) && !each.closest('.visually-hidden');
  // Links in running text are excepted (WCAG 2.5.8), and what has room to hit around it says so with ::after.
  const excepted = (each) => each.matches('.link-button, .skip-link, .switch');
  return [...document.querySelectorAll(controls)]
    .filter((each) => seen(each) && !excepted(each))
    .filter((each) => [each, ...(each.labels ?? [])].every((part) => {
      const {width, height} = part.getBoundingClientRect();
      return width < 23.9 || height < 23.9;
    }))
    .map((each) => each.outerHTML.slice(0, 160));
}"""
OUTSIDE = """() => [...document.querySelectorAll('#topbar *, #banner *, #left button, #right button, .toolbar button')]
  .filter((each) => each.checkVisibility() && !each.closest('.visually-hidden'))
  .map((each) => ({each, box: each.getBoundingClientRect()}))
  .filter(({box}) => box.width && (box.left < -1 || box.right > innerWidth + 1))
  .map(({each}) => each.outerHTML.slice(0, 120))"""
MOVING = """() => document.getAnimations().filter((each) => each.playState === 'running'
  && each.effect.getComputedTiming().duration > 1).map((each) => each.animationName ?? each.transitionProperty)"""


@pytest.fixture
def flow(live, workspace, owner, sign_in):
    steps = [call_ended(), decision("urgent", "{{interaction.status}}", "is_set"), set_variable("one", a="1"), end()]
    edges = [("start", "next", "urgent"), ("urgent", "yes", "one"), ("one", "next", "end"), ("urgent", "else", "end")]
    made = create_flow(workspace, owner.user, name="Screens", kind="post_call", document=document(steps, edges))
    publish(made, owner.user)
    sign_in(owner)
    return made


def change_something(page):
    card(page, "one").click()
    canvas(page).focus()
    page.keyboard.press("d")
    expect(page.get_by_text("Draft, 1 change")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_from_768_px_the_whole_editor_is_there_and_nothing_is_cut_off(page, flow, width, height):
    page.set_viewport_size({"width": width, "height": height})
    open_editor(page, flow)
    change_something(page)
    page.get_by_role("button", name="Versions").click()
    expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    expect(canvas(page)).to_be_visible()
    assert canvas(page).bounding_box()["width"] >= 180
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollHeight") <= height


def test_every_control_of_the_editor_is_at_least_24_px(page, flow):
    open_editor(page, flow)
    change_something(page)
    assert page.evaluate(SMALL_TARGETS) == []
    for panel in ("Versions", "Outline", "Runs", "Test", "Review"):
        page.get_by_role("button", name=panel, exact=True).first.click()
        expect(page.locator("#right").get_by_role("heading").first).to_be_visible()
        assert page.evaluate(SMALL_TARGETS) == [], panel


@pytest.mark.parametrize("path", ["/", "/runs/", "/dashboard/", "/settings/members/", "/settings/api-keys/"])
def test_every_control_of_the_pages_is_at_least_24_px(page, flow, path):
    page.goto(path)
    small = [each for each in page.evaluate(SMALL_TARGETS) if 'type="checkbox"' not in each]
    assert small == []


def test_with_forced_colours_states_are_still_seen(page, flow, clean):  # noqa: F811
    page.emulate_media(forced_colors="active")
    open_editor(page, flow)
    chosen, other = card(page, "one"), card(page, "end")
    chosen.click()
    look = "(each) => { const s = getComputedStyle(each); return [s.borderTopColor, s.borderTopWidth, s.outlineStyle] }"
    assert chosen.evaluate(look) != other.evaluate(look), "the chosen step looks like any other"
    edge = page.locator("svg .edge").first
    assert edge.evaluate("(each) => getComputedStyle(each).stroke") not in ("none", "rgba(0, 0, 0, 0)")
    page.get_by_role("button", name="Outline").click()
    expect(row(page, "one")).to_be_visible()
    clean()


def test_with_reduced_motion_nothing_moves_by_itself(page, flow):
    page.emulate_media(reduced_motion="reduce")
    open_editor(page, flow)
    card(page, "one").click()
    page.get_by_role("button", name="Versions").click()
    assert page.evaluate(MOVING) == []
    canvas(page).focus()
    page.keyboard.press("1")
    assert page.evaluate(MOVING) == []
    page.goto("/")
    assert page.evaluate(MOVING) == []


class TestTouch:
    @pytest.fixture
    def context(self, browser, live):
        context = browser.new_context(base_url=live, viewport={"width": 820, "height": 1180}, has_touch=True)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        yield context
        context.close()

    def test_a_tablet_has_the_canvas_and_a_tap_opens_a_step(self, page, flow):
        open_editor(page, flow)
        expect(canvas(page)).to_be_visible()
        expect(page.get_by_role("tree")).to_have_count(0)
        card(page, "one").tap()
        expect(page.get_by_label("Name of the step")).to_have_value("one")
