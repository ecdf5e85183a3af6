"""`manage.py up` for real: from an empty folder to a filed ticket, and to a clean end however it is ended."""

import http.cookiejar
import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.servers import free_port
from tests.until import until

ROOT = Path(__file__).resolve().parent.parent
COLD_START_SECONDS = 5.0


class Up:
    """One running `up`, what it printed, and a browser-like client for it."""

    def __init__(self, folder: Path, *options, port=None, **environment):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(self.port), *options],
            env={**inherited, "DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **environment}, cwd=folder.parent,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.started = time.monotonic()
        self.lines: list[str] = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()
        self.browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )

    def output(self) -> str:
        return "".join(self.lines)

    def ready(self) -> float:
        """Seconds from the command to the first page."""
        until(lambda: self._page() or self.process.poll() is not None, 90)
        seconds = time.monotonic() - self.started
        until(lambda: "Ctrl-C" in self.output() or self.process.poll() is not None)
        assert self.process.poll() is None, self.output()
        return seconds

    def _page(self) -> bool:
        try:
            return self.get("/sign-in/")[0] == 200
        except OSError:
            return False

    def get(self, path, data=None) -> tuple[int, str]:
        url = path if path.startswith("http") else self.url + path
        with self.browser.open(url, data=data, timeout=20) as response:
            return response.status, response.read().decode()

    def sign_in(self):
        email, password = re.search(r"sign in as\s+(\S+)\s+with the password\s+(\S+)", self.output()).groups()
        _, form = self.get("/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
        fields = {"csrfmiddlewaretoken": token, "username": email, "password": password}
        return self.get("/sign-in/", urllib.parse.urlencode(fields).encode())

    def family(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def end(self, signal_number=signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        status = self.process.wait(60)
        self.reader.join(20)
        return status


def gone(processes) -> bool:
    return not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def up(tmp_path):
    running = []

    def start(*options, **more):
        running.append(Up(tmp_path / "data", *options, **more))
        return running[-1]

    yield start
    for one in running:
        one.end()


def test_from_nothing_to_a_filed_ticket_and_a_clean_end(up, tmp_path):
    segue = up()
    seconds = segue.ready()
    print(f"first page after {seconds:.1f} s, everything made from nothing")
    assert f"Segue is ready: {segue.url}" in segue.output()
    keys = tmp_path / "data" / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert set(json.loads(keys.read_text())) == {"SECRET_KEY", "SECRET_KEKS"}

    status, page = segue.sign_in()
    assert status == 200
    assert "Ticket for escalated calls" in page

    desk = re.search(r"demo help desk (\S+)", segue.output())[1]
    assert json.loads(segue.get(f"{desk}/tickets")[1]) in ([], {"tickets": []})
    command = re.search(r"^\[segue\]\s+(curl .+)$", segue.output(), re.MULTILINE)[1]
    receiver, body = re.search(r"(http\S+) .* -d (.+)$", command).groups()
    said = subprocess.run(["sh", "-c", f"printf %s {body}"], capture_output=True, text=True, check=True).stdout
    request = urllib.request.Request(receiver, said.encode(), {"Content-Type": "application/json"})
    with segue.browser.open(request, timeout=20) as answer:
        assert answer.status in (200, 202)
    assert shlex.split(command)[0] == "curl"
    until(lambda: "blender" in segue.get(f"{desk}/tickets")[1])
    until(lambda: "ticket" in segue.get("/runs/")[1])

    family = segue.family()
    assert segue.end() == 0
    assert "stopped in" in segue.output()
    assert gone(family)
    assert not re.search(r"Traceback|ERROR|Warning", segue.output()), segue.output()


def test_the_second_start_is_quick_keeps_everything_and_shows_no_password(up):
    first = up()
    first.ready()
    receiver = re.search(r"demo receiver\s+(\S+)", first.output())[1]
    first.end()
    second = up(port=first.port)
    seconds = second.ready()
    assert seconds < COLD_START_SECONDS, f"first page after {seconds:.1f} s"
    assert receiver in second.output()
    assert "with the password" not in second.output()


def test_kill_9_of_up_leaves_no_process(up):
    segue = up()
    segue.ready()
    family = until(lambda: len(segue.family()) > 6 and segue.family())
    segue.process.kill()
    until(lambda: gone(family), 20)


def test_a_killed_web_process_comes_back_and_nobody_is_refused(up):
    segue = up("--no-demo")
    segue.ready()
    assert "help desk" not in segue.output()
    web = next(one for one in segue.family() if "builder.serving" in " ".join(one.cmdline()))
    web.kill()
    assert segue.get("/healthz")[0] == 200, "the listening socket stays open meanwhile"
    assert "web ended (killed by SIGKILL)" in until(lambda: "web ended" in segue.output() and segue.output())


def test_memory_of_the_whole_tree(up):
    segue = up()
    segue.ready()
    until(lambda: len(segue.family()) > 6)
    megabytes = sum(one.memory_full_info().pss for one in segue.family()) / 1e6
    print(f"{megabytes:.0f} MB")
    assert megabytes < 350


def test_a_taken_port_is_said_in_plain_words(up):
    first = up("--no-demo")
    first.ready()
    second = up("--no-demo", port=first.port)
    assert second.process.wait(30) == 1
    second.reader.join(5)
    assert f"Port {first.port} is taken" in second.output()
    assert "Traceback" not in second.output()


def test_a_database_without_its_keys_is_not_given_new_ones(up, tmp_path):
    first = up("--no-demo")
    first.ready()
    first.end()
    (tmp_path / "data" / "keys.json").unlink()
    second = up("--no-demo")
    assert second.process.wait(30) == 1
    second.reader.join(5)
    assert "cannot be opened without that file" in " ".join(second.output().split())
    assert not (tmp_path / "data" / "keys.json").exists()
