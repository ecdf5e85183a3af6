"""Never lose work: one person, whose server, network or tab fails."""

import contextlib
import re

import pytest
from playwright.sync_api import Error, expect

from builder.models import DraftOp
from tests.browser.editing import card, open_editor, said, until
from tests.browser.hands import painted
from tests.browser.keeping import all_once, kept_rows
from tests.browser.sharing import (
    Web,
    apply_as,
    enter,
    expected,
    is_saved,
    label_of,
    rename,
    renaming,
    save_state,
    type_label,
)

# --- Server and network


def test_a_server_killed_in_the_middle_of_editing_loses_nothing(browser, flow, owner):
    web = Web()
    web.start()
    context = browser.new_context(base_url=web.url, viewport={"width": 1440, "height": 900})
    try:
        enter(context, owner, web.url)
        page = context.new_page()
        open_editor(page, flow)
        rename(page, "one", "Before the crash")
        is_saved(page)
        web.kill()
        rename(page, "two", "While it was gone")
        rename(page, "end", "Still gone")
        expect(save_state(page)).to_have_text("Offline, 2 changes kept here", timeout=20_000)
        assert label_of(flow, "two") == "two"
        web.start()
        is_saved(page)
        assert [label_of(flow, each) for each in ("one", "two", "end")] == [
            "Before the crash", "While it was gone", "Still gone"
        ]  # fmt: skip
        assert all_once(flow)
        rename(page, "Still gone", "And on it goes")
        is_saved(page)
        until(page, lambda: label_of(flow, "end") == "And on it goes")
        until(page, lambda: kept_rows(page) == [])
    finally:
        web.kill()
        context.close()


def test_offline_is_said_and_counted_and_everything_goes_out_on_return(editor, flow, context):
    context.set_offline(True)
    rename(editor, "one", "Kept")
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here")
    rename(editor, "two", "Kept too")
    rename(editor, "end", "Third")
    expect(save_state(editor)).to_have_text("Offline, 3 changes kept here")
    until(editor, lambda: [row["ops"] for row in kept_rows(editor)] != [])
    context.set_offline(False)
    is_saved(editor)
    assert [label_of(flow, each) for each in ("one", "two", "end")] == ["Kept", "Kept too", "Third"]
    expected(editor)


def test_who_is_offline_before_they_touched_anything_meets_no_error(show, flow, context):
    page = show(flow)
    context.set_offline(True)
    page.mouse.move(700, 400)  # what work may ask for is fetched now, and cannot be
    until(page, lambda: any("ERR_INTERNET_DISCONNECTED" in trouble for trouble in page.troubles))
    painted(page)
    expected(page)


def test_a_slow_network_is_said_and_nothing_is_sent_twice(editor, flow, context):
    client = context.new_cdp_session(editor)
    client.send("Network.enable")
    slow = {"offline": False, "latency": 5500, "downloadThroughput": -1, "uploadThroughput": -1}
    client.send("Network.emulateNetworkConditions", slow)
    rename(editor, "one", "First")
    expect(save_state(editor)).to_have_text(re.compile("Slow connection, 1 change kept here"), timeout=15_000)
    rename(editor, "two", "Second")
    is_saved(editor)
    client.send("Network.emulateNetworkConditions", {**slow, "latency": 0})
    until(editor, lambda: [label_of(flow, each) for each in ("one", "two")] == ["First", "Second"])
    assert all_once(flow)


def test_an_answer_that_got_lost_is_asked_for_again_and_the_change_is_made_once(editor, flow):
    lost = []

    def lose(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)
        return route.abort()

    editor.route("**/draft/ops/", lose)
    rename(editor, "one", "Once")
    is_saved(editor)
    assert lost == [200]
    assert label_of(flow, "one") == "Once"
    assert DraftOp.objects.filter(draft__flow=flow).count() == 1
    expected(editor)


# --- Tabs that end


def test_what_a_closed_tab_left_is_sent_by_the_next_one(editor, flow, context):
    editor.route("**/draft/ops/", lambda route: route.abort())
    rename(editor, "one", "Left behind")
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here")
    expected(editor)
    editor.close()
    assert label_of(flow, "one") == "one"
    other = context.new_page()
    open_editor(other, flow)
    until(other, lambda: label_of(flow, "one") == "Left behind")
    expect(card(other, "Left behind")).to_be_visible()
    said(other, "1 change from before was kept in this browser and is now saved.")
    until(other, lambda: kept_rows(other) == [])
    assert all_once(flow)


@pytest.fixture
def lockless(context, flow, owner, sign_in):
    """The open flow where there are no Web Locks, as on plain http: a row says until when a tab lives."""
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})")
    sign_in(owner)
    page = context.new_page()
    open_editor(page, flow)
    return page


def after_a_crash(page, flow):
    """Ends the tab's process without a word to the page; the flow in another tab, whose clock can be put on."""
    context = page.context
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash")
    page.close()
    other = context.new_page()
    other.clock.install()
    open_editor(other, flow)
    return other


@pytest.mark.own_profile
def test_a_tab_that_crashed_without_web_locks_is_taken_up_when_its_lease_is_over(lockless, flow):
    lockless.route("**/draft/ops/", lambda route: route.abort())
    rename(lockless, "one", "From a lease")
    expect(save_state(lockless)).to_have_text("Offline, 1 change kept here")
    until(lockless, lambda: kept_rows(lockless, "leases") != [])
    other = after_a_crash(lockless, flow)
    until(other, lambda: len(kept_rows(other, "leases")) == 2)
    assert label_of(flow, "one") == "one"
    other.clock.fast_forward(100_000)  # the lease is over
    until(other, lambda: label_of(flow, "one") == "From a lease")


@pytest.mark.own_profile
def test_a_tab_that_leaves_without_web_locks_gives_its_lease_back(lockless, flow):
    lockless.route("**/draft/ops/", lambda route: route.abort())
    rename(lockless, "one", "From a lease")
    expect(save_state(lockless)).to_have_text("Offline, 1 change kept here")
    lockless.goto("about:blank")
    lockless.unroute("**/draft/ops/")
    open_editor(lockless, flow)
    until(lockless, lambda: label_of(flow, "one") == "From a lease")


def test_what_was_left_behind_and_clashes_is_asked_field_by_field(editor, flow, context, make_person, workspace):
    editor.route("**/draft/ops/", lambda route: route.abort())
    rename(editor, "one", "Mine from before")
    rename(editor, "two", "No clash")
    expect(save_state(editor)).to_have_text(re.compile("kept here"))
    apply_as(make_person(workspace, "editor"), flow, renaming("one", "one", "Theirs"))
    expected(editor)
    editor.close()
    other = context.new_page()
    open_editor(other, flow)
    dialog = other.get_by_role("dialog")
    expect(dialog).to_contain_text("kept in this browser from before")
    expect(dialog).to_contain_text("Mine from before")
    expect(dialog).to_contain_text("Theirs")
    dialog.get_by_role("button", name="Keep mine").click()
    until(other, lambda: (label_of(flow, "one"), label_of(flow, "two")) == ("Mine from before", "No clash"))
    until(other, lambda: kept_rows(other) == [])


def test_typing_that_was_not_saved_is_back_after_a_reload(editor, flow, context):
    type_label(editor, "one", "Half a thou")
    expect(save_state(editor)).to_have_text("Unsaved: Half a thou")
    until(editor, lambda: len(kept_rows(editor, "forms")) == 1)
    editor.close()
    other = context.new_page()
    open_editor_dirty(other, flow)
    expect(other.get_by_label("Name of the step")).to_have_value("Half a thou")
    said(other, "What you typed in Half a thou is back. It is not saved yet.")
    assert label_of(flow, "one") == "one"
    other.get_by_role("button", name="Save Changes").click()
    until(other, lambda: label_of(flow, "one") == "Half a thou")
    until(other, lambda: kept_rows(other, "forms") == [])


@pytest.mark.own_profile
def test_typing_is_back_by_itself_though_its_page_had_been_open_for_long(context, flow, owner, sign_in):
    """The next page knows without opening the storage whether to look. It looks at once: nobody moves a mouse first."""
    sign_in(owner)
    page = context.new_page()
    page.clock.install()
    open_editor(page, flow)
    rename(page, "two", "Kept and sent")
    is_saved(page)
    until(page, lambda: kept_rows(page) == [] and noted(page))
    page.clock.fast_forward(31_000)  # then nothing is left, and noted so
    until(page, lambda: not noted(page))
    type_label(page, "one", "Half a thou")
    until(page, lambda: len(kept_rows(page, "forms")) == 1)
    assert noted(page)
    page.close()
    other = context.new_page()
    open_editor_dirty(other, flow)
    expect(other.get_by_label("Name of the step")).to_have_value("Half a thou")


def noted(page):
    return page.evaluate("localStorage.getItem('segue.kept')") is not None


def after_half_a_thought(page, flow):
    """Another tab, the first having crashed with something typed in `one`."""
    type_label(page, "one", "Half a thou")
    until(page, lambda: len(kept_rows(page, "forms")) == 1)
    return after_a_crash(page, flow)


@pytest.mark.own_profile
def test_typing_of_a_tab_that_crashed_without_web_locks_is_offered_once_its_lease_ends(lockless, flow):
    other = after_half_a_thought(lockless, flow)
    type_label(other, "two", "Meanwhile")
    until(other, lambda: len(kept_rows(other, "forms")) == 2)
    other.clock.fast_forward(100_000)  # the lease is over
    said(other, "You typed in Half a thou before and did not save it.")
    other.get_by_role("button", name="Bring it back").click()
    other.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(other.get_by_label("Name of the step")).to_have_value("Half a thou")
    until(other, lambda: label_of(flow, "two") == "Meanwhile")
    assert label_of(flow, "one") == "one"


@pytest.mark.own_profile
def test_it_is_not_offered_over_what_is_typed_in_the_same_step(lockless, flow):
    """Each tab's row stays until one is done with the step: whichever tab crashes next, both are there."""
    other = after_half_a_thought(lockless, flow)
    type_label(other, "one", "Meanwhile")
    until(other, lambda: len(kept_rows(other, "forms")) == 2)
    other.evaluate("localStorage.removeItem('segue.kept')")
    other.clock.fast_forward(100_000)
    until(other, lambda: noted(other))  # what it does last when it looks
    assert {row["form"]["label"] for row in kept_rows(other, "forms")} == {"Half a thou", "Meanwhile"}
    other.get_by_role("button", name="Save Changes").click()
    until(other, lambda: label_of(flow, "one") == "Meanwhile")
    other.clock.fast_forward(31_000)
    said(other, "You typed in Half a thou before and did not save it.")


def open_editor_dirty(page, flow):
    page.goto(f"/flows/{flow.pk}/")
    expect(page.get_by_role("banner")).to_contain_text(re.compile("Saved|Unsaved"))


def test_typing_that_is_back_can_be_discarded(editor, flow, context):
    type_label(editor, "one", "Not wanted")
    until(editor, lambda: len(kept_rows(editor, "forms")) == 1)
    editor.close()
    other = context.new_page()
    open_editor_dirty(other, flow)
    other.get_by_role("button", name="Discard").first.click()
    expect(other.get_by_label("Name of the step")).to_have_value("one")
    until(other, lambda: kept_rows(other, "forms") == [])
