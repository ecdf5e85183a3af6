"""Runs of tests side by side (manage.py verify).

A test that is marked `alone` asserts how long something takes, so it waits until all other runs are between two tests,
and keeps them there meanwhile.
"""

import fcntl
import os

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Around all of a test, outside the time it is given: TEST_TURNS names the file whose lock the runs share."""
    turns = os.environ.pop("TEST_TURNS", None)  # tests that a test starts have its turn; they would wait for it
    if turns is None:
        return (yield)
    try:
        with open(turns, "a") as turn:
            # All wait in one queue, or who wants to be alone would never be: some other test always goes on.
            with open(f"{turns}.queue", "a") as queue:
                fcntl.flock(queue, fcntl.LOCK_EX)
                fcntl.flock(turn, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
            return (yield)
    finally:
        os.environ["TEST_TURNS"] = turns
