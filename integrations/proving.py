"""Proving credentials: one harmless request, and its result in words."""

from dataclasses import dataclass

from integrations import answers
from integrations.authentication import FORM
from integrations.connection_types import Probe
from integrations.connections import Credentials
from integrations.http import Response, fetch
from runtime.engine.errors import StepError

SECONDS = 10
LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the credentials were taken, and what to tell a person."""

    good: bool
    words: str


def prove(credentials: Credentials, url: str = "") -> Proof:
    """Ask what the connection's type names for this, or GET `url`, or the first host it is bound to."""
    kind = credentials.kind
    try:
        if url.strip():
            return _by_address(credentials, url.strip())
        if isinstance(kind.test, Probe):
            return _by_probe(credentials, kind.test)
        if kind.test is not None:
            return Proof(True, kind.test(credentials.values) or "It works.")
        if credentials.tokens is not None:
            credentials.tokens.access()
            return Proof(True, f"{kind.label}: there is an access token. Name an address to try it out.")
        return _by_address(credentials, _first_address(credentials))
    except StepError as error:
        return Proof(False, credentials.mask.text(error.message))


def _by_probe(credentials: Credentials, probe: Probe) -> Proof:
    label = credentials.kind.label
    response = fetch(
        probe.method, credentials.address + probe.path, timeout=SECONDS, max_bytes=LARGEST, connection=credentials,
        headers={"Accept": "application/json", **({"Content-Type": FORM} if probe.method == "POST" else {})},
        body=b"" if probe.method == "POST" else None,
    )  # fmt: skip
    body, _ = answers.body_of(response)
    if response.status >= 400:
        return Proof(False, _refused(credentials, label, response, answers.words_of(body)))
    try:
        if said := probe.complaint(body):
            return Proof(False, credentials.mask.text(f"{label} does not accept these credentials: {said}."))
        whose = credentials.mask.text(probe.told(body))
    except (KeyError, IndexError, TypeError, AttributeError):
        text = "answered, but not in the form it is known for. Is the address right?"
        return Proof(False, f"{label} {text}")
    return Proof(True, f"{label} accepts these credentials{f': {whose}' if whose else ''}.")


def _refused(credentials: Credentials, label: str, response: Response, said: str) -> str:
    told = f" ({said.rstrip('.')})" if said else ""
    if response.status in (401, 403):
        text = f"{label} answered {response.status}: it does not accept these credentials{told}."
    else:
        text = f"{label} answered {answers.phrase(response.status)}{told}. {answers.help_with(response.status)}"
    return credentials.mask.text(text.strip())


def _by_address(credentials: Credentials, url: str) -> Proof:
    if not url:
        return Proof(False, "Name an address to try, such as https://api.example.com/me.")
    response = fetch("GET", url, timeout=SECONDS, max_bytes=LARGEST, connection=credentials)
    host = url.split("/")[2]
    if response.status in (401, 403):
        return Proof(False, f"{host} answered {response.status}: it does not accept these credentials.")
    took = f"in {response.seconds * 1000:.0f} ms"
    if response.status >= 400:
        text = f"{host} was reached and answered {response.status} {took}; the credentials were not refused."
        return Proof(True, text)
    return Proof(True, f"{host} answered {response.status} {took}.")


def _first_address(credentials: Credentials) -> str:
    plain = [host for host in credentials.hosts if "*" not in host]
    return f"https://{plain[0]}/" if plain else ""
