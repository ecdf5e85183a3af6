"""A conversation's page and the tags of calls, as a person sees them."""

import pytest

from builder.models import AuditEntry
from builder.pages.hours import MOST_QUEUES
from runtime.chatting import add_message
from runtime.conversing import Opening, begin
from runtime.engine.asked import one
from runtime.matching import passed_over
from runtime.models import Conversation, Event, Message, Run
from tests.builder.test_pages_runs import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_talk(workspace):
    """make_talk(tags=[...], ...) -> a conversation of the workspace in which nobody has spoken yet."""

    def make(contact=None, **values):
        (turn,) = begin([Opening(workspace.pk, contact=contact or {"name": "Jane"})])
        Conversation.objects.filter(pk=turn.conversation_id).update(**values)
        return Conversation.objects.get(pk=turn.conversation_id)

    return make


def say(talk, role, text, **more):
    message = add_message(talk, role, text, **more)
    talk.save()
    return message


def page_of(client, talk, query=""):
    return text_of(client.get(f"/conversations/{talk.pk}/{query}"))


def test_the_page_shows_who_said_what_and_the_run_that_said_it(signed_in, make_talk, published, workspace):
    talk = make_talk()
    run = Run.objects.create(workspace=workspace, flow=published, version=published.published, kind="conversation")
    say(talk, "agent", "Hello <b>you</b>", run_id=run.pk, body={"buttons": [{"label": "Prices", "value": "p"}]})
    say(talk, "user", "", body={"filled": {"email": "jane@acme.com"}})
    say(talk, "human", "I am Tom")
    page = page_of(signed_in, talk)
    shown = (
        "Conversation with Jane", "Hello &lt;b&gt;you&lt;/b&gt;", f"/runs/{run.pk}/", published.name, "Prices",
        "email: jane@acme.com", "Colleague", "I am Tom", "3 messages",
    )  # fmt: skip
    for words in shown:
        assert words in page, words
    assert talk.token_hash not in page


def test_a_hand_over_is_said_and_an_editor_resolves_it(signed_in, make_talk):
    talk = make_talk(
        status="with_human", handoff={"queue": "Sales", "reason": "Large company", "at": "2026-01-20T15:00:00Z"}
    )
    page = page_of(signed_in, talk)
    assert "Handed to Sales" in page
    assert "Large company" in page
    assert signed_in.post(f"/conversations/{talk.pk}/resolve/").status_code == 302
    talk.refresh_from_db()
    assert talk.status == "open"
    assert AuditEntry.objects.filter(action="conversation.resolved", target=str(talk.pk)).exists()


def test_an_editor_ends_it_and_flows_hear_of_that(signed_in, make_talk):
    talk = make_talk()
    for _ in range(2):
        signed_in.post(f"/conversations/{talk.pk}/end/")
    talk.refresh_from_db()
    assert (talk.status, talk.ended_reason) == ("ended", "a member")
    assert Event.objects.filter(type="conversation.ended").count() == 1
    assert "/end/" not in page_of(signed_in, talk)


def test_a_message_names_the_flows_that_heard_it_and_were_not_started(signed_in, make_talk, published, workspace):
    talk = make_talk()
    message = say(talk, "user", "Hello")
    refusal = one("message.score", 0.2, "at_least", 0.7, False, "the message is not one it waits for")
    Event.objects.create(workspace=workspace, source="chat", type="conversation.message", key=str(message.pk),
                         interaction_id=talk.interaction_id, skipped=[passed_over(published.pk, refusal)])  # fmt: skip
    page = page_of(signed_in, talk)
    assert "1 flow passed over" in page
    assert "is at least" in page


def test_a_long_thread_has_pages(signed_in, make_talk):
    talk = make_talk()
    Message.objects.bulk_create(
        Message(conversation=talk, seq=n, role="user", text=f"message number {n}.") for n in range(1, 2_001)
    )
    first = page_of(signed_in, talk)
    assert "message number 200." in first
    assert "message number 201." not in first
    assert "message number 201." in page_of(signed_in, talk, "?after=200")
    assert page_of(signed_in, talk, "?after=nonsense") != ""
    assert "Later messages" not in page_of(signed_in, talk, "?after=1800")


def test_calls_show_tags_and_are_found_by_them(signed_in, make_talk):
    hot, cold = make_talk(tags=["hot", "größe"]), make_talk(tags=["cold"])
    everything = text_of(signed_in.get("/calls/"))
    assert f"/conversations/{hot.pk}/" in everything
    assert "?tag=gr%C3%B6%C3%9Fe" in everything
    for tag in ("hot", "größe"):
        page = text_of(signed_in.get("/calls/", {"tag": tag}))
        assert f"/conversations/{hot.pk}/" in page
        assert f"/conversations/{cold.pk}/" not in page
    assert "No conversation is known by that" in text_of(signed_in.get("/calls/", {"tag": "ho"}))
    assert (
        str(cold.pk)
        not in text_of(signed_in.get("/calls/", {"tag": "hot", "q": cold.interaction_id}))
        .split("<main")[1]
        .split("</form>", 1)[1]
    )


def test_a_chat_of_many_messages_hides_no_other_call(signed_in, make_talk, workspace):
    quiet, busy = make_talk(), make_talk()
    for n in range(120):
        Event.objects.create(workspace=workspace, source="chat", type="conversation.message", key=str(n),
                             interaction_id=busy.interaction_id)  # fmt: skip
    page = text_of(signed_in.get("/calls/"))
    assert f"/conversations/{quiet.pk}/" in page
    assert f"/conversations/{busy.pk}/" in page


def test_a_run_leads_to_the_conversation_it_was_about(signed_in, make_talk, published, workspace):
    talk = make_talk()
    run = Run.objects.create(workspace=workspace, flow=published, version=published.published, kind="conversation",
                             event=Event.objects.get(interaction_id=talk.interaction_id))  # fmt: skip
    assert f"/conversations/{talk.pk}/" in text_of(signed_in.get(f"/runs/{run.pk}/"))


def rows(*queues, **everybody):
    """The form of the hours' page, as a browser sends it."""
    sent = {"queues-TOTAL_FORMS": len(queues), "queues-INITIAL_FORMS": sum("was" in each for each in queues)}
    for prefix, row in (
        ("all", {"mode": "online", **everybody}),
        *((f"queues-{n}", each) for n, each in enumerate(queues)),
    ):
        sent |= {f"{prefix}-{name}": value for name, value in row.items() if name != "was"}
    return sent


SALES = {"name": "Sales", "mode": "hours", "days": ["mon", "fri"], "opens": "09:00", "closes": "17:00"}


def test_an_owner_sets_hours_for_everybody_and_for_queues(signed_in, workspace):
    path = "/settings/workspace/hours/"
    assert signed_in.post(path, rows(SALES, mode="hours", opens="08:00", closes="24:00")).status_code == 302
    workspace.refresh_from_db()
    sales = {name: SALES[name] for name in ("mode", "days", "opens", "closes")}
    assert workspace.availability == {"mode": "hours", "opens": "08:00", "closes": "24:00", "queues": {"Sales": sales}}
    assert "Queue Sales" in text_of(signed_in.get(path))
    gone = {**SALES, "was": True, "DELETE": "on"}
    signed_in.post(path, rows(gone, {"name": "", "mode": "online"}))
    workspace.refresh_from_db()
    assert workspace.availability == {"mode": "online"}


@pytest.mark.parametrize(
    ("queues", "words"),
    [
        ([{**SALES, "opens": "9"}], "Write an hour such as 09:00."),
        ([{**SALES, "name": ""}], "Give the queue a name."),
        ([SALES, SALES], "“Sales” is there twice."), ([{**SALES, "closes": ""}], "Write an hour such as 09:00."),
    ],
)  # fmt: skip
def test_hours_that_are_none_are_refused_in_words_and_nothing_is_kept(signed_in, workspace, queues, words):
    assert words in text_of(signed_in.post("/settings/workspace/hours/", rows(*queues)))
    workspace.refresh_from_db()
    assert workspace.availability == {}


def test_no_more_rows_of_hours_are_read_than_a_page_may_have(signed_in, workspace):
    sent = {**rows(SALES), "queues-TOTAL_FORMS": "9" * 400}
    text = text_of(signed_in.post("/settings/workspace/hours/", sent))
    assert text.count("As flows name it when they escalate.") == MOST_QUEUES + 1
    assert f"at most {MOST_QUEUES}" in text
    workspace.refresh_from_db()
    assert workspace.availability == {}


def test_who_is_no_owner_reads_the_hours_only(client, workspace, make_person):
    client.force_login(make_person(workspace, "editor").user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/settings/workspace/hours/", rows(SALES))
    workspace.refresh_from_db()
    assert workspace.availability == {}
    assert "Only owners change this" in text_of(client.get("/settings/workspace/hours/"))
