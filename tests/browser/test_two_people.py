"""Two people at one draft, each with a browser: changes come together live, clashes are asked, undo is one's own."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.models import DraftOp
from tests.browser import test_accessibility
from tests.browser.editing import canvas, card, document_of, open_editor, said, until
from tests.browser.sharing import (
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
from tests.flows import call_ended, chain, end, set_variable

LAYOUT = {"start": {"x": 0, "y": 0}, "one": {"x": 0, "y": 128}, "two": {"x": 0, "y": 256}, "end": {"x": 0, "y": 384}}


@pytest.fixture
def flow(live, workspace, owner):
    document = chain(call_ended(), set_variable("one", a="1"), set_variable("two", b="2"), end())
    return create_flow(workspace, owner.user, name="Shared", kind="post_call", document={**document, "layout": LAYOUT})


@pytest.fixture
def colleague(workspace, make_person):
    person = make_person(workspace, "editor", "ada.byron@acme.example")
    person.user.first_name, person.user.last_name = "Ada", "Byron"
    person.user.save()
    return person


@pytest.fixture
def both(browser, live, flow, owner, colleague, page, sign_in):
    """(my page, the page of a colleague) with the same flow open."""
    sign_in(owner)
    other = browser.new_context(base_url=live, viewport={"width": 1440, "height": 900})
    enter(other, colleague, live)
    theirs = other.new_page()
    for each in (page, theirs):
        open_editor(each, flow)
    expect(faces(page)).to_have_count(1)
    yield page, theirs
    other.close()


axe, clean = test_accessibility.axe, test_accessibility.clean  # fixtures


def faces(page):
    return page.get_by_role("list", name="Here now").get_by_role("button")


def conflict(page):
    return page.get_by_role("dialog")


# --- Merging


def test_what_one_changes_the_other_sees_at_once_and_hears_who_did_it(both, flow):
    mine, theirs = both
    rename(theirs, "one", "From Ada")
    expect(card(mine, "From Ada")).to_be_visible()
    said(mine, "Ada Byron changed From Ada")
    rename(mine, "two", "From me")
    expect(card(theirs, "From me")).to_be_visible()
    until(mine, lambda: (label_of(flow, "one"), label_of(flow, "two")) == ("From Ada", "From me"))
    is_saved(mine)


def test_different_fields_of_one_step_changed_at_once_come_together_without_a_question(both, flow, context):
    mine, theirs = both
    type_label(mine, "one", "My name")
    card(theirs, "one").click()
    theirs.get_by_role("textbox", name="Value").fill("their value")
    theirs.get_by_role("button", name="Save Changes").click()
    until(theirs, lambda: "their value" in str(document_of(flow)))
    mine.get_by_role("button", name="Save Changes").click()
    until(mine, lambda: label_of(flow, "one") == "My name")
    assert "their value" in str(document_of(flow))
    expect(mine.get_by_role("textbox", name="Value")).to_have_value("their value")
    expect(conflict(mine)).to_have_count(0)


def test_the_same_field_typed_by_both_is_told_before_it_is_saved(both, flow):
    mine, theirs = both
    type_label(mine, "one", "Mine, still typing")
    rename(theirs, "one", "Theirs, saved")
    news = mine.get_by_role("region", name="News")
    expect(news).to_contain_text("Ada Byron changed Name of Theirs, saved too. Yours stays in the form")
    expect(mine.get_by_label("Name of the step")).to_have_value("Mine, still typing")
    news.get_by_role("button", name="Take theirs").click()
    expect(mine.get_by_label("Name of the step")).to_have_value("Theirs, saved")
    expect(save_state(mine)).to_have_text("Saved")


def test_two_fields_in_two_hands_are_asked_one_by_one(both, flow, context):
    mine, theirs = both
    mine.route("**/draft/ops/**", lambda route: route.abort())
    rename(mine, "one", "Mine one")
    rename(mine, "two", "Mine two")
    rename(theirs, "one", "Theirs one")
    rename(theirs, "two", "Theirs two")
    rename(theirs, "end", "Nobody else")
    is_saved(theirs)
    mine.unroute("**/draft/ops/**")
    dialog = conflict(mine)
    expect(dialog.get_by_role("heading")).to_have_text("Ada Byron changed 2 of the same things", timeout=20_000)
    expect(save_state(mine)).to_have_text("Conflict")
    first = dialog.get_by_role("group", name=re.compile("Name")).first
    expect(first.get_by_role("radio")).to_have_count(2)
    expect(dialog.get_by_role("button", name="Go on")).to_be_disabled()
    dialog.get_by_role("radio", name=re.compile("Mine one")).check()
    dialog.get_by_role("radio", name=re.compile("Theirs two")).check()
    dialog.get_by_role("button", name="Go on").click()
    is_saved(mine)
    assert [label_of(flow, each) for each in ("one", "two", "end")] == ["Mine one", "Theirs two", "Nobody else"]
    expect(card(theirs, "Mine one")).to_be_visible()
    expected(mine)


def test_a_question_can_be_put_off_and_nothing_is_lost_meanwhile(both, flow):
    mine, theirs = both
    mine.route("**/draft/ops/**", lambda route: route.abort())
    rename(mine, "one", "Mine")
    rename(theirs, "one", "Theirs")
    is_saved(theirs)
    mine.unroute("**/draft/ops/**")
    conflict(mine).get_by_role("button", name="Decide later").click(timeout=20_000)
    expect(save_state(mine)).to_have_text("Conflict")
    expect(card(mine, "Mine")).to_be_visible()
    save_state(mine).click()
    conflict(mine).get_by_role("button", name="Take theirs").click()
    expect(card(mine, "Theirs")).to_be_visible()
    is_saved(mine)
    assert label_of(flow, "one") == "Theirs"
    expected(mine)


def test_a_step_that_one_deleted_and_the_other_changed_is_a_question(both, flow):
    mine, theirs = both
    mine.route("**/draft/ops/**", lambda route: route.abort())
    rename(mine, "one", "Worked on")
    card(theirs, "one").click()
    canvas(theirs).focus()
    theirs.keyboard.press("Delete")
    until(theirs, lambda: label_of(flow, "one") is None)
    mine.unroute("**/draft/ops/**")
    dialog = conflict(mine)
    expect(dialog).to_contain_text("deleted the step", timeout=20_000)
    expect(dialog).to_contain_text("keep it, with your changes of Name")
    dialog.get_by_role("button", name="Keep mine").click()
    until(mine, lambda: label_of(flow, "one") == "Worked on")
    edges = {(edge["source"], edge["target"]) for edge in document_of(flow)["edges"]}
    assert {("start", "one"), ("one", "two")} <= edges
    expected(mine)


def test_two_new_steps_with_one_key_are_both_kept(both, flow):
    mine, theirs = both
    mine.route("**/draft/ops/**", lambda route: route.abort())
    for each in (mine, theirs):
        each.get_by_role("button", name=re.compile("^Wait ")).click()
        expect(each.get_by_role("article")).to_have_count(5)
    is_saved(theirs)
    mine.unroute("**/draft/ops/**")
    until(mine, lambda: len(document_of(flow)["nodes"]) == 6)
    keys = [each["key"] for each in document_of(flow)["nodes"] if each["type"] == "wait"]
    assert len(set(keys)) == 2
    expected(mine)


def test_two_tabs_of_mine_that_were_offline_come_together(both, flow, context, owner):
    mine, _ = both
    tab = context.new_page()
    open_editor(tab, flow)
    for each in (mine, tab):
        type_label(each, "end", "end")  # somebody who works here has the form open
    context.set_offline(True)
    rename(mine, "one", "From the first tab")
    rename(tab, "two", "From the second tab")
    for each in (mine, tab):
        expect(save_state(each)).to_have_text("Offline, 1 change kept here")
    context.set_offline(False)
    until(mine, lambda: (label_of(flow, "one"), label_of(flow, "two")) == ("From the first tab", "From the second tab"))
    expect(card(mine, "From the second tab")).to_be_visible()
    expect(card(tab, "From the first tab")).to_be_visible()
    expected(mine)


def test_changes_come_where_no_websocket_can_be_had(both, flow, context, colleague):
    page = context.new_page()
    page.route_web_socket(re.compile("/ws/"), lambda ws: ws.close())
    open_editor(page, flow)
    apply_as(colleague, flow, renaming("one", "one", "By the other way"))
    expect(card(page, "By the other way")).to_be_visible(timeout=20_000)


def test_what_is_heard_while_an_older_answer_comes_is_not_missed(page, flow, owner, colleague, sign_in):
    held, heard = [], []

    def hold_first(route):
        if held:
            return route.continue_()
        held.append((route, route.fetch()))

    page.route(re.compile(r"/draft/ops/\?since="), hold_first)
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(json.loads(frame))))
    sign_in(owner)
    open_editor(page, flow)
    until(page, lambda: held)
    revision = apply_as(colleague, flow, renaming("one", "one", "Since then")).draft.revision
    until(page, lambda: any(hint.get("revision") == revision for hint in heard))
    route, older = held[0]
    route.fulfill(response=older)
    expect(card(page, "Since then")).to_be_visible()


def test_what_was_changed_before_the_socket_listens_is_asked_for(page, flow, owner, colleague, sign_in):
    """Others of the same flow have heard of it already, so the server does not say it again."""
    welcomes = []

    def between(socket):
        server = socket.connect_to_server()

        def forward(text):
            if '"welcome"' in text:
                welcomes.append(lambda: socket.send(text))
            elif '"draft"' not in text:
                socket.send(text)

        server.on_message(forward)

    page.route_web_socket(re.compile("/ws/"), between)
    sign_in(owner)
    open_editor(page, flow)
    until(page, lambda: welcomes)
    page.wait_for_load_state("networkidle")
    apply_as(colleague, flow, renaming("one", "one", "Before it listened"))
    welcomes[0]()
    expect(card(page, "Before it listened")).to_be_visible()


# --- Undo


def test_my_undo_does_not_undo_theirs(both, flow):
    mine, theirs = both
    rename(mine, "one", "Mine")
    rename(theirs, "two", "Theirs")
    expect(card(mine, "Theirs")).to_be_visible()
    canvas(mine).focus()
    mine.keyboard.press("Control+z")
    until(mine, lambda: label_of(flow, "one") == "one")
    assert label_of(flow, "two") == "Theirs"
    canvas(mine).focus()
    mine.keyboard.press("Control+z")
    is_saved(mine)
    assert label_of(flow, "two") == "Theirs"


def test_what_my_undo_cannot_take_back_is_named(both, flow):
    mine, theirs = both
    rename(mine, "one", "Mine")
    expect(card(theirs, "Mine")).to_be_visible()
    rename(theirs, "Mine", "Theirs since")
    expect(card(mine, "Theirs since")).to_be_visible()
    canvas(mine).focus()
    mine.keyboard.press("Control+z")
    said(mine, "Left as it is, because it was changed meanwhile: Theirs since")
    assert label_of(flow, "one") == "Theirs since"


# --- Presence


def test_one_sees_who_is_here_and_at_which_step(both):
    mine, theirs = both
    expect(faces(mine)).to_have_accessible_name("Ada Byron")
    expect(faces(mine)).to_have_attribute("data-initials", "AB")
    card(theirs, "two").click()
    expect(faces(mine)).to_have_accessible_name("Ada Byron, at two")
    expect(mine.locator(".person-mark")).to_have_text("AB")
    mark, box = mine.locator(".person-mark").bounding_box(), card(mine, "two").bounding_box()
    assert abs(mark["x"] - (box["x"] + box["width"])) < 60
    assert abs(mark["y"] - box["y"]) < 30
    theirs.close()
    expect(faces(mine)).to_have_count(0)
    expect(mine.locator(".person-mark")).to_have_count(0)


def test_a_second_tab_of_mine_is_me(both, context, flow):
    mine, _ = both
    tab = context.new_page()
    open_editor(tab, flow)
    expect(faces(mine)).to_have_count(2)
    expect(mine.get_by_role("button", name="you, in another tab")).to_be_visible()


def test_what_a_colleague_changed_carries_their_colour_for_a_moment(both):
    mine, theirs = both
    rename(theirs, "two", "Changed")
    expect(mine.locator(".touched-mark")).to_be_visible()
    expect(mine.locator(".touched-name")).to_have_text("Ada Byron")
    expect(mine.locator(".touched-mark")).to_have_count(0)


# --- Earlier states


def test_the_state_of_ten_minutes_ago_is_brought_back_and_that_is_undone(both, flow, colleague):
    mine, theirs = both
    apply_as(colleague, flow, renaming("one", "one", "Early"))
    DraftOp.objects.update(at=timezone.now() - timedelta(minutes=11))
    apply_as(colleague, flow, renaming("one", "Early", "Late"), seq=2)
    flow.draft.snapshots.update(at=timezone.now() - timedelta(minutes=10))
    expect(card(mine, "Late")).to_be_visible()
    mine.get_by_role("button", name="Versions").click()
    mine.get_by_role("button", name="Earlier states of the draft").click()
    panel = mine.get_by_role("region", name="Earlier states")
    expect(panel).to_contain_text("10 minutes ago")
    expect(panel).to_contain_text("1 change since · by Ada Byron")
    panel.get_by_role("button", name="What changed since").click()
    expect(panel).to_contain_text("Late")
    panel.get_by_role("button", name="Go back to this state, 10 minutes ago").click()
    until(mine, lambda: label_of(flow, "one") == "Early")
    expect(card(mine, "Early")).to_be_visible()
    expect(card(theirs, "Early")).to_be_visible()
    expect(theirs.get_by_role("region", name="News")).to_contain_text("owner went back to an earlier state")
    mine.get_by_role("region", name="News").get_by_role("button", name="Undo").click()
    until(mine, lambda: label_of(flow, "one") == "Late")
    expect(card(theirs, "Late")).to_be_visible()


def test_a_step_deleted_while_i_type_in_it_can_be_brought_back_with_my_text(both, flow):
    mine, theirs = both
    type_label(mine, "one", "Half typed")
    card(theirs, "one").click()
    canvas(theirs).focus()
    theirs.keyboard.press("Delete")
    news = mine.get_by_role("region", name="News")
    expect(news).to_contain_text("Ada Byron deleted one while you were typing in it. Your text is kept.")
    news.get_by_role("button", name="Bring the step back").click()
    until(mine, lambda: label_of(flow, "one") == "Half typed")


# --- For everybody


def test_axe_has_nothing_to_say_of_people_questions_troubles_and_earlier_states(both, flow, colleague, clean):
    mine, theirs = both
    rename(theirs, "end", "From Ada")
    expect(mine.locator(".person-mark")).to_be_visible()
    mine.route("**/draft/ops/**", lambda route: route.abort())
    rename(mine, "one", "Mine")
    rename(mine, "two", "Mine too")
    rename(theirs, "one", "Theirs")
    rename(theirs, "two", "Theirs too")
    is_saved(theirs)
    mine.unroute("**/draft/ops/**")
    expect(conflict(mine)).to_be_visible(timeout=20_000)
    clean()
    conflict(mine).get_by_role("button", name="Keep all mine").click()
    is_saved(mine)
    for number in range(50):
        apply_as(colleague, flow, renaming("one", label_of(flow, "one"), f"Name {number}"), seq=100 + number)
    mine.get_by_role("button", name="Versions").click()
    mine.get_by_role("button", name="Earlier states of the draft").click()
    expect(mine.get_by_role("button", name=re.compile("Go back to this state"))).to_have_count(1)
    Session.objects.all().delete()
    rename(mine, "From Ada", "Signed out")
    expect(mine.get_by_role("region", name="What needs you")).to_be_visible()
    clean()
    mine.goto("about:blank")  # it looks again and again whether somebody signed in
    expected(mine)
