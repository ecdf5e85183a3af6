"""Rows for the threads that perform steps, which have no database of their own: one thread that has."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection as database

Result = TypeVar("Result")


def in_database(work: Callable[[], Result]) -> Result:
    """Do `work` on the thread that has a database connection, and give what it gives. Raises what it raises."""

    def worked() -> Result:
        try:
            return work()
        finally:
            database.close()

    return _keeper().submit(worked).result()


_thread: ThreadPoolExecutor | None = None


def _keeper() -> ThreadPoolExecutor:
    global _thread
    if _thread is None:
        _thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="in-database")
    return _thread


def _forget() -> None:
    global _thread
    _thread = None


# Threads do not survive a fork; the child makes its own.
os.register_at_fork(after_in_child=_forget)
