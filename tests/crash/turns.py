"""Crash tests of two databases run side by side (manage.py verify), for they mostly wait for leases to run out.

A test that is marked `alone` asserts how long something takes, so it waits until the other run is between two tests,
and keeps it there meanwhile.
"""

import fcntl
import os

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Around all of a test, outside the time it is given: CRASH_TURNS names the file whose lock both runs share."""
    if "CRASH_TURNS" not in os.environ:
        return (yield)
    with open(os.environ["CRASH_TURNS"], "a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        return (yield)
