"""Pages in a real browser: what scripts add, the keyboard, both themes, narrow screens; no console error anywhere."""

import re

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.pages.new_flow import KINDS
from builder.publishing import publish
from runtime.models import Agent, Flow, Run, Status
from tests.browser.editing import hold_answer

PATHS = (
    "/", "/flows/new/", "/runs/", "/calls/", "/nodes/", "/dashboard/", "/waiting/", "/webhooks/undelivered/", "/data/",
    "/data/new/", "/settings/connections/", "/settings/connections/new/", "/settings/agents/",
    "/settings/api-keys/", "/settings/members/", "/settings/workspace/", "/settings/preferences/", "/settings/audit/",
)  # fmt: skip
SWITCHED_OFF = "() => document.querySelector('[role=switch]').getAttribute('aria-checked') === 'false'"
BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.fixture
def flow(live, workspace, owner, sign_in):
    """A published flow, and its owner signed in."""
    sign_in(owner)
    made = create_flow(workspace, owner.user, name="Order status", kind="action", template="order-status")
    publish(made, owner.user)
    return made


def test_somebody_signs_in_at_the_form(page, owner):
    page.goto("/runs/")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(owner.password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Runs", level=1).wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_fits_wide_and_narrow_screens_in_both_themes(browser, live, flow, context, theme):
    themed = browser.new_context(base_url=live, color_scheme=theme, storage_state=context.storage_state())
    page, troubles = themed.new_page(), []
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        for path in PATHS:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            assert page.locator("h1").count() == 1
    themed.close()
    assert not troubles


def test_the_switch_works_in_place_and_keeps_the_focus(page, flow):
    page.goto("/")
    page.evaluate("window.same = true")
    page.get_by_role("switch", name="Order status live").focus()
    page.keyboard.press("Space")
    page.wait_for_function(SWITCHED_OFF)
    assert page.evaluate("window.same")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "switch"
    assert page.locator("#announcer").text_content() == "Order status is switched off."
    assert not Flow.objects.get(pk=flow.pk).enabled


def test_what_deletes_asks_first_and_escape_means_no(page, flow):
    page.goto("/")
    page.get_by_label("More for Order status").click()
    page.get_by_role("button", name="Move to trash").click()
    dialog = page.get_by_role("dialog", name="Move Order status to the trash?")
    assert dialog.get_by_role("button", name="Cancel").evaluate("button => button === document.activeElement")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert Flow.objects.get(pk=flow.pk).deleted_at is None
    page.get_by_label("More for Order status").click()
    page.get_by_role("button", name="Move to trash").click()
    dialog.get_by_role("button", name="Move to trash").click()
    page.get_by_text("Order status is in the trash").wait_for()
    assert Flow.objects.get(pk=flow.pk).deleted_at is not None


def test_choosing_rows_brings_the_actions_for_all_of_them(page, flow):
    page.goto("/")
    assert page.get_by_role("button", name="Switch off").is_hidden()
    page.get_by_label("Choose all flows").check()
    page.get_by_text("1 chosen").wait_for()
    page.get_by_role("button", name="Switch off").click()
    page.wait_for_function(SWITCHED_OFF)
    assert not Flow.objects.get(pk=flow.pk).enabled


def test_filters_apply_as_they_are_chosen_and_stay_in_the_address(page, flow):
    page.goto("/")
    page.get_by_label("Kind").select_option("post_call")
    page.get_by_text("No flow is like that").wait_for()
    page.wait_for_function("() => location.search.includes('kind=post_call')")
    page.reload()
    assert page.get_by_text("No flow is like that").is_visible()


def test_of_two_filters_the_one_chosen_last_holds(page, flow):
    page.goto("/")
    arrive = hold_answer(page, "**/?*kind=post_call*")
    page.get_by_label("Kind").select_option("post_call")
    page.get_by_label("Kind").select_option("action")
    page.wait_for_function("() => location.search.includes('kind=action')")
    arrive()
    expect(page.get_by_role("link", name="Order status", exact=True)).to_be_visible()
    assert "kind=action" in page.url


def test_rows_chosen_while_the_list_is_asked_for_anew_stay_chosen(page, flow, workspace):
    runs = [Run.objects.create(workspace=workspace, flow=flow, version=flow.published, kind="action",
                               status=Status.WAITING, due_at=None) for _ in range(2)]  # fmt: skip
    page.goto("/runs/")
    with page.expect_request("**/runs/"):
        arrive = hold_answer(page, "**/runs/")  # it looks again by itself while runs are open
    Run.objects.filter(pk=runs[0].pk).update(status=Status.SUCCEEDED)
    tick = page.get_by_role("checkbox", name=re.compile("^Choose run")).first
    tick.check()
    arrive()
    expect(tick).to_be_checked()
    expect(page.get_by_text("1 chosen")).to_be_visible()


def test_slash_finds_a_call_unless_single_keys_are_off(page, flow):
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("+4930123456")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/calls/\?q=%2B4930123456"))
    page.goto("/settings/preferences/")
    page.get_by_role("switch", name="Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save preferences").click()
    page.get_by_text("Preferences saved.").wait_for()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "find-call"


def test_the_chosen_theme_wins_over_the_system_s(page, flow):
    page.goto("/settings/preferences/")
    before = page.evaluate(BACKGROUND)
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("button", name="Save preferences").click()
    page.get_by_text("Preferences saved.").wait_for()
    assert page.evaluate(BACKGROUND) != before


def test_only_templates_of_the_chosen_kind_are_offered(page, flow):
    page.goto("/flows/new/")
    assert page.get_by_text("Zendesk ticket if escalated").is_visible()
    page.get_by_role("radio", name=re.compile("^Action")).check()
    assert page.get_by_text("Zendesk ticket if escalated").is_hidden()
    assert page.get_by_text("Cancel an order").is_visible()
    page.get_by_role("radio", name=re.compile("^Inbound")).check()
    assert page.get_by_text("Cancel an order").is_hidden()
    assert page.get_by_text("Greet a known caller by name").is_visible()
    offered = "els => [...new Set(els.filter(el => el.checkVisibility()).map(el => el.dataset.forKind))]"
    for kind, *_ in KINDS:
        page.locator(f"[name=kind][value={kind}]").check()
        assert page.locator("[data-for-kind]").evaluate_all(offered) == [kind]


def test_the_api_s_page_lists_its_calls(page, flow):
    troubles = []
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.goto("/api/docs/")
    page.get_by_text("/api/v1/events/", exact=True).wait_for()
    drawn = page.locator(".swagger-ui").first
    light = drawn.evaluate("each => getComputedStyle(each).backgroundColor")
    page.emulate_media(color_scheme="dark")
    expect(drawn).not_to_have_css("background-color", light)
    assert not troubles


def test_an_address_is_copied_by_its_button(page, context, flow, workspace):
    agent = Agent.objects.create(workspace=workspace, slug="line", name="Line", platform="vapi")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/settings/agents/{agent.pk}/")
    page.get_by_role("button", name="Copy").first.click()
    page.wait_for_function("() => document.getElementById('announcer').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"/in/vapi/{agent.token}/")


def test_times_are_told_in_the_reader_s_zone_and_the_zone_is_named(browser, live, flow, context):
    there = browser.new_context(base_url=live, timezone_id="Asia/Tokyo", storage_state=context.storage_state())
    page = there.new_page()
    page.goto("/")
    page.wait_for_function("() => document.querySelector('time').title.includes('Asia/Tokyo')")
    there.close()


def test_the_navigation_folds_on_a_narrow_screen(page, flow):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    assert page.get_by_role("link", name="Dashboard").is_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Dashboard").click()
    page.wait_for_url(re.compile("/dashboard/"))


def test_the_keyboard_shows_where_it_is(page, flow):
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.get_by_text("Skip to the page").is_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "(() => { const style = getComputedStyle(document.activeElement);"
            " return style.outlineStyle !== 'none' || style.boxShadow !== 'none'; })()"
        )
        assert shown, page.evaluate("document.activeElement.outerHTML")
