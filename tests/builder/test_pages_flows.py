"""The flow list, a new flow, versions and the trash, as a person sees them."""

import pytest
from django.urls import reverse

from builder.drafts import save_document
from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Agent, Flow, Run
from tests.builder.conftest import edited
from tests.flows import action_called, chain, respond


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_an_empty_workspace_says_what_a_flow_is_and_offers_one(signed_in):
    page = text_of(signed_in.get("/"))
    assert "No flows yet" in page
    assert reverse("flow-new") in page


def test_the_list_shows_state_last_run_and_success_rate(signed_in, published):
    for status in ("succeeded", "succeeded", "succeeded", "failed"):
        Run.objects.create(
            workspace=published.workspace, flow=published, version=published.published, kind="post_call", status=status
        )
    page = text_of(signed_in.get("/"))
    assert "Follow up" in page
    assert "75 %" in page
    assert 'aria-checked="true"' in page
    assert "Last 14 days: 3 succeeded, 1 failed" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [("q=follow", True), ("q=other", False), ("kind=post_call", True), ("kind=action", False), ("state=live", True),
     ("state=draft", False), ("state=failing", False), ("agent=nobody", False), ("sort=-last", True)],
)  # fmt: skip
def test_the_list_filters(signed_in, published, query, shown):
    assert ("Follow up</a>" in text_of(signed_in.get(f"/?{query}"))) is shown


def test_the_switch_turns_a_flow_off_and_keeps_the_filters(signed_in, published):
    answer = signed_in.post(f"/flows/{published.pk}/live/", {"enabled": "off", "next": "/?kind=post_call"})
    assert answer["Location"] == "/?kind=post_call"
    published.refresh_from_db()
    assert not published.enabled


def test_a_next_address_elsewhere_is_not_followed(signed_in, published):
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        answer = signed_in.post(f"/flows/{published.pk}/live/", {"enabled": "off", "next": elsewhere})
        assert answer["Location"] == "/"


def test_a_flow_that_was_never_published_cannot_be_switched_on(signed_in, flow):
    answer = signed_in.post(f"/flows/{flow.pk}/live/", {"enabled": "on"}, follow=True)
    assert "Publish the flow first" in text_of(answer)
    assert not Flow.objects.get(pk=flow.pk).enabled


def test_several_flows_are_switched_at_once_and_what_cannot_be_is_named(signed_in, published, workspace, owner):
    draft = create_flow(workspace, owner.user, name="Never live", kind="post_call")
    Flow.objects.filter(pk=published.pk).update(enabled=False)
    data = {"do": "enable", "flow": [str(published.pk), str(draft.pk), "no id"]}
    page = text_of(signed_in.post("/flows/bulk/", data, follow=True))
    assert "1 flow switched on." in page
    assert "Never live: Publish the flow first" in page
    assert Flow.objects.get(pk=published.pk).enabled


def test_an_editor_cannot_switch_flows_by_the_bulk_form(client, make_person, workspace, published):
    client.force_login(make_person(workspace, "editor").user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/flows/bulk/", {"do": "disable", "flow": str(published.pk)})
    assert Flow.objects.get(pk=published.pk).enabled


def test_a_flow_goes_to_the_trash_and_comes_back(signed_in, published):
    signed_in.post(f"/flows/{published.pk}/trash/")
    assert "Follow up</a>" not in text_of(signed_in.get("/"))
    assert signed_in.get(f"/flows/{published.pk}/").status_code == 404
    assert "Follow up" in text_of(signed_in.get("/flows/trash/"))
    signed_in.post(f"/flows/{published.pk}/restore/")
    assert "Follow up</a>" in text_of(signed_in.get("/"))


def test_a_new_flow_starts_from_a_template_with_its_agent(signed_in, workspace):
    Agent.objects.create(workspace=workspace, slug="line", name="Support line")
    data = {"name": "Mine", "kind": "post_call", "agent": "line", "template": "zendesk-ticket"}
    answer = signed_in.post("/flows/new/", data)
    made = Flow.objects.get(name="Mine")
    assert answer["Location"] == f"/flows/{made.pk}/"
    trigger = next(node for node in made.draft.document["nodes"] if node["type"] == "call_ended")
    assert trigger["config"]["agents"] == ["line"]
    assert len(made.draft.document["nodes"]) > 2


def test_a_template_of_another_kind_is_left_out(signed_in):
    signed_in.post("/flows/new/", {"name": "Mine", "kind": "action", "template": "zendesk-ticket"})
    assert [node["type"] for node in Flow.objects.get(name="Mine").draft.document["nodes"]] == ["action_called"]


def test_a_new_flow_without_a_name_keeps_what_was_typed(signed_in):
    page = text_of(signed_in.post("/flows/new/", {"name": "", "kind": "action", "description": "what I typed"}))
    assert "This field is required." in page
    assert "what I typed" in page


def test_versions_tell_in_words_what_the_draft_changes(signed_in, published, owner):
    save_document(published, edited(published.draft.document), owner.user, None)
    page = text_of(signed_in.get(f"/flows/{published.pk}/versions/"))
    assert "Version 1" in page
    assert "Renamed" in page
    assert "Subject" in page


def test_a_version_is_restored_into_the_draft_and_what_is_live_stays(signed_in, published, owner):
    save_document(published, edited(published.draft.document), owner.user, None)
    publish(Flow.objects.get(pk=published.pk), owner.user)
    signed_in.post(f"/flows/{published.pk}/versions/1/restore/")
    now = Flow.objects.get(pk=published.pk)
    assert now.published.number == 2
    assert now.draft.document == now.versions.get(number=1).document


def test_two_versions_are_compared(signed_in, published, owner):
    save_document(published, edited(published.draft.document), owner.user, None)
    publish(Flow.objects.get(pk=published.pk), owner.user)
    page = text_of(signed_in.get(f"/flows/{published.pk}/versions/?version=1&against=2"))
    assert "compared with version 2" in page
    assert signed_in.get(f"/flows/{published.pk}/versions/?version=9").status_code == 404


def test_the_editor_s_page_carries_the_flow_and_no_secret(signed_in, published):
    page = signed_in.get(f"/flows/{published.pk}/").content.decode()
    assert 'id="editor-data"' in page
    assert str(published.pk) in page
    assert published.token not in page


def test_a_name_with_markup_in_it_is_text(signed_in, workspace, owner):
    create_flow(workspace, owner.user, name="<script>alert(1)</script>", kind="post_call")
    page = signed_in.get("/").content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;" in page


def test_an_action_s_page_says_what_to_paste_where(signed_in, workspace, owner):
    agent = Agent.objects.create(workspace=workspace, slug="line", name="Support line", platform="vapi")
    flow = create_flow(workspace, owner.user, name="Cancel", kind="action", template="cancel-order")
    page = text_of(signed_in.get(f"/flows/{flow.pk}/reach/"))
    assert "@cancel_order" in page
    assert f"/in/vapi/{agent.token}/" in page
    assert "/api/v1/actions/cancel_order/" in page
    assert "Not published yet" in page


@pytest.mark.parametrize("platform", ["elevenlabs", "famulor"])
def test_a_tool_that_posts_only_its_arguments_has_the_action_in_its_address(platform, signed_in, workspace, owner):
    agent = Agent.objects.create(workspace=workspace, slug="line", name="Support line", platform=platform)
    document = chain(action_called("look_up"), respond())
    flow = create_flow(workspace, owner.user, name="Look up", kind="action", document=document)
    publish(flow, owner.user)
    address = f"/in/{platform}/{agent.token}/?action=look_up"
    assert address in text_of(signed_in.get(f"/flows/{flow.pk}/reach/"))
    assert address in text_of(signed_in.get(f"/settings/agents/{agent.pk}/"))


def test_a_webhook_flow_s_page_has_its_own_address(signed_in, workspace, owner):
    flow = create_flow(workspace, owner.user, name="Leads", kind="automation", template="slack-on-webhook")
    assert f"/hooks/{flow.token}/" in text_of(signed_in.get(f"/flows/{flow.pk}/reach/"))


@pytest.mark.parametrize(("short", "leads_to"), [("/flows/", "/"), ("/settings/", "/settings/preferences/")])
def test_an_address_that_was_cut_short_leads_somewhere(short, leads_to, signed_in):
    assert signed_in.get(short)["Location"] == leads_to
