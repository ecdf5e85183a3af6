"""How fast this machine does what SPEED.md section 2 gives figures of: what its budgets were set by.

`python -m tests.load.machine`: calls of a fast peer on one kept line, one after the other, by the libraries themselves,
and durable commits of one row. Nothing of Segue takes part, so the ratios say what a figure of Segue here is worth
there. Half a minute.
"""

import contextlib
import http.client
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import requests
import urllib3

from tests import servers
from tests.load.client import median
from tests.load.measured import Echo

THERE = {  # a second, on the machine that SPEED.md was written on
    "POST by requests": 2_350,
    "POST by urllib3": 5_200,
    "POST by http.client": 10_100,
    "SQLite, durable commit": 5_200,
    "PostgreSQL, durable commit": 3_100,
}
BODY = b'{"summary": "%s"}' % (b"x" * 200)
HEADERS = {"Content-Type": "application/json"}
SECONDS, TIMES = 1.0, 3


def measured() -> dict[str, float]:
    """{what is done: how often a second}, medians of three."""
    return calls() | {"SQLite, durable commit": sqlite(), "PostgreSQL, durable commit": postgresql()}


def calls() -> dict[str, float]:
    with closing(Echo()) as echo, requests.Session() as session, urllib3.PoolManager() as pools:
        address = f"http://{echo.host}:{echo.port}/echo"
        with closing(http.client.HTTPConnection(echo.host, echo.port)) as line:

            def by_hand():
                line.request("POST", "/echo", BODY, HEADERS)
                line.getresponse().read()

            return {
                "POST by requests": often(lambda: session.post(address, data=BODY, headers=HEADERS).content),
                "POST by urllib3": often(lambda: pools.request("POST", address, body=BODY, headers=HEADERS).data),
                "POST by http.client": often(by_hand),
            }


def sqlite() -> float:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="segue-machine-"))
        database = stack.enter_context(closing(sqlite3.connect(Path(folder) / "file", isolation_level=None)))
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (a)"):
            database.execute(statement)
        return often(lambda: database.execute("INSERT INTO t VALUES (1)"))


def postgresql() -> float:
    with servers.postgresql(durable=True) as address, psycopg.connect(address, autocommit=True) as database:
        database.execute("CREATE TABLE t (a int)")
        return often(lambda: database.execute("INSERT INTO t VALUES (1)"))


def often(do: Callable[[], object]) -> float:
    """How often a second `do` can be done, one after the other."""
    do()
    rates = []
    for _ in range(TIMES):
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            do()
            count += 1
        rates.append(count / (time.perf_counter() - began))
    return median(rates)


def table(figures: dict[str, float]) -> list[str]:
    head = f"{'a second':32}{'there':>10}{'here':>10}{'here/there':>14}"
    return [head, *(f"{what:32}{THERE[what]:>10,}{rate:>10,.0f}{rate / THERE[what]:>14.2f}"
                    for what, rate in figures.items())]  # fmt: skip


if __name__ == "__main__":
    sys.exit(print("\n".join(table(measured()))))
