"""What strangers write is shown to people: as text, whatever it is, on every page that shows it."""

import pytest

from builder.flows import create_flow
from builder.publishing import publish
from runtime import tasks
from runtime.models import Agent, Event, Run
from tests.flows import call_ended, chain, end, set_variable

SCRIPT = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}"
ODD = [
    {"duration_seconds": "abc"}, {"duration_seconds": [1]}, {"duration_seconds": 1e308}, {"duration_seconds": True},
    {"duration_seconds": "nan"}, {"duration_seconds": -5}, {"direction": ["x"]}, {"status": {"a": 1}},
    {"summary": {"a": SCRIPT}}, {"transcript": ["x", 1]}, {"turns": [1, None, {"role": [], "text": {}}]},
    {"turns": [{"role": SCRIPT, "text": SCRIPT, "at_seconds": SCRIPT}]}, {"contact_number": {"a": 1}}, {"from": [1]},
    {"started_at": "zzz"}, {"agent": 5}, {"language": SCRIPT}, {"disposition": {"a": 1}},
    {"variables": {SCRIPT: SCRIPT}},
    {"id": SCRIPT, "from": SCRIPT, "summary": SCRIPT, "direction": SCRIPT, "disposition": SCRIPT, "transcript": SCRIPT},
]  # fmt: skip


@pytest.fixture
def flow(workspace, owner):
    document = chain(call_ended(statuses=[]), set_variable("vars", said="{{interaction.summary}}"), end())
    flow = create_flow(workspace, owner.user, name=SCRIPT[:120], kind="post_call", document=document)
    publish(flow, owner.user, note=SCRIPT)
    return flow


@pytest.fixture
def agent(workspace):
    return Agent.objects.create(workspace=workspace, slug="demo", name=SCRIPT)


@pytest.fixture
def shown(client, owner):
    """shown(path) -> the page of an owner who may open the admin too, after a look for live markup."""
    owner.user.is_staff = owner.user.is_superuser = True
    owner.user.save()
    client.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")

    def show(path):
        answer = client.get(path)
        assert answer.status_code == 200, path
        text = answer.content.decode()
        assert "<img src=x" not in text, path
        assert "<script>alert" not in text, path
        return text

    return show


def report_of(number, odd):
    about = {"contact": {"name": SCRIPT, "phone": SCRIPT}}
    return {"type": "call.ended", "interaction": {"id": f"c-{number}", **odd}, **about}


def test_an_odd_report_is_no_mistake_of_ours_at_any_door(anybody, agent, flow):
    for door in ("vapi", "retell", "elevenlabs", "famulor", "generic"):
        for number, odd in enumerate(ODD):
            answer = anybody.post(f"/in/{door}/{agent.token}/", report_of(number, odd))
            assert answer.status_code < 500, (door, odd, answer.text)


def test_no_page_falls_over_what_odd_reports_left(anybody, agent, flow, shown):
    said = [anybody.post(f"/in/generic/{agent.token}/", report_of(number, odd)) for number, odd in enumerate(ODD)]
    statuses = [answer.status_code for answer in said]
    assert set(statuses) == {202, 422}, "what cannot be is refused in words, the rest is kept"
    assert Run.objects.count() == statuses.count(202) >= 5
    pages_show_it(shown)


def pages_show_it(shown):
    tasks.work(linger=0)
    paths = [
        "/",
        "/runs/",
        "/calls/",
        *(f"/calls/?q=c-{number}" for number in range(len(ODD))),
        "/dashboard/",
        "/settings/agents/",
        "/settings/audit/",
    ]
    paths += [f"/admin/runtime/{name}/" for name in ("run", "event", "steprun", "flow", "agent", "flowversion")]
    for run in Run.objects.all():
        paths += [f"/runs/{run.pk}/", f"/admin/runtime/run/{run.pk}/change/", f"/flows/{run.flow_id}/"]
    paths += [f"/admin/runtime/event/{event.pk}/change/" for event in Event.objects.all()]
    for path in paths:
        shown(path)


def test_a_script_where_a_recording_should_be_is_no_link(anybody, agent, flow, shown):
    for number, address in enumerate(["javascript:alert(1)", "data:text/html,x", "//evil.example/x", " JaVaScript:x"]):
        report = {"type": "call.ended", "interaction": {"id": f"c-{number}", "recording_url": address}}
        assert anybody.post(f"/in/generic/{agent.token}/", report).status_code == 202
        assert ">Recording<" not in shown(f"/calls/?q=c-{number}")
    report = {"type": "call.ended", "interaction": {"id": "c-9", "recording_url": "https://example.com/r.wav"}}
    assert anybody.post(f"/in/generic/{agent.token}/", report).status_code == 202
    assert ">Recording<" in shown("/calls/?q=c-9")


def test_a_turn_with_odd_tool_calls_is_read_without_them(anybody, agent):
    for value in (5, True, "x", {"a": 1}, [1, None, {"tool_name": 1}]):
        assert anybody.post(f"/in/elevenlabs/{agent.token}/", transcription(value)).status_code == 200, value


def transcription(value):
    turn = {"role": "agent", "message": "Hello", "tool_calls": value, "tool_results": value}
    data = {"conversation_id": "c-1", "agent_id": "a", "transcript": [turn], "metadata": {}, "status": "done"}
    return {"type": "post_call_transcription", "event_timestamp": 1, "data": data}


def test_a_report_of_an_endless_kind_is_kept(anybody, agent):
    report = {"type": "x" * 500, "data": {"conversation_id": "c-1"}}
    assert anybody.post(f"/in/elevenlabs/{agent.token}/", report).status_code == 200
    assert len(Event.objects.get().type) <= 80
