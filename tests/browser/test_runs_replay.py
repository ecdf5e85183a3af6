"""A past run on the canvas: read step by step, on the version that ran, and "why did it go here?" on every branch."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from builder.drafts import save_document
from builder.publishing import publish
from tests.browser.calls import branching, call, card, ended_call, flow_of, name_on_line, open_run
from tests.browser.editing import canvas, until
from tests.browser.hands import go, grab, middle, press, selected
from tests.flows import call_ended, document, end, node, set_variable


@pytest.fixture
def flow(live, workspace, owner):
    return branching(workspace, owner)


@pytest.fixture
def replay(page, flow, owner, sign_in, workspace):
    run = ended_call(workspace, disposition="escalated")
    sign_in(owner)
    bar = open_run(page, flow, run)
    expect(bar).to_be_visible()
    return bar


def slider(bar):
    return bar.get_by_role("slider")


def test_arrow_keys_walk_the_run_step_by_step(page, replay):
    expect(slider(replay)).to_have_attribute("aria-valuetext", re.compile("^Step 4 of 4 · yes · done"))
    slider(replay).focus()
    page.keyboard.press("ArrowLeft")
    expect(slider(replay)).to_have_attribute("aria-valuetext", re.compile("^Step 3 of 4 · check"))
    expect(card(page, "check")).to_have_class(re.compile("is-current"))
    page.keyboard.press("Home")
    expect(slider(replay)).to_have_attribute("aria-valuetext", re.compile("^Step 1 of 4 · start"))
    expect(card(page, "no")).not_to_contain_text("not taken")
    expect(card(page, "topic")).not_to_contain_text("ms")
    page.keyboard.press("End")
    expect(card(page, "no")).to_contain_text("not taken")


def test_the_data_of_the_step_at_the_scrubber_is_shown(page, replay):
    slider(replay).focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    step = page.get_by_role("listitem").and_(page.locator("[aria-current=step]"))
    expect(step).to_contain_text("topic")
    expect(step.get_by_role("tree", name="Output")).to_contain_text("call_9")


def test_it_plays_to_the_end_and_pauses(page, replay):
    slider(replay).focus()
    page.keyboard.press("Home")
    replay.get_by_role("combobox", name="Speed").select_option("4")
    replay.get_by_role("button", name="Play").click()
    expect(replay.get_by_role("button", name="Pause")).to_be_visible()
    expect(slider(replay)).to_have_value("3")
    expect(replay.get_by_role("button", name="Play")).to_be_visible()
    expect(card(page, "no")).to_contain_text("not taken")


def test_the_trigger_says_what_let_the_call_start_the_run(page, live, workspace, owner, sign_in):
    rules = {"all": [{"left": "{{interaction.disposition}}", "operator": "not_equals", "right": "spam"}]}
    asks = {"minimum_seconds": 10, "statuses": ["completed", "voicemail"], "conditions": rules}
    flow = flow_of(workspace, owner, [{**call_ended(), "config": asks}, end("end")], [("start", "next", "end")])
    call(workspace, id="short", disposition="escalated", duration_seconds=4)
    run = ended_call(workspace, disposition="escalated", duration_seconds=42)
    sign_in(owner)
    expect(open_run(page, flow, run)).to_be_visible()
    card(page, "start").click()
    why = page.get_by_role("region", name="Why did it go here?")
    expect(why.get_by_role("heading")).to_have_text("Why did it start?")
    expect(why).to_contain_text("“completed” is one of “completed” or “voicemail”holds")
    expect(why).to_contain_text("42 is at least 10holds")
    expect(why).to_contain_text("“escalated” is not “spam”holds")
    expect(page.get_by_role("listitem").filter(has_text="Why it started").first).to_be_visible()
    page.get_by_role("button", name="All runs").click()
    page.get_by_text("1 event lately passed over").click()
    passed = page.get_by_role("listitem").filter(has_text="short")
    expect(passed.first).to_contain_text("4 is at least 10does not hold")


def test_a_branch_explains_itself_from_the_node_the_line_and_the_step(page, replay):
    why = page.get_by_role("region", name="Why did it go here?")
    card(page, "check").click()
    expect(why).to_contain_text("interaction.disposition")
    expect(why).not_to_contain_text("{{")
    expect(why).to_contain_text("“escalated” is “escalated”")
    expect(why).to_contain_text("yestaken")
    expect(why).to_contain_text("Otherwisenot taken")
    press(page, name_on_line(page, "Otherwise"))
    expect(why.get_by_role("heading")).to_have_text("Why not Otherwise")
    expect(why).to_contain_text("The branch yes held")
    why.get_by_role("button", name="Close the explanation").click()
    press(page, name_on_line(page, "yes"))
    expect(why.get_by_role("heading")).to_have_text("Why yes")
    steps = page.get_by_role("tabpanel", name="Steps")
    expect(steps).to_contain_text("“escalated” is “escalated”")
    steps.get_by_text("Why not Otherwise").click()
    expect(steps).to_contain_text("The branch yes held")


def test_the_explanation_is_reached_and_left_by_keyboard(page, replay):
    card(page, "check").click()
    page.keyboard.press("w")
    expect(page.get_by_role("heading", name="Why yes")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Why did it go here?")).to_be_hidden()
    expect(page.get_by_role("application", name="Canvas")).to_be_focused()
    expect(replay).to_be_visible()


def test_escape_closes_picker_gesture_run_and_selection_in_that_order(page, replay):
    card(page, "check").click()
    canvas(page).focus()
    page.keyboard.press("n")
    expect(page.get_by_role("combobox", name="Search apps and actions")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Search apps and actions")).to_have_count(0)
    before = card(page, "topic").bounding_box()
    grab(page, middle(page, "topic"))
    go(page, (before["x"] + 200, before["y"] + 150))
    until(page, lambda: card(page, "topic").bounding_box() != before)
    page.keyboard.press("Escape")
    page.mouse.up()
    until(page, lambda: card(page, "topic").bounding_box() == before)
    expect(replay).to_be_visible()
    page.keyboard.press("Escape")
    expect(replay).to_be_hidden()
    assert len(selected(page)) == 1
    page.keyboard.press("Escape")
    until(page, lambda: selected(page) == set())
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Test")).to_be_focused()


def test_what_held_too_and_what_did_not_is_told_of_every_branch(page, live, workspace, owner, sign_in):
    def branch(id, right):
        return {"id": id, "label": id, "conditions": {"all": [
            {"left": "{{interaction.duration_seconds}}", "operator": "greater", "right": right}]}}  # fmt: skip

    branches = [branch("endless", "900"), branch("long", "300"), branch("usual", "60")]
    nodes = [call_ended(), node("sort", "decision", {"branches": branches}), end("a"), end("b"), end("c"), end("d")]
    edges = [
        ("start", "next", "sort"),
        ("sort", "endless", "a"),
        ("sort", "long", "b"),
        ("sort", "usual", "c"),
        ("sort", "else", "d"),
    ]
    flow = flow_of(workspace, owner, nodes, edges)
    run = ended_call(workspace, duration_seconds=400)
    sign_in(owner)
    page.set_viewport_size({"width": 1800, "height": 900})  # beside the run's panel, four ends still fit as cards
    expect(open_run(page, flow, run)).to_be_visible()
    card(page, "sort").click()
    why = page.get_by_role("region", name="Why did it go here?")
    expect(why.get_by_role("heading")).to_have_text("Why long")
    expect(why).to_contain_text("400 is more than “900”does not hold")
    expect(why).to_contain_text("400 is more than “300”holds")
    expect(why).to_contain_text("holds too, but an earlier branch was first")
    expect(why).to_contain_text("400 is more than “60”holds")


def test_branches_not_taken_are_told_by_words_and_dashes_not_by_colour(page, replay):
    expect(card(page, "no")).to_have_accessible_name(re.compile("not taken"))
    expect(card(page, "no")).to_have_css("border-style", "dashed")
    expect(card(page, "yes")).to_have_accessible_name(re.compile("done"))


@pytest.fixture
def changed(flow, owner, workspace):
    """A run of version 1, and a draft that has another step since."""
    run = ended_call(workspace, disposition="escalated")
    draft = flow.draft
    nodes = [each for each in draft.document["nodes"] if each["id"] != "topic"] + [set_variable("subject", topic="x")]
    edges = [
        ("start", "next", "subject"),
        ("subject", "next", "check"),
        ("check", "yes", "yes"),
        ("check", "else", "no"),
    ]
    save_document(flow, document(nodes, edges), owner.user, draft.revision)
    return run


def test_another_graph_is_shown_as_it_ran_and_the_draft_comes_back(page, flow, changed, owner, sign_in):
    sign_in(owner)
    open_run(page, flow, changed)
    bar = page.get_by_role("region", name="Draft")
    expect(bar).to_contain_text("Version 1 · as it ran")
    assert [each.inner_text() for each in bar.get_by_role("button").all()] == [
        "Back to draft",
        "Open in draft with this data",
    ]
    expect(card(page, "topic")).to_contain_text("ms")
    expect(card(page, "subject")).to_have_count(0)
    card(page, "topic").click()
    page.keyboard.press("Delete")
    expect(card(page, "topic")).to_be_visible()
    bar.get_by_role("button", name="Back to draft").click()
    expect(card(page, "subject")).to_be_visible()
    expect(card(page, "subject")).not_to_contain_text("ms")
    expect(bar).not_to_contain_text("as it ran")


def test_over_the_same_graph_the_draft_stays_editable_and_the_first_edit_ends_the_overlay(page, replay, flow):
    expect(page.get_by_text("as it ran")).to_have_count(0)
    card(page, "no").click()
    with page.expect_response(re.compile("/draft/ops/")):
        page.keyboard.press("Delete")
    expect(card(page, "no")).to_have_count(0)
    expect(replay).to_be_hidden()
    expect(card(page, "check")).not_to_contain_text("ms")
    flow.draft.refresh_from_db()
    assert "no" not in {each["id"] for each in flow.draft.document["nodes"]}


def test_the_turn_that_was_spoken_then_is_marked(page, flow, owner, sign_in, workspace):
    began = timezone.now()
    turns = [{"role": "agent", "text": "How can I help?", "at_seconds": 0},
             {"role": "user", "text": "My order is late.", "at_seconds": 600}]  # fmt: skip
    run = ended_call(workspace, started_at=began.isoformat(), duration_seconds=900, turns=turns)
    sign_in(owner)
    open_run(page, flow, run)
    page.get_by_role("tab", name="Transcript").click()
    expect(page.locator("[aria-current=true]").filter(has_text="How can I help?")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="My order is late.")).not_to_have_attribute(
        "aria-current", "true"
    )


def test_the_version_that_ran_is_shown_after_a_newer_one_was_published(page, flow, changed, owner, sign_in):
    publish(flow, owner.user)
    sign_in(owner)
    open_run(page, flow, changed)
    expect(page.get_by_role("region", name="Draft")).to_contain_text("Version 1 · as it ran")
