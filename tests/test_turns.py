"""Of tests that run side by side, one that is marked `alone` has the machine to itself."""

import fcntl
import os
import subprocess
import sys

import pytest

from tests.until import until

ALONE = "@pytest.mark.alone\n"


@pytest.fixture
def begin(tmp_path):
    """begin(name, mark=""): a run of one test elsewhere, which shares its turns with the others; it leaves a file of
    that name.
    """
    runs = []

    def begin(name, mark=""):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "conftest.py").write_text("from tests.turns import pytest_runtest_protocol\n")
        test = f"def test_a():\n    assert 'TEST_TURNS' not in os.environ\n    open('../{name}.ran', 'w')\n"
        (folder / "test_some.py").write_text(f"import os, pytest\n{mark}{test}")
        run = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:django", "--rootdir", ".", "."],
            cwd=folder, env={**os.environ, "TEST_TURNS": str(tmp_path / "turns"), "PYTHONPATH": os.getcwd()},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        runs.append(run)
        return run

    yield begin
    for run in runs:
        run.kill()
        run.wait()


@pytest.fixture
def other(tmp_path):
    """Another run is in the middle of a test, until this is closed."""
    with open(tmp_path / "turns", "a") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        yield other


@pytest.mark.parametrize(("mark", "waits"), [(ALONE, True), ("", False)])
def test_a_test_marked_alone_waits_for_the_other_run_and_no_other_does(begin, other, tmp_path, mark, waits):
    run = begin("some", mark)
    until(lambda: _waits_for_a_lock(run.pid) if waits else run.poll() is not None, 60)
    assert (tmp_path / "some.ran").exists() is not waits
    other.close()
    assert run.wait(60) == 0
    assert (tmp_path / "some.ran").exists()


def test_who_begins_later_waits_behind_one_that_wants_to_be_alone(begin, other, tmp_path):
    first = begin("first", ALONE)
    until(lambda: _waits_for_a_lock(first.pid), 60)
    later = begin("later")
    until(lambda: _waits_for_a_lock(later.pid), 60)
    assert not list(tmp_path.glob("*.ran"))
    other.close()
    assert [first.wait(60), later.wait(60)] == [0, 0]


def _waits_for_a_lock(pid) -> bool:
    """The kernel marks who is blocked with an arrow: `7: -> FLOCK  ADVISORY  WRITE <pid> ...`."""
    with open("/proc/locks") as locks:
        return any(line.split()[1] == "->" and str(pid) in line.split() for line in locks)
