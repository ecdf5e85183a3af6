"""PostgreSQL, MariaDB and Redis for tests: own child processes on random ports with data in a temporary folder.

`with postgresql() as url:` and its like start one, wait until it answers, and end it. The kernel ends them too when
this process dies (Linux). Nothing that was running before is ever spoken to.
"""

import contextlib
import ctypes
import glob
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.until import until

PR_SET_PDEATHSIG = 1
START_SECONDS = 60
PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # Debian keeps servers where not everybody looks


class Missing(Exception):
    """A program that the tests need is not on this machine; the message says what to install."""


class Server:
    """A program under test's own control: it can be ended, killed and started again, on its port and its data."""

    def __init__(self, command, folder, url, ready, stop_with=signal.SIGTERM, account=None):
        self.command, self.folder, self.url = command, folder, url
        self.ready, self.stop_with, self.account = ready, stop_with, account
        self.child = None

    def start(self):
        log = open(self.folder / "log", "ab")  # noqa: SIM115  the child keeps it
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
            preexec_fn=_end_with_parent(self.stop_with), **_as(self.account),
        )  # fmt: skip
        log.close()
        until(lambda: self.child.poll() is not None or self.ready(self.child), START_SECONDS, self._log)
        assert self.child.poll() is None, self._log()

    def _log(self) -> str:
        return "a test server did not start:\n" + (self.folder / "log").read_text(errors="replace")[-2000:]

    def stop(self, with_signal=None):
        if self.child is None:
            return
        self.child.send_signal(with_signal or self.stop_with)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None

    def pause(self):
        """It takes connections and answers nobody: worse than being gone."""
        self.child.send_signal(signal.SIGSTOP)

    def resume(self):
        self.child.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def running(self):
        self.start()
        try:
            yield self
        finally:
            self.stop()


@contextlib.contextmanager
def postgresql(durable=False):
    """A fresh PostgreSQL; yields a DATABASE_URL."""
    with postgresql_server(durable) as server:
        yield server.url


@contextlib.contextmanager
def postgresql_server(durable=False, listen="", place=None):
    """A fresh PostgreSQL as a Server. As root it runs as the user postgres, since it refuses root.

    `durable` makes it wait for the disk at each commit, as in production; tests that kill our own processes, not the
    machine, do not need that. `listen`: one address more; who calls from its network (/16) is trusted. `place`: the
    folder, on a small disk, in which all it writes stands.
    """
    programs = postgresql_programs()
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    with _folder("segue-postgresql-", account, place) as folder:
        data = folder / "data"
        options = ["-U", "segue", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        options += ["--wal-segsize=1"] if place else []
        initdb = [programs / "initdb", "-D", data, *options]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **_as(account))
        if listen:
            with open(data / "pg_hba.conf", "a") as rules:
                rules.write(f"host all all {listen}/16 trust\n")
        port = free_port()
        flags = {
            "port": port,
            "listen_addresses": f"127.0.0.1,{listen}" if listen else "127.0.0.1",
            "unix_socket_directories": folder,
            "fsync": "on" if durable else "off",
            "max_connections": 200,
            "shared_buffers": "128MB",
            **({"min_wal_size": "2MB", "max_wal_size": "8MB"} if place else {}),
        }
        command = [programs / "postgres", "-D", data, *(f"-c{name}={value}" for name, value in flags.items())]
        asked = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        url = f"postgres://segue@127.0.0.1:{port}/segue"
        server = Server(command, folder, url, lambda child: subprocess.call(asked) == 0, signal.SIGINT, account)
        with server.running():
            create = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "segue", "segue"]
            subprocess.run(create, check=True)
            yield server


@contextlib.contextmanager
def mariadb(issue=None):
    """A fresh MariaDB in which `segue` with the password `not a secret` may do anything; yields its port.

    `issue(folder)` makes a file there with a certificate and its key: then it offers TLS. As root it runs as nobody.
    """
    needed = ("mariadbd", "mariadb-install-db", "my_print_defaults")
    server, install, _ = programs = [shutil.which(name, path=PROGRAMS) for name in needed]
    if not all(programs):
        raise Missing("MariaDB (apt-get install mariadb-server-core mariadb-client-core)")
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    with _folder("segue-mariadb-", account) as folder:
        data, start, passing = folder / "data", folder / "start.sql", folder / "passing"
        passing.mkdir()
        if account:
            os.chown(passing, account.pw_uid, account.pw_gid)
        # Not in the machine's: whoever starts there removes the temporary tables of all others, who may crash of it.
        options = ["--no-defaults", f"--datadir={data}", f"--tmpdir={passing}"]
        installing = [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        installed = subprocess.run(installing, capture_output=True, text=True, cwd=folder, **_as(account))
        assert installed.returncode == 0, installed.stdout[-2000:] + installed.stderr[-2000:]
        start.write_text(
            "CREATE DATABASE segue CHARACTER SET utf8mb4;\n"
            "GRANT ALL ON *.* TO segue@'%' IDENTIFIED BY 'not a secret' WITH GRANT OPTION;\n"
        )
        port = free_port()
        command = [server, *options, f"--port={port}", "--bind-address=127.0.0.1",
                   f"--socket={folder}/socket", "--skip-name-resolve", f"--init-file={start}",
                   "--innodb-flush-log-at-trx-commit=0"]  # fmt: skip
        if issue:
            file = issue(folder)
            command += [f"--ssl-cert={file}", f"--ssl-key={file}"]

        def listens(child):
            return f"port: {port}" in (folder / "log").read_text(errors="replace")

        with Server(command, folder, "", listens, account=account).running():
            yield port


@contextlib.contextmanager
def redis():
    """A fresh Redis that keeps nothing; yields a REDIS_URL."""
    with redis_server() as server:
        yield server.url


@contextlib.contextmanager
def redis_server():
    """A fresh Redis as a Server."""
    program = shutil.which("redis-server")
    if not program:
        raise Missing("redis-server (apt-get install redis-server)")
    with _folder("segue-redis-") as folder:
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = Server(command, folder, f"redis://127.0.0.1:{port}/0", lambda child: _pid_of_redis(port) == child.pid)
        with server.running():
            yield server


def postgresql_programs() -> Path:
    """The newest folder with PostgreSQL's programs."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))
    for folder in [*reversed(folders), os.path.dirname(shutil.which("initdb") or "")]:
        if folder and os.path.exists(os.path.join(folder, "postgres")):
            return Path(folder)
    raise Missing("PostgreSQL (apt-get install postgresql)")


def free_port() -> int:
    """Below those which the kernel gives to who calls out: such a caller may take one before the server has begun."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextlib.contextmanager
def _folder(prefix, account=None, place=None):
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as(account) -> dict:
    """subprocess options that give up root for `account`."""
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def _end_with_parent(signal_number):
    """The kernel sends `signal_number` to the child when this process dies. It runs after the change of user."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal_number)


def _pid_of_redis(port) -> int | None:
    """Who answers on `port`: a free port may have been taken by another program's Redis meanwhile."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"INFO server\r\n")
            answer = connection.recv(65536).decode(errors="replace")
    except OSError:
        return None
    found = [line.partition(":")[2] for line in answer.splitlines() if line.startswith("process_id:")]
    return int(found[0]) if found else None
