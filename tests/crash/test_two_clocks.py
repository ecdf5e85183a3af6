"""Schedules with two workers' clocks at them at once, as processes of their own, and with clocks that step."""

import json
import os
import subprocess
import sys

import pytest

from tests.crash.instance import ROOT

LATEST = 6.0  # seconds by which 99 of 100 may be late that fall due at one moment
SEVEN, EIGHT, NINE = (f"2026-01-20T0{hour}:00:00+00:00" for hour in (7, 8, 9))


@pytest.fixture
def clocks(tmp_path, database):
    """clocks(count) -> fire(*moments): one process for each moment, all let go at once; gives what there is after."""
    environment = {**os.environ, "DATABASE_URL": database, "DATA_DIR": str(tmp_path), "REDIS_URL": ""}
    turns = iter(range(100))

    def start(*argv):
        argv = [sys.executable, "-m", "tests.crash.clock_process", *argv]
        return subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    def ended(process):
        said, _ = process.communicate(timeout=240)
        assert process.returncode == 0
        return json.loads(said or "{}")

    def fire(*moments):
        gate = tmp_path / f"gate{next(turns)}"
        processes = [start("fire", moment, str(gate)) for moment in moments]
        gate.touch()
        ends = [ended(process) for process in processes]
        fired, late = [end["fired"] for end in ends], sorted(each for end in ends for each in end["late"])
        return fired, {**ended(start("count")), "late": late}

    def prepare(count):
        ended(start("prepare", str(count), SEVEN))
        return fire

    return prepare


@pytest.mark.alone
def test_two_clocks_and_a_thousand_due_schedules_are_a_thousand_runs(clocks):
    fired, told = clocks(1000)(SEVEN, SEVEN)
    assert sum(fired) == told["runs"] == told["flows"] == 1000
    assert (told["events twice"], told["most of one flow"], told["due"]) == (0, 1, 0)
    print(f"seconds after their moment, the last of the thousand: {told['late'][-1]:.1f}")
    assert told["late"][990] <= LATEST


def test_a_clock_an_hour_ahead_and_back_again_runs_no_moment_twice_and_leaves_none_out(clocks):
    fire = clocks(60)
    fired, told = fire(EIGHT, SEVEN)  # on one host the clock has stepped on by an hour
    assert told["events twice"] == 0
    assert told["flows"] == 60
    once = told["runs"]
    fired, told = fire(SEVEN, SEVEN)  # and back: that hour has been
    assert (sum(fired), told["runs"]) == (0, once)
    fired, told = fire(NINE, EIGHT)
    assert told["events twice"] == 0
    assert told["most of one flow"] <= 3
    assert told["moments"][0] <= "2026-01-20T08:00:00Z"
    assert told["moments"][-1] == "2026-01-20T09:00:00Z"
