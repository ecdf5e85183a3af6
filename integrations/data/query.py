"""The node type `database_query`, and the connection type it needs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.connected import ConnectedNode
from integrations.connection_types import ConnectionField, ConnectionType, Values, register_connection_type
from integrations.data import databases
from integrations.data.nodes import ALL_KINDS, DATA, rendered
from integrations.data.query_text import names_in
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, ConnectionRef, KeyValues, LongText
from runtime.engine.node_type import SUCCESS_OR_ERROR
from runtime.engine.outcomes import Done, Outcome
from runtime.engine.values import safe_dumps

LONGEST_QUERY = 20_000
TEST_SECONDS = 5
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}\Z")


def _check(values: Values) -> Iterator[tuple[str, str]]:
    if values.get("engine") == "sqlite":
        if not _FILE.match(values.get("database", "")):
            yield "database", "For SQLite this is a file's name, such as shop.sqlite3."
    elif not values.get("host"):
        yield "host", "Server is required."


def _test(values: Values) -> str:
    query = "SELECT sqlite_version() AS v" if values.get("engine") == "sqlite" else "SELECT version() AS v"
    found = databases.ask(values, query, {}, write=False, timeout=TEST_SECONDS)
    return str(found.rows[0]["v"])[:60]


register_connection_type(
    ConnectionType(
        "database", "Database", "PostgreSQL, MySQL or MariaDB over the network, or a SQLite file in the folder "
        "`databases` of the data directory. Give it an account that may do no more than your flows need.",
        (
            ConnectionField("engine", "Kind", default="postgresql", options=(
                ("postgresql", "PostgreSQL"), ("mysql", "MySQL or MariaDB"), ("sqlite", "SQLite"))),
            ConnectionField("database", "Database", help="Its name; for SQLite the file's."),
            ConnectionField("host", "Server", required=False, pattern=r"[A-Za-z0-9.:-]*"),
            ConnectionField("port", "Port", required=False, pattern=r"\d{1,5}",
                            help="Empty for the usual one: PostgreSQL's 5432, MySQL's 3306."),
            ConnectionField("username", "User name", required=False),
            ConnectionField("password", "Password", secret=True, required=False),
            ConnectionField("tls", "TLS", default="require",
                            options=(("require", "Required"), ("verify-full", "Required, certificate checked"),
                                     ("prefer", "If the server offers it"), ("disable", "None"))),
        ),
        apply=None, icon="database", more_hosts=("{host}",), test=_test, check_more=_check,
    )
)  # fmt: skip


class DatabaseQuery(ConnectedNode):
    """Asks a database of yours (PostgreSQL, MySQL, MariaDB, SQLite) one statement. Write `:name` where a value goes and
    give the value below: it is bound by the database and never becomes part of the statement.

    Reading happens where writing is impossible, and may be repeated. A statement that writes is not: if the worker
    stops in the middle of it, the step says so instead of doing it twice.
    """

    type, label, icon, order = "database_query", "Database query", "database", 22
    app, group, kinds = DATA, "data", ALL_KINDS
    keywords = ("sql", "postgres", "postgresql", "mysql", "mariadb", "sqlite", "select", "insert", "database", "query")
    effect = "once"

    missing = "Choose the database this step asks; a new one is made under Connections, Database."
    connection = ConnectionRef("Database", types=["database"], required=True)
    access = Choice("May", required=True, default="read", options=[("read", "Only read"), ("write", "Write too")])
    query = LongText("Statement", required=True, template=False, max_length=LONGEST_QUERY,
                     help="SQL, with :name for each value. One statement.")  # fmt: skip
    values = KeyValues("Values", default=[], max_items=100, help="A lone placeholder keeps its type.")

    ports = SUCCESS_OR_ERROR
    outputs = (
        {"name": "row", "label": "First row", "type": "object", "sample": {}, "scope": "steps", "ports": ["success"]},
        {"name": "rows", "label": "Rows", "type": "list", "sample": [], "scope": "steps", "ports": ["success"]},
        {"name": "count", "label": "How many", "type": "number", "sample": 1, "scope": "steps", "ports": ["success"]},
    )
    summary = ({"field": "query"},)
    example = {
        "type": "database_query", "key": "order", "label": "Find the order",
        "config": {
            "connection": None, "access": "read",
            "query": "SELECT number, status FROM orders WHERE phone = :phone ORDER BY created_at DESC LIMIT 1",
            "values": [{"name": "phone", "value": "{{interaction.contact_number}}"}],
        },
    }  # fmt: skip

    def effect_of(self, config: Mapping[str, Any]) -> str:
        return "once" if config.get("access") == "write" else "repeatable"

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        yield from super().check(node, graph)
        config = self.config_of(node.config)
        if not isinstance(config["query"], str) or not isinstance(config["values"], list):
            return
        asked = names_in(config["query"])
        given = [row.get("name") for row in config["values"] if isinstance(row, Mapping)]
        for name in asked:
            if name not in given:
                yield "F006", "/config/values", f"The statement asks for :{name}; give it a value."
        for position, name in enumerate(given):
            if name not in asked:
                yield "F006", f"/config/values/{position}/name", f"The statement does not ask for :{name}."

    def run(self, step: Any) -> Outcome:
        credentials = self.credentials(step)
        query, write = step.config["query"] or "", step.config["access"] == "write"
        values = rendered(step, step.config["values"])
        step.record_request(credentials.mask.value({"database": credentials.name, "query": query, "values": values}))
        if step.mode == "dry" and write:
            step.warn("dry_run", "Dry run: nothing was written.")
            return _done(databases.Result([], 0))
        try:
            found = databases.ask(credentials.values, query, values, write=write, timeout=step.timeout)
        except StepError as error:
            retryable = error.retryable and not write  # what was written is not known
            raise StepError(credentials.mask.text(error.message), error.code, retryable) from None
        if found.cut:
            step.warn("cut", f"There were more rows; the first {len(found.rows):,} are kept.")
        return _done(databases.Result(credentials.mask.value(found.rows), found.changed))


def _done(found: databases.Result) -> Done:
    count = len(found.rows) or found.changed
    first = found.rows[0] if found.rows else None
    output = {"row": first, "rows": found.rows, "count": count}
    if len(safe_dumps(output)) > 2 * databases.LARGEST_RESULT:
        output["row"] = None  # one very large row, which is in the list
    return Done(output=output, port="success")
