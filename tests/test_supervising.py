"""The supervisor: restarts what ends, gives up on what keeps ending, leaves nothing behind however it dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.until import until

ROOT = Path(__file__).resolve().parent.parent
# A child that notes its pid, starts a grandchild in its group, and lives until it is told otherwise.
CHILD = """
import os, subprocess, sys, time
from builder.supervising import end_with_supervisor
end_with_supervisor(grace=1)
with open(sys.argv[1], "a") as log: log.write(f"{os.getpid()}\\n")
subprocess.Popen(["sleep", "300"])
time.sleep(300)
"""
FAILING = "import sys; open(sys.argv[1], 'a').write('0\\n'); sys.exit(3)"


class Tree:
    """A supervisor with children, started by `python -m builder.supervising` as `up` does."""

    def __init__(self, folder, *programs, grace=2):
        self.logs = [folder / f"{number}.pids" for number, _ in enumerate(programs)]
        children = [
            {"name": f"child {number}", "argv": [sys.executable, "-c", program, str(log)], "grace": grace}
            for number, (program, log) in enumerate(zip(programs, self.logs, strict=True))
        ]
        plan = {"children": children, "served": {"host": "127.0.0.1", "port": 9, "lines": []}}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "builder.supervising"], cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "SEGUE_PLAN": json.dumps(plan)},
        )  # fmt: skip

    def pids(self, number=0):
        return [int(line) for line in self.logs[number].read_text().split()] if self.logs[number].exists() else []

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=20)[0]


@pytest.fixture
def tree(tmp_path):
    trees = []

    def start(*programs, **options):
        trees.append(Tree(tmp_path, *programs, **options))
        return trees[-1]

    yield start
    for tree in trees:
        tree.end()


def alive(pids):
    """Those of `pids`' sessions: each child leads one, and what it starts belongs to it."""
    return [
        process.pid
        for process in psutil.process_iter()
        if process.status() != psutil.STATUS_ZOMBIE and os_session(process.pid) in pids
    ]


def os_session(pid):
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def test_a_signal_ends_children_and_what_they_started(tree):
    up = tree(CHILD, CHILD)
    until(lambda: up.pids(0) and up.pids(1))
    up.process.send_signal(signal.SIGINT)
    output = up.end()
    assert up.process.returncode == 0
    assert "stopped in" in output
    assert not alive([*up.pids(0), *up.pids(1)])


def test_who_is_told_again_and_again_ends_as_well(tree):
    up = tree(CHILD)
    until(lambda: up.pids())
    until(
        lambda: up.process.poll() is not None or up.process.send_signal(signal.SIGTERM),
        pause=lambda: time.sleep(0.001),
    )
    assert up.process.returncode == 0
    assert "stopped in" in up.end()


def test_a_killed_child_is_started_again_and_its_group_is_cleared(tree):
    up = tree(CHILD)
    (first,) = until(lambda: up.pids())
    os.kill(first, signal.SIGKILL)
    until(lambda: len(up.pids()) == 2)
    assert not alive([first])
    assert "killed by SIGKILL" in up.end()


def test_what_a_killed_child_leaves_may_finish_until_another_is_started(tree):
    """Here something that does not listen when it is told to end, and what does, and says so."""
    says_so = 'trap \'echo told >> "$0".said; exit\' TERM; touch "$0".ready; while :; do sleep 0.01; done'
    leaving = CHILD.replace(
        'subprocess.Popen(["sleep", "300"])',
        f"subprocess.Popen(['sh', '-c', {says_so!r}, sys.argv[1]])\n"
        "subprocess.Popen(['sh', '-c', 'trap \"\" TERM; touch \"$0\".deaf; exec sleep 300', sys.argv[1]])",
    )
    up = tree(leaving)
    ready = [up.logs[0].with_suffix(f".pids.{name}") for name in ("ready", "deaf")]
    (first,) = until(lambda: all(one.exists() for one in ready) and up.pids())
    os.kill(first, signal.SIGKILL)
    until(lambda: len(up.pids()) == 2)
    until(lambda: not alive([first]))
    assert up.logs[0].with_suffix(".pids.said").read_text() == "told\n"


def test_kill_9_of_the_supervisor_leaves_nothing(tree):
    up = tree(CHILD, CHILD)
    pids = until(lambda: up.pids(0) and up.pids(1) and [*up.pids(0), *up.pids(1)])
    up.process.kill()
    up.process.wait()
    until(lambda: not [pid for pid in pids if psutil.pid_exists(pid) and os_session(pid) == pid])


def test_a_child_that_keeps_ending_ends_everything_with_status_1(tree):
    up = tree(CHILD, FAILING)
    assert up.process.wait(30) == 1
    output = up.process.communicate()[0]
    assert "giving up" in output
    assert len(up.pids(1)) == 5
    assert not alive(up.pids(0))


def test_a_child_that_does_not_stop_is_killed_after_its_grace(tree):
    stubborn = CHILD.replace("import os,", "import signal; signal.signal(15, signal.SIG_IGN)\nimport os,")
    up = tree(stubborn, grace=0.5)
    until(lambda: up.pids())
    output = up.end()
    assert "was killed" in output
    assert not alive(up.pids())


def test_the_supervisor_stays_small():
    check = "import builder.supervising, sys; sys.exit(bool({'django', 'uvicorn', 'asyncio'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0
