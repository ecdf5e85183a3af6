"""How access tokens are asked for (OAuth 2): what is sent to the token endpoint, and what its answer means. No I/O.

RFC 6749 (client credentials, refresh, authorization code), RFC 7636 (PKCE), RFC 7523 (a signed assertion, as Google's
service accounts send it).
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from integrations.authentication import Values

USED_UP = 0.8  # of a token's life, after which it is renewed
ASSERTION_SECONDS = 3600
Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """Where a connection type's access tokens come from.

    The addresses are patterns over the connection's values. `first(values)` is the form that gets a token without a
    person; None: somebody signs in at `authorize_url`. `in_body`: client id and secret go into the form, not into the
    Authorization header. `more` are further parameters of the sign-in.
    """

    token_url: str
    first: Callable[[Values], Form] | None = None
    authorize_url: str = ""
    scope: str = ""
    in_body: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    def form(self, values: Values, refresh: str) -> Form | None:
        """What asks for the next token; None where only a person can get one."""
        if refresh:
            return {"grant_type": "refresh_token", "refresh_token": refresh}
        return self.first(values) if self.first else None

    def request(self, values: Values, form: Form) -> tuple[Form, dict[str, str]]:
        """(the form, the headers) with the client's own credentials in their place."""
        client, secret = values.get("client_id", ""), values.get("client_secret", "")
        if not client:
            return form, {}
        if (values.get("client_auth") or ("body" if self.in_body else "basic")) == "body":
            return {**form, "client_id": client, **({"client_secret": secret} if secret else {})}, {}
        pair = base64.b64encode(f"{client}:{secret}".encode()).decode()
        return form, {"Authorization": f"Basic {pair}"}

    def sign_in_url(self, address: str, values: Values, redirect_uri: str, state: str, verifier: str) -> str:
        """Where the person's browser goes."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"response_type": "code", "client_id": values.get("client_id", ""), "redirect_uri": redirect_uri,
                 "scope": values.get("scope") or self.scope, "state": state, "code_challenge": challenge,
                 "code_challenge_method": "S256", **self.more}  # fmt: skip
        parts = urlsplit(address)
        query = "&".join(filter(None, (parts.query, urlencode({name: text for name, text in asked.items() if text}))))
        return urlunsplit(parts._replace(query=query))

    def code_form(self, code: str, redirect_uri: str, verifier: str) -> Form:
        return {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
                "code_verifier": verifier}  # fmt: skip


def client_credentials(values: Values) -> Form:
    asked = {"scope": values.get("scope"), "audience": values.get("audience"), "resource": values.get("resource")}
    return {"grant_type": "client_credentials", **{name: text for name, text in asked.items() if text}}


def pasted_refresh_token(values: Values) -> Form:
    return {"grant_type": "refresh_token", "refresh_token": values.get("refresh_token", "")}


def signed_assertion(values: Values) -> Form:
    """Google's service accounts: the key file is signed with, never sent."""
    account = service_account(values.get("key", ""))
    now = int(time.time())
    claims = {"iss": account["client_email"], "scope": values.get("scope", ""), "aud": account["token_uri"],
              "iat": now, "exp": now + ASSERTION_SECONDS}  # fmt: skip
    if values.get("subject"):
        claims["sub"] = values["subject"]
    header = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id", "")}
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": _signed(header, claims, account["private_key"])}  # fmt: skip


def service_account(text: str) -> dict[str, Any]:
    """The parts of a service account's key file. Raises ValueError saying what is wrong with it."""
    try:
        account = json.loads(text)
    except ValueError:
        raise ValueError("This is not the JSON key file of a service account.") from None
    for name in ("client_email", "private_key", "token_uri"):
        if not isinstance(account, dict) or not isinstance(account.get(name), str) or not account[name]:
            raise ValueError(f"The key file has no {name!r}; download it again as JSON.")
    try:
        if not isinstance(load_pem_private_key(account["private_key"].encode(), None), rsa.RSAPrivateKey):
            raise ValueError
    except (ValueError, TypeError):
        raise ValueError("The private key in the key file cannot be read.") from None
    return account


def _signed(header: Mapping[str, Any], claims: Mapping[str, Any], pem: str) -> str:
    text = ".".join(_packed(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return f"{text}.{_packed(key.sign(text.encode(), padding.PKCS1v15(), SHA256()))}"


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Held:
    """A token as it is held. `version` counts its renewals; without `expires_at` it is good until it is refused.

    `trouble` says why it could not be renewed, in words.
    """

    version: int = 0
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: datetime | None = None
    renew_at: datetime | None = None
    trouble: str = ""

    def is_good(self, now: datetime) -> bool:
        return bool(self.access) and (self.expires_at is None or now < self.expires_at)

    def is_fresh(self, now: datetime) -> bool:
        """Good, and not yet to be renewed."""
        return self.is_good(now) and (self.renew_at is None or now < self.renew_at)


def held_from(answer: Mapping[str, Any], before: Held, now: datetime) -> Held:
    """The token in an answer of the token endpoint; one without a new refresh token keeps the old one."""
    seconds = _seconds(answer.get("expires_in"))
    refresh = answer.get("refresh_token")
    return Held(
        before.version + 1, answer["access_token"], refresh if isinstance(refresh, str) and refresh else before.refresh,
        now + timedelta(seconds=seconds) if seconds else None,
        now + timedelta(seconds=seconds * USED_UP) if seconds else None,
    )  # fmt: skip


def _seconds(given: Any) -> float | None:
    """Some servers send `expires_in` as a text, some leave it out."""
    try:
        found = float(given)
    except (TypeError, ValueError):
        return None
    return min(found, 366 * 86_400.0) if found > 0 else None
