"""A real OAuth 2 provider on loopback: it gives tokens, rotates refresh tokens, checks PKCE, and can misbehave."""

import base64
import hashlib
import threading
import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.peers import Answer, Peer


class Provider(Peer):
    """`/token` gives tokens that `/api` takes; `/authorize` sends a browser back with a code.

    `seconds` is how long tokens live, `refusal` an Answer given in place of tokens, `delay` seconds before an answer.
    """

    def __init__(self):
        super().__init__({"/token": self.token, "/api": self.api, "/authorize": self.authorize})
        self.seconds, self.refusal, self.delay, self.rotates = 3600, None, 0.0, False
        self.valid, self.refresh, self.codes, self.given = set(), None, {}, 0
        self.counting = threading.Lock()

    @property
    def asked(self):
        """The forms that came to the token endpoint."""
        return [dict(parse_qsl(each.body.decode())) for each in self.requests if each.path == "/token"]

    @property
    def calls(self):
        return [each for each in self.requests if each.path == "/api"]

    def token(self, asked):
        time.sleep(self.delay)
        if self.refusal is not None:
            return self.refusal
        form = dict(parse_qsl(asked.body.decode()))
        wrong = getattr(self, f"_{form['grant_type'].rpartition(':')[2].replace('-', '_')}")(form)
        if wrong:
            return Answer(400, {"error": "invalid_grant", "error_description": wrong})
        with self.counting:
            self.given += 1
            token = f"access-token-{self.given}/+="
        self.valid.add(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": str(self.seconds)}
        if self.rotates or form["grant_type"] == "authorization_code":
            self.refresh = f"refresh-token-{self.given}"
            answer["refresh_token"] = self.refresh
        return answer

    def api(self, asked):
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return {"ok": True} if token in self.valid else Answer(401, {"error": "invalid_token", "token": token})

    def authorize(self, asked):
        """As if the person had agreed at once: back with a code and the state."""
        given = {name: texts[0] for name, texts in parse_qs(urlsplit(asked.path).query).items()}
        code = f"code-{len(self.codes) + 1}"
        self.codes[code] = given
        return Answer(302, b"", {"Location": f"{given['redirect_uri']}?code={code}&state={given['state']}"})

    def _client_credentials(self, form):
        return ""

    def _refresh_token(self, form):
        return "" if self.refresh in (None, form["refresh_token"]) else "The refresh token was used or revoked."

    def _jwt_bearer(self, form):
        return "" if form["assertion"].count(".") == 2 else "That is no assertion."

    def _authorization_code(self, form):
        given = self.codes.pop(form["code"], None)
        if given is None:
            return "The code was used already."
        hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        fits = given["code_challenge"] == challenge and given["redirect_uri"] == form["redirect_uri"]
        return "" if fits else "The verifier does not fit the challenge."
