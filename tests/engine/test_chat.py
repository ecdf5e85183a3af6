"""What a reply means, in which language something is said, who is online, which tags remain: all without a clock."""

from datetime import UTC, datetime

import pytest

from runtime.engine.chat import after, in_language, people_online, read, say, tags_after, within, wrong_fields
from runtime.engine.graph import Graph
from runtime.engine.validation import validate
from tests.flows import call_ended, chain, end, node

SIZES = [{"value": "s", "label": "1-10"}, {"value": "l", "label": "51+"}]


@pytest.mark.parametrize(
    ("kind", "said", "means"),
    [
        ("text", " hello ", "hello"), ("text", "   ", None), ("number", "1,5", 1.5), ("number", "12", 12),
        ("number", "a dozen", None), ("email", "jane@acme.com", "jane@acme.com"), ("email", "jane at acme", None),
        ("email", "a@b.c", None), ("email", "jane@acme.com, joe@acme.com", None), ("email", "<j@a.com>", None),
        ("phone", "+49 (30) 901-820", "+4930901820"), ("phone", "call me", None), ("phone", "123", None),
        ("date", "2026-01-31", "2026-01-31"), ("date", "31.01.2026", "2026-01-31"), ("date", "someday", None),
    ],
)  # fmt: skip
def test_an_answer_is_read_by_its_kind(kind, said, means):
    assert read(kind, {"text": said}) == means


def test_a_choice_may_be_tapped_or_written_as_it_reads():
    for reply in ({"choice": "l"}, {"text": "51+"}, {"text": " 51+ "}, {"text": "L"}):
        assert read("choice", reply, SIZES) == SIZES[1]
    assert read("choice", {"text": "some"}, SIZES) is None
    assert read("choice", {"choice": "x"}, SIZES) is None


def test_a_form_says_what_is_wrong_field_by_field():
    fields = [
        {"name": "email", "label": "E-mail", "kind": "email", "required": True},
        {"name": "phone", "label": "Phone", "kind": "phone"}, {"name": "news", "label": "News", "kind": "toggle"},
        {"name": "size", "label": "Size", "kind": "choice", "choices": SIZES},
    ]  # fmt: skip
    values, wrong = wrong_fields(fields, {"phone": "none", "news": "yes", "size": "51+", "extra": "ignored"})
    assert values == {"news": True, "size": "l"}
    assert wrong == {"email": "E-mail is needed.", "phone": "Phone is no phone number."}
    assert wrong_fields(fields, {"email": "j@acme.com"}) == ({"email": "j@acme.com"}, {})


def test_a_text_is_said_in_the_visitors_language_where_it_can():
    variants = [{"language": "de", "text": "Hallo"}, {"language": "pt-BR", "text": "Oi"}]
    said = {language: in_language("Hello", variants, language) for language in ("de", "de-AT", "pt-br", "pt", "", None)}
    assert said == {"de": "Hallo", "de-AT": "Hallo", "pt-br": "Oi", "pt": "Hello", "": "Hello", None: "Hello"}


def test_tags_are_kept_once_in_order_and_fifty_at_most():
    assert tags_after(["vip", "Old"], ["hot", "VIP", " "], ["old"]) == ["vip", "hot"]
    assert len(tags_after([f"t{n}" for n in range(80)], [], [])) == 50
    assert tags_after([], ["x" * 100], []) == ["x" * 60]


NOON = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("rule", "online"),
    [
        ({}, True), ({"mode": "offline"}, False), ({"mode": "hours", "opens": "09:00", "closes": "17:00"}, True),
        ({"mode": "hours", "opens": "13:00", "closes": "17:00"}, False), ({"mode": "hours", "days": ["mon"]}, False),
        ({"mode": "hours", "opens": "22:00", "closes": "13:00"}, True),
        ({"mode": "offline", "queues": {"Sales": {"mode": "online"}}}, True),
        ({"mode": "online", "queues": {"Sales": {"mode": "offline"}}}, False),
    ],
)  # fmt: skip
def test_people_are_online_by_mode_hours_and_queue(rule, online):
    assert people_online(rule, "Sales", NOON) is online


def test_a_night_shift_belongs_to_the_day_it_began_on():
    rule = {"days": ["mon"], "opens": "22:00", "closes": "06:00"}
    assert within(rule, datetime(2026, 1, 19, 23, 0))
    assert within(rule, datetime(2026, 1, 20, 5, 0))
    assert not within(rule, datetime(2026, 1, 20, 23, 0))
    assert not within(rule, datetime(2026, 1, 19, 5, 0))


def test_what_a_run_knows_of_its_conversation_grows_with_its_changes():
    changes = [{"do": "contact", "set": {"plan": "pro"}}, {"do": "tag", "on": "contact", "now": ["hot"]},
               {"do": "tag", "on": "conversation", "add": ["x"]}, say("hi"), {"do": "hand_over"}]  # fmt: skip
    assert after({"message": {"text": "a"}}, changes) == {
        "message": {"text": "a"}, "contact": {"plan": "pro", "tags": ["hot"]}, "handed_over": True}  # fmt: skip
    assert len(say("x" * 9_000)["text"]) == 4_000


def problems(kind, *nodes, **more):
    return {(each.code, each.node): each.message for each in validate(Graph.from_document(chain(*nodes, **more)), kind)}


SPEAKING = ("send_message", "ask_question", "send_form", "assign_ai", "set_contact", "send_data_update", "escalate",
            "custom_reply", "end_conversation")  # fmt: skip


@pytest.mark.parametrize("type", SPEAKING)
def test_after_a_call_nothing_can_be_said(type):
    found = problems("post_call", call_ended(), node("x", type), end())
    assert found["F008", "x"].endswith("cannot be used in a post-call flow: the conversation has already ended.")


def test_a_tag_may_be_put_on_after_a_call():
    found = problems("post_call", call_ended(), node("x", "tag", {"add": ["hot"]}), end())
    assert not {code for code, _ in found if code.startswith("F")}


def start():
    return node("start", "conversation_started")


def test_a_question_without_a_way_to_a_person_is_a_warning():
    ask = node("ask", "ask_question", {"text": "Name?"})
    assert "W103" in {code for code, _ in problems("conversation", start(), ask, end())}
    people = node("people", "escalate", {})
    found = problems("conversation", start(), ask, end(), edges=[("ask", "timeout", "people")], beside=[people])
    assert not {code for code, _ in found}


def test_a_very_long_message_is_a_warning():
    found = problems("conversation", start(), node("say", "send_message", {"text": "word " * 200}), end())
    assert "people read" in found["W107", "say"]


def test_a_question_has_the_ports_its_choices_give_it():
    rows = [{"id": "s", "label": "Small"}, {"id": "l", "label": "Large"}]
    chosen = {"expects": "choice", "choices": rows}
    found = []
    for config in ({}, chosen, chosen | {"port_per_choice": True}, {"choices": rows, "port_per_choice": True}):
        graph = Graph.from_document(chain(start(), node("ask", "ask_question", {"text": "?", **config}), end()))
        found.append([port.id for port in graph.nodes["ask"].ports])
    assert found == [
        ["answered", "no_valid_answer", "timeout"], ["answered", "no_valid_answer", "timeout"],
        ["s", "l", "no_valid_answer", "timeout"], ["answered", "no_valid_answer", "timeout"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"expects": "choice", "choices": []}, "/config/choices"),
        (
            {"expects": "choice", "choices": [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}]},
            "/config/choices/1/id",
        ),
        ({"expects": "choice", "choices": [{"id": "timeout", "label": "A"}]}, "/config/choices/0/id"),
    ],
)
def test_choices_are_named_once_and_not_as_other_ways_out(config, field):
    document = chain(start(), node("ask", "ask_question", {"text": "?", **config}), end())
    assert field in {each.field for each in validate(Graph.from_document(document), "conversation")}
