"""Two people change the same words: nobody's are lost silently, and who comes second chooses."""

import re

import pytest
from django.db import transaction
from playwright.sync_api import expect

from builder import drafts
from builder.flows import create_flow
from runtime.models import Flow
from tests.flows import call_ended, chain, end, set_variable


@pytest.fixture
def flow(live, workspace, owner):
    document = chain(call_ended(), set_variable("one", a="1"), end())
    return create_flow(workspace, owner.user, name="Shared", kind="post_call", document=document)


def label_of(flow):
    document = Flow.objects.get(pk=flow.pk).draft.document
    return next(node["label"] for node in document["nodes"] if node["id"] == "one")


def rename(page, name):
    page.get_by_role("article", name=re.compile("^one")).click()
    page.get_by_label("Name of the step").fill(name)
    page.get_by_role("button", name="Save Changes").click()


@pytest.mark.parametrize(("choice", "kept"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_who_comes_second_chooses(page, flow, owner, make_person, workspace, sign_in, choice, kept):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/")
    expect(page.get_by_role("article", name=re.compile("^one"))).to_be_visible()
    page.route("**/draft/ops/", lambda route: route.abort())
    rename(page, "Mine")
    expect(page.get_by_text(re.compile("kept here"))).to_be_visible()
    colleague = make_person(workspace, "editor").user
    draft = Flow.objects.get(pk=flow.pk).draft
    op = {"path": "/nodes/one/label", "before": "one", "after": "Theirs"}
    with transaction.atomic():
        drafts.apply_ops(flow, draft.revision, "colleague", 1, [op], colleague)
    page.unroute("**/draft/ops/")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile(choice, re.IGNORECASE)).click(timeout=30_000)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible(timeout=20_000)
    assert label_of(flow) == kept
    page.troubles[:] = [each for each in page.troubles if "ERR_FAILED" not in each and "409" not in each]
