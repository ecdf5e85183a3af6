"""`python3 manage.py verify`: everything that must hold, in order, each part announced with its time.

Parts that leave a processor idle run side by side (LANES); each line of theirs says whose it is.
As root on Debian it installs the programs it needs; elsewhere it says what to install and skips the parts that need
them, loudly. With CI=true nothing is skipped: what is missing is a failure.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

ROOT = settings.BASE_DIR
PROGRAMS = {  # what proves that a Debian package is there
    "chromium": ("chromium",),
    "postgresql": ("initdb", "/usr/lib/postgresql/*/bin/initdb"),
    "redis-server": ("redis-server",),
    "mariadb-server-core": ("mariadbd", "/usr/sbin/mariadbd"),
    "mariadb-client-core": ("my_print_defaults",),
    "nodejs": ("node",),
    "npm": ("npm",),
}
PRODUCTION = {  # what `check --deploy` must find clean
    "DEBUG": "off",
    "SECRET_KEY": "for this check only: 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLM",
    "SECRET_KEKS": "check:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    "PUBLIC_URL": "https://segue.example",
    "ALLOWED_HOSTS": "segue.example",
}
LONGEST_SECONDS = 45 * 60  # for one run of pytest; each needs a third of it, and on a slow day two thirds
COUNTED = ("passed", "failed", "errors", "skipped", "xfailed", "xpassed", "deselected")


class Skipped(Exception):
    """A part cannot run here; the message says what is missing."""


class Command(BaseCommand):
    help = "Check everything: style, types, JavaScript, all tests on SQLite and PostgreSQL, crashes, a real browser."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("parts", nargs="*", help=f"only these: {', '.join(PARTS)}")

    def handle(self, *, parts, **options):
        for unknown in set(parts) - set(PARTS):
            self.stderr.write(f"There is no part {unknown!r}; there are: {', '.join(PARTS)}")
            sys.exit(2)
        install_programs(self._say)
        results = {}
        with tempfile.TemporaryDirectory(prefix="segue-verify-") as folder:
            runs = {name: Verification(Path(folder) / name) for name in parts or PARTS}
            for lanes in _lanes(list(runs)):
                results.update(self._run_lanes(lanes, runs))
        self._conclude(results, runs)

    def _run_lanes(self, lanes, runs) -> dict[str, str]:
        """Each lane's parts one after the other, the lanes side by side."""
        if len(lanes) == 1:
            return {name: self._run(name, runs[name], self._print) for name in lanes[0]}
        self._say(f"{' and '.join(map(', then '.join, lanes))} side by side")

        def run(lane):
            return {name: self._run(name, runs[name], named(name, self._print)) for name in lane}

        with ThreadPoolExecutor(len(lanes)) as pool:
            ends = list(pool.map(run, lanes))
        return {name: end for lane in ends for name, end in lane.items()}

    def _run(self, name, verification, show) -> str:
        """ "ok", "FAILED" or "skipped"; what a part of tests prints goes through `show`."""
        show(f"[verify] {name}: {PARTS[name].__doc__}\n")
        verification.show = show
        began = time.monotonic()
        try:
            result = "ok" if PARTS[name](verification) else "FAILED"
        except Skipped as reason:
            result = "FAILED" if os.environ.get("CI") == "true" else "skipped"
            show(f"[verify] {'!' * 12} {name} cannot run: {reason} {'!' * 12}\n")
        show(f"[verify] {name}: {result} in {time.monotonic() - began:.1f} s\n")
        return result

    def _conclude(self, results, runs):
        self._say("  ".join(f"{name} {result}" for name, result in results.items()))
        total = {word: sum(run.counted[word] for run in runs.values()) for word in COUNTED}
        failed = total["failed"] + total["errors"] + total["xpassed"]
        bad_parts = [name for name, result in results.items() if result == "FAILED"]
        # Once more at the end: whoever sees only the last lines of a long log must learn what failed.
        for name, line in ((name, line) for name, run in runs.items() for line in run.failures):
            self._say(f"{name}: {line}")
        if bad_parts:
            self._say("not well: " + ", ".join(bad_parts))
        if any(run.tests_ran for run in runs.values()):
            skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
            print(f"tests: {total['passed']} passed, {failed} failed{skipped}", flush=True)
        sys.exit(1 if bad_parts else 0)

    def _say(self, text):
        self._print(f"[verify] {text}\n")

    def _print(self, text):
        print(text, end="", flush=True)


def _lanes(names) -> list[list[list[str]]]:
    """The parts in their order; those that run side by side as the lanes of one step."""
    steps, left = [], list(names)
    while left:
        lanes = next((lanes for lanes in LANES if any(left[0] in lane for lane in lanes)), ((left[0],),))
        steps.append([[name for name in lane if name in left] for lane in lanes if set(lane) & set(left)])
        left = [name for name in left if not any(name in lane for lane in lanes)]
    return steps


class Verification:
    """One part's run: its scratch folder, where its tests' output goes, what they counted and which failed."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.counted = dict.fromkeys(COUNTED, 0)
        self.failures = []  # pytest's own lines: which test, and why in a few words
        self.tests_ran = False
        self.show = sys.stdout.write
        folder.mkdir(exist_ok=True)

    def command(self, *argv, cwd=ROOT, **environment) -> bool:
        """Run a program with a data directory of its own; whether it ended well."""
        environment = {**os.environ, "DATA_DIR": str(self.folder / "data"), **environment}
        return subprocess.call([str(part) for part in argv], cwd=cwd, env=environment, stdin=subprocess.DEVNULL) == 0

    def python(self, *argv, **environment) -> bool:
        return self.command(sys.executable, *argv, **environment)

    def pytest(self, *argv, **environment) -> bool:
        """A pytest run, shown as it goes; its closing line is added to the count."""
        environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        run = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-rsfE", *argv],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        # What ends each test too late is pytest-timeout; this ends what hangs between tests.
        limit = threading.Timer(LONGEST_SECONDS, self._end, [run])
        limit.daemon = True  # it must not keep a verify that is broken off
        limit.start()
        closing = ""
        for line in run.stdout:
            self.show(line)
            self.failures += [line.strip()] if re.match(r"(FAILED|ERROR) \S+::", line) else []
            closing = line if re.search(r"\d+ (passed|failed|error|skipped).* in [\d.]+s", line) else closing
        limit.cancel()
        for number, word in re.findall(r"(\d+) ([a-z]+)", closing):
            word = "errors" if word == "error" else word
            if word in self.counted:
                self.counted[word] += int(number)
        self.tests_ran = True
        return run.wait() == 0

    def _end(self, run):
        self.show(f"[verify] {'!' * 12} not finished after {LONGEST_SECONDS / 60:.0f} minutes: ended {'!' * 12}\n")
        run.kill()


def named(name, show):
    """`show` for one of several that print at the same time."""
    return lambda line: show(f"{name:>10} | {line}")


def style(run):
    """ruff: lint and format"""
    return all([run.python("-m", "ruff", "check", "."), run.python("-m", "ruff", "format", "--check", ".")])


def types(run):
    """mypy on the pure core"""
    return run.python("-m", "mypy")


def migrations(run):
    """models and migrations agree"""
    return run.python("manage.py", "makemigrations", "--check", "--dry-run", **PRODUCTION)


def deploy(run):
    """check --deploy with production settings"""
    return run.python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)


def openapi(run):
    """the OpenAPI document is complete"""
    to = str(run.folder / "openapi.yaml")
    return run.python("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", to, **PRODUCTION)


def javascript(run):
    """biome, tsc, node --test"""
    needs("node", "nodejs")
    needs("npm", "npm")
    folder = ROOT / "tests" / "js"
    # Not `npm ci`, which refuses a lock from a mirror that lacks the tools' builds for other platforms.
    install = ("npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if not run.command(*install, cwd=folder):
        return False
    programs = folder / "node_modules" / ".bin"
    lint = ("ci", "--colors=off", "--config-path=tests/js/lint.json", "static/editor", "static/pages", "tests/js")
    checks = [
        run.command(programs / "biome", *lint),
        run.command(programs / "tsc", "-p", "tests/js/jsconfig.json"),
        # The shell expands the pattern: node's own patterns differ between its versions.
        run.command("sh", "-c", "node --test --test-reporter=spec tests/js/*.test.mjs"),
    ]
    return all(checks)


def engine(run):
    """tests of the pure core"""
    return run.pytest("tests/engine")


def sqlite(run):
    """tests of everything else, on SQLite"""
    return run.pytest("tests", *_without("engine", "crash", "browser"), **_turns(run))


def postgresql(run):
    """the same on PostgreSQL and Redis, but for what asks no database"""
    with _servers() as environment:
        chosen = ("-m", "not without_database", *_without("engine", "crash", "browser"))
        return run.pytest("tests", *chosen, **environment, **_turns(run))


def crash(run):
    """kill -9 at every turn, on SQLite"""
    return run.pytest("tests/crash", **_turns(run))


def crash_pg(run):
    """the same on PostgreSQL, with several hosts, and with Redis"""
    with _servers() as environment:
        return run.pytest("tests/crash", **environment, **_turns(run))


def browser(run):
    """the pages in a real Chromium, two at a time"""
    needs("chromium", "chromium")
    return run.pytest("tests/browser", "-n", "2", "--dist", "worksteal", **_turns(run))


def _turns(run) -> dict[str, str]:
    """The lock by which a test that must be alone has the machine to itself (tests/turns.py)."""
    return {"TEST_TURNS": str(run.folder.parent / "turns")}


PARTS = {
    part.__name__: part
    for part in (
        style, types, migrations, deploy, openapi, javascript, engine, sqlite, postgresql, crash, crash_pg, browser,
    )
}  # fmt: skip

#: What runs side by side, for about as long. Only the browser's tests need both processors; crash tests mostly wait for
#: leases to run out.
LANES = ((("sqlite",), ("postgresql",), ("crash",)), (("browser",), ("crash_pg",)))


def _without(*folders):
    return [f"--ignore=tests/{folder}" for folder in folders]


def needs(program, package):
    if not shutil.which(program):
        raise Skipped(f"{program} is missing ({package} in Debian)")


@contextlib.contextmanager
def _servers():
    """A fresh PostgreSQL and a fresh Redis, as environment variables."""
    sys.path.insert(0, str(ROOT))
    from tests import servers

    try:
        with servers.postgresql() as database, servers.redis() as redis:
            yield {"DATABASE_URL": database, "REDIS_URL": redis}
    except servers.Missing as missing:
        raise Skipped(str(missing))


def install_programs(say):
    """As root on Debian: get what is missing; elsewhere the parts that need it say so."""
    missing = [package for package, proofs in PROGRAMS.items() if not any(map(_present, proofs))]
    if not missing:
        return
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        say(f"not installed: {', '.join(missing)}. The parts that need them will be skipped.")
        return
    say(f"installing {', '.join(missing)} with apt-get")
    # One by one: a package that does not fit this machine must not keep the others away.
    for command in (["update"], *(["install", "-y", "--no-install-recommends", package] for package in missing)):
        subprocess.call(
            ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", *command],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def _present(proof) -> bool:
    return any(Path("/").glob(proof[1:])) if proof.startswith("/") else shutil.which(proof) is not None
