"""MySQL and MariaDB: what is bound never becomes SQL, who listens in learns nothing, a strange server harms nobody."""

import contextlib
import socket
import struct
import threading
import time

import pymysql
import pytest
from cryptography.hazmat.primitives import serialization
from pymysql.constants import CLIENT

from integrations.data import databases, mysql
from runtime.engine.errors import StepError
from tests import servers
from tests.integrations.test_tls import Authority

ACCOUNT = {"username": "segue", "password": "not a secret", "database": "segue"}
HOSTILE = ["'", "\\", "\\'; DROP TABLE names; --", "¿'\\ 🦀", "\x00\n\x1a", "?", "@asked", "%s", ""]


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def _port(authority):
    try:
        with servers.mariadb(lambda folder: authority.issue(folder, "localhost")) as port:
            yield port
    except servers.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def values(_port, settings):
    """Values of a connection with TLS to a MariaDB with one table, in an old character set."""
    settings.EGRESS_ALLOW = f"127.0.0.1:{_port}=127.0.0.0/8,localhost:{_port}=127.0.0.0/8,localhost:{_port}=::1/128"
    with pymysql.connect(host="127.0.0.1", port=_port, user="segue", password="not a secret", autocommit=True) as root:
        cursor = root.cursor()
        cursor.execute("DROP TABLE IF EXISTS segue.names")
        cursor.execute(
            "CREATE TABLE segue.names (id INT PRIMARY KEY AUTO_INCREMENT, said TEXT CHARACTER SET utf8mb4, "
            "old VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_german2_ci)"
        )
    return {"engine": "mysql", "host": "127.0.0.1", "port": str(_port), "tls": "require", **ACCOUNT}


def ask(values, statement, bound=None, write=False, timeout=5.0):
    return databases.ask(values, statement, bound or {}, write=write, timeout=timeout)


@pytest.mark.parametrize("mode", ["", "NO_BACKSLASH_ESCAPES,ANSI_QUOTES"])
def test_what_is_bound_comes_back_as_it_was(values, mode):
    with pymysql.connect(host="127.0.0.1", port=int(values["port"]), user="segue", password="not a secret") as root:
        root.cursor().execute("SET GLOBAL sql_mode = %s", [mode])
    for text in HOSTILE:
        ask(values, "INSERT INTO names (said) VALUES (:text)", {"text": text}, write=True)
    rows = ask(values, "SELECT said FROM names ORDER BY id").rows
    assert [row["said"] for row in rows] == [text.replace("\0", "") for text in HOSTILE]  # history keeps no NUL
    found = ask(values, "SELECT count(*) AS n FROM names WHERE said = :text", {"text": HOSTILE[2]})
    assert found.rows == [{"n": 1}]
    assert ask(values, "SELECT hex(said) AS h FROM names WHERE id = 5").rows == [{"h": "000A1A"}]


def test_a_value_of_each_kind_keeps_it(values):
    bound = {"n": 3, "f": 2.5, "yes": True, "none": None, "list": [1, "ä"]}
    (row,) = ask(
        values, "SELECT :n + 1 AS n, :f AS f, :yes AS yes, :none AS none, :list AS list, :n AS again", bound
    ).rows
    assert row == {"n": 4, "f": 2.5, "yes": 1, "none": None, "list": '[1,"ä"]', "again": 3}


def test_a_text_is_compared_with_a_column_of_another_character_set(values):
    ask(values, "INSERT INTO names (old) VALUES (:name)", {"name": "Jürgen"}, write=True)
    found = ask(values, "SELECT old FROM names WHERE old = :name", {"name": "jürgen"})
    assert found.rows == [{"old": "Jürgen"}]


def test_moments_and_amounts_come_as_json_can_say_them(values):
    (row,) = ask(
        values,
        "SELECT DATE '2026-03-01' AS d, TIMESTAMP '2026-03-01 10:00:00' AS t, TIME '01:30:00' AS s, 12.50 AS m, "
        "CAST('x' AS BINARY) AS b, 9007199254740993 AS large",
    ).rows
    assert row == {
        "d": "2026-03-01", "t": "2026-03-01T10:00:00", "s": "1:30:00", "m": 12.5, "b": "1 bytes",
        "large": 9007199254740993,
    }  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    ["TRUNCATE names", "CREATE TABLE more (a INT)", "INSERT INTO names (said) VALUES ('x')", "COMMIT",
     "SET SESSION TRANSACTION READ WRITE", "SELECT 1; DROP TABLE names", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO "
     "TABLE names"],
)  # fmt: skip
def test_reading_changes_nothing_and_reads_no_file_of_ours(values, statement):
    ask(values, "INSERT INTO names (said) VALUES ('there')", write=True)
    with contextlib.suppress(StepError):  # a COMMIT is no change
        ask(values, statement)
    assert [row["said"] for row in ask(values, "SELECT said FROM names").rows] == ["there"]


def test_what_failed_or_took_too_long_is_not_kept(values):
    with pytest.raises(StepError):
        ask(values, "INSERT INTO names (said) SELECT sleep(30)", write=True, timeout=0.5)
    with pytest.raises(StepError, match="Duplicate entry"):
        ask(values, "INSERT INTO names (id) VALUES (7), (7)", write=True)
    assert ask(values, "SELECT * FROM names").rows == []


def test_a_wrong_password_is_told_and_not_repeated(values):
    with pytest.raises(StepError, match=r"127\.0\.0\.1 says: Access denied for user 'segue'") as refused:
        ask({**values, "password": "wrong, and never shown"}, "SELECT 1")
    assert not refused.value.retryable
    assert "never shown" not in refused.value.message


def test_the_line_is_encrypted_where_that_was_asked_for(values):
    cipher = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
    assert ask(values, cipher).rows[0]["Value"]
    assert ask({**values, "tls": "prefer"}, cipher).rows[0]["Value"]
    assert ask({**values, "tls": "disable"}, cipher).rows[0]["Value"] == ""


def test_a_certificate_is_checked_where_that_was_asked_for(values, authority, tmp_path, monkeypatch):
    named = {**values, "tls": "verify-full", "host": "localhost"}
    with pytest.raises(StepError) as refused:
        ask(named, "SELECT 1")
    assert refused.value.code == "tls_certificate"
    file = tmp_path / "authority.pem"
    file.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert ask(named, "SELECT 1 AS one").rows == [{"one": 1}]
    with pytest.raises(StepError) as another:
        ask({**named, "host": "127.0.0.1"}, "SELECT 1")
    assert another.value.code == "tls_certificate"


def test_an_answer_is_not_read_beyond_its_largest(values):
    with pytest.raises(StepError) as refused:
        ask(values, f"SELECT repeat('x', {mysql.LARGEST_ANSWER}) AS text")
    assert refused.value.code == "too_large"
    began = time.monotonic()
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, repeat('x', 900) FROM n"
    assert ask(values, many, timeout=20).cut
    assert time.monotonic() - began < 15, "it read on to the end of an endless answer"


# --- A server that is none, or means harm


def packet(number, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


def greeting(capabilities, plugin=b"mysql_native_password"):
    """What a server says first (protocol 10)."""
    low, high = struct.pack("<H", capabilities & 0xFFFF), struct.pack("<HHB", 2, capabilities >> 16, 21)
    began = b"\x0a8.0.36\0" + struct.pack("<I", 1) + b"12345678\0"
    return packet(0, began + low + b"\x2d" + high + bytes(10) + b"901234567890\0" + plugin + b"\0")


PLAIN = CLIENT.PROTOCOL_41 | CLIENT.SECURE_CONNECTION | CLIENT.PLUGIN_AUTH | CLIENT.CONNECT_WITH_DB


@pytest.fixture
def stranger(settings):
    """stranger(talk) -> (values of a connection to it, what it was sent); `talk(line, heard)` is the other end."""
    listener, heard = socket.create_server(("127.0.0.1", 0)), bytearray()
    port = listener.getsockname()[1]
    settings.EGRESS_ALLOW = f"127.0.0.1:{port}=127.0.0.0/8"

    def start(talk, tls="disable"):
        def serve():
            line, _ = listener.accept()
            with line, contextlib.suppress(OSError):
                line.settimeout(20)
                talk(line, heard)
                while more := line.recv(4096):
                    heard.extend(more)

        threading.Thread(target=serve, daemon=True).start()
        return {"engine": "mysql", "host": "127.0.0.1", "port": str(port), "tls": tls, **ACCOUNT}, heard

    yield start
    listener.close()


def test_a_server_without_tls_is_not_told_who_asks(stranger):
    values, heard = stranger(lambda line, _: line.sendall(greeting(PLAIN)), tls="require")
    with pytest.raises(StepError, match=r"offers no TLS\. Switch it on there, or choose None") as refused:
        ask(values, "SELECT 1")
    assert refused.value.code == "tls"
    assert b"segue" not in heard


@pytest.mark.parametrize("way", [b"mysql_clear_password", b"dialog", b"mysql_old_password"])
def test_a_server_that_asks_for_the_password_as_text_does_not_get_it(stranger, way):
    def talk(line, heard):
        line.sendall(greeting(PLAIN))
        heard.extend(line.recv(4096))
        line.sendall(packet(2, b"\xfe" + way + b"\0Password: "))

    values, heard = stranger(talk)
    with pytest.raises(StepError, match="only where its certificate is checked") as refused:
        ask(values, "SELECT 1")
    assert refused.value.code == "password_as_text"
    assert b"segue" in heard
    assert b"not a secret" not in heard


def test_a_server_that_wants_a_file_of_ours_gets_none(stranger):
    def talk(line, heard):
        line.sendall(greeting(PLAIN))
        heard.extend(line.recv(4096))
        line.sendall(packet(2, b"\0\0\0\x02\0\0\0"))  # signed in
        heard.extend(line.recv(4096))
        line.sendall(packet(1, b"\xfb/etc/passwd"))  # whatever was asked

    values, heard = stranger(talk)
    with pytest.raises(StepError):
        ask(values, "SELECT 1")
    assert b"root:" not in heard


def test_one_byte_now_and_then_does_not_stretch_the_step(stranger):
    def talk(line, heard):
        for byte in greeting(PLAIN):
            time.sleep(0.2)
            line.sendall(bytes([byte]))

    values, _ = stranger(talk)
    began = time.monotonic()
    with pytest.raises(StepError) as slow:
        ask(values, "SELECT 1", timeout=1.0)
    assert slow.value.code == "timeout"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 64, b"\x05\0\0\0\x0a", b""])
def test_what_is_no_mysql_is_an_error_in_words(stranger, said):
    def talk(line, heard):
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)

    values, _ = stranger(talk)
    with pytest.raises(StepError) as strange:
        ask(values, "SELECT 1", timeout=2.0)
    assert "127.0.0.1" in strange.value.message
    assert "inside Segue" not in strange.value.message
