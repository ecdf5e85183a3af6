"""Access tokens: asked for once by a whole herd, renewed in time, once more when refused, and told of in words."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import tokens
from integrations.connections import credentials_of, resolve
from integrations.http import fetch
from integrations.models import Connection, Token
from runtime.engine.errors import StepError
from tests.integrations.providers import Provider
from tests.peers import Answer

pytestmark = pytest.mark.django_db(transaction=True)  # tokens are read and written on a thread of their own


@pytest.fixture
def provider(open_to):
    with Provider() as provider:
        open_to(provider)
        yield provider


def connect(workspace, provider, type="oauth2_client_credentials", config=None, **secrets):
    config = {"token_url": f"{provider.url}/token", "client_id": "client-1", "scope": "calls.read", **(config or {})}
    row = Connection(workspace=workspace, name="CRM", type=type, config=config,
                     allowed_hosts=[f"127.0.0.1:{provider.port}"])  # fmt: skip
    row.set_secrets(secrets or {"client_secret": "client-s3cret"})
    row.full_clean(exclude=["config", "sealed", "set_at"])
    row.save()
    return row


def opened(row):
    return resolve(row.workspace_id, [str(row.pk)])[str(row.pk)]


def call(provider, row):
    return fetch("GET", f"{provider.url}/api", connection=opened(row))


def expire(row, **columns):
    """As if time had passed: in the row and for this process."""
    Token.objects.filter(connection=row).update(**columns)
    tokens._flights.drop(row.pk)


def test_a_token_is_got_at_the_first_use_and_kept(workspace, provider):
    row = connect(workspace, provider)
    assert [call(provider, row).status for _ in range(3)] == [200, 200, 200]
    assert provider.asked == [{"grant_type": "client_credentials", "scope": "calls.read"}]
    basic = next(each for each in provider.requests if each.path == "/token").headers["authorization"]
    assert basic == "Basic Y2xpZW50LTE6Y2xpZW50LXMzY3JldA=="
    stored = Token.objects.get()
    assert "access-token" not in str(stored.__dict__)
    assert stored.held().access == "access-token-1/+="


def test_the_client_may_authenticate_in_the_form(workspace, provider):
    row = connect(workspace, provider, config={"client_auth": "body", "audience": "https://api"})
    assert call(provider, row).status == 200
    assert provider.asked[0] == {"grant_type": "client_credentials", "scope": "calls.read", "audience": "https://api",
                                 "client_id": "client-1", "client_secret": "client-s3cret"}  # fmt: skip


def test_a_herd_of_two_hundred_asks_once(workspace, provider):
    provider.delay = 0.2
    row = connect(workspace, provider)
    gate, held = threading.Barrier(200), [opened(row) for _ in range(200)]

    def one(credentials):
        gate.wait(30)
        return credentials.tokens.access()

    with ThreadPoolExecutor(200) as pool:
        assert set(pool.map(one, held)) == {"access-token-1/+="}
    assert len(provider.asked) == 1


def test_processes_that_know_nothing_of_each_other_ask_once(workspace, provider, monkeypatch):
    """Each thread here has its own memory, as processes do; only the row is shared."""
    provider.delay = 0.3
    row = connect(workspace, provider)
    own = threading.local()

    class PerThread:
        def __getattr__(self, name):
            if not hasattr(own, "flights"):
                own.flights = tokens.Flights()
            return getattr(own.flights, name)

    monkeypatch.setattr(tokens, "_flights", PerThread())
    held = [opened(row) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda credentials: credentials.tokens.access(), held))
    assert (set(found), len(provider.asked)) == ({"access-token-1/+="}, 1)


def test_a_lease_left_by_a_dead_process_is_taken_over(workspace, provider):
    row = connect(workspace, provider)
    past = timezone.now() - timedelta(seconds=1)
    Token.objects.create(workspace=workspace, connection=row, renewing_by="gone", renewing_until=past)
    assert call(provider, row).status == 200


def test_a_token_is_renewed_at_four_fifths_of_its_life(workspace, provider):
    row = connect(workspace, provider)
    call(provider, row)
    token = Token.objects.get()
    assert abs((token.renew_at - token.expires_at).total_seconds() + 0.2 * 3600) < 2
    expire(row, renew_at=timezone.now() - timedelta(seconds=1))
    assert call(provider, row).status == 200
    assert (len(provider.asked), Token.objects.get().version) == (2, 2)


def test_a_renewal_that_fails_while_the_token_is_good_hurts_nobody(workspace, provider):
    row = connect(workspace, provider)
    call(provider, row)
    provider.refusal = Answer(503, {"error": "temporarily_unavailable"})
    expire(row, renew_at=timezone.now() - timedelta(seconds=1))
    assert call(provider, row).status == 200


def test_who_comes_while_another_renews_uses_the_token_there_is(workspace, provider):
    row = connect(workspace, provider)
    call(provider, row)
    soon = timezone.now() + timedelta(seconds=30)
    expire(row, renew_at=timezone.now() - timedelta(seconds=1), renewing_by="other", renewing_until=soon)
    assert call(provider, row).status == 200
    assert len(provider.asked) == 1


def test_a_refused_token_is_renewed_once_and_the_request_repeated(workspace, provider):
    row = connect(workspace, provider)
    call(provider, row)
    provider.valid.clear()
    assert call(provider, row).status == 200
    assert [len(provider.asked), len(provider.calls)] == [2, 3]


def test_a_peer_that_refuses_every_token_is_asked_twice_at_most(workspace, provider):
    row = connect(workspace, provider)
    provider.answers["/api"] = Answer(401, {"error": "invalid_token"})
    assert call(provider, row).status == 401
    assert [len(provider.asked), len(provider.calls)] == [2, 2]


def test_a_herd_that_is_refused_renews_once(workspace, provider):
    row = connect(workspace, provider)
    call(provider, row)
    provider.valid.clear()
    held, gate = [opened(row) for _ in range(20)], threading.Barrier(20)

    def one(credentials):
        gate.wait(30)
        return fetch("GET", f"{provider.url}/api", connection=credentials).status

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(one, held)) == {200}
    assert len(provider.asked) == 2


def test_a_rotated_refresh_token_replaces_the_one_before(workspace, provider):
    provider.rotates, provider.seconds = True, 3600
    row = connect(workspace, provider, "oauth2_refresh", refresh_token="refresh-token-0")
    call(provider, row)
    expire(row, renew_at=timezone.now(), expires_at=timezone.now())
    assert call(provider, row).status == 200
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-token-0", "refresh-token-1"]


def test_an_invalid_grant_that_was_a_race_is_no_failure(workspace, provider):
    provider.rotates = True
    row = connect(workspace, provider, "oauth2_refresh", refresh_token="refresh-token-0")
    call(provider, row)
    expire(row, expires_at=timezone.now(), renew_at=timezone.now())
    late = opened(row)

    def used_by_another(asked):
        """Another process renewed between our reading the row and our asking."""
        token = Token.objects.get(connection=row)
        newer = tokens.Held(token.version + 1, "access-of-the-winner", "refresh-of-the-winner")
        Token.objects.filter(pk=token.pk).update(**token.seal(newer))
        return Answer(400, {"error": "invalid_grant"})

    provider.answers["/token"] = used_by_another
    assert late.tokens.access() == "access-of-the-winner"


@pytest.mark.parametrize(
    ("answer", "says", "code", "retryable"),
    [(Answer(401, {"error": "invalid_client", "error_description": "Client authentication failed"}),
      "401 Unauthorized invalid_client (Client authentication failed). Check the connection", "no_token", False),
     (Answer(400, {"error": "invalid_grant"}), "Somebody has to sign in again", "sign_in", False),
     (Answer(503, "<html>busy</html>", {"Content-Type": "text/html"}), "503", "no_token", True),
     (Answer(429, {}, {"Retry-After": "9"}), "429", "no_token", True),
     (Answer(200, {"token": "x"}), "no access token", "no_token", False),
     (Answer(200, b""), "no token", "no_token", False)],
)  # fmt: skip
def test_what_the_token_server_says_is_told(answer, says, code, retryable, workspace, provider):
    provider.refusal = answer
    row = connect(workspace, provider)
    with pytest.raises(StepError, match="The connection CRM got no access token") as told:
        call(provider, row)
    assert says in told.value.message
    assert (told.value.code, told.value.retryable) == (code, retryable)
    assert told.value.retry_after == (9.0 if answer.status == 429 else None)
    assert Token.objects.get().trouble == ("" if retryable else told.value.message)


def test_a_refusal_is_told_to_the_herd_not_asked_for_again(workspace, provider):
    provider.refusal = Answer(401, {"error": "invalid_client"})
    row = connect(workspace, provider)
    for _ in range(5):
        with pytest.raises(StepError, match="invalid_client"):
            call(provider, row)
    assert len(provider.asked) == 1


def test_no_token_and_no_client_secret_comes_back_in_words(workspace, provider):
    row = connect(workspace, provider)
    call(provider, row)
    credentials = opened(row)
    echoed = "access-token-1/+= client-s3cret YWNjZXNzLXRva2VuLTEvKz0="
    provider.answers["/api"] = Answer(400, {"echo": echoed})
    fetch("GET", f"{provider.url}/api", connection=credentials)
    assert credentials.mask.text(echoed).startswith("••• ••• •••")


def test_a_token_endpoint_elsewhere_gets_no_secret(workspace, provider):
    row = connect(workspace, provider)
    Connection.objects.filter(pk=row.pk).update(allowed_hosts=["api.example.com"])
    row.refresh_from_db()
    with pytest.raises(StepError, match="not bound to 127"):
        credentials_of(row).tokens.access()
    assert provider.requests == []


def test_credentials_that_changed_are_not_used_with_an_old_token(workspace, provider):
    row = connect(workspace, provider)
    call(provider, row)
    tokens.forget(row)
    assert call(provider, row).status == 200
    assert len(provider.asked) == 2


def test_a_sign_in_that_nobody_made_says_so(workspace, provider):
    row = connect(workspace, provider, "oauth2_sign_in", {"authorize_url": f"{provider.url}/authorize"})
    with pytest.raises(StepError, match="open it and sign in"):
        call(provider, row)
