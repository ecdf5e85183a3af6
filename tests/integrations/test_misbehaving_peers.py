"""Whatever a peer does, the call ends in time, with a failure of the right kind in plain words, in little memory."""

import resource
import time

import pytest

from integrations.http import fetch
from runtime.engine.errors import StepError
from tests.peers import MISCHIEF

DEADLINE = 0.4
GRACE = 0.5


@pytest.mark.parametrize("name", MISCHIEF)
def test_the_call_ends_within_its_deadline_and_says_what_happened(name, misbehaving, open_to):
    open_to(misbehaving)
    expected = MISCHIEF[name][1]
    in_time = DEADLINE if expected == "timeout" else 3.0  # the others end by themselves; a busy machine may be slow
    started = time.monotonic()
    try:
        answer = fetch("GET", f"{misbehaving.url}/{name}", timeout=in_time)
        failure = None
    except StepError as error:
        answer, failure = None, error
    assert time.monotonic() - started <= in_time + GRACE
    if expected is None:
        assert failure is None, failure.message
        assert answer.status == 200
    else:
        assert failure is not None, f"it was taken for a good answer: {answer}"
        assert failure.code == expected, failure.message
        assert failure.message.startswith(("127.0.0.1 ", "The ", "169.254.169.254 "))


def test_there_are_more_than_forty_four_kinds_of_mischief():
    assert len(MISCHIEF) >= 44


def test_bombs_and_floods_do_not_fill_the_memory(misbehaving, open_to):
    open_to(misbehaving)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("gzip-bomb", "gzip-bomb-in-gzip", "deflate-bomb", "floods-the-body", "floods-chunks"):
        with pytest.raises(StepError, match="larger than"):
            fetch("GET", f"{misbehaving.url}/{name}", timeout=3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kB


@pytest.mark.parametrize(
    ("name", "retryable"), [("never-answers", True), ("body-too-short", True), ("garbage", False), ("gzip-bomb", False)]
)
def test_it_says_whether_trying_again_can_help(name, retryable, misbehaving, open_to):
    open_to(misbehaving)
    with pytest.raises(StepError) as caught:
        fetch("GET", f"{misbehaving.url}/{name}", timeout=0.4)
    assert caught.value.retryable is retryable
