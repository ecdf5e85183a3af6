"""Every fix, applied to the document, leaves the problem behind."""

import copy

import pytest

from builder.ops import apply
from runtime.engine.graph import Graph
from runtime.engine.validation import validate
from tests.flows import call_ended, chain, decision, document, end, node, post_json, set_variable

KNOWN = {"connections": {}, "flows": set(), "agents": set(), "constants": set()}
ASK = post_json("ask", "https://x.example/")

LOST = document([call_ended(), end(), set_variable("lost")], [("start", "next", "end")])
TWO_TRIGGERS = document([call_ended(), node("again", "call_ended"), end()], [("start", "next", "end")])
NO_EXIT = document(
    [call_ended(), ASK, end()], [("start", "next", "ask"), ("ask", "success", "end"), ("ask", "x", "end")]
)
TWO_KEYS = chain(call_ended(), ASK, node("last", "end", key="ask"))
NO_OTHERWISE = document(
    [call_ended(), decision("check", "{{interaction.id}}", "is_set"), end()],
    [("start", "next", "check"), ("check", "yes", "end")],
)
CASES = {
    "a step that leads nowhere gets an End": (chain(call_ended(), ASK), "F003", "Lead Success of ask to a new End"),
    "a step nothing leads to goes": (LOST, "F004", "Delete lost"),
    "a second trigger goes": (TWO_TRIGGERS, "F002", "Delete start"),
    "a connection from no exit goes": (NO_EXIT, "F003", "Remove that connection"),
    "a second step of a key gets another": (TWO_KEYS, "F014", "Call it ask_2"),
    "an effect is tried again": (chain(call_ended(), ASK, end()), "W101", "Try it up to 3 times"),
    "a decision gets its Otherwise": (NO_OTHERWISE, "W106", "Lead Otherwise of check to a new End"),
}


def problems(document, code):
    found = validate(Graph.from_document(document), "post_call", KNOWN)
    return [problem for problem in found if problem.code == code]


@pytest.mark.parametrize(("document", "code", "label"), CASES.values(), ids=CASES.keys())
def test_a_fix_mends_its_problem(document, code, label):
    before = problems(copy.deepcopy(document), code)
    fix = before[0].to_json()["fix"]
    assert fix["label"] == label
    assert len(problems(apply(document, fix["ops"]), code)) < len(before)


def test_a_fix_says_what_was_there_before():
    (problem,) = problems(LOST, "F004")
    stored = next(each for each in LOST["nodes"] if each["id"] == "lost")
    assert problem.fix["ops"] == [{"path": "/nodes/lost", "before": stored}]


def test_what_needs_a_person_has_no_fix():
    (problem, *_) = problems(chain(call_ended(), post_json("ask", ""), end()), "F006")
    assert problem.fix is None
