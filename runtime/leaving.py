"""Whether this process is about to go, so that others take over what it drives.

It is when its worker was told to stop, and while its task empties it (runtime/tasks.py). A run is then handed on
between two effects: the step under way ends and is recorded, the next one is somebody else's. So a process goes within
the time of one step, however long its runs are, and no effect is cut off in the middle.
"""

import mmap
import os
import signal
import struct
import threading
import time

# Shared by the worker's whole tree, which is forked after this is imported: whether it was told to stop, and until
# when (monotonic, the same for all processes of a host) one of its processes empties itself.
_shared = mmap.mmap(-1, 16)
_EMPTYING = struct.Struct("d")
_leaves = False


def stop() -> None:
    """Called by the worker's supervisor; all of its tree leaves."""
    _shared[0] = 1


def stopping() -> bool:
    return _shared[0] == 1


def leave() -> None:
    """This process hands on what it drives."""
    global _leaves
    _leaves = True


def stay() -> None:
    """What this process had to end for is done; it goes on as before."""
    global _leaves
    _leaves = False


def leaving() -> bool:
    return _leaves or stopping()


def turn_to_empty(seconds: float) -> bool:
    """Whether no other process of this tree empties itself; then none but this one does for so long."""
    now = time.monotonic()
    if _EMPTYING.unpack_from(_shared, 8)[0] > now:
        return False
    _EMPTYING.pack_into(_shared, 8, now + seconds)
    return True


# A pipe whose writing end only the worker's own process holds: the others read its end when that process is gone,
# however it went.
_lifeline: tuple[int, int] | None = None


def tie() -> None:
    """Called by the worker's own process before it forks."""
    global _lifeline
    _lifeline = os.pipe()


def let_loose() -> None:
    """Called by each process it forks, before that forks others."""
    if _lifeline is not None:
        os.close(_lifeline[1])


def end_with_worker() -> None:
    """From now on this process's whole group ends, at once, when the worker's own process is gone.

    Watched by more than the group's leader: a group whose leader was killed with the worker would go on unwatched. Not
    by a signal that asks: django-q2 can deadlock over one, and leases see to what it was driving.
    """
    if _lifeline is not None:
        threading.Thread(target=_watch, args=[_lifeline[0]], name="worker", daemon=True).start()


def _watch(end: int) -> None:
    os.read(end, 1)
    os.killpg(0, signal.SIGKILL)
