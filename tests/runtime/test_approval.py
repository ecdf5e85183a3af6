"""A person decides; the first answer counts, and no answer is one too."""

import pytest
from django.utils import timezone

from runtime.awaiting import decide
from runtime.models import Run, StepRun, User, Wait
from tests.flows import call_ended, chain, end, node

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(workspace, publish, work):
    """A run that waits for a decision."""
    from runtime.group_commit import recorder
    from runtime.intake import Arrival, accept

    config = {"message": "Refund {{interaction.id}}?", "payload": "50 EUR", "timeout": 600}
    document = chain(
        call_ended(), node("ok", "approval", config), end("yes", outcome="refunded by {{steps.ok.by}}"),
        edges=(("ok", "denied", "no"), ("ok", "timeout", "late")), ports={"ok": "approved"},
        beside=(end("no", outcome="refused: {{steps.ok.note}}"), end("late", outcome="nobody answered")),
    )  # fmt: skip
    publish(workspace, document)
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "call_1", "status": "completed"}})
    recorder().submit(accept, arrival).result(10)
    work()
    return Run.objects.get()


def test_the_wait_shows_exactly_what_is_asked(asked):
    wait = Wait.objects.get()
    assert (wait.kind, wait.what["message"], wait.what["payload"]) == ("approval", "Refund call_1?", "50 EUR")
    assert asked.status == "waiting"


def test_an_approval_goes_on_and_names_who(asked, work, workspace):
    jane = User.objects.create_user("jane@example.com", "x" * 12, first_name="Jane")
    assert decide(Wait.objects.get(), "approved", jane) is True
    work()
    assert Run.objects.get().outcome == "refunded by Jane"


def test_a_second_click_changes_nothing(asked, work):
    wait = Wait.objects.get()
    decide(wait, "denied", None, note="too much")
    assert decide(wait, "approved", None) is False
    work()
    assert Run.objects.get().outcome == "refused: too much"
    assert StepRun.objects.filter(node="ok").count() == 1


def test_no_answer_in_time_is_an_answer(asked, work):
    past = timezone.now()
    asked.state["wait"]["until"] = past.isoformat()
    Run.objects.update(state=asked.state, due_at=past)
    work()
    assert Run.objects.get().outcome == "nobody answered"
    assert decide(Wait.objects.get(), "approved", None) is False
