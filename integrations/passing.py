"""Passing the gate of a connection, or of a host where there is none: limits, Retry-After, circuit breaker.

What counts against a peer: no connection to it, no answer in time, 5xx, and for a connection 401, since then nobody's
request will do. Anything else it answers shows that it works.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from runtime import gates
from runtime.engine.errors import StepError

Fetch = TypeVar("Fetch", bound=Callable[..., Any])
OUR_MISTAKE = frozenset({501, 505})
ASKING_FOR_A_PAUSE = frozenset({429, 503})


def through_its_gate(fetch: Fetch) -> Fetch:
    """`fetch(method, url, *, connection, ...)` that asks first and tells afterwards how it went."""

    @wraps(fetch)
    def asking(method: str, url: str, **options: Any) -> Any:
        key, name = gate_of(url, options.get("connection"))
        gates.enter(key, name)
        try:
            response = fetch(method, url, **options)
        except StepError as error:
            if error.code in gates.FAILURES:
                gates.tell(key, name, error.message)
            raise
        gates.tell(key, name, _wrong(key, name, response.status), _pause(key, response))
        return response

    return asking  # type: ignore[return-value]


def gate_of(url: str, connection: Any) -> tuple[str, str]:
    """(key, name) of what the request passes."""
    own = getattr(connection, "id", "")
    if own:
        return f"connection:{own}", connection.name
    host = url.split("/", 3)[2].lower() if url.count("/") > 1 else ""
    return f"host:{host}"[:300], host[:255]


def _wrong(key: str, name: str, status: int) -> str:
    if status >= 500 and status not in OUR_MISTAKE:
        return f"{name} answered {status}."
    if status == 401 and key.startswith("connection:"):
        return f"{name} answered 401: its credentials are not accepted."
    return ""


def _pause(key: str, response: Any) -> float | None:
    if response.status not in ASKING_FOR_A_PAUSE or not key.startswith("connection:"):
        return None
    from integrations.answers import wait_asked_for  # which reads what http.py gives

    return wait_asked_for(response)
