"""Several people at one flow: browsers of their own, a server that can be killed, a network that fails."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from builder import drafts
from runtime.models import Flow
from tests.browser.editing import card
from tests.servers import free_port
from tests.until import until

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Web:
    """A web of its own on the tests' database; `kill` is kill -9 of all its processes, `start` brings it back where it
    was."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def start(self):
        database = settings.DATABASES["default"]
        environment = {**os.environ, "PUBLIC_URL": self.url, "DEBUG": "on", "SEGUE_SUPERVISED": ""}
        if database["ENGINE"].endswith("sqlite3"):
            environment["DATABASE_URL"] = f"sqlite:///{database['NAME']}"
        else:
            place = f"{database['HOST']}:{database['PORT']}" if database.get("PORT") else database["HOST"]
            environment["DATABASE_URL"] = (
                f"postgres://{database['USER']}:{database['PASSWORD']}@{place}/{database['NAME']}"
            )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "builder.serving", "--port", str(self.port)], cwd=settings.BASE_DIR, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until(lambda: self._answers() or self.process.poll() is not None, 30, "the web process does not answer")
        assert self.process.poll() is None, "the web process ended"

    def kill(self):
        forked = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        with contextlib.suppress(ProcessLookupError):  # killed before
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        psutil.wait_procs(forked, 10)  # they keep the port until they have gone
        self.process.stdin.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False


def enter(context, person, url):
    """Give a browser the session of a person."""
    client = Client()
    client.force_login(person.user, backend=BACKEND)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url, "httpOnly": True}])
    return value


def save_state(page):
    """What the top bar says of saving."""
    return page.locator(".save-state")


def is_saved(page):
    expect(save_state(page)).to_have_text("Saved", timeout=30_000)


def type_label(page, name, label):
    """Opens a step and types another name into its form; nothing is saved."""
    card(page, name).click()
    field = page.get_by_label("Name of the step")
    expect(field).to_have_value(name)
    field.fill(label)


def rename(page, name, label):
    type_label(page, name, label)
    page.get_by_role("button", name="Save Changes").click()
    expect(card(page, label)).to_be_visible()


def nudge(page, name, times=1):
    """Moves a card by the keyboard: a change that commits at once."""
    card(page, name).click()
    page.get_by_role("application", name="Canvas").focus()
    for _ in range(times):
        page.keyboard.press("Alt+ArrowRight")


def apply_as(person, flow, *ops, client="colleague", seq=1):
    """A colleague's batch, on the draft as it is."""
    draft = Flow.objects.get(pk=flow.pk).draft
    return drafts.apply_ops(flow, draft.revision, client, seq, list(ops), person.user)


def renaming(node, before, after):
    return {"path": f"/nodes/{node}/label", "before": before, "after": after}


def label_of(flow, node):
    document = Flow.objects.get(pk=flow.pk).draft.document
    return next((item["label"] for item in document["nodes"] if item["id"] == node), None)


def expected(page, *texts):
    """Troubles a test provokes on purpose are no failures."""
    pattern = re.compile(
        "|".join(re.escape(text) for text in ("ERR_", "WebSocket connection", "Failed to load resource", *texts))
    )
    page.troubles[:] = [each for each in page.troubles if not pattern.search(each)]
