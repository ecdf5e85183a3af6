"""How many connections each of several web processes has. Who keeps them imports this too, so it imports little."""

import mmap

_BYTES = 4


class Shares:
    """How many connections each of the processes has that are forked after this is made."""

    def __init__(self, count: int):
        self._counts = memoryview(mmap.mmap(-1, count * _BYTES)).cast("I")

    def note(self, place: int, connections: int) -> None:
        self._counts[place] = connections

    def somebody_has_fewer(self, place: int) -> bool:
        return min(self._counts) < self._counts[place]
