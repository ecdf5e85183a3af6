"""PostgreSQL and Redis for tests: own child processes on random ports with data in a temporary folder.

`with postgresql() as url:` and `with redis() as url:` start one, wait until it answers, and end it. The kernel ends
them too when this process dies (Linux). Nothing that was running before is ever spoken to.
"""

import contextlib
import ctypes
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
START_SECONDS = 60


class Missing(Exception):
    """A program that the tests need is not on this machine; the message says what to install."""


@contextlib.contextmanager
def postgresql(durable=False):
    """A fresh PostgreSQL; yields a DATABASE_URL. As root it runs as the user postgres, since it refuses root.

    `durable` makes it wait for the disk at each commit, as in production; tests that kill our own processes, not the
    machine, do not need that.
    """
    programs = postgresql_programs()
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    with _folder("segue-postgresql-", account) as folder:
        data = folder / "data"
        options = ["-U", "segue", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        initdb = [programs / "initdb", "-D", data, *options]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **_as(account))
        port = free_port()
        flags = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "fsync": "on" if durable else "off",
            "max_connections": 200,
            "shared_buffers": "128MB",
        }
        command = [programs / "postgres", "-D", data, *(f"-c{name}={value}" for name, value in flags.items())]
        with _child(command, folder, stop_with=signal.SIGINT, account=account) as child:
            ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
            _wait(child, lambda: subprocess.call(ready) == 0, folder)
            create = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "segue", "segue"]
            subprocess.run(create, check=True)
            yield f"postgres://segue@127.0.0.1:{port}/segue"


@contextlib.contextmanager
def redis():
    """A fresh Redis that keeps nothing; yields a REDIS_URL."""
    program = shutil.which("redis-server")
    if not program:
        raise Missing("redis-server (apt-get install redis-server)")
    with _folder("segue-redis-") as folder:
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with _child(command, folder) as child:
            _wait(child, lambda: _pid_of_redis(port) == child.pid, folder)
            yield f"redis://127.0.0.1:{port}/0"


def postgresql_programs() -> Path:
    """The newest folder with PostgreSQL's programs."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))
    for folder in [*reversed(folders), os.path.dirname(shutil.which("initdb") or "")]:
        if folder and os.path.exists(os.path.join(folder, "postgres")):
            return Path(folder)
    raise Missing("PostgreSQL (apt-get install postgresql)")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def _folder(prefix, account=None):
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _child(command, folder, stop_with=signal.SIGTERM, account=None):
    log = open(folder / "log", "wb")  # noqa: SIM115  the child keeps it
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True,
        preexec_fn=_end_with_parent(stop_with), **_as(account),
    )  # fmt: skip
    log.close()
    try:
        yield child
    finally:
        child.send_signal(stop_with)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _as(account) -> dict:
    """subprocess options that give up root for `account`."""
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def _end_with_parent(signal_number):
    """The kernel sends `signal_number` to the child when this process dies. It runs after the change of user."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal_number)


def _wait(child, ready, folder):
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("a test server did not start:\n" + (folder / "log").read_text(errors="replace")[-2000:])
        time.sleep(0.05)


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
