"""A whole Segue of its own, web and worker as real processes, that a test may kill as it likes."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.crash import witness
from tests.until import until

ROOT = Path(__file__).resolve().parent.parent.parent
VISITS = ("start", "vars", "first", "check", "pause", "second", "done")
EFFECTS = (2, 5)  # the indexes of visits that call out
CANARY = "4929-canary-1111"  # comes encrypted with each event, and is sent on in a header


class Peer:
    """The outside world: notes every call's path, idempotency key and body; now and then it stumbles."""

    def __init__(self, seed, host="127.0.0.1"):
        self.calls: list[tuple[str, str, str]] = []
        self.times: list[float] = []  # when they came
        self.callers: list[str] = []  # from which address
        self.cards: list[str] = []  # what came encrypted, and was sent on in a header
        self.on_call = lambda body, port: None  # looks at each call before it is answered; `port` is the caller's
        self.failing = 0.02  # of its answers
        self._random = random.Random(seed)
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length).decode()
                if len(body) < length:
                    return  # the caller died while it spoke
                peer.calls.append((self.path, self.headers["Idempotency-Key"], body))
                peer.times.append(time.monotonic())
                peer.callers.append(self.client_address[0])
                peer.cards.append(self.headers.get("X-Card", ""))
                peer.on_call(body, self.client_address[1])
                self.answer(500 if peer._random.random() < peer.failing else 201)

            def answer(self, status):
                with contextlib.suppress(ConnectionError):  # the caller may be dead by now
                    self._answer(status)

            def _answer(self, status):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "11")
                self.end_headers()
                self.wfile.write(b'{"ok":true}')

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """A caller that was killed in the middle of its call is no error here."""

        self.server = Server((host, 0), Handler)
        self.server.daemon_threads = True
        self.host, self.port = host, self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Instance:
    """Webs and workers on one database; `web`, `web2`, `worker`, `worker2` ... are parts, each with a data directory
    of its own. `environment` decides about crash points and leases.
    """

    stage = "tests.crash.stage"
    witnessed = True  # the database notes every change that must never be committed

    def __init__(self, folder: Path, database: str, peer, **environment):
        self.folder, self.database = folder, database
        self.crash_log = folder / "crashes"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "builder.settings",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database,
            "EGRESS_ALLOW": f"{peer.host}:{peer.port}={peer.host}/32",
            "LEASE_SECONDS": "1",
            "WATCHDOG_SECONDS": "4",
            "RUN_THREADS": "8",
            "CRASH_LOG": str(self.crash_log),
            "SEGUE_SUPERVISED": "1",
            "PYTHONWARNINGS": "ignore",
            **environment,
        }
        staged = self.run("-m", self.stage, f"http://{peer.host}:{peer.port}")
        self.staged = json.loads(staged.splitlines()[-1])
        self.key = self.staged["key"]
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = "127.0.0.1", self.socket.getsockname()[1]
        self.addresses = [self.address]  # of all webs; a caller takes any of them
        self.log = open(folder / "log", "wb")  # noqa: SIM115  open as long as the processes are
        self.parts: dict[str, subprocess.Popen] = {}
        self.confirmed = 0  # posts that somebody took
        self.own: dict[str, dict[str, str]] = {}  # a part's own environment
        self.prefix: dict[str, list[str]] = {}  # what a part is started through
        self.listening: dict[str, tuple[str, int]] = {}  # a web's own address, where it has one
        if self.witnessed:
            with self.connected() as connection:
                witness.install(connection, self.sqlite)

    def run(self, *argv) -> str:
        environment = {**self.environment, "SEGUE_CRASH_POINTS": "off"}
        done = subprocess.run(
            [sys.executable, *argv], cwd=ROOT, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self, *names):
        for name in names:
            folder = self.folder / name
            folder.mkdir(exist_ok=True)
            self.parts[name] = subprocess.Popen(
                [*self.prefix.get(name, ()), sys.executable, *self.argv(name)], cwd=ROOT, start_new_session=True,
                env={**self.environment, "DATA_DIR": str(folder), **self.own.get(name, {})},
                stdin=subprocess.PIPE, stdout=self.log, stderr=self.log, pass_fds=[self.socket.fileno()],
            )  # fmt: skip

    def argv(self, name) -> list[str]:
        """Webs share one listening socket: whoever is free answers, and a dead one takes nobody's request along."""
        if name in self.listening:
            return ["-m", "builder.serving", "--host", self.listening[name][0], "--port", str(self.listening[name][1])]
        if name.startswith("web"):
            return ["-m", "builder.serving", "--descriptor", str(self.socket.fileno())]
        return ["manage.py", "worker"]

    def ensure(self):
        """Start again what has died, as `up` would."""
        for name, process in list(self.parts.items()):
            if process.poll() is not None:
                self.start(name)

    def processes(self, name) -> list[psutil.Process]:
        """The part's own process and all it started."""
        try:
            own = psutil.Process(self.parts[name].pid)
            return [own, *own.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill_caller(self, port):
        """kill -9 of the worker's process that speaks from this local port."""
        for process in self.callers(port):
            kill(process)

    def callers(self, port) -> list[psutil.Process]:
        """The workers' process that speaks from this local port."""
        found = []
        for name in [name for name in self.parts if name.startswith("worker")]:
            for process in self.processes(name):
                with contextlib.suppress(psutil.Error):
                    if any(line.laddr.port == port for line in process.net_connections("tcp")):
                        found.append(process)
        return found

    def stop(self, name):
        process = self.parts.pop(name, None)
        if process is None:
            return
        tree = self.processes_of(process)
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()
        for left in tree:
            if left.is_running() and left.status() != psutil.STATUS_ZOMBIE:
                left.kill()

    def processes_of(self, process):
        try:
            return psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def stop_all(self):
        for process in self.parts.values():
            process.terminate()  # all at once, so that they end side by side
        for name in list(self.parts):
            self.stop(name)

    def close(self):
        self.stop_all()
        self.socket.close()
        self.log.close()

    def crashes(self) -> list[str]:
        """The names of the crash points at which a process killed itself."""
        return self.crash_log.read_text().split() if self.crash_log.exists() else []

    def post(self, call_id: str, patience=60.0) -> dict:
        """Report a call until somebody confirms it; every repetition carries the same id."""
        answer = until(lambda: self._taken(call_id), patience, "nobody took the event")
        self.confirmed += 1
        return answer

    def _taken(self, call_id: str) -> dict | None:
        """What was answered; None where nobody took it, or nobody knows."""
        try:
            status, answer = self.report(call_id)
        except (OSError, http.client.HTTPException):
            return None  # killed in the middle: nobody knows whether it was taken, so it is sent again
        assert status in (200, 202) or status >= 500, f"{status}: {answer}"
        return answer if status < 500 else None

    def report(self, call_id: str) -> tuple[int, dict]:
        """Report a call, once."""
        event = {
            "type": "call.ended",
            "id": call_id,
            "interaction": {"id": call_id, "status": "completed", "summary": '"quotes" and\nlines'},
            "secure": {"card": CANARY},
        }
        return self.request("POST", "/api/v1/events/", json.dumps(event))

    def request(self, method, path, body=None, headers=(), timeout=30) -> tuple[int, dict]:
        """(status, JSON of the answer)."""
        connection = http.client.HTTPConnection(*random.choice(self.addresses), timeout=timeout)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **dict(headers)}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    @property
    def sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @contextlib.contextmanager
    def connected(self):
        """A plain connection that commits by itself, beside Django and its transactions."""
        if self.sqlite:
            import sqlite3

            connection = sqlite3.connect(urlsplit(self.database).path, timeout=20, isolation_level=None)
        else:
            import psycopg

            connection = psycopg.connect(self.database, autocommit=True)
        try:
            yield connection
        finally:
            connection.close()

    def delays(self, prefix) -> list[float]:
        """Seconds from accepting each call of that name to the start of its run."""
        rows = self.query(
            "SELECT e.received_at, s.started_at FROM runtime_event e JOIN runtime_run r ON r.event_id = e.id "
            f"JOIN runtime_steprun s ON s.run_id = r.id AND s.seq = 1 WHERE e.key LIKE '{prefix}%'"
        )
        return [(_moment(started) - _moment(received)).total_seconds() for received, started in rows]

    def make_schedule_due(self):
        """The staged schedule is due now; the clock that fires it moves it on by a month."""
        now = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '001'" if self.sqlite else "now()"
        with self.connected() as connection:
            connection.execute(f"UPDATE runtime_trigger SET next_at = {now} WHERE type = 'schedule'")

    def schedule_is_due(self) -> bool:
        ahead = "strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 day')" if self.sqlite else "now() + interval '1 day'"
        return bool(self.query(f"SELECT 1 FROM runtime_trigger WHERE type = 'schedule' AND next_at < {ahead}"))

    def query(self, sql) -> list[tuple]:
        with self.connected() as connection:
            return connection.execute(sql).fetchall()

    def holds(self, table, text) -> bool:
        """Whether any column of any row of `table` holds this text."""
        with self.connected() as connection:
            names = [row[0] for row in connection.execute(f"SELECT * FROM {table} LIMIT 0").description]
            written = " OR ".join(f"CAST(\"{name}\" AS text) LIKE '%{text}%'" for name in names)
            return bool(connection.execute(f"SELECT 1 FROM {table} WHERE {written} LIMIT 1").fetchall())


def _moment(value) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def kill(process: psutil.Process) -> bool:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True
