"""A disk without space: nothing is confirmed that is not stored, and all goes on when there is space again."""

import contextlib
import os
import subprocess
import sys

import pytest

from tests.crash import invariants
from tests.crash.storm import post_all, running, settle
from tests.until import until

DISK = "24m"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 24 MB. Making one takes root; CI is."""
    place = tmp_path / "disk"
    place.mkdir()
    made = sys.platform.startswith("linux") and os.geteuid() == 0
    made = made and subprocess.call(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", place]) == 0
    if not made:
        pytest.skip("a small file system takes root on Linux")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_refuses_with_503_confirms_nothing_unstored_and_recovers(tmp_path, small_disk):
    with running(tmp_path, f"sqlite:///{small_disk}/segue.sqlite3", "web", "worker") as (instance, peer):
        accepted = post_all(instance, "before", 10)
        settle(instance)
        accepted |= post_all(instance, "under-way", 10)
        ballast = small_disk / "ballast"
        _fill(ballast)
        statuses = set()

        def refused():
            _fill(ballast)
            status, answer = instance.report(f"full-{len(accepted)}")
            statuses.add(status)
            if status == 202:
                accepted[f"full-{len(accepted)}"] = answer
            return status not in (200, 202)

        until(refused, 60, "the disk never filled")
        for _ in range(10):
            refused()
        assert statuses <= {202, 503}, statuses
        assert 503 in statuses
        ballast.unlink()
        accepted |= post_all(instance, "after", 10)
        settle(instance)
        invariants.check(instance, accepted, peer.calls)


def _fill(ballast):
    """Write until there is no byte left."""
    with contextlib.suppress(OSError), open(ballast, "ab", buffering=0) as file:
        while file.write(b"x" * 65536) == 65536:
            pass
    with contextlib.suppress(OSError), open(ballast, "ab", buffering=0) as file:
        while file.write(b"x" * 512):
            pass
