"""What all tests share: the database choice, a live server, a real browser, people who can sign in.

`tests/environment.py` has set the settings before Django read them. Browser tests run last: sync Playwright leaves an
event loop in the main thread, in which asyncio tests cannot run.
"""

import functools
import os
import shutil
import socket
import threading
from dataclasses import dataclass

import hypothesis
import pytest
from django.conf import settings
from django.db.backends.signals import connection_created
from django.dispatch import receiver

import tests.emptying  # noqa: F401  it puts itself in place
from tests.turns import pytest_runtest_protocol  # noqa: F401  a hook

IN_CI = os.environ.get("CI") == "true"
# In CI the same examples every time: what it says of a change must not depend on luck. At a desk, new ones each time.
# No deadline for one example: the machine may be busy with something else.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("ci" if IN_CI else "desk")

ORDER = ("engine", "runtime", "integrations", "builder", "", "crash", "browser")


@receiver(connection_created)
def _patient(connection, **_):
    """Between tests PostgreSQL's tables are emptied while a server under test may still read some: of two that block
    each other the one that notices first gives way, and that must be the reader, which tries again. Said to each, for
    the pool gives a connection now to this thread and now to another.
    """
    if connection.vendor == "postgresql":
        here = threading.current_thread() is threading.main_thread()
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '30s'" if here else "SET deadlock_timeout = '1s'")
            cursor.execute("SET lock_timeout = '30s'" if here else "SET lock_timeout = '5s'")


def pytest_collection_modifyitems(items):
    for item in items:
        folder = _folder(item)
        if folder in ("browser", "crash"):
            item.add_marker(getattr(pytest.mark, folder))
        if folder == "integrations" and not _asks_a_database(item):
            item.add_marker(pytest.mark.without_database)
    items.sort(key=lambda item: ORDER.index(_folder(item)) if _folder(item) in ORDER else ORDER.index(""))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport():
    """At a desk a test may do without what the machine lacks; in CI that is a gap, and fails."""
    report = yield
    if report.skipped and IN_CI and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"Skipped, and in CI nothing is: {report.longrepr[2]}"
    return report


def _asks_a_database(item) -> bool:
    """pytest-django lets no other test have one, so on another database these say the same."""
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(
        item.fixturenames
    )


def _folder(item) -> str:
    parts = item.path.relative_to(settings.BASE_DIR / "tests").parts
    return parts[0] if len(parts) > 1 else ""


@pytest.fixture(scope="session", autouse=True)
def _plain_static_files():
    """Templates name static files without a collected manifest; the tests of `up` see the hashed ones."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session", autouse=True)
def _only_tests_are_refused(django_db_blocker):
    """Outside of tests that ask for a database pytest-django refuses it, to whatever thread asks: also in the middle
    of a commit, after which that thread's connection would stay in its transaction, and hold SQLite's lock, for good.
    A thread that has a connection (one of those that write, or the server's) may end what it has begun.
    """
    refuse = django_db_blocker._blocking_wrapper

    def ensure_connection(connection):
        if connection.connection is None or threading.current_thread() is threading.main_thread():
            refuse()

    django_db_blocker._blocking_wrapper = ensure_connection
    with django_db_blocker.block():
        yield


@pytest.fixture
def no_lock_out():
    """For tests that sign in wrongly on purpose: the counter starts and ends at zero."""
    from axes.utils import reset

    reset()
    yield
    reset()


# --- People


@dataclass(frozen=True)
class Person:
    """A member of a workspace and the words to sign in with."""

    user: object
    workspace: object
    email: str
    password: str


@pytest.fixture
def workspace(db):
    from runtime.models import Workspace

    return Workspace.objects.create(name="Acme")


@functools.cache
def _hashed(password, hashers) -> str:
    """As it is stored. A hash takes a quarter of a second on purpose, and the same people are made in each test;
    some tests have other hashers.
    """
    from django.contrib.auth.hashers import make_password

    return make_password(password)


@pytest.fixture
def make_person(db):
    """make_person(workspace, role="owner", email=...) -> Person."""
    from runtime.models import Membership, User

    def make(workspace, role="owner", email=None):
        email = email or f"{role}@{workspace.name.lower()}.example"
        password = f"{role} of {workspace.name}, to the life"
        user = User.objects.create(email=email, password=_hashed(password, tuple(settings.PASSWORD_HASHERS)))
        Membership.objects.create(workspace=workspace, user=user, role=role)
        return Person(user, workspace, email, password)

    return make


@pytest.fixture
def owner(workspace, make_person):
    return make_person(workspace, "owner")


@pytest.fixture
def signed_in(client, owner):
    """A Django test client signed in as the owner; `.person` says who that is."""
    client.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    client.person = owner
    return client


# --- A real server


class LiveServer:
    """The whole application behind uvicorn, in a thread of this process, on a free port."""

    def __init__(self):
        import uvicorn

        from builder.asgi import application

        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.ready = threading.Event()
        server = uvicorn.Server(
            uvicorn.Config(
                application, lifespan="off", access_log=False, log_level="warning", timeout_graceful_shutdown=2
            )
        )
        startup = server.startup

        async def tell(sockets=None):
            await startup(sockets)
            self.ready.set()

        server.startup = tell
        self.server = server
        self.thread = threading.Thread(target=server.run, kwargs={"sockets": [self.socket]}, daemon=True)

    def start(self):
        self.thread.start()
        assert self.ready.wait(20), "the live server did not start"

    def stop(self):
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()


@pytest.fixture(scope="session")
def _live_server(django_db_setup):
    server = LiveServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def live(_live_server, transactional_db):
    """The address of a live server (`http://127.0.0.1:port`) on the tests' database file."""
    settings.PUBLIC_URL, before = _live_server.url, settings.PUBLIC_URL
    yield _live_server.url
    settings.PUBLIC_URL = before


# --- A real browser

CHROMIUM = "/usr/bin/chromium"
# How long a click holds the button down. A hand does so for longer than a frame, in which what it presses must stay.
PRESS_MS = 20
# For anything a test waits for: what takes one second here takes several on a busy machine.
PATIENCE_SECONDS = 10
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-dev-shm-usage",  # containers have little of it
    "--host-resolver-rules=MAP plain.example 127.0.0.1",  # the same server as any host on plain http is seen
]


def _press_as_hands_do(*pointers: type) -> None:
    """Playwright lets go at once, before the page can have changed under the pointer."""

    def lasting(click):
        return functools.wraps(click)(lambda self, *where, **how: click(self, *where, **{"delay": PRESS_MS, **how}))

    for pointer in pointers:
        pointer.click, pointer.dblclick = lasting(pointer.click), lasting(pointer.dblclick)


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium under Playwright; nothing is downloaded."""
    from playwright.sync_api import Locator, Mouse, expect, sync_playwright

    _press_as_hands_do(Locator, Mouse)
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or CHROMIUM
    if not os.path.exists(executable):
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


def new_context(browser, url):
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    return context


class Profile:
    """A profile of the browser that is emptied after each test; what could not be taken back is refused."""

    LASTING = ("add_init_script", "expose_binding", "expose_function", "route", "set_extra_http_headers", "on")

    def __init__(self, browser, url):
        self.context, self.url = new_context(browser, url), url
        # It stays open, empty: through it what pages have stored is thrown away.
        self.keeper = self.context.new_page()
        self.devtools = self.context.new_cdp_session(self.keeper)
        for name in self.LASTING:
            setattr(self.context, name, self._refuse)

    def _refuse(self, *_, **__):
        raise AssertionError("That would last beyond this test: give it @pytest.mark.own_profile")

    def empty(self):
        """First the cookies: what a page that closes still sends reaches nobody's flow."""
        self.context.clear_cookies()
        for page in self.context.pages:
            if page is not self.keeper:
                page.close()
        self.devtools.send("Storage.clearDataForOrigin", {"origin": self.url, "storageTypes": "all"})
        self.context.clear_permissions()
        self.context.set_offline(False)


@pytest.fixture(scope="session")
def _profile(browser, _live_server):
    """The profile that tests have one after the other."""
    profile = Profile(browser, _live_server.url)
    yield profile
    profile.context.close()


@pytest.fixture
def context(request, browser, live):
    """A browser profile at the live server's address in which nothing is stored and nothing allowed.

    Only what may be kept for all is there from earlier tests: scripts and sheets, which take half of the time a page
    takes to open. `@pytest.mark.own_profile` gives a test one that never was anybody's.
    """
    if request.node.get_closest_marker("own_profile"):
        context = new_context(browser, live)
        yield context
        context.close()
    else:
        profile = request.getfixturevalue("_profile")
        yield profile.context
        profile.empty()


@pytest.fixture
def page(context):
    """A page on which any console error, uncaught exception or refused policy fails the test.

    A test that provokes one on purpose takes it out of `page.troubles`.
    """
    page = context.new_page()
    page.troubles = []
    page.on("console", lambda message: message.type == "error" and page.troubles.append(message.text))
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    yield page
    assert not page.troubles, f"the page's console: {page.troubles}"


@pytest.fixture
def sign_in(context):
    """sign_in(person): give the browser a session without walking through the form."""

    def sign_in(person):
        from django.contrib.sessions.backends.db import SessionStore
        from django.test import Client

        client = Client()
        client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        assert SessionStore(session).exists(session)
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": session,
                    "domain": "127.0.0.1",
                    "path": "/",
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )
        return person

    return sign_in


@pytest.fixture
def peer(settings):
    """A fake vendor on loopback that the door may reach."""
    from tests.peers import Peer

    with Peer() as peer:
        settings.EGRESS_ALLOW = f"127.0.0.1:{peer.port}=127.0.0.0/8"
        yield peer


@pytest.fixture
def vendors(settings):
    """All vendors in one server, each answering as it does when all is well; beside it a mail server."""
    from tests.mail_server import MailServer
    from tests.peers import Peer
    from tests.vendors import answers

    with Peer(answers()) as peer, MailServer() as mail:
        settings.EGRESS_ALLOW = f"{peer.allow},{mail.allow}"
        peer.mail = mail
        yield peer
