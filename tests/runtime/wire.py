"""What the recorder's connection sends to PostgreSQL."""

import pytest
from django.db import connection

from runtime.group_commit import recorder


@pytest.fixture
def wire(tmp_path):
    """Turns on the trace of the recorder's connection; `wire()` ends it and gives the messages it sent, in order."""
    path = tmp_path / "wire"
    file = path.open("wb")

    def trace(items):
        connection.ensure_connection()
        connection.connection.pgconn.trace(file.fileno())
        return items

    def untrace(items):
        connection.connection.pgconn.untrace()
        return items

    def sent():
        recorder().submit(untrace, None).result(20)
        rows = [line.split("\t") for line in path.read_text(errors="replace").splitlines()]
        return [(row[3], "\t".join(row[4:])) for row in rows if len(row) > 3 and row[1] == "F"]

    recorder().submit(trace, None).result(20)
    yield sent
    file.close()
