"""How often each caller came in this second, in all processes of a web together. For fairness, not for security.

The table is shared by the processes that are forked after this is imported. They do not wait for one another, so of two
that count the same caller at the same moment one may be missed; and callers beyond the table's room take the place of
others, who are counted from one again.
"""

import mmap
import struct
import time
from collections.abc import Hashable

ROOM = 4096  # callers
_ENTRY = struct.Struct("=qII")  # who (a hash), the second, how often
_table = mmap.mmap(-1, ROOM * _ENTRY.size)


def times_in_this_second(caller: Hashable) -> int:
    """How often `caller` came, with this time."""
    who, second = hash(caller), int(time.time())
    at = who % ROOM * _ENTRY.size
    entry = _ENTRY.unpack_from(_table, at)
    count = entry[2] + 1 if entry[:2] == (who, second) else 1
    _ENTRY.pack_into(_table, at, who, second, count)
    return count


def forget() -> None:
    """Count anew from here."""
    _table[:] = bytes(len(_table))
