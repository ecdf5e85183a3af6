"""Intent matching: likeness of words, and a model only where likeness cannot tell."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.engine.intents import Match, decide, likeness, settled

CANCEL = ["cancel my order", "I want to stop my order", "please do not send it"]
texts = st.text(max_size=80)


@pytest.mark.parametrize(
    ("message", "phrase"),
    [
        ("Cancel my order", "cancel my order"),
        ("hi, could you CANCEL my order please? the number is 4711", "cancel my order"),
        ("my order, cancel it", "cancel my order"),
        ("I'd like to stop my order", "I want to stop my order"),
        ("please don't send it", "please do not send it"),
        ("canceling my orders", "cancel my order"),
    ],
)
def test_what_means_it_is_found_with_the_phrase(message, phrase):
    match = decide(message, CANCEL, 0.7)
    assert (match.matched, match.phrase) == (True, phrase), match


@pytest.mark.parametrize(
    "message", ["Where is my parcel?", "What are your opening hours?", "I love the mixer, thank you!", "", "???", "42"]
)
def test_what_means_something_else_is_not(message):
    assert decide(message, CANCEL, 0.7).matched is False


def test_case_accents_and_marks_do_not_matter():
    assert likeness("Où est ma COMMANDE ?", "ou est ma commande") == 1.0
    assert likeness("ＣＡＮＣＥＬ", "cancel") == 1.0


def test_hybrid_asks_a_model_only_near_the_threshold():
    assert decide("cancel my order", CANCEL, 0.7, "hybrid").matched is True
    assert decide("the weather is fine", CANCEL, 0.7, "hybrid").matched is False
    near = decide("can the order still be changed, I do not want it", CANCEL, 0.8, "hybrid")
    assert near.matched is None
    assert 0.5 <= near.score < 0.8


def test_ai_always_asks_but_not_about_nothing():
    assert decide("cancel my order", CANCEL, 0.7, "ai").matched is None
    assert decide(" ", CANCEL, 0.7, "ai").matched is False
    assert decide("cancel", [], 0.7, "ai") == Match(0.0, None, False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"phrase": CANCEL[0], "confidence": 0.92}, Match(0.92, CANCEL[0], True)),
        ({"phrase": CANCEL[0], "confidence": 0.4}, Match(0.6, CANCEL[0], False)),
        ({"phrase": None, "confidence": 0.99}, Match(0.6, CANCEL[1], False)),
        ({"phrase": CANCEL[0], "confidence": 7}, Match(1.0, CANCEL[0], True)),
        ({"phrase": CANCEL[0], "confidence": "high"}, Match(0.6, CANCEL[1], False)),
        (None, Match(0.6, CANCEL[1], False)),
    ],
)
def test_an_open_decision_is_settled_by_the_model_or_without_it(answer, expected):
    assert settled(Match(0.6, CANCEL[1], None), answer, 0.7) == expected


def test_a_decision_that_is_made_stays():
    made = Match(0.9, CANCEL[0], True)
    assert settled(made, {"phrase": None, "confidence": 1}, 0.7) == made


@given(texts, texts)
def test_likeness_is_between_nothing_and_all(message, phrase):
    assert 0.0 <= likeness(message, phrase) <= 1.0


@given(texts)
def test_a_message_is_like_itself(message):
    assert likeness(message, message) in (0.0, 1.0)


@given(texts, st.lists(texts, max_size=5), st.floats(0, 1))
def test_the_likest_phrase_counts(message, phrases, threshold):
    match = decide(message, phrases, threshold)
    assert match.matched in (True, False)
    assert all(likeness(message, phrase) <= match.score + 1e-4 for phrase in phrases if phrase.strip())


def test_long_messages_and_many_phrases_take_no_time():
    phrases = [f"phrase number {n} about something else" for n in range(100)]
    started = time.process_time()
    decide("word " * 10_000, phrases, 0.7)
    decide("".join(chr(97 + n % 26) for n in range(50_000)), phrases, 0.7)
    assert time.process_time() - started < 2
