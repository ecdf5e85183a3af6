"""Rows for the threads that perform steps, which have no database of their own: one thread that has."""

from collections.abc import Callable
from typing import TypeVar

from django.db import connection as database

from integrations.own_threads import OwnThreads

Result = TypeVar("Result")
_thread = OwnThreads(1, "in-database")


def in_database(work: Callable[[], Result]) -> Result:
    """Do `work` on the thread that has a database connection, and give what it gives. Raises what it raises."""

    def worked() -> Result:
        try:
            return work()
        finally:
            database.close()

    return _thread.submit(worked).result()
