"""The one door for outgoing mail: an SMTP session over a line that the guard dialled, under one deadline.

The same rules as for HTTP: the address is judged when it is dialled, private networks only by EGRESS_ALLOW, and
every single read and write ends with the call. Mail has no key that would make a repetition harmless, so whatever
fails after the message was handed over is "unknown" and never tried again.
"""

import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from integrations.egress import Guard, guard_for
from integrations.failures import failure_of
from integrations.lines import Line, call, door
from runtime.engine.errors import StepError

PORTS = frozenset({25, 465, 587, 2525})
LARGEST_MESSAGE = 10 * 1024 * 1024  # bytes, as it goes over the line
PLAIN, STARTTLS, TLS = "none", "starttls", "tls"
_REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. `security` is starttls, tls or none."""

    host: str
    port: int
    security: str = STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)


def send(server: MailServer, message: EmailMessage, recipients: list[str], timeout: float) -> dict[str, str]:
    """Hand `message` over; {address: why} of recipients that were refused while others were taken.

    `timeout` in seconds covers the whole session. Raises StepError, never anything of smtplib.
    """
    content = message.as_bytes()
    if len(content) > LARGEST_MESSAGE:
        raise StepError(f"The message has {len(content):,} bytes; at most {LARGEST_MESSAGE:,} are sent.", "too_large")
    session = _open(server, timeout)
    try:
        sender = message["From"].addresses[0].addr_spec
        refused = _told(server, timeout, lambda: session.sendmail(sender, recipients, content), session)
        with contextlib.suppress(smtplib.SMTPException, OSError):  # it has the message; how it says goodbye is no news
            session.quit()
        return {address: _said(why) for address, why in refused.items()}
    finally:
        session.close()


def check(server: MailServer, timeout: float) -> None:
    """Open a session, sign in, and leave: the test of a connection. Raises StepError."""
    _open(server, timeout).close()


class _Session(smtplib.SMTP):
    """smtplib's session over guarded lines. `handed_over`: the message's text has begun to leave."""

    handed_over = False

    def __init__(self, server: MailServer, guard: Guard, context: ssl.SSLContext):
        super().__init__(local_hostname=urlsplit(settings.PUBLIC_URL).hostname or "localhost")
        self._host, self._guard, self.context, self._tls = server.host, guard, context, server.security == TLS

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = self._guard.dial(host, port, call.deadline, Line)
        return self.context.wrap_socket(line, server_hostname=host) if self._tls else line

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.handed_over = True
        answer = super().data(msg)
        self.handed_over = False
        return answer


def _open(server: MailServer, timeout: float) -> _Session:
    call.deadline = time.monotonic() + timeout
    guard = replace(guard_for(settings.EGRESS_ALLOW), ports=PORTS)
    session = _Session(server, guard, door().context)
    try:
        _told(server, timeout, lambda: _sign_in(session, server), session)
    except BaseException:
        session.close()
        raise
    return session


def _sign_in(session: _Session, server: MailServer) -> None:
    code, said = session.connect(server.host, server.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, said)
    session.ehlo_or_helo_if_needed()
    if server.security == STARTTLS:
        session.starttls(context=session.context)
        session.ehlo_or_helo_if_needed()
    if server.username:
        session.login(server.username, server.password)


def _told(server: MailServer, timeout: float, act: Callable[[], Any], session: _Session) -> Any:
    """What `act` gives; whatever goes wrong as a StepError in words for who operates the flow."""
    try:
        return act()
    except StepError:
        raise
    except _REFUSALS as error:
        raise _refusal(server.host, error) from None
    except Exception as error:
        if session.handed_over:
            text = (
                f"{server.host} did not confirm the message. Whether it was sent is unknown, so it is not sent again."
            )
            raise StepError(text, "unknown") from None
        if isinstance(error, smtplib.SMTPServerDisconnected):  # which smtplib says of silence too
            error = TimeoutError() if time.monotonic() >= call.deadline else ConnectionResetError()
        raise failure_of(error, server.host, timeout) from None


def _refusal(host: str, error: Exception) -> StepError:
    match error:
        case smtplib.SMTPAuthenticationError():
            text = (
                f"{host} did not accept the user name and password ({_said((error.smtp_code, error.smtp_error))}). "
                "Check them in the connection; many providers want an app password."
            )
            return StepError(text, "auth", error.smtp_code in (421, 454))
        case smtplib.SMTPRecipientsRefused():
            each = "; ".join(f"{address}: {_said(why)}" for address, why in error.recipients.items())
            return _refused(f"{host} refused every recipient. {each[:500]}.", [c for c, _ in error.recipients.values()])
        case smtplib.SMTPResponseException():
            said = _said((error.smtp_code, error.smtp_error))
            return _refused(f"{host} refused the message: {said}.", [error.smtp_code])
    text = f"{host} cannot do what the connection asks for: {error} Check the security it is set to."
    return StepError(text, "not_supported")


def _refused(text: str, codes: list[int]) -> StepError:
    """SMTP's own rule: 4xx is for now (greylisting, a full queue), 5xx for good."""
    later = all(400 <= code < 500 for code in codes)
    return StepError(f"{text} {'It may take it later.' if later else ''}".strip(), f"smtp_{max(codes)}", later)


def _said(why: tuple[int, bytes | str]) -> str:
    code, text = why
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(words.split())}"[:300]
