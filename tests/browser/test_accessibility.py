"""axe-core finds nothing to complain of, on every page and in every state of the editor, in both themes.

The rules are all of WCAG 2.0-2.2 A and AA and axe's best practices; none is switched off.
"""

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from builder import data_tables
from builder.flows import create_flow
from builder.publishing import publish
from integrations.data.columns import TYPES
from integrations.data.tables import append
from runtime import tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Agent, Run
from tests.browser.editing import canvas, card, open_editor, row
from tests.browser.test_chat_panel import FORM, SIZES
from tests.contract.chatting import ask, bye, say, started
from tests.flows import call_ended, chain, decision, document, end, node, set_variable

AXE = settings.BASE_DIR / "tests/js/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is well is not written out: on a long page that takes longer than judging it.
JUDGE = "async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ['violations']})).violations"
SETTLED = """() => document.getAnimations().every((each) =>
    each.playState !== "running" || each.effect.getComputedTiming().endTime === Infinity)"""
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def axe():
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm install in tests/js")
    return AXE.read_text()


@pytest.fixture
def clean(axe, page):
    """clean(): the page as it stands has no violation, in either theme."""

    def clean() -> None:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            _settle(page)
            before = list(page.troubles)
            if not page.evaluate("() => 'axe' in window"):
                page.evaluate(axe)
            found = page.evaluate(JUDGE, RULES)
            page.troubles[:] = before  # axe measures with styles of its own, which the page's policy refuses
            assert not found, f"{theme}, {page.viewport_size['width']} px wide: " + "; ".join(
                _told(each) for each in found
            )

    return clean


def _settle(page):
    """Colours that are on their way are no colours to measure. What moves for ever is none of them, and `finished` of
    one whose element goes meanwhile never comes.
    """
    page.wait_for_function(SETTLED)


def _told(violation) -> str:
    nodes = [f"{each['html'][:160]} ({' '.join(each['failureSummary'].split())[:200]})" for each in violation["nodes"]]
    return f"{violation['id']} x{len(nodes)}: " + " | ".join(nodes[:3])


@pytest.fixture
def signed_in_page(page, owner, sign_in):
    sign_in(owner)
    page.emulate_media(reduced_motion="reduce")
    return page


@pytest.fixture
def small(workspace, owner, live):
    steps = [call_ended(), decision("urgent", "{{interaction.status}}", "is_set"), set_variable("one", a="1"), end()]
    edges = [("start", "next", "urgent"), ("urgent", "yes", "one"), ("one", "next", "end"), ("urgent", "else", "end")]
    flow = create_flow(workspace, owner.user, name="Small", kind="post_call", document=document(steps, edges))
    publish(flow, owner.user)
    return flow


@pytest.fixture
def empty(workspace, owner, live):
    nothing = {"schema": 1, "nodes": [], "edges": [], "layout": {}, "notes": []}
    return create_flow(workspace, owner.user, name="Empty", kind="post_call", document=nothing)


@pytest.fixture
def ran(small, workspace):
    """A finished run of the small flow."""
    interaction = {"id": "c1", "from": "+14155550132", "status": "completed", "summary": "A blender arrived broken."}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": interaction})).result(10)
    tasks.work(linger=0)
    return Run.objects.get()


class TestEditor:
    def test_empty(self, signed_in_page, empty, clean):
        open_editor(signed_in_page, empty)
        expect(signed_in_page.get_by_text("Every flow starts with a trigger")).to_be_visible()
        clean()

    def test_thirty_steps(self, signed_in_page, workspace, owner, live, clean):
        steps = [call_ended(), *[set_variable(f"s{n}", a="1") for n in range(28)], end()]
        flow = create_flow(workspace, owner.user, name="Thirty", kind="post_call", document=chain(*steps))
        open_editor(signed_in_page, flow)
        canvas(signed_in_page).focus()
        signed_in_page.keyboard.press("1")
        clean()

    @pytest.mark.parametrize("step", ["start", "urgent", "one", "end"])
    def test_inspector(self, signed_in_page, small, clean, step):
        open_editor(signed_in_page, small)
        card(signed_in_page, step).click()
        expect(signed_in_page.get_by_label("Name of the step")).to_have_value(step)
        for tab in ("Configure", "Test", "Runs"):
            signed_in_page.get_by_role("tab", name=tab).click()
            expect(signed_in_page.get_by_role("tabpanel", name=tab)).to_be_visible()
            clean()

    def test_picker_of_steps(self, signed_in_page, small, clean):
        open_editor(signed_in_page, small)
        card(signed_in_page, "one").click()
        canvas(signed_in_page).focus()
        signed_in_page.keyboard.press("n")
        expect(signed_in_page.get_by_role("combobox", name="Search apps and actions")).to_be_focused()
        clean()
        signed_in_page.keyboard.type("set")
        clean()

    def test_chooser_of_a_target(self, signed_in_page, small, clean):
        open_editor(signed_in_page, small)
        card(signed_in_page, "one").click()
        canvas(signed_in_page).focus()
        signed_in_page.keyboard.press("c")
        expect(signed_in_page.get_by_role("combobox", name="Where does one lead to?")).to_be_focused()
        clean()

    def test_picker_of_variables(self, signed_in_page, small, clean):
        open_editor(signed_in_page, small)
        card(signed_in_page, "one").click()
        signed_in_page.get_by_label("Value", exact=True).fill("")
        signed_in_page.keyboard.type("/")
        expect(signed_in_page.get_by_role("listbox").first).to_be_visible()
        clean()

    @pytest.mark.parametrize("panel", ["Review", "Versions", "Outline", "Runs", "Test"])
    def test_right_panel(self, signed_in_page, small, ran, clean, panel):
        open_editor(signed_in_page, small)
        card(signed_in_page, "one").click()
        canvas(signed_in_page).focus()
        signed_in_page.keyboard.press("d")
        expect(signed_in_page.get_by_text("Draft, 1 change")).to_be_visible()
        signed_in_page.get_by_role("button", name=panel, exact=True).first.click()
        expect(signed_in_page.locator("#right").get_by_role("heading").first).to_be_visible()
        expect(signed_in_page.locator("#right [aria-busy=true]")).to_have_count(0)
        clean()

    def test_problems(self, signed_in_page, workspace, owner, live, clean):
        flow = create_flow(
            workspace, owner.user, name="Bad", kind="post_call", document=chain(call_ended(), set_variable("one"))
        )
        open_editor(signed_in_page, flow)
        signed_in_page.get_by_role("button", name=re.compile("problem|error")).first.click()
        expect(signed_in_page.get_by_role("heading", name="Problems")).to_be_visible()
        clean()

    def test_replay(self, signed_in_page, small, ran, clean):
        open_editor(signed_in_page, small, f"?run={ran.pk}")
        expect(signed_in_page.locator("#right")).to_contain_text("urgent")
        expect(card(signed_in_page, "urgent")).to_have_accessible_name(re.compile("done"))
        clean()

    def test_the_sheet_of_keys_and_all_commands(self, signed_in_page, small, clean):
        open_editor(signed_in_page, small)
        canvas(signed_in_page).focus()
        signed_in_page.keyboard.press("?")
        expect(signed_in_page.get_by_role("dialog")).to_be_visible()
        clean()
        signed_in_page.keyboard.press("Escape")
        signed_in_page.keyboard.press("Control+k")
        expect(signed_in_page.get_by_role("combobox")).to_be_focused()
        clean()

    def test_menu_of_a_step(self, signed_in_page, small, clean):
        open_editor(signed_in_page, small)
        card(signed_in_page, "one").click(button="right")
        expect(signed_in_page.get_by_role("menu")).to_be_visible()
        clean()

    def test_narrow(self, signed_in_page, small, clean):
        signed_in_page.set_viewport_size(NARROW)
        open_editor(signed_in_page, small)
        expect(row(signed_in_page, "urgent")).to_be_visible()
        clean()
        row(signed_in_page, "one").click()
        expect(signed_in_page.get_by_label("Name of the step")).to_be_visible()
        clean()
        signed_in_page.get_by_role("button", name="Back").click()
        signed_in_page.get_by_role("button", name="Canvas").click()
        expect(card(signed_in_page, "one")).to_be_visible()
        clean()

    def test_first_steps(self, signed_in_page, workspace, owner, live, clean):
        flow = create_flow(workspace, owner.user, name="New", kind="post_call", document=document([call_ended()], []))
        open_editor(signed_in_page, flow)
        expect(signed_in_page.get_by_role("region", name="Three steps to a running flow")).to_be_visible()
        clean()

    def test_events_passed_over(self, signed_in_page, workspace, owner, live, clean):
        asks = {**call_ended(), "config": {"minimum_seconds": 10}}
        flow = create_flow(workspace, owner.user, name="Asks", kind="post_call", document=chain(asks, end()))
        publish(flow, owner.user)
        interaction = {"id": "c1", "from": "+14155550132", "status": "completed", "duration_seconds": 4}
        recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": interaction})).result(10)
        open_editor(signed_in_page, flow)
        signed_in_page.get_by_role("banner").get_by_role("button", name="Runs").click()
        signed_in_page.get_by_text("1 event lately passed over").click()
        expect(signed_in_page.get_by_role("listitem").filter(has_text="does not hold").first).to_be_visible()
        clean()

    def test_talking_as_a_visitor(self, signed_in_page, workspace, owner, live, clean):
        form = node("form", "send_form", {"text": "Who?", "fields_asked": FORM})
        steps = (started(), say("hi", "Hello"), ask("size", "Size?", expects="choice", choices=SIZES), form, bye())
        flow = create_flow(workspace, owner.user, name="Chat", kind="conversation", document=chain(*steps))
        open_editor(signed_in_page, flow)
        signed_in_page.get_by_role("banner").get_by_role("button", name="Test").click()
        panel = signed_in_page.get_by_role("region", name="Test", exact=True)
        expect(panel.get_by_label("Event as JSON")).to_have_value(re.compile("pricing"))
        with signed_in_page.expect_response(re.compile("/chat/")):
            panel.get_by_role("button", name="Start the chat").click()
        tasks.work(linger=0)
        panel.get_by_role("log").get_by_role("button", name="Large").click()
        expect(panel.get_by_role("log").get_by_label("E-mail *")).to_be_visible()
        clean()

    def test_a_viewer(self, page, small, workspace, make_person, sign_in, clean):
        sign_in(make_person(workspace, "viewer"))
        open_editor(page, small)
        card(page, "one").click()
        expect(page.get_by_label("Name of the step")).to_be_visible()
        clean()


PAGES = (
    "/", "/flows/new/", "/flows/trash/", "/runs/", "/waiting/", "/calls/", "/calls/?q=c1", "/dashboard/", "/nodes/",
    "/webhooks/undelivered/", "/data/", "/data/new/", "/data/tables/customers/", "/data/tables/customers/columns/",
    "/data/tables/customers/rows/new/",
    "/settings/connections/", "/settings/connections/new/", "/settings/connections/new/?type=mtls",
    "/settings/connections/new/?type=hubspot_sign_in", "/settings/agents/", "/settings/agents/new/",
    "/settings/api-keys/", "/settings/members/", "/settings/workspace/", "/settings/preferences/",
    "/settings/password/", "/settings/audit/",
)  # fmt: skip


def _a_table(workspace):
    """One column of each type, and a row."""
    columns = [{"name": type, "type": type, "required": False} for type in TYPES]
    columns.insert(0, {"name": "phone", "type": "text", "required": True})
    table = data_tables.save_table(workspace, None, None, name="customers", columns=columns, key_column="phone")
    append(table, {"phone": "+14155550132", "number": 2400, "boolean": True, "datetime": "2026-01-21T09:00:00Z"})


def _wide_and_narrow(page, path, clean):
    """What a page shows costs more to make than to open it twice."""
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        assert page.goto(path).status == 200, path
        clean()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], size


class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    def test_page(self, signed_in_page, small, ran, workspace, clean, path):
        Agent.objects.create(workspace=workspace, slug="support", name="Support line")
        _a_table(workspace)
        _wide_and_narrow(signed_in_page, path, clean)

    def test_run(self, signed_in_page, ran, clean):
        _wide_and_narrow(signed_in_page, f"/runs/{ran.pk}/", clean)

    def test_flow_pages(self, signed_in_page, small, clean):
        for part in ("versions", "reach"):
            assert signed_in_page.goto(f"/flows/{small.pk}/{part}/").status == 200
            clean()

    def test_signing_in(self, page, live, clean):
        page.goto("/")
        expect(page.get_by_label("Password")).to_be_visible()
        clean()
