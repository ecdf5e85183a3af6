"""The tests are tested: without one of its guards, the program turns the crash tests red.

Each guard is taken out of a copy of the program, by changing the very lines that are it; then the test that is about it
runs there, on PostgreSQL (SQLite's one writer would stand in for the unique key). The copies run side by side.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.instance import ROOT

HUNG_AFTER = "25"  # seconds; a run that nobody takes up is stuck long before


@dataclass(frozen=True)
class Guard:
    """A guard's lines in one file, what stands there without it, and the test that must fail then."""

    file: str
    lines: str
    without: str
    test: str
    complaint: str  # of what the test complains then


GUARDS = {
    "fence": Guard(
        "runtime/recording_postgresql.py", "WHERE run.id = news.id AND run.fence = news.fence RETURNING",
        "WHERE run.id = news.id RETURNING",
        "test_pauses.py::test_an_owner_that_slept_through_its_lease_changes_nothing_when_it_wakes",
        "the sleeper was never refused",
    ),
    "unique key": Guard(
        "runtime/migrations/0001_initial.py", "fields=('workspace', 'key', 'source', 'type')",
        "fields=('workspace', 'key', 'source', 'type', 'id')",
        "test_same_key.py::test_events_with_one_id_posted_to_two_processes_are_stored_once",
        "== 1",
    ),
    "unique call": Guard(
        "runtime/migrations/0001_initial.py", "fields=('flow', 'call_key')", "fields=('flow', 'call_key', 'id')",
        "test_same_key.py::test_a_tool_call_that_races_itself_in_two_processes_has_one_effect",
        "== 1",
    ),
    "sweeper": Guard(
        "runtime/clock.py", "if earliest <= now:", "if False:",
        "test_hints.py::test_work_whose_every_hint_is_gone_is_found_by_the_clock",
        "runs are stuck",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """{name: how pytest ended in the copy without that guard}; and in a copy with all of them."""
    folder = tmp_path_factory.mktemp("copies")
    with ThreadPoolExecutor(2) as pool:  # a machine has two processors at least
        ends = {
            name: pool.submit(_run_without, guard, folder / name.replace(" ", "_")) for name, guard in GUARDS.items()
        }
    return {name: end.result() for name, end in ends.items()}


def _run_without(guard: Guard, copy: Path) -> subprocess.CompletedProcess:
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", "js", "browser", "cases")
    for name in ("builder", "integrations", "runtime", "static", "templates", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("manage.py", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, copy / name)
    file = copy / guard.file
    text = file.read_text()
    assert text.count(guard.lines) == 1, f"the guard is no longer in {guard.file} as this test knows it: {guard.lines}"
    file.write_text(text.replace(guard.lines, guard.without))
    environment = {**os.environ, "CRASH_SETTLE_SECONDS": HUNG_AFTER}
    return subprocess.run(
        [sys.executable, "-m", "pytest", f"tests/crash/{guard.test}"], cwd=copy, env=environment,
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("name", GUARDS)
def test_without_a_guard_the_crash_tests_turn_red(verdicts, name):
    done = verdicts[name]
    assert done.returncode == 1, f"nobody misses it: {done.stdout[-1500:]}{done.stderr[-1500:]}"
    print(*[line for line in done.stdout.splitlines() if line.startswith("E  ")][:3], sep="\n")
    # It failed for what it is about, not because the copy does not run at all.
    assert GUARDS[name].complaint in done.stdout, done.stdout[-3000:]
