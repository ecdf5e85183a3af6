"""Somebody's MySQL or MariaDB, asked one statement with bound values, on a line that ends with the step.

By itself PyMySQL writes values into the text of the statement. Here the server prepares the statement and binds it to
variables of its session, which are set from hexadecimal digits: whatever quotes, character sets and modes are in force,
nothing that was given is read as SQL. Only one statement can be prepared, so none can leave a read-only transaction.
"""

import contextlib
import logging
import ssl
import time
from dataclasses import replace
from typing import Any

import pymysql
from django.conf import settings
from pymysql.connections import Connection
from pymysql.cursors import SSCursor

from integrations.data.databases import Result, Values, left, result_of, too_slow
from integrations.data.query_text import for_mysql
from integrations.egress import guard_for
from integrations.failures import cut_short, failure_of
from integrations.lines import Line, call, tls_context
from runtime.engine.errors import StepError
from runtime.engine.values import safe_dumps

log = logging.getLogger("segue.databases")
PORTS = frozenset({3306, 3307, 6033})  # the server's, and ProxySQL's
LARGEST_ANSWER = 8 * 1024 * 1024  # bytes that are read at most, rows that are left out included
# The server's codes (mysqld_error.h): out of time; and what another try may not meet again.
_OUT_OF_TIME = frozenset({1317, 1969, 3024})
_PASSING = frozenset({1040, 1053, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226})
_NO_TLS = 2026  # the client's own codes begin at 2000
_OF_THE_LINE = range(2000, 3000)


class _Connection(Connection):
    """It takes no more than a step can use."""

    taken = 0

    def _read_bytes(self, num_bytes: int) -> bytes:
        self.taken += num_bytes
        if self.taken > LARGEST_ANSWER:
            raise StepError(f"The answer is larger than {LARGEST_ANSWER:,} bytes. Ask for less.", "too_large")
        answer: bytes = super()._read_bytes(num_bytes)
        return answer

    def close(self) -> None:
        """Whatever is still to come is left: PyMySQL would read it to its end."""
        if self._result is not None:
            self._result.unbuffered_active = False
        super().close()


class _AsText:
    """Stands for the ways to sign in that send the password as it is, whenever a server asks for one of them."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def authenticate(self, packet: Any) -> Any:
        del packet
        context = getattr(self.connection, "ctx", None)
        if not self.connection._secure or context is None or context.verify_mode != ssl.CERT_REQUIRED:
            raise StepError(
                f"{self.connection.host} asks for the password as plain text. That is sent only where its certificate "
                "is checked: choose that under TLS.",
                "password_as_text",
            )
        self.connection.write_packet(self.connection.password + b"\0")
        answer = self.connection._read_packet()
        answer.check_error()
        return answer


def ask(values: Values, query: str, bound: Values, write: bool, until: float) -> Result:
    """As databases.ask; `until` in monotonic seconds."""
    host, (prepared, names) = str(values.get("host") or ""), for_mysql(query)
    for name in names:
        if name not in bound:
            raise StepError(f"The statement asks for :{name}, which has no value.", "database")
    try:
        with contextlib.closing(_connected(values, host, until)) as database:
            _limit(database, write, until)
            cursor = _executed(database, prepared, [bound[name] for name in names])
            if cursor.description is None:
                found = Result([], cursor.rowcount)
            else:
                found = result_of([column[0] for column in cursor.description], iter(cursor.fetchone, None), 0)
            if write:
                cursor.close()  # reads what is left
                database.commit()
            return found
    except pymysql.err.MySQLError as error:
        raise _said(error, host, until) from None
    except StepError:
        raise
    except OSError as error:
        raise failure_of(error, host, left(until)) from None
    except Exception as error:  # PyMySQL takes what it reads for what it expects
        log.warning("What %s sent cannot be read", host, exc_info=error)
        raise StepError(f"{host} does not answer as a MySQL server does.", "bad_answer") from None


def _executed(database: _Connection, query: str, bound: list[Any]) -> SSCursor:
    variables = [f"@v{position}" for position in range(len(bound))]
    given = [f"{variable} = {_written(value)}" for variable, value in zip(variables, bound, strict=True)]
    cursor = database.cursor()
    cursor.execute(f"SET {', '.join([*given, f'@asked = {_written(query)}'])}")
    cursor.execute("PREPARE asked FROM @asked")
    cursor.execute(f"EXECUTE asked USING {', '.join(variables)}" if variables else "EXECUTE asked")
    return cursor


def _connected(values: Values, host: str, until: float) -> _Connection:
    port, tls = int(values.get("port") or 3306), values.get("tls") or "require"
    guard = replace(guard_for(settings.EGRESS_ALLOW), ports=PORTS)
    context = tls_context(checked=tls == "verify-full")
    as_text = dict.fromkeys(("mysql_clear_password", "dialog", "mysql_old_password"), _AsText)
    database = _Connection(
        host=host, port=port, user=str(values.get("username") or ""),
        password=str(values.get("password") or "").encode(), database=str(values.get("database") or ""),
        charset="utf8mb4", cursorclass=SSCursor, program_name="segue", auth_plugin_map=as_text,
        ssl=context if tls in ("require", "verify-full") else None, ssl_disabled=tls == "disable", defer_connect=True,
    )  # fmt: skip
    if tls == "prefer":
        database.ctx = context  # PyMySQL's own knows nothing of the step's time
    call.deadline = until
    database.connect(guard.dial(host, port, until, Line))
    return database


def _limit(database: _Connection, write: bool, until: float) -> None:
    """What the session may do, and for how long; a server that knows no such limit is left when the time is up."""
    seconds = left(until)
    is_maria = "mariadb" in database.get_server_info().lower()
    limit = f"max_statement_time = {seconds:.3f}" if is_maria else f"max_execution_time = {int(seconds * 1000)}"
    with contextlib.suppress(pymysql.err.DatabaseError):
        database.query(f"SET SESSION {limit}")
    if not write:
        database.query("SET SESSION TRANSACTION READ ONLY")
        database.query("START TRANSACTION READ ONLY")


def _written(value: Any) -> str:
    """A value in SQL that no character of it can leave."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return repr(value).upper()
    text = value if isinstance(value, str) else safe_dumps(value)
    return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"


def _said(error: pymysql.err.MySQLError, host: str, until: float) -> StepError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in _OUT_OF_TIME or time.monotonic() >= until:
        return too_slow()
    if code == _NO_TLS:
        return StepError(f"{host} offers no TLS. Switch it on there, or choose None under TLS.", "tls")
    if code in _OF_THE_LINE:
        return failure_of(error, host, left(until)) if error.__context__ else cut_short(host)
    said = (str(error.args[-1]) if error.args else "").strip().splitlines() or ["something went wrong"]
    return StepError(f"{host} says: {said[0][:500].rstrip('.')}.", "database", retryable=code in _PASSING)
