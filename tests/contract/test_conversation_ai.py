"""A visitor talks with an AI: each way it can end, and what the steps after it know."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Connection
from runtime import tasks
from runtime.models import Run
from tests.contract.chatting import Visitor, say, started
from tests.contract.test_templates import asked
from tests.flows import chain, end, node
from tests.peers import Answer
from tests.vendors import MODEL, completion

AFTER = "{}: {{{{steps.ai.turns}}}} answers, the last: {{{{steps.ai.last}}}}"


def says(text, next="go_on"):
    return completion({"reply": text, "next": next})


@pytest.fixture
def talk(publish, program, connected, vendors):
    """talk(answers of the model, **config) -> a visitor of a flow that says by which way the AI's step was left."""

    def start(*answers, **config):
        queue = list(answers)
        vendors.answers[MODEL] = lambda request: queue.pop(0)
        connection = str(Connection.objects.get(type="openai_compatible").pk)
        ai = node("ai", "assign_ai", {"connection": connection, "instructions": "A plan costs 10 euros.",
                                      "text": "Ask me!", **config}, settings={"on_error": "branch"})  # fmt: skip
        ways = [say(way, AFTER.format(way)) for way in ("human", "turns", "timeout", "error")]
        edges = [edge for way in ways for edge in (("ai", way["id"], way["id"]), (way["id"], "next", "end"))]
        document = chain(started(), ai, say("done", AFTER.format("done")), end(), edges=edges, beside=ways)
        publish(document, kind="conversation")
        return Visitor(program)

    return start


def test_it_answers_from_what_was_said_before_until_the_visitor_has_what_they_came_for(talk, vendors):
    jane = talk(says("10 euros."), says("You are welcome!", "done"))
    assert (jane.texts, jane.status) == (["Ask me!"], "with_ai")
    assert jane.say("What does it cost?") == ["10 euros."]
    assert jane.say("Thanks") == ["You are welcome!", "done: 2 answers, the last: You are welcome!"]
    told = asked(vendors, MODEL)[-1].json["messages"]
    assert [row["role"] for row in told] == ["system", "assistant", "user", "assistant", "user"]
    assert [row["content"] for row in told[1:]] == ["Ask me!", "What does it cost?", "10 euros.", "Thanks"]
    assert "A plan costs 10 euros." in told[0]["content"]


def test_who_wants_a_person_leaves_by_that_way(talk):
    jane = talk(says("Of course.", "human"))
    assert jane.say("A person please") == ["Of course.", "human: 1 answers, the last: Of course."]


def test_after_so_many_answers_it_is_enough(talk):
    jane = talk(says("One."), says("Two."), most_turns=2)
    assert jane.say("a") == ["One."]
    assert jane.say("b") == ["Two.", "turns: 2 answers, the last: Two."]


@pytest.mark.parametrize(("spoken", "after"), [
    ([], "timeout: 0 answers, the last: "), (["Hello?"], "timeout: 1 answers, the last: One."),
])  # fmt: skip
def test_when_the_visitor_is_gone_what_it_answered_before_is_known(talk, spoken, after):
    jane = talk(says("One."))
    for text in spoken:
        jane.say(text)
    run, past = Run.objects.get(), timezone.now() - timedelta(seconds=1)
    run.state["wait"]["until"] = past.isoformat()
    Run.objects.filter(pk=run.pk).update(due_at=past, state=run.state)
    tasks.work(linger=0)
    assert jane.thread()["messages"][-1]["text"] == after


def test_a_model_that_refuses_leaves_by_the_way_of_errors(talk):
    jane = talk(Answer(401, {"error": {"message": "Incorrect API key provided"}}))
    (text,) = jane.say("Hello?")
    assert text.startswith("error: ")
