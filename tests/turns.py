"""Runs of tests side by side (manage.py verify): crash tests of two databases, which mostly wait for leases to run out,
and those of the browser.

A test that is marked `alone` asserts how long something takes, so it waits until the other run is between two tests,
and keeps it there meanwhile.
"""

import fcntl
import os

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Around all of a test, outside the time it is given: TEST_TURNS names the file whose lock the runs share."""
    if "TEST_TURNS" not in os.environ:
        return (yield)
    with open(os.environ["TEST_TURNS"], "a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        return (yield)
