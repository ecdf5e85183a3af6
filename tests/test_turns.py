"""Of tests that run side by side, one that is marked `alone` has the machine to itself."""

import fcntl
import os
import subprocess
import sys

import pytest

from tests.until import until


@pytest.mark.parametrize(("mark", "waits"), [("@pytest.mark.alone\n", True), ("", False)])
def test_a_test_marked_alone_waits_for_the_other_run_and_no_other_does(tmp_path, mark, waits):
    (tmp_path / "conftest.py").write_text("from tests.turns import pytest_runtest_protocol\n")
    (tmp_path / "test_some.py").write_text(f"import pytest\n{mark}def test_a(): open('ran', 'w')\n")
    turns = tmp_path / "turns"
    with open(turns, "a") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        run = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:django", "--rootdir", ".", "."],
            cwd=tmp_path, env={**os.environ, "TEST_TURNS": str(turns), "PYTHONPATH": os.getcwd()},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: _waits_for_a_lock(run.pid) if waits else run.poll() is not None, 60)
        assert (tmp_path / "ran").exists() is not waits
    assert run.wait(60) == 0
    assert (tmp_path / "ran").exists()


def _waits_for_a_lock(pid) -> bool:
    """The kernel marks who is blocked with an arrow: `7: -> FLOCK  ADVISORY  WRITE <pid> ...`."""
    with open("/proc/locks") as locks:
        return any(line.split()[1] == "->" and str(pid) in line.split() for line in locks)
