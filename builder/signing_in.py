"""Signing in elsewhere for a connection (OAuth 2 authorization code with state and PKCE).

What has to come back is kept in the person's own session: a random state that works once and for ten minutes, and the
verifier, sealed. So nobody can finish another's sign-in, nor have a stranger's account put into a connection.
"""

import secrets
import time
from typing import Any

from django.conf import settings
from django.urls import reverse

from builder.auditing import record
from integrations.connections import credentials_of
from integrations.models import Connection
from runtime import vault
from runtime.engine.errors import StepError

MINUTES = 10
MOST_OPEN = 5
KEY = "sign_ins"


class CannotSignIn(Exception):
    """The sign-in did not come about; the text says why and what to do."""


def redirect_uri() -> str:
    """What has to be entered in the other system as the address to come back to."""
    return settings.PUBLIC_URL + reverse("connection-signed-in")


def begin(connection: Connection, session: Any) -> str:
    """The address to send the browser to. Raises CannotSignIn."""
    credentials = credentials_of(connection)
    if credentials.broken or credentials.tokens is None:
        raise CannotSignIn(credentials.broken or f"{connection.kind.label} needs no sign-in.")
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    now = time.time()
    open_ones = {key: each for key, each in session.get(KEY, {}).items() if each["until"] > now}
    for oldest in sorted(open_ones, key=lambda key: open_ones[key]["until"])[: len(open_ones) - MOST_OPEN + 1]:
        del open_ones[oldest]
    sealed = vault.seal(verifier, connection.workspace_id, connection.pk, "verifier")
    session[KEY] = {**open_ones, state: {"connection": str(connection.pk), "verifier": sealed,
                                         "until": now + MINUTES * 60}}  # fmt: skip
    kind, values = connection.kind, credentials.values
    assert kind.grant is not None
    return kind.grant.sign_in_url(kind.sign_in_address(values), values, redirect_uri(), state, verifier)


def connection_of(state: str, session: Any) -> dict[str, Any]:
    """What a state was begun for; it works once. Raises CannotSignIn."""
    waiting = dict(session.get(KEY, {}))
    found = waiting.pop(state, None)
    session[KEY] = waiting
    if found is None or found["until"] < time.time():
        raise CannotSignIn("This sign-in was not begun here, or more than 10 minutes ago. Start it again.")
    return found


def finish(connection: Connection, begun: dict[str, Any], code: str, by: Any) -> None:
    """Exchange the code for tokens and keep them. Raises CannotSignIn."""
    credentials = credentials_of(connection)
    if credentials.tokens is None or not code:
        raise CannotSignIn("The other system sent no code. Start the sign-in again.")
    verifier = vault.open_sealed(begun["verifier"], connection.workspace_id, connection.pk, "verifier")
    try:
        credentials.tokens.take(credentials.tokens.grant.code_form(code, redirect_uri(), verifier))
    except StepError as error:
        raise CannotSignIn(credentials.mask.text(error.message)) from error
    record(connection.workspace, by, "connection.signed_in", connection)
