"""Access tokens: kept in one row for each connection, renewed once however many runs want one (SAFETY section 5).

Asking happens on the thread that needs the token, with no transaction open; the row is read and written on a thread of
its own, since the threads that perform steps have no database. In one process a lock makes the herd one; between
processes a lease on the row does. A token is renewed at 80 % of its life (those who come meanwhile use the old one),
and once more when a peer refuses it before that.
"""

import logging
import os
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection as database
from django.db.models import Q
from django.utils import timezone

from integrations import answers
from integrations.authentication import FORM, Values
from integrations.connection_types import ConnectionType
from integrations.grants import Form, Grant, Held, held_from
from integrations.http import fetch
from integrations.lines import call
from integrations.masking import Mask
from integrations.models import Connection, Token
from integrations.web_addresses import normal_url
from runtime.engine.errors import StepError
from runtime.vault import CannotOpen

LEASE = timedelta(seconds=30)
PATIENCE = 10.0  # seconds that others wait for who renews
ASK_SECONDS = 15.0
FAILED_FOR = 5.0  # seconds in which a refusal is told again instead of asked for again
KEPT = 1024
log = logging.getLogger("segue.tokens")
Result = TypeVar("Result")


class TokenSource:
    """The access token of one connection, as long as a run's credentials are held."""

    def __init__(
        self, connection_id: UUID, name: str, kind: ConnectionType, values: Values, held: Held, mask: Mask,
        allows: Callable[[str, int], bool] = lambda host, port: True,
    ):  # fmt: skip
        assert kind.grant is not None
        self.id, self.name, self.kind, self.values, self.mask, self.allows = (
            connection_id, name, kind, values, mask, allows,
        )  # fmt: skip
        self.grant: Grant = kind.grant
        self._held = held
        self._learn(held)

    def access(self) -> str:
        """A token to send. Raises StepError saying why there is none."""
        now = timezone.now()
        held = self._latest()
        if not held.is_fresh(now):
            held = self._newer_than(held.version, must=not held.is_good(now)) or held
        self._learn(held)
        self._held = held
        return held.access

    def renew(self) -> bool:
        """A peer refused the token: whether there is another one now."""
        refused = self._held
        held = self._newer_than(refused.version, must=True)
        self._learn(held)
        self._held = held
        return held.access != refused.access

    def take(self, form: Form) -> Held:
        """Ask for a token with this form (a sign-in's code) and keep it, whatever was there."""
        with _flights.alone(self.id, ASK_SECONDS):
            before = Held(version=_in_database(lambda: _read(self.id)).version)
            return self._ask_and_keep(form, before, owner=None)

    def _latest(self) -> Held:
        known = _flights.latest(self.id)
        return known if known is not None and known.version > self._held.version else self._held

    def _learn(self, held: Held) -> None:
        self.mask.learn(filter(None, (held.access, held.refresh)))

    def _newer_than(self, version: int, must: bool) -> Held:
        """A newer token. Unless one `must` be had, None rather than waiting for who gets one."""
        with _flights.alone(self.id, PATIENCE if must else 0) as entered:
            if not entered:
                if must:
                    raise self._trouble("another step has been getting one for too long", retryable=True)
                return self._latest()
            known = _flights.latest(self.id)
            if known is not None and known.version > version:
                return known
            _flights.raise_recent(self.id, version)
            try:
                return self._renewed(version, must)
            except StepError as error:
                _flights.note_failure(self.id, version, error)
                if must:
                    raise
                return self._held  # it is good for a while yet

    def _renewed(self, version: int, must: bool) -> Held:
        owner, patience = f"{os.getpid()}-{random.getrandbits(48):x}", time.monotonic() + PATIENCE
        while True:
            found = _in_database(lambda: _read(self.id))
            if found.version > version and found.access:
                _flights.remember(self.id, found)
                return found
            if _in_database(lambda found=found: _take_lease(self.id, found.version, owner)):
                form = self.grant.form(self.values, found.refresh)
                if form is None:
                    _in_database(lambda: _release(self.id, owner, ""))
                    raise StepError(f"Nobody has signed in for the connection {self.name} yet: open it and sign in.",
                                    code="sign_in")  # fmt: skip
                return self._ask_and_keep(form, found, owner)
            if not must:
                return self._held
            if time.monotonic() > patience:
                raise self._trouble("another process has been getting one for too long", retryable=True)
            time.sleep(random.uniform(0.05, 0.25))  # the winner is asking

    def _ask_and_keep(self, form: Form, before: Held, owner: str | None) -> Held:
        try:
            answer = self._ask(form)
        except _InvalidGrant as error:
            again = _in_database(lambda: _read(self.id))
            if again.version > before.version:  # somebody else used the refresh token first: no failure
                _flights.remember(self.id, again)
                return again
            told = self._trouble(f"{error}. Somebody has to sign in again", code="sign_in")
            _in_database(lambda: _release(self.id, owner, told.message))
            raise told from error
        except StepError as error:
            trouble = "" if error.retryable else error.message
            _in_database(lambda: _release(self.id, owner, trouble))
            raise
        held = held_from(answer, before, timezone.now())
        self._learn(held)
        kept = _in_database(lambda: _keep(self.id, held, owner))
        _flights.remember(self.id, kept)
        return kept

    def _ask(self, form: Form) -> dict[str, Any]:
        """One request to the token endpoint: its answer, which has an access token."""
        form, headers = self.grant.request(self.values, form)
        url = self.kind.token_address(self.values)
        _, (_, host, port) = normal_url(url)
        if not self.allows(host, port):
            raise self._trouble(f"the connection is not bound to {host}, where its tokens come from")
        left = call.deadline - time.monotonic()
        response = fetch(
            "POST", url, headers={"Content-Type": FORM, "Accept": "application/json", **headers},
            body=urlencode(form).encode(), timeout=min(ASK_SECONDS, left) if left > 0 else ASK_SECONDS, redirects=0,
        )  # fmt: skip
        self.mask.learn(text for name, text in form.items() if name in ("assertion", "refresh_token", "code"))
        body, _ = answers.body_of(response)
        body = body if isinstance(body, dict) else {}
        if 200 <= response.status < 300 and isinstance(body.get("access_token"), str) and body["access_token"]:
            return body
        said = self.mask.text(answers.words_of({**body, "error": None}))
        code = body.get("error") if isinstance(body.get("error"), str) else ""
        why = f"{host} answered {answers.phrase(response.status)}"
        why += f" {code}" if code else "" if body else " with something that is no token"
        why += f" ({said})" if said and said != code else ""
        if code == "invalid_grant":
            raise _InvalidGrant(why)
        raise self._trouble(
            why, retryable=answers.can_be_retried(response) and response.status != 409,
            retry_after=answers.wait_asked_for(response),
        )  # fmt: skip

    def _trouble(
        self, why: str, code: str = "no_token", retryable: bool = False, retry_after: float | None = None
    ) -> StepError:
        advice = "" if retryable or code == "sign_in" else " Check the connection and test it on its page."
        text = f"The connection {self.name} got no access token: {why}.{advice}"
        return StepError(self.mask.text(text), code, retryable, retry_after)


class _InvalidGrant(Exception):
    """The refresh token (or code) is not accepted."""


def forget(row: Connection) -> None:
    """The connection's credentials were changed: tokens got with the old ones are not used again.

    The row stays, with a higher version, so that no process goes on with what it remembers.
    """
    token = Token.objects.filter(connection=row).first()
    if token is not None:
        Token.objects.filter(pk=token.pk).update(**token.seal(Held(version=token.version + 1)))
    _flights.drop(row.pk)


# --- The row


def _read(connection_id: UUID) -> Held:
    try:
        return _row(connection_id).held()
    except CannotOpen:
        return Held(version=_row(connection_id).version)


def _row(connection_id: UUID) -> Token:
    found = Token.objects.filter(connection_id=connection_id).first()
    if found is None:
        owner = Connection.objects.filter(pk=connection_id).values_list("workspace_id", flat=True).first()
        if owner is None:
            raise StepError("The connection of this step was deleted; choose another.", code="no_connection")
        found, _ = Token.objects.get_or_create(connection_id=connection_id, defaults={"workspace_id": owner})
    return found


def _take_lease(connection_id: UUID, version: int, owner: str) -> bool:
    now = _clock()
    free = Q(renewing_until=None) | Q(renewing_until__lt=now)
    rows = Token.objects.filter(free, connection_id=connection_id, version=version)
    return rows.update(renewing_by=owner, renewing_until=now + LEASE) == 1


def _release(connection_id: UUID, owner: str | None, trouble: str) -> None:
    if owner is None:  # a sign-in that did not work leaves what was there
        return
    rows = Token.objects.filter(connection_id=connection_id, renewing_by=owner)
    rows.update(renewing_by="", renewing_until=None, trouble=trouble, trouble_at=_clock() if trouble else None)


def _keep(connection_id: UUID, held: Held, owner: str | None) -> Held:
    """Write the token; who lost its lease meanwhile takes what the winner wrote. A sign-in (no owner) always wins."""
    row = _row(connection_id)
    mine = {} if owner is None else {"version": held.version - 1, "renewing_by": owner}
    if Token.objects.filter(pk=row.pk, **mine).update(**row.seal(held)):
        Connection.objects.filter(pk=connection_id).update(worked_at=timezone.now())
        return held
    return _read(connection_id)


def _clock() -> Any:
    """The lease is judged by one clock: the database's where it has one of its own."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            return cursor.fetchone()[0]
    return timezone.now()


# --- One herd, one request


class _Flights:
    """What this process knows: the latest token of each connection, who is getting one, what just failed."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.locks: dict[UUID, threading.Lock] = {}
        self.known: OrderedDict[UUID, Held] = OrderedDict()
        self.failed: dict[UUID, tuple[float, int, StepError]] = {}

    @contextmanager
    def alone(self, connection_id: UUID, seconds: float) -> Iterator[bool]:
        with self.guard:
            lock = self.locks.setdefault(connection_id, threading.Lock())
        entered = lock.acquire(timeout=seconds) if seconds else lock.acquire(blocking=False)
        try:
            yield entered
        finally:
            if entered:
                lock.release()

    def latest(self, connection_id: UUID) -> Held | None:
        return self.known.get(connection_id)

    def remember(self, connection_id: UUID, held: Held) -> None:
        with self.guard:
            self.known[connection_id] = held
            self.failed.pop(connection_id, None)
            while len(self.known) > KEPT:
                self.known.popitem(last=False)

    def drop(self, connection_id: UUID) -> None:
        with self.guard:
            self.known.pop(connection_id, None)
            self.failed.pop(connection_id, None)

    def note_failure(self, connection_id: UUID, version: int, error: StepError) -> None:
        with self.guard:
            self.failed[connection_id] = (time.monotonic(), version, error)

    def raise_recent(self, connection_id: UUID, version: int) -> None:
        """Those who waited for a request that failed are told the same."""
        at, seen, error = self.failed.get(connection_id, (0.0, -1, None))
        if error is not None and seen == version and time.monotonic() - at < FAILED_FOR:
            raise StepError(error.message, error.code, error.retryable, error.retry_after, error.detail)


def _in_database(work: Callable[[], Result]) -> Result:
    """Do `work` on the thread that has a database connection for tokens."""

    def worked() -> Result:
        try:
            return work()
        finally:
            database.close()

    return _keeper().submit(worked).result()


_flights = _Flights()
_thread: ThreadPoolExecutor | None = None


def _keeper() -> ThreadPoolExecutor:
    global _thread
    if _thread is None:
        _thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tokens")
    return _thread


def _forget_all() -> None:
    global _thread, _flights
    _thread, _flights = None, _Flights()


# Neither threads nor held locks survive a fork.
os.register_at_fork(after_in_child=_forget_all)
