"""Checks before publishing: every code, with the words a person needs."""

import time

import pytest

from runtime.engine.graph import Graph
from runtime.engine.validation import errors, validate
from tests.flows import (
    action_called,
    call_ended,
    chain,
    decision,
    document,
    end,
    node,
    post_json,
    respond,
    set_variable,
    wait_for,
)

KNOWN = {"connections": {"c1": "bearer"}, "flows": set(), "agents": set(), "constants": {"brand"}}


def codes(doc, kind="post_call"):
    return {problem.code for problem in validate(Graph.from_document(doc), kind, KNOWN)}


def problem(doc, code, kind="post_call", **known):
    found = [each for each in validate(Graph.from_document(doc), kind, {**KNOWN, **known}) if each.code == code]
    assert found, f"{code} is missing in {codes(doc, kind)}"
    return found[0]


def test_a_complete_flow_has_no_errors():
    doc = chain(call_ended(), set_variable("topic", topic="Call {{interaction.ID}}"), end(outcome="{{vars.topic}}"))
    assert errors(validate(Graph.from_document(doc), "post_call", KNOWN)) == []


def test_no_trigger():
    assert "F001" in codes(document([end()]))


def test_two_triggers():
    doc = document([call_ended(), node("other", "call_ended"), end()], [("start", "next", "end")])
    assert problem(doc, "F002").node == "start" or problem(doc, "F002").node == "other"


def test_a_required_exit_that_leads_nowhere_names_the_step():
    doc = document([call_ended(), set_variable("topic", topic="x")], [("start", "next", "topic")])
    found = problem(doc, "F003")
    assert found.node == "topic"
    assert "topic leads nowhere" in found.message


def test_an_edge_to_a_step_that_does_not_exist():
    doc = chain(call_ended(), end())
    doc["edges"].append({"id": "bad", "source": "start", "port": "next", "target": "gone"})
    assert "F003" in codes(doc)


def test_a_step_nothing_leads_to():
    assert problem(document([call_ended(), end(), end("lost")], [("start", "next", "end")]), "F004").node == "lost"


def test_an_unknown_type():
    assert problem(chain(call_ended(), node("x", "teleport"), end()), "F005").node == "x"


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        (set_variable("v", **{}), "/config/assignments"),
        (node("v", "wait", {"mode": "for", "seconds": -1}), "/config/seconds"),
        (node("v", "wait", {"mode": "sometimes"}), "/config/mode"),
        (node("v", "wait", {"mode": "for", "seconds": 1, "colour": "red"}), "/config/colour"),
        (node("v", "set_variable", {"assignments": [{"name": "a b", "value": ""}]}), "/config/assignments/0/name"),
        (
            node("v", "set_variable", {"assignments": [{"name": "a", "value": "{{ open"}]}),
            "/config/assignments/0/value",
        ),
        ({**wait_for("v", 1), "settings": {"retry": {"max_attempts": 99}}}, "/settings/retry/max_attempts"),
        ({**wait_for("v", 1), "settings": {"on_error": "explode"}}, "/settings/on_error"),
    ],
)
def test_a_bad_value_is_named_with_its_place(broken, pointer):
    assert problem(chain(call_ended(), broken, end()), "F006").field == pointer


@pytest.mark.parametrize(
    "text",
    ["{{steps.nothing.id}}", "{{vars.nobody_sets_this}}", "{{nonsense.x}}", "{{interaction.shoe_size}}",
     "{{args.order_id}}", "{{workspace.unknown}}", "{{steps.v.id}}"],
)  # fmt: skip
def test_an_unknown_variable(text):
    assert problem(chain(call_ended(), set_variable("v", x=text), end()), "F007").node == "v"


def test_a_default_makes_a_variable_optional():
    doc = chain(call_ended(), set_variable("v", x='{{vars.maybe | default: "no"}}'), end(outcome="{{vars.x}}"))
    assert "F007" not in codes(doc)


def test_a_variable_set_on_one_branch_only_may_be_missing():
    nodes = [call_ended(), decision("check", "{{interaction.status}}", "equals", "x"), set_variable("a", seen="1"),
             end(outcome="{{vars.seen}}")]  # fmt: skip
    edges = [("start", "next", "check"), ("check", "yes", "a"), ("check", "else", "end"), ("a", "next", "end")]
    assert problem(document(nodes, edges), "W109").node == "end"


def test_a_variable_that_is_only_set_later_is_unknown():
    doc = chain(call_ended(), set_variable("first", x="{{vars.late}}"), set_variable("second", late="1"), end())
    assert problem(doc, "F007").node == "first"


def test_a_respond_step_has_no_place_after_an_action_kind_that_is_not_there():
    assert problem(chain(action_called(), respond(), end()), "F008", kind="post_call").node == "start"


def test_an_action_without_an_answer():
    assert "F009" in codes(chain(action_called(), end()), "action")


def test_a_response_that_does_not_match_its_schema():
    schema = {"type": "object", "required": ["cancelled"], "properties": {"cancelled": {"type": "boolean"}}}
    wrong = chain(action_called(response_schema=schema), respond(response='{"message": "no"}'))
    right = chain(action_called(response_schema=schema), respond(response='{"cancelled": {{vars.x | default: true}}}'))
    assert problem(wrong, "F010", "action").node == "answer"
    assert "F010" not in codes(right, "action")


def test_a_connection_that_is_not_there():
    assert problem(chain(call_ended(), post_json("call", "https://a.example", connection="c2"), end()), "F011").node


def test_secrets_in_plain_fields():
    plain = post_json("call", "https://a.example", headers=[{"name": "Authorization", "value": "Bearer abcdefgh"}])
    assert problem(chain(call_ended(), plain, end()), "F012").field == "/config/headers/0/value"
    leaked = set_variable("v", x="{{secure.card}}")
    assert problem(chain(call_ended(), leaked, end()), "F012").node == "v"


def test_a_cycle_needs_a_step_that_waits():
    nodes = [call_ended(), set_variable("a", x="1"), decision("again", "{{vars.x}}", "equals", "1"), end()]
    edges = [("start", "next", "a"), ("a", "next", "again"), ("again", "yes", "a"), ("again", "else", "end")]
    assert "F013" in codes(document(nodes, edges))
    waiting = [*nodes, wait_for("pause", 5)]
    around = [("start", "next", "a"), ("a", "next", "again"), ("again", "yes", "pause"), ("pause", "next", "a"),
              ("again", "else", "end")]  # fmt: skip
    assert "F013" not in codes(document(waiting, around))


def test_two_steps_with_one_key():
    doc = chain(call_ended(), set_variable("a", x="1"), {**end("b"), "key": "a"})
    assert problem(doc, "F014").field == "/key"


def test_nothing_may_keep_the_agent_waiting_before_the_answer():
    before = chain(action_called(), wait_for("w", 5), respond())
    after = chain(action_called(), respond(), wait_for("w", 5), end())
    assert problem(before, "F015", "action").node == "w"
    assert "F015" not in codes(after, "action")


def test_warnings_do_not_stop_publishing():
    doc = chain(
        call_ended(), decision("check", "{{interaction.status}}", "equals", "x"), edges=(("check", "yes", "end"),)
    )
    doc["nodes"].append(end())
    found = validate(Graph.from_document(doc), "post_call", KNOWN)
    assert "W106" in {each.code for each in found}
    assert errors(found) == []


def test_an_effect_without_an_error_path_is_a_warning():
    assert "W101" in codes(chain(call_ended(), post_json("call", "https://a.example"), end()))


def test_ten_thousand_steps_are_checked_in_under_two_seconds():
    steps = [set_variable(f"n{n:05}", x="{{vars.x | default: 1}} {{interaction.id}}") for n in range(9_998)]
    graph = Graph.from_document(chain(call_ended(), *steps, end()))
    started = time.perf_counter()
    validate(graph, "post_call", KNOWN)
    assert time.perf_counter() - started < 2


def test_a_message_that_a_model_is_to_understand_needs_a_model_and_a_flow_that_leads():
    heard = node("start", "message_received", {"phrases": ["cancel my order"], "mode": "ai"})
    doc = chain(heard, end())
    missing = problem(doc, "F011", "conversation")
    assert (missing.node, missing.field) == ("start", "/config/connection")
    assert missing.message.startswith("Choose an AI model, or compare by likeness.")
    beside = problem(doc, "F006", "action")
    assert (beside.node, beside.field) == ("start", "/config/mode")
    assert "goes by likeness" in beside.message
    for harmless in ({"mode": "intent"}, {"phrases": []}):  # nothing is asked
        heard["config"].update(harmless)
        assert not codes(doc, "action") & {"F006", "F011"}


def asks(id, seconds):
    return {**post_json(id, "https://crm.example.com"), "settings": {"timeout_seconds": seconds}}


def test_only_the_steps_on_one_way_to_the_answer_count_against_the_deadline():
    called = action_called(deadline_seconds=10)
    kept = chain(called, asks("a", 6), respond(), asks("after", 50), end(), ports={"a": "success", "after": "success"})
    assert "W105" not in codes(kept, "action")
    branches = decision("which", "{{args.x}}", "is_set", branch="one")
    ways = [asks("left", 6), asks("right", 6), respond()]
    edges = [("start", "next", "which"), ("which", "one", "left"), ("which", "else", "right"),
             ("left", "success", "answer"), ("right", "success", "answer")]  # fmt: skip
    either = document([called, branches, *ways], edges)
    assert "W105" not in codes(either, "action")
    both = document([called, *ways], [("start", "next", "left"), ("left", "success", "right"),
                                      ("right", "success", "answer")])  # fmt: skip
    assert "may take 12 s together, the agent waits 10 s" in problem(both, "W105", "action").message


def test_beside_what_the_steps_may_take_stands_what_they_took_of_late():
    both = chain(action_called(deadline_seconds=10), asks("a", 6), asks("b", 6), respond(),
                 ports={"a": "success", "b": "success"})  # fmt: skip
    unknown = problem(both, "W105", "action").message
    taken = problem(both, "W105", "action", usual={"a": 1.2, "b": 0.3, "elsewhere": 9.0}).message
    assert taken == unknown + " In the last 7 days they took up to 1.5 s (of each step, the longest of 19 in 20 times)."
