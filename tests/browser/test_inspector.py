"""The panels around the canvas with real keys and clicks; what was done is read back from the server's draft."""

import json

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Flow
from tests.browser.editing import card, until
from tests.peers import Answer, Peer

DOCUMENT = {
    "schema": 1,
    "nodes": [
        {"id": "start", "type": "call_ended", "key": "start", "label": "Call ended", "config": {}},
        {
            "id": "ticket", "type": "api_request", "key": "ticket", "label": "Create ticket",
            "config": {"method": "POST", "url": "https://example.com/tickets",
                       "body": {"type": "json", "content": "{\"subject\": \"Call\"}"}},
        },
        {"id": "done", "type": "end", "key": "done", "label": "Done",
         "config": {"outcome": "answered {{steps.ticket.status}}"}},
    ],
    "edges": [
        {"id": "e1", "source": "start", "port": "next", "target": "ticket"},
        {"id": "e2", "source": "ticket", "port": "success", "target": "done"},
    ],
    "layout": {"start": {"x": 0, "y": 0}, "ticket": {"x": 0, "y": 128}, "done": {"x": 0, "y": 256}},
    "notes": [],
}  # fmt: skip


@pytest.fixture
def flow(live, workspace, owner):
    made = create_flow(workspace, owner.user, name="Tickets", kind="post_call", document=DOCUMENT)
    publish(made, owner.user)
    return made


@pytest.fixture
def editor(page, flow, owner, sign_in):
    """editor(node, role's person) opens the flow with a step selected."""

    def open_editor(node: str = "", person=owner):
        sign_in(person)
        page.goto(f"/flows/{flow.pk}/" + (f"?node={node}" if node else ""))
        if node:
            expect(page.get_by_label("Name of the step")).to_be_visible()
        return page

    return open_editor


def config_of(flow, node: str) -> dict:
    document = Flow.objects.get(pk=flow.pk).draft.document
    return next(each for each in document["nodes"] if each["id"] == node)["config"]


NOTE_STEP = """() => addEventListener("click", () => {
  window.stepAtClick = document.querySelector("[aria-label='Name of the step']").value;
})"""


def test_no_form_takes_what_is_meant_for_the_step_that_was_chosen_next(editor, flow):
    page = editor("ticket")
    url = page.get_by_label("URL", exact=True).element_handle()
    page.evaluate(NOTE_STEP)
    card(page, "Done").click()
    assert page.evaluate("window.stepAtClick") == "Done"
    # What an input method or a dictation still had to write.
    url.evaluate("field => { field.value = 'late'; field.dispatchEvent(new Event('input', { bubbles: true })); }")
    expect(page.get_by_label("Name of the step")).to_have_value("Done")
    expect(page.get_by_role("button", name="Save Changes")).to_be_disabled()
    expect(page.get_by_label("Outcome", exact=True)).to_have_value(config_of(flow, "done")["outcome"])


def key_of(flow, node: str) -> str:
    return next(each["key"] for each in Flow.objects.get(pk=flow.pk).draft.document["nodes"] if each["id"] == node)


def test_a_slash_after_a_space_offers_variables_and_enter_inserts_one(editor, flow):
    page = editor("done")
    outcome = page.get_by_role("textbox", name="Outcome")
    outcome.fill("from ")
    outcome.press("End")
    page.keyboard.type("/contact_num")
    expect(page.get_by_role("option", name="interaction.contact_number")).to_be_visible()
    page.keyboard.press("Enter")
    expect(outcome).to_have_value("from {{interaction.contact_number}}")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert config_of(flow, "done")["outcome"] == "from {{interaction.contact_number}}"


def test_a_slash_inside_an_address_is_just_a_slash(editor):
    page = editor("ticket")
    url = page.get_by_role("textbox", name="URL")
    url.press("End")
    page.keyboard.type("/new")
    expect(page.get_by_role("listbox", name="Variables")).to_have_count(0)
    expect(url).to_have_value("https://example.com/tickets/new")


def test_what_is_typed_reaches_the_draft_only_with_save_changes(editor, flow):
    page = editor("done")
    page.get_by_role("textbox", name="Outcome").fill("something else")
    expect(page.get_by_text("Unsaved: Done")).to_be_visible()
    assert config_of(flow, "done")["outcome"] == "answered {{steps.ticket.status}}"
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Draft, 1 change")).to_be_visible()
    assert config_of(flow, "done")["outcome"] == "something else"


def test_leaving_a_changed_form_asks_and_stay_keeps_every_word(editor, flow):
    page = editor("done")
    page.get_by_role("textbox", name="Outcome").fill("half a sentence")
    page.get_by_label("Canvas", exact=True).first.focus()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").get_by_role("button", name="Stay").click()
    expect(page.get_by_role("textbox", name="Outcome")).to_have_value("half a sentence")
    page.get_by_role("banner").get_by_role("button", name="Test").click()
    for leave in ("Run test", "Publish Workflow"):
        if leave == "Run test":
            page.get_by_role("button", name=leave).click()
        else:
            page.keyboard.press("Control+k")
            page.get_by_role("combobox", name="All commands").fill(leave)
            page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Stay").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("Unsaved: Done")).to_be_visible()
    card(page, "Create ticket").click()
    page.get_by_role("dialog").get_by_role("button", name="Save Changes").click()
    expect(page.get_by_label("Name of the step")).to_have_value("Create ticket")
    until(page, lambda: config_of(flow, "done")["outcome"] == "half a sentence")


def test_a_new_key_is_followed_by_every_reference(editor, flow):
    page = editor("ticket")
    key = page.get_by_label("Key: how other steps refer to this one")
    key.fill("Zendesk Ticket")
    key.press("Tab")
    expect(key).to_have_value("zendesk_ticket")
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert key_of(flow, "ticket") == "zendesk_ticket"
    assert config_of(flow, "done")["outcome"] == "answered {{steps.zendesk_ticket.status}}"


def test_send_asks_once_and_a_click_on_a_value_becomes_a_mapping(editor, flow, settings):
    with Peer({"/tickets": Answer(201, {"ticket": {"id": 48213}})}) as peer:
        settings.EGRESS_ALLOW = peer.allow
        page = editor("ticket")
        page.get_by_role("textbox", name="URL").fill(f"{peer.url}/tickets")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text(f"Send a real POST to 127.0.0.1:{peer.port}?")
        page.get_by_role("button", name="Send POST").click()
        page.get_by_role("treeitem", name="id").click()
        page.get_by_role("button", name="Send again").click()
        expect(page.get_by_role("treeitem", name="id")).to_be_visible()
        assert [asked.json for asked in peer.requests][:1] == [{"subject": "Call"}]
    page.get_by_role("button", name="Save Changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert config_of(flow, "ticket")["response_mapping"] == [
        {"path": "$.ticket.id", "variable": "ticket_id", "default": ""}
    ]


def test_publishing_takes_a_note_and_the_banner_goes(editor, flow):
    page = editor("done")
    page.get_by_role("textbox", name="Outcome").fill("published")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Publish Workflow").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Clearer outcome")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 2 is live.").first).to_be_visible()
    expect(page.get_by_role("button", name="Publish Workflow")).to_have_count(0)
    published = Flow.objects.get(pk=flow.pk).published
    assert (published.number, published.note) == (2, "Clearer outcome")


def test_undo_changes_brings_the_published_document_back(editor, flow):
    page = editor("done")
    page.get_by_role("textbox", name="Outcome").fill("a mistake")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Undo Changes").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo Changes").click()
    expect(page.get_by_role("textbox", name="Outcome")).to_have_value("answered {{steps.ticket.status}}")
    assert config_of(flow, "done")["outcome"] == "answered {{steps.ticket.status}}"


def test_an_error_keeps_the_flow_unpublished_and_leads_to_its_field(editor):
    page = editor("done")
    page.get_by_role("textbox", name="Outcome").fill("{{steps.nowhere.id}}")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="1 error").wait_for()
    page.get_by_role("button", name="Publish Workflow").click()
    page.get_by_role("region", name="Problems").get_by_role("listitem").get_by_role("button").first.click()
    expect(page.get_by_role("textbox", name="Outcome")).to_be_focused()


def test_a_branch_is_added_with_keys_alone(editor, flow):
    page = editor("done")
    page.get_by_label("Canvas", exact=True).first.focus()
    page.keyboard.press("r")
    page.get_by_role("combobox", name="Search apps and actions").fill("decision")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add branch").click()
    page.keyboard.type("Angry")
    page.get_by_role("button", name="Add condition").last.click()
    page.keyboard.type("{{senti")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    branch = config_of(flow, "done")["branches"][-1]
    assert branch["label"] == "Angry"
    assert json.dumps(branch["conditions"]).count("{{interaction.sentiment}}") == 1


def test_conditions_keep_the_focus_of_who_combines_and_removes_them(editor):
    page = editor("start")
    page.get_by_text("More options").click()
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("button", name="Add condition").click()
    mode = page.get_by_role("combobox", name="How conditions combine in Only if")
    mode.focus()
    page.keyboard.press("End")
    expect(mode.locator("option:checked")).to_have_text("any of these")
    expect(mode).to_be_focused()
    page.get_by_role("button", name="Remove condition 1").press("Enter")
    expect(page.get_by_role("textbox", name="Value 2")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Value 1")).to_be_focused()
    page.get_by_role("button", name="Remove condition 1").press("Enter")
    expect(page.get_by_role("button", name="Add condition")).to_be_focused()


def test_who_chooses_the_kind_of_a_body_stays_there(editor):
    page = editor("ticket")
    kind = page.get_by_role("combobox", name="Body type")
    kind.focus()
    page.keyboard.press("Home")
    expect(page.get_by_role("textbox", name="Body content")).to_have_count(0)
    expect(kind).to_be_focused()


def test_a_viewer_reads_everything_and_changes_nothing(editor, workspace, make_person):
    page = editor("ticket", make_person(workspace, "viewer"))
    expect(page.get_by_role("textbox", name="URL")).not_to_be_editable()
    expect(page.get_by_role("group", name="Query")).to_contain_text("None")
    for name in ("Save Changes", "Send", "Test", "Publish Workflow"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.get_by_role("button", name="Versions").click()
    expect(page.get_by_text("Version 1")).to_be_visible()


def test_an_editor_asks_somebody_else_to_publish(editor, workspace, make_person):
    page = editor("done", make_person(workspace, "editor"))
    page.get_by_role("textbox", name="Outcome").fill("for review")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("button", name="Ask to publish")).to_be_visible()
    expect(page.get_by_role("switch", name="Live")).to_be_disabled()


def test_the_palette_and_the_shortcuts_open_and_close_with_keys(editor):
    page = editor()
    page.get_by_label("Canvas", exact=True).first.focus()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="All commands").fill("create ticket")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name of the step")).to_have_value("Create ticket")
    page.get_by_label("Canvas", exact=True).first.focus()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_have_count(0)


def test_what_was_missing_is_no_longer_said_to_be_once_it_is_written(editor, flow):
    page = editor("ticket")
    url = page.get_by_role("textbox", name="URL")
    url.fill("")
    page.keyboard.press("Control+s")
    inspector = page.get_by_role("region", name="Step", exact=True)
    expect(inspector.get_by_text("URL is required.")).to_be_visible()
    url.fill("https://example.com/tickets")
    expect(inspector.get_by_text("URL is required.")).to_have_count(0)
    url.fill("")
    expect(inspector.get_by_text("URL is required.")).to_be_visible()
