"""What went wrong on the line, in the words an operator reads, and whether trying again can help."""

import http.client
import socket
import ssl
from collections.abc import Iterator

from urllib3 import exceptions as lines

from runtime.engine.errors import StepError

_TIMEOUTS = (TimeoutError, lines.TimeoutError)
_LOST = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, http.client.RemoteDisconnected)


def failure_of(error: BaseException, host: str, timeout: float, reading: bool = False) -> StepError:
    """The StepError for whatever requests, urllib3, ssl or the socket raised while talking to `host`.

    `reading`: the answer had begun.
    """
    causes = list(_causes(error))
    refusal = _first(causes, StepError)
    if isinstance(refusal, StepError):
        return refusal
    for kinds, tell in _KINDS:
        cause = _first(causes, *kinds)
        if cause is not None:
            return tell(cause, host, timeout, reading)
    return _unreadable(error, host, timeout, reading)


def too_large(host: str, max_bytes: int) -> StepError:
    return StepError(
        f"The answer of {host} is larger than {max_bytes:,} bytes. Ask for less, or raise the step's body limit.",
        code="too_large",
    )


def cut_short(host: str) -> StepError:
    return StepError(f"{host} ended its answer before it was complete.", code="connection_lost", retryable=True)


def _timeout(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    if isinstance(cause, lines.ConnectTimeoutError):
        text = f"{host} could not be reached within {timeout:.3g} s."
        return StepError(text, code="timeout", retryable=True, detail={"reached": False})
    did = "did not finish its answer" if reading else "did not answer"
    return StepError(f"{host} {did} within {timeout:.3g} s.", code="timeout", retryable=True)


def _unknown_name(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    passing = isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN
    return StepError(
        f"The host {host} was not found. Check the spelling of the address.", code="unknown_host", retryable=passing
    )


def _certificate(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    why = getattr(cause, "verify_message", "") or "it is not valid"
    return StepError(f"The certificate of {host} is not accepted: {why}.", code="tls_certificate")


def _tls(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    why = getattr(cause, "reason", None) or "the handshake failed"
    return StepError(
        f"No secure connection to {host} came about ({str(why).replace('_', ' ').lower()}).", code="tls", retryable=True
    )


def _undecodable(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    return StepError(f"{host} sent a compressed answer that cannot be unpacked.", code="bad_answer")


def _cut_short(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    return cut_short(host)


def _lost(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    when = "in the middle of its answer" if reading else "without an answer"
    return StepError(f"{host} closed the connection {when}.", code="connection_lost", retryable=True)


def _garbled(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    return StepError(f"{host} did not answer in HTTP that can be understood.", code="bad_answer")


def _proxy(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    return StepError(f"The outgoing proxy did not let the request to {host} through.", code="proxy", retryable=True)


def _unreachable(cause: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    said = "refused the connection" if isinstance(cause, ConnectionRefusedError) else "cannot be reached"
    return StepError(f"{host} {said}. Is it running, and is the port right?", code="unreachable", retryable=True)


def _unreadable(error: BaseException, host: str, timeout: float, reading: bool) -> StepError:
    return StepError(f"The call to {host} failed ({type(error).__name__}).", code="failed", retryable=True)


# In this order: the more telling cause first, since one often sits inside the other.
_KINDS = (
    ((socket.gaierror, lines.NameResolutionError), _unknown_name),
    ((ssl.SSLCertVerificationError,), _certificate),
    ((ConnectionRefusedError,), _unreachable),
    ((lines.NewConnectionError,), _unreachable),  # to urllib3 a kind of time-out, so it stands before those
    (_TIMEOUTS, _timeout),
    ((lines.DecodeError,), _undecodable),
    (_LOST, _lost),
    ((lines.IncompleteRead, http.client.IncompleteRead, ssl.SSLEOFError), _cut_short),
    ((ssl.SSLError, lines.SSLError), _tls),
    ((lines.InvalidHeader, lines.LocationValueError, http.client.HTTPException, ValueError), _garbled),
    ((lines.ProxyError,), _proxy),
    ((OSError,), _unreachable),
    ((lines.ProtocolError,), _garbled),
)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all it was made from, outermost first; requests and urllib3 wrap each other's."""
    waiting, seen = [error], set()
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [getattr(found, "reason", None), found.__cause__, found.__context__, *found.args]


def _first(causes: list[BaseException], *kinds: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)
