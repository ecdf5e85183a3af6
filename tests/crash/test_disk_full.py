"""A disk without space: nothing is confirmed that is not stored, and all goes on when there is space again."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import servers
from tests.crash import invariants
from tests.crash.conftest import POSTGRESQL
from tests.crash.storm import post_all, running, settle
from tests.until import until

DISK = "128m" if POSTGRESQL else "24m"  # an empty PostgreSQL takes 40 MB


@pytest.fixture
def small_disk():
    """A file system of its own. Making one takes root; CI is."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a small file system takes root on Linux")
    with tempfile.TemporaryDirectory(prefix="segue-disk-") as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "none", place], check=True)
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def stored(small_disk):
    """(URL of a database on the small disk, what the operator does once there is space again)."""
    if not POSTGRESQL:
        yield f"sqlite:///{small_disk}/segue.sqlite3", lambda: None
        return
    with servers.postgresql_server(place=small_disk) as server:
        yield server.url, lambda: _start_again(server)


def _start_again(server):
    """Without a byte for its log PostgreSQL gives up, and stays down when it cannot write while it recovers either."""
    if server.child.poll() is not None:
        server.start()


def test_a_full_disk_refuses_with_503_confirms_nothing_unstored_and_recovers(tmp_path, small_disk, stored):
    database, restore = stored
    with running(tmp_path, database, "web", "worker") as (instance, peer):
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
        restore()
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
