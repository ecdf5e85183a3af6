"""Paste that understands: cURL becomes a step, JSON variables or a sample, an export a flow; no secret gets in."""

import json
import re

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from integrations.models import Connection
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Flow
from tests.browser.editing import canvas, card, document_of, lines, open_editor, until
from tests.browser.test_inspector import DOCUMENT

STRIPE = """curl https://api.stripe.com/v1/charges \\
  -H "Authorization: Bearer sk_test_4eC39HqLyj" \\
  -d amount=2000 -d "description={{interaction.summary}}" \\
  -b 'session=abc'"""


@pytest.fixture
def flow(live, workspace, owner):
    return create_flow(workspace, owner.user, name="Tickets", kind="post_call", document=DOCUMENT)


@pytest.fixture
def paste(page, flow, owner, sign_in, context):
    """paste(text): real Ctrl-V of that text with the keyboard on the canvas."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(owner)
    open_editor(page, flow)

    def paste_text(text: str):
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        canvas(page).focus()
        page.keyboard.press("Control+v")
        return page

    return paste_text


def step(flow, label: str) -> dict:
    return next(node for node in document_of(flow)["nodes"] if node["label"] == label)


def has_step(flow, label: str):
    return lambda: any(node["label"] == label for node in document_of(flow)["nodes"])


def test_a_curl_command_becomes_an_api_request(paste, flow, page):
    paste("curl -X PUT 'https://example.com/orders/{{interaction.id}}?notify=yes' -H 'X-Call: 1' --json '{\"a\": 1}'")
    until(page, has_step(flow, "PUT orders"))
    config = step(flow, "PUT orders")["config"]
    assert config == {
        "method": "PUT",
        "url": "https://example.com/orders/{{interaction.id}}",
        "query": [{"name": "notify", "value": "yes"}],
        "headers": [{"name": "X-Call", "value": "1"}],
        "body": {"type": "json", "content": '{\n  "a": 1\n}'},
    }
    expect(page.get_by_label("Name of the step")).to_have_value("PUT orders")
    expect(page.get_by_role("textbox", name="URL")).to_have_value("https://example.com/orders/{{interaction.id}}")


def test_it_follows_the_step_that_is_chosen(paste, flow, page):
    document = {**DOCUMENT, "edges": DOCUMENT["edges"][:1]}
    made = create_flow(flow.workspace, None, name="Open", kind="post_call", document=document)
    open_editor(page, made)
    card(page, "Create ticket").click()
    paste("curl https://example.com/next")
    until(page, has_step(made, "GET next"))
    assert "Create ticket[success] -> GET next" in lines(made)


def test_its_token_goes_into_a_new_connection_and_never_into_the_flow(paste, flow, page):
    paste(STRIPE)
    dialog = page.get_by_role("dialog", name="Add this request?")
    expect(dialog).to_contain_text("It carries a bearer token.")
    expect(dialog.get_by_label("Name of the connection")).to_have_value("api.stripe.com")
    dialog.get_by_label("Name of the connection").fill("Stripe")
    dialog.get_by_role("button", name="Add step").click()
    until(page, has_step(flow, "POST charges"))
    made = Connection.objects.get()
    assert (made.name, made.type, made.allowed_hosts) == ("Stripe", "bearer", ["api.stripe.com"])
    assert made.secrets() == {"token": "sk_test_4eC39HqLyj"}
    assert step(flow, "POST charges")["config"]["connection"] == str(made.pk)
    assert "sk_test" not in json.dumps(document_of(flow))
    log = json.dumps([write.ops for write in Flow.objects.get(pk=flow.pk).draft.log.all()])
    assert "sk_test" not in log
    expect(page.get_by_text("Left out: cookies.").first).to_be_visible()


def test_a_connection_of_that_host_is_offered_first(paste, flow, page, workspace):
    there = Connection(workspace=workspace, name="Our Stripe", type="bearer", allowed_hosts=["api.stripe.com"])
    there.set_secrets({"token": "x"})
    there.save()
    page.reload()
    expect(card(page, "Create ticket")).to_be_visible()
    page.wait_for_load_state("networkidle")
    paste(STRIPE)
    dialog = page.get_by_role("dialog", name="Add this request?")
    expect(dialog.get_by_label("Connection", exact=True)).to_have_value(str(there.pk))
    dialog.get_by_role("button", name="Add step").click()
    until(page, has_step(flow, "POST charges"))
    assert step(flow, "POST charges")["config"]["connection"] == str(there.pk)
    assert Connection.objects.count() == 1


def test_a_connection_that_cannot_be_made_is_said_and_nothing_is_lost(paste, flow, page, workspace):
    taken = Connection(workspace=workspace, name="api.stripe.com", type="none")
    taken.save()
    paste(STRIPE)
    page.get_by_role("button", name="Add step").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The connection was not made:")
    page.get_by_label("Name of the connection").fill("Stripe 2")
    page.get_by_role("button", name="Add step").click()
    until(page, has_step(flow, "POST charges"))
    page.troubles[:] = [trouble for trouble in page.troubles if "422" not in trouble and "409" not in trouble]


def test_leaving_the_question_adds_nothing(paste, flow, page):
    paste(STRIPE)
    expect(page.get_by_role("dialog", name="Add this request?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert (Flow.objects.get(pk=flow.pk).draft.revision, Connection.objects.count()) == (1, 0)


def test_plain_json_becomes_variables(paste, flow, page):
    paste('{"order": 1042, "customer name": "Jane", "vip": true, "lines": [{"sku": "b"}]}')
    dialog = page.get_by_role("dialog", name="What is this JSON for?")
    expect(dialog).to_contain_text("It has order, customer name, vip, and lines.")
    dialog.get_by_role("button", name="Set variables").click()
    until(page, has_step(flow, "Set variable"))
    assert step(flow, "Set variable")["config"]["assignments"] == [
        {"name": "order", "type": "number", "value": "1042"},
        {"name": "customer_name", "type": "text", "value": "Jane"},
        {"name": "vip", "type": "boolean", "value": "true"},
        {"name": "lines", "type": "json", "value": '[\n  {\n    "sku": "b"\n  }\n]'},
    ]


def test_an_event_becomes_the_sample_that_previews_use(paste, flow, page):
    paste('{"type": "call.ended", "interaction": {"summary": "The blender arrived broken."}}')
    page.get_by_role("dialog").get_by_role("button", name="Use as sample event").click()
    expect(page.get_by_text("Previews and tests use what you pasted.").first).to_be_visible()
    card(page, "Done").click()
    page.get_by_role("textbox", name="Outcome").fill("{{interaction.summary}}")
    expect(page.locator(".tpl-preview").first).to_contain_text("The blender arrived broken.")


def test_an_export_as_text_is_a_flow(paste, flow, page, workspace, owner):
    document = {**DOCUMENT, "nodes": DOCUMENT["nodes"][:2], "edges": DOCUMENT["edges"][:1]}
    entry = {"name": "From elsewhere", "description": "", "kind": "post_call", "document": document}
    exported = {"segue": "flows", "schema": 1, "flows": [entry], "connections": []}
    paste(json.dumps(exported))
    dialog = page.get_by_role("dialog", name="Bring in “From elsewhere”?")
    dialog.get_by_role("button", name="Replace the draft").click()
    until(page, lambda: len(document_of(flow)["nodes"]) == 2)


def test_what_looks_like_json_and_is_none_says_so(paste, flow, page):
    paste("{this is: not json}")
    expect(page.get_by_text("This is neither steps, a flow, a cURL command nor JSON.").first).to_be_visible()
    assert Flow.objects.get(pk=flow.pk).draft.revision == 1


def test_a_phone_number_finds_its_calls_to_try_the_flow_with(paste, flow, page, workspace):
    recorder().submit(
        accept,
        Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "c7", "contact_number": "+14155550777"}}),
    ).result(10)
    paste(" +1 (415) 555-0777 ")
    found = page.get_by_role("button", name=re.compile(r"^Call \+14155550777"))
    expect(found).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Event as JSON")).to_have_value(re.compile('"c7"'))
    assert len(document_of(flow)["nodes"]) == 3
