"""Client certificates: shown to peers that ask, checked when saved, on no disk."""

import builtins
import os
import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from builder.connecting import standing
from integrations.client_certificates import check, expires, identity_of
from integrations.connection_types import TYPES
from integrations.connections import Credentials
from integrations.http import fetch
from integrations.lines import forget_lines
from integrations.models import Connection
from runtime.engine.errors import StepError
from tests.integrations.test_tls import DAY, NOW, Authority
from tests.peers import Peer


@pytest.fixture(scope="module")
def authority():
    return Authority()


def pem(authority):
    return authority.certificate.public_bytes(serialization.Encoding.PEM).decode()


def issued(authority, folder, host="client", until=None):
    """(certificate, key) as a person pastes them."""
    certificate, marker, key = authority.issue(folder, host, until).read_text().partition("-----BEGIN PRIVATE KEY-----")
    return certificate, marker + key


@pytest.fixture
def values(authority, tmp_path):
    certificate, key = issued(authority, tmp_path)
    return {"certificate": certificate, "key": key, "ca": pem(authority)}


@pytest.fixture
def strict_peer(authority, tmp_path, open_to):
    """A peer that talks only to those with a certificate of the authority; says whose it saw."""
    peer = Peer({"/": lambda asked: {"ok": True}})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue(tmp_path, "localhost"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=pem(authority))
    peer.server.socket = context.wrap_socket(peer.server.socket, server_side=True, do_handshake_on_connect=False)
    forget_lines()
    with peer:
        open_to(peer)
        yield f"https://localhost:{peer.port}/"
    forget_lines()


def credentials(values, host="localhost"):
    kind = TYPES["mtls"]
    return Credentials("Bank", kind, (host,), values, identity=kind.identity(values))


def test_the_certificate_is_shown_and_the_own_authority_is_taken(strict_peer, values):
    assert fetch("GET", strict_peer, connection=credentials(values)).body == b'{"ok": true}'


def test_without_it_nobody_gets_in(strict_peer, values):
    with pytest.raises(StepError) as refused:
        fetch("GET", strict_peer)
    assert refused.value.code in ("tls", "tls_certificate", "connection_lost")


def test_a_line_made_with_a_certificate_is_lent_to_nobody_else(strict_peer, values, authority, tmp_path):
    assert fetch("GET", strict_peer, connection=credentials(values)).status == 200
    stranger, key = issued(Authority(), tmp_path, "stranger")
    other = {"certificate": stranger, "key": key, "ca": pem(authority)}
    with pytest.raises(StepError):
        fetch("GET", strict_peer, connection=credentials(other))


def test_it_goes_to_allowed_hosts_only(strict_peer, values):
    with pytest.raises(StepError, match="bound to other hosts"):
        fetch("GET", strict_peer, connection=credentials(values, host="bank.example.com"))


def test_the_key_is_written_to_no_disk(strict_peer, values, monkeypatch):
    opened, real = [], builtins.open
    monkeypatch.setattr(builtins, "open", lambda file, *rest, **more: opened.append(file) or real(file, *rest, **more))
    made = []
    memfd = os.memfd_create
    monkeypatch.setattr(os, "memfd_create", lambda *args: made.append(memfd(*args)) or made[-1])
    forget_lines()
    assert fetch("GET", strict_peer, connection=credentials(values)).status == 200
    assert len(made) == 1
    assert not [name for name in os.listdir("/proc/self/fd") if "memfd:segue" in _leads_to(name)]
    assert not [file for file in opened if "pem" in str(file) and "certifi" not in str(file)]


def _leads_to(handle):
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:  # closed meanwhile
        return ""


def test_what_is_saved_is_checked(values, authority, tmp_path):
    assert list(check(values)) == []
    _, other_key = issued(authority, tmp_path, "other")
    ended, its_key = issued(authority, tmp_path, "ended", NOW - DAY)
    wrong = [({"certificate": "hello"}, "certificate", "no certificate"), ({"key": "hello"}, "key", "no private key"),
             ({"key": other_key}, "key", "does not belong"), ({"ca": "hello"}, "ca", "no certificate"),
             ({"certificate": ended, "key": its_key}, "certificate", "ended on")]  # fmt: skip
    for change, field, says in wrong:
        found = dict(check({**values, **change}))
        assert says in found[field]


def test_its_end_is_known(values):
    assert abs(expires(values) - (NOW + DAY)).total_seconds() < 2
    assert expires({}) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "tone", "words"), [(-1, "bad", "Ended on"), (29, "warn", "Ends on"), (31, None, "")])
def test_who_keeps_it_is_warned_a_month_before_its_end(days, tone, words, authority, tmp_path, workspace):
    certificate, key = issued(authority, tmp_path, until=NOW + days * DAY)
    config = {"certificate": certificate, "ca": pem(authority)}
    row = Connection(workspace=workspace, name="Bank", type="mtls", allowed_hosts=["bank.example.com"], config=config)
    row.set_secrets({"key": key})
    row.save()
    told = standing(row, NOW)
    assert (told.tone, told.words[: len(words)]) == (tone, words) if tone else told is None


def test_neither_credentials_nor_identity_show_the_key(values):
    assert "PRIVATE KEY" not in f"{credentials(values)!r} {identity_of(values)!r}"
