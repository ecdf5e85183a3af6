"""Access tokens: kept in one row for each connection, renewed once however many runs want one (SAFETY section 5).

Asking happens on the thread that needs the token, with no transaction open; the row is read and written on a thread of
its own, since the threads that perform steps have no database. In one process a lock makes the herd one; between
processes a lease on the row does. A token is renewed at 80 % of its life (those who come meanwhile use the old one),
and once more when a peer refuses it before that.
"""

import logging
import os
import random
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils import timezone

from integrations import answers, token_rows
from integrations.authentication import FORM, Values
from integrations.connection_types import ConnectionType
from integrations.flights import Flights
from integrations.grants import Form, Grant, Held, held_from
from integrations.http import fetch
from integrations.in_database import in_database
from integrations.lines import call
from integrations.masking import Mask
from integrations.models import Connection, Token
from integrations.web_addresses import normal_url
from runtime.engine.errors import StepError

PATIENCE = 10.0  # seconds that others wait for who renews
ASK_SECONDS = 15.0
log = logging.getLogger("segue.tokens")


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
            before = Held(version=in_database(lambda: token_rows.read(self.id)).version)
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
            found = in_database(lambda: token_rows.read(self.id))
            if found.version > version and found.access:
                _flights.remember(self.id, found)
                return found
            if in_database(lambda found=found: token_rows.take_lease(self.id, found.version, owner)):
                form = self.grant.form(self.values, found.refresh)
                if form is None:
                    in_database(lambda: token_rows.release(self.id, owner, ""))
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
            again = in_database(lambda: token_rows.read(self.id))
            if again.version > before.version:  # somebody else used the refresh token first: no failure
                _flights.remember(self.id, again)
                return again
            told = self._trouble(f"{error}. Somebody has to sign in again", code="sign_in")
            in_database(lambda: token_rows.release(self.id, owner, told.message))
            raise told from error
        except StepError as error:
            trouble = "" if error.retryable else error.message
            in_database(lambda: token_rows.release(self.id, owner, trouble))
            raise
        held = held_from(answer, before, timezone.now())
        self._learn(held)
        kept = in_database(lambda: token_rows.keep(self.id, held, owner))
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


_flights = Flights()


def _forget_all() -> None:
    global _flights
    _flights = Flights()


# Held locks do not survive a fork.
os.register_at_fork(after_in_child=_forget_all)
