"""Whether this process is about to go, so that others take over what it drives.

It is when its worker was told to stop, and while its task empties it (runtime/tasks.py). A run is then handed on
between two effects: the step under way ends and is recorded, the next one is somebody else's. So a process goes within
the time of one step, however long its runs are, and no effect is cut off in the middle.
"""

import mmap
import struct
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
