"""Waiting for what is to happen, in tests: a condition with a limit, never a time that is hoped to be enough."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def until(
    condition: Callable[[], Value],
    seconds: float = 20.0,
    words: str | Callable[[], str] = "it did not come about in time",
    pause: Callable[[], object] = lambda: time.sleep(0.02),
) -> Value:
    """The first true value of `condition()`; fails with `words` after `seconds`. `pause` is what happens in between."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, words() if callable(words) else words
        pause()
    return value
