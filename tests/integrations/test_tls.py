"""https: certificates are verified against the name that was asked for, handshakes keep to the deadline."""

import contextlib
import datetime
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.http import fetch
from integrations.lines import SecureLine, forget_lines
from runtime.engine.errors import StepError
from tests.peers import Peer

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority of the tests' own."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests")])
        self.certificate = self._signed(self.name, self.key.public_key(), NOW + DAY, ca=True)

    def issue(self, folder, host, until=None):
        """A file with a certificate for `host` and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._signed(subject, key.public_key(), until or NOW + DAY, host=host)
        file = folder / f"{host}-{until is None}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        return file

    def _signed(self, subject, key, until, host=None, ca=False):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 2 * DAY)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch):
    """The operator trusts the authority on this machine."""
    file = tmp_path / "authority.pem"
    file.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    forget_lines()
    yield
    forget_lines()


@pytest.fixture
def secure_peer(authority, tmp_path, open_to):
    """secure_peer(host="localhost", until=None) -> a Peer behind TLS."""
    peers = []

    def start(host="localhost", until=None):
        peer = Peer({"/": "hello over tls"})
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.issue(tmp_path, host, until))
        peer.server.socket = context.wrap_socket(peer.server.socket, server_side=True, do_handshake_on_connect=False)
        peers.append(peer.__enter__())
        open_to(*peers)
        return f"https://localhost:{peer.port}/"

    yield start
    for peer in peers:
        peer.__exit__()


def test_a_trusted_certificate_for_the_right_name_is_accepted_and_the_line_kept(secure_peer, trusted):
    url = secure_peer()
    for _ in range(3):
        assert fetch("GET", url).body == b"hello over tls"


@pytest.mark.parametrize(
    ("given", "says"),
    [({"host": "other.example"}, "certificate of localhost is not accepted"), ({"until": NOW - DAY}, "expired")],
)
def test_a_certificate_for_another_name_or_out_of_date_is_not(given, says, secure_peer, trusted):
    with pytest.raises(StepError, match=says) as caught:
        fetch("GET", secure_peer(**given))
    assert (caught.value.code, caught.value.retryable) == ("tls_certificate", False)


def test_an_unknown_authority_is_not_trusted(secure_peer):
    forget_lines()
    with pytest.raises(StepError) as caught:
        fetch("GET", secure_peer())
    assert caught.value.code == "tls_certificate"


def test_plain_http_on_an_https_address_is_said_so(peer):
    with pytest.raises(StepError) as caught:
        fetch("GET", f"https://127.0.0.1:{peer.port}/", timeout=2)
    assert caught.value.code in ("tls", "connection_lost")


@pytest.mark.parametrize("drop", [b"", b"\x16\x03\x03\x00\x40"[:1]])
def test_a_handshake_that_drips_or_hangs_ends_in_time(drop, settings):
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()
    port = listener.getsockname()[1]
    settings.EGRESS_ALLOW = f"127.0.0.1:{port}=127.0.0.0/8"

    def serve():
        line, _ = listener.accept()
        with line:
            while not over.wait(0.05):
                line.send(drop)

    threading.Thread(target=serve, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(StepError):
        fetch("GET", f"https://127.0.0.1:{port}/", timeout=0.5)
    assert time.monotonic() - started < 1.0
    over.set()
    listener.close()


def test_the_body_of_a_secure_answer_keeps_to_the_deadline_too():
    assert SecureLine.recv_into is not ssl.SSLSocket.recv_into


def test_https_goes_through_the_operators_proxy_and_is_still_verified(secure_peer, trusted, settings):
    url = secure_peer().replace("localhost", "peer.example")
    tunnels, listener = [], socket.create_server(("127.0.0.1", 0))
    settings.EGRESS_PROXY = f"http://127.0.0.1:{listener.getsockname()[1]}"
    port = int(url.rsplit(":", 1)[1].strip("/"))
    settings.EGRESS_ALLOW = f"peer.example:{port}=10.0.0.0/8"  # the port is open; where it leads, the proxy decides

    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def serve():
        line, _ = listener.accept()
        tunnels.append(line.recv(65536).split(b"\r\n")[0])
        inner = socket.create_connection(("127.0.0.1", port))
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=pump, args=(line, inner), daemon=True).start()
        pump(inner, line)

    threading.Thread(target=serve, daemon=True).start()
    with pytest.raises(StepError) as caught:  # the certificate is for localhost
        fetch("GET", url, timeout=5)
    assert caught.value.code == "tls_certificate"
    assert [tunnel.split()[:2] for tunnel in tunnels] == [[b"CONNECT", f"peer.example:{port}".encode()]]
    listener.close()
