"""Recording on SQLite: the news of many runs in one statement (runtime/rows.py says why).

What is written, and under which conditions, is the same as in runtime/recording_postgresql.py.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from runtime.rows import change, execute, marks, portions
from runtime.tables import NEWS

UPDATE = """UPDATE runtime_run SET {news}, changes = changes + 1,
claims = CASE WHEN news.column{progress} THEN 0 ELSE claims END FROM (VALUES {given}) AS news
WHERE runtime_run.id = news.column{id} AND runtime_run.fence = news.column{fence}"""
HELD = "SELECT id FROM runtime_run WHERE id = %s AND fence = %s"
PROGRESS, ID, FENCE = (len(NEWS) + number for number in (1, 2, 3))  # of a row's values, as SQLite counts them


def update(rows: Sequence[tuple[Any, ...]]) -> set[Any]:
    """Write the runs' rows; the ids of those whose fence still held."""
    held: set[Any] = set()
    for some in portions(rows):
        changed = change(statement(len(some)), [value for row in some for value in row])
        if changed < len(some):  # writing changes no fence
            some = [row for row in some if execute(HELD, row[ID - 1 :])]
        held.update(row[ID - 1] for row in some)
    return held


@lru_cache(maxsize=8)
def statement(count: int) -> str:
    """The statement for so many runs."""
    news = ", ".join(f"{name} = news.column{number}" for number, name in enumerate(NEWS, start=1))
    given = ", ".join([f"({marks(FENCE)})"] * count)
    return UPDATE.format(news=news, given=given, progress=PROGRESS, id=ID, fence=FENCE)
