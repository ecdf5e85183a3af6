"""An AI step from its form: the connection is chosen, the model is asked for real, what it found is shown."""

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from integrations.models import Connection
from tests.flows import call_ended, chain, end, node
from tests.integrations.services.chat_model import PATH, said
from tests.peers import Peer

FACTS = [{"name": "reason", "type": "enum", "description": "Why they called", "options": "billing, other"}]


@pytest.fixture
def model(settings):
    with Peer() as peer:
        settings.EGRESS_ALLOW = peer.allow
        yield peer


def test_a_model_is_chosen_and_asked_from_the_form(page, live, workspace, owner, sign_in, model):
    model.answers[PATH] = said({"reason": "billing"})
    config = {"base_url": model.url, "model": "m-1", "input_price": "2", "output_price": "8"}
    row = Connection(workspace=workspace, name="Our model", type="openai_compatible", config=config)
    row.full_clean()
    row.save()
    step = node("facts", "extract", {"properties": FACTS}, label="Why they called")
    document = chain(call_ended(), step, end(), ports={"facts": "success"})
    flow = create_flow(workspace, owner.user, name="AI", kind="post_call", document=document)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/?node=facts")
    expect(page.get_by_text("Choose an AI model. A new one is made under Connections")).to_be_visible()
    page.get_by_label("AI model").select_option(label="Our model")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("vars.reason", exact=True)).to_be_visible()
    expect(page.get_by_role("tabpanel", name="Data")).to_contain_text("billing")
    expect(page.get_by_role("treeitem", name="usage")).to_be_visible()
    prompt = "\n".join(message["content"] for message in model.requests[0].json["messages"])
    assert "I was charged twice." in prompt, "what the preview shows is what the model reads"
