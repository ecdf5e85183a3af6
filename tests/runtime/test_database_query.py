"""Asking somebody's database: bound values, nothing but reading where reading was asked for, words for what fails."""

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest
from django.conf import settings

from integrations.data import databases
from integrations.data.query_text import for_mysql, for_postgresql, names_in
from integrations.models import Connection
from runtime.engine.errors import StepError
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run, StepRun
from tests import servers
from tests.flows import call_ended, chain, end, node

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = "CREATE TABLE orders (number TEXT, phone TEXT, total NUMERIC, placed TIMESTAMP)"
ROW = "INSERT INTO orders VALUES ('A-1', '+14155550100', 12.50, '2026-03-01 10:00:00')"


@pytest.fixture
def shop():
    """Values of a connection to a SQLite file with one order."""
    folder = Path(settings.DATA_DIR) / "databases"
    folder.mkdir(exist_ok=True)
    path = folder / "shop.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(TABLE)
        database.execute(ROW)
        database.commit()
    yield {"engine": "sqlite", "database": "shop.sqlite3"}
    path.unlink()


@pytest.fixture(scope="module")
def _server():
    try:
        with servers.postgresql() as url:
            yield urlsplit(url)
    except servers.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def postgresql(_server, settings):
    """Values of a connection to a PostgreSQL with one order."""
    settings.EGRESS_ALLOW = f"127.0.0.1:{_server.port}=127.0.0.0/8"
    with psycopg.connect(_server.geturl().replace("postgres://", "postgresql://"), autocommit=True) as database:
        database.execute("DROP TABLE IF EXISTS orders")
        database.execute(TABLE)
        database.execute(ROW)
    return {"engine": "postgresql", "host": "127.0.0.1", "port": str(_server.port), "database": "segue",
            "username": "segue", "password": "not asked for", "tls": "disable"}  # fmt: skip


@pytest.fixture(scope="module")
def _maria():
    try:
        with servers.mariadb() as port:
            yield port
    except servers.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def mysql(_maria, settings):
    """Values of a connection to a MariaDB with one order."""
    settings.EGRESS_ALLOW = f"127.0.0.1:{_maria}=127.0.0.0/8"
    account = {"user": "segue", "password": "not a secret", "database": "segue"}
    with pymysql.connect(host="127.0.0.1", port=_maria, autocommit=True, **account) as database:
        cursor = database.cursor()
        for statement in ("DROP TABLE IF EXISTS orders", TABLE.replace("NUMERIC", "NUMERIC(9, 2)"), ROW):
            cursor.execute(statement.replace("TEXT", "VARCHAR(40)"))
    return {"engine": "mysql", "host": "127.0.0.1", "port": str(_maria), "database": "segue", "username": "segue",
            "password": "not a secret", "tls": "disable"}  # fmt: skip


@pytest.fixture(params=["shop", "postgresql", "mysql"])
def values(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def query(workspace, publish, work):
    """query(values, statement, bound, access) -> the step's row after a call."""

    def once(values, statement, bound=(), access="read", **settings):
        secrets = {name: text for name, text in values.items() if name == "password"}
        connection = Connection(workspace=workspace, name="Shop", type="database",
                                config={name: text for name, text in values.items() if name != "password"})  # fmt: skip
        connection.set_secrets(secrets)
        connection.save()
        rows = [{"name": name, "value": value} for name, value in dict(bound).items()]
        config = {"connection": str(connection.pk), "access": access, "query": statement, "values": rows}
        asks = node("ask", "database_query", config, settings=settings)
        publish(workspace, chain(call_ended(), asks, end(), ports={"ask": "success"}))
        given = {"id": "call_1", "status": "completed", "contact_number": "+14155550100"}
        recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": given})).result(10)
        work()
        return StepRun.objects.get(run=Run.objects.get(), node="ask")

    return once


def ask(values, statement, bound=None, write=False, timeout=5.0):
    return databases.ask(values, statement, bound or {}, write=write, timeout=timeout)


def test_a_row_is_found_by_a_bound_value(values, query):
    step = query(
        values, "SELECT number, total FROM orders WHERE phone = :phone", {"phone": "{{interaction.contact_number}}"}
    )
    assert step.error is None
    assert step.output["row"] == {"number": "A-1", "total": 12.5}
    assert step.output["count"] == 1


def test_a_value_is_never_part_of_the_statement(values):
    hostile = "x' OR '1'='1'; DROP TABLE orders; --"
    assert ask(values, "SELECT * FROM orders WHERE phone = :p", {"p": hostile}).rows == []
    assert len(ask(values, "SELECT * FROM orders").rows) == 1


def test_a_statement_that_writes_is_done_where_that_was_allowed(values, query):
    step = query(values, "UPDATE orders SET total = :t WHERE number = :n", {"t": 20, "n": "A-1"}, access="write")
    assert step.output["count"] == 1
    assert ask(values, "SELECT total FROM orders").rows == [{"total": 20}]


def test_a_value_that_was_not_given_is_named(values):
    with pytest.raises(StepError, match="gone") as refused:
        ask(values, "SELECT * FROM orders WHERE phone = :gone", {"other": 1})
    assert refused.value.code == "database"


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM orders", "DROP TABLE orders", "SELECT 1; DELETE FROM orders", "COMMIT; DELETE FROM orders",
     "WITH gone AS (DELETE FROM orders RETURNING number) SELECT * FROM gone"],
)  # fmt: skip
def test_reading_cannot_write(values, statement):
    with pytest.raises(StepError) as refused:
        ask(values, statement)
    assert refused.value.code == "database"
    assert len(ask(values, "SELECT * FROM orders").rows) == 1


@pytest.mark.parametrize(
    "statement", ["ATTACH '/etc/passwd' AS other", "PRAGMA writable_schema = 1", "VACUUM INTO '/tmp/x'"]
)
@pytest.mark.parametrize("write", [False, True])
def test_sqlite_reaches_no_other_file(shop, statement, write):
    with pytest.raises(StepError):
        ask(shop, statement, write=write)


@pytest.mark.parametrize("name", ["../segue.sqlite3", "/etc/passwd", "missing.sqlite3", ""])
def test_only_files_of_the_folder_are_databases(shop, name):
    with pytest.raises(StepError, match="There is no file"):
        ask({**shop, "database": name}, "SELECT 1")


def test_a_slow_statement_ends_with_the_step(values):
    slow = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "postgresql": "SELECT pg_sleep(30)",
        "mysql": "SELECT sleep(30)",
    }[values["engine"]]
    with pytest.raises(StepError) as slow_one:
        ask(values, slow, timeout=0.5)
    assert slow_one.value.code == "timeout"


def test_many_rows_are_cut_and_the_step_says_so(values, query):
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT i FROM n"
    step = query(values, many)
    assert step.output["count"] == databases.MOST_ROWS
    assert step.warnings[0]["code"] == "cut"


def test_what_json_and_history_cannot_hold_comes_as_text(shop, postgresql, query):
    step = query(shop, "SELECT 'a' || char(0) || 'b' AS text, 9e999 AS large, x'00ff' AS bytes")
    assert step.output["row"] == {"text": "ab", "large": "inf", "bytes": "2 bytes"}
    numbers = ask(postgresql, "SELECT 'NaN'::float8 AS n, 'NaN'::numeric AS d, '-Infinity'::float8 AS i").rows
    assert numbers == [{"n": "nan", "d": "NaN", "i": "-inf"}]


@pytest.mark.parametrize(("statement", "words"), [("SELECT nothing FROM orders", "nothing"), ("SELEC 1", "syntax")])
def test_what_the_database_says_is_told(values, query, statement, words):
    step = query(values, statement)
    assert step.status == "failed"
    assert words in step.error["message"]


def test_a_private_network_is_not_reached_unless_opened(postgresql, settings):
    settings.EGRESS_ALLOW = ""
    with pytest.raises(StepError) as refused:
        ask({**postgresql, "port": "5432"}, "SELECT 1")
    assert refused.value.code == "address_refused"


def test_a_server_that_is_not_there_is_worth_another_try(postgresql, settings):
    port = servers.free_port()
    settings.EGRESS_ALLOW = f"127.0.0.1:{port}=127.0.0.0/8"
    with pytest.raises(StepError) as failed:
        ask({**postgresql, "port": str(port)}, "SELECT 1")
    assert failed.value.retryable
    assert "not asked for" not in failed.value.message


def test_names_are_found_outside_of_texts_comments_and_casts():
    query = (
        "SELECT ':no', a::text, \"b:c\", `d:e` /* :no */ FROM t -- :no\n"
        "WHERE x = :yes AND y LIKE '%:no' AND z % 2 = :also"
    )
    assert names_in(query) == ["yes", "also"]
    assert for_postgresql("a % 2 = :b AND c LIKE '%x' AND d::int = $$:e$$") == (
        "a %% 2 = %(b)s AND c LIKE '%%x' AND d::int = $$:e$$"
    )
    assert for_mysql("a % 2 = :b AND `c:d` = ':e' AND f IN (:g, :b)") == (
        "a % 2 = ? AND `c:d` = ':e' AND f IN (?, ?)",
        ["b", "g", "b"],
    )
