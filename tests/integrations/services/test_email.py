"""Email: what arrives at a real SMTP server, what it refuses, and that nobody gets a message twice."""

import socket
import ssl
import threading

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography.hazmat.primitives import serialization

from integrations.connection_types import TYPES
from integrations.connections import Credentials
from integrations.lines import forget_lines
from integrations.masking import Mask
from runtime.engine.outcomes import Done, Fail
from tests.integrations.test_tls import Authority
from tests.mail_server import Box, MailServer
from tests.peers import Answer, Misbehaving, Peer
from tests.servers import free_port

EVENT = {
    "interaction": {"id": "c-1", "summary": '<script>x</script> & "yes"\nBye', "transcript": "Agent: Hi\nUser: Hé"}
}
PASSWORD = "app-pass-w0rd"


def signs_in(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"bot", PASSWORD.encode()), handled=False)


@pytest.fixture
def box(settings):
    """A mail server that is open to us; `box.values` are a connection's."""
    with MailServer(auth_require_tls=False, authenticator=signs_in) as server:
        settings.EGRESS_ALLOW = server.allow
        server.box.values = server.values
        yield server.box


def credentials(values):
    secrets = [values.get("password", "")]
    return Credentials("Mail", TYPES["smtp"], hosts=(), values=values, mask=Mask(secrets))


@pytest.fixture
def send(ask, box):
    def send(mode="live", settings=None, values=None, **config):
        config = {"to": "a@example.com", "subject": "Hi", "text": "Hello", **config}
        return ask(config, EVENT, credentials({**box.values, **(values or {})}), type="send_email", mode=mode,
                   **(settings or {}))  # fmt: skip

    return send


def test_text_and_html_arrive_and_a_summary_is_no_markup(send, box):
    outcome, row = send(subject="Call {{interaction.id}}\nBcc: x@evil.example", text="{{interaction.summary}}",
                        html="<p>{{interaction.summary}}</p>")  # fmt: skip
    assert isinstance(outcome, Done)
    (message,) = box.messages
    assert (message.sender, message.to) == ("bot@example.com", ["a@example.com"])
    assert message.content["Subject"] == "Call c-1 Bcc: x@evil.example"
    assert message.content["From"] == "Bot <bot@example.com>"
    assert message.content["Bcc"] is None
    plain, html = message.content.iter_parts()
    assert plain.get_content().rstrip() == EVENT["interaction"]["summary"]
    expected = "<p>&lt;script&gt;x&lt;/script&gt; &amp; &quot;yes&quot;<br>\nBye</p>"
    assert html.get_content().rstrip() == expected
    assert outcome.output == {"message_id": "run-1.0@example.com", "refused": []}
    assert message.content["Message-ID"] == "<run-1.0@example.com>"
    assert ("Email", "run-1.0@example.com") in row["references"]


def test_everybody_gets_it_and_bcc_is_not_shown(send, box):
    send(to="a@example.com; Bo <b@example.com>", cc="c@example.com", bcc="d@example.com", reply_to="help@example.com")
    (message,) = box.messages
    assert message.to == ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]
    assert "d@example.com" not in message.content.as_string()
    assert message.content["Reply-To"] == "help@example.com"


def test_html_alone_brings_its_own_text(send, box):
    send(text="", html="<style>p{}</style><p>Hello <b>there</b></p>")
    assert next(box.messages[0].content.iter_parts()).get_content().strip() == "Hello there"


def test_attachments_are_texts_or_fetched_through_the_guarded_door(send, box, settings):
    with Peer({"/r.wav": Answer(200, b"RIFFsound", {"Content-Type": "audio/wav"})}) as peer:
        settings.EGRESS_ALLOW += f",{peer.allow}"
        send(attachments=[
            {"name": "transcript.txt", "source": "text", "content": "{{interaction.transcript}}"},
            {"name": "../call.wav", "source": "url", "url": f"{peer.url}/r.wav"},
        ])  # fmt: skip
    text, sound = box.messages[0].content.iter_attachments()
    assert text.get_content().rstrip() == "Agent: Hi\nUser: Hé"
    assert (sound.get_filename(), sound.get_content_type(), sound.get_content()) == (".._call.wav", "audio/wav",
                                                                                     b"RIFFsound")  # fmt: skip
    outcome, _ = send(attachments=[{"name": "x", "source": "url", "url": "http://169.254.169.254/latest"}])
    assert (outcome.code, len(box.messages)) == ("address_refused", 1)


def test_the_right_password_signs_in_and_a_wrong_one_is_told_without_it(send, box):
    outcome, _ = send(values={"username": "bot", "password": PASSWORD})
    assert isinstance(outcome, Done)
    outcome, row = send(values={"username": "bot", "password": "wrong-pass-w0rd"})
    assert (outcome.code, outcome.retryable, len(box.messages)) == ("auth", False, 1)
    assert "did not accept the user name and password (535" in outcome.message
    assert "wrong-pass" not in f"{outcome} {row}"


def test_the_connections_test_signs_in_and_sends_nothing(box):
    test = TYPES["smtp"].test
    assert test({**box.values, "username": "bot", "password": PASSWORD}) == "bot at 127.0.0.1"
    assert box.messages == []


def test_one_refused_address_is_a_warning_all_of_them_a_failure(send, box):
    box.refuse = {"b@example.com": "550 5.1.1 No such user"}
    outcome, row = send(to="a@example.com, b@example.com")
    assert outcome.output["refused"] == ["b@example.com"]
    assert "550 5.1.1 No such user" in row["warnings"][0]["message"]
    outcome, _ = send(to="b@example.com")
    assert (outcome.code, outcome.retryable) == ("smtp_550", False)
    assert "refused every recipient. b@example.com: 550 5.1.1 No such user" in outcome.message


@pytest.mark.parametrize(("said", "code", "retryable"), [("451 4.7.1 Greylisted", "smtp_451", True),
                                                         ("554 5.7.1 Spam", "smtp_554", False)])  # fmt: skip
def test_for_now_is_tried_again_for_good_is_not(said, code, retryable, send, box):
    box.after_data = said
    outcome, _ = send()
    assert (outcome.code, outcome.retryable) == (code, retryable)
    assert said in outcome.message


@pytest.mark.parametrize(
    ("config", "code"),
    [({"to": "jane at example"}, "bad_address"), ({"to": "{{contact.email}}"}, "empty_field"),
     ({"to": ", ".join(f"p{n}@example.com" for n in range(51))}, "too_many_recipients"),
     ({"attachments": [{"name": "a", "source": "text", "content": "x" * 900_000}] * 10 +
       [{"name": "b", "source": "text", "content": "x" * 900_000}] * 3}, "too_large")],
)  # fmt: skip
def test_what_cannot_be_sent_is_told_before_anything_is(config, code, send, box):
    outcome, _ = send(**config)
    assert isinstance(outcome, Fail)
    assert (outcome.code, outcome.retryable, box.messages) == (code, False, [])


def test_a_dry_run_sends_nothing(send, box):
    outcome, row = send(mode="dry")
    assert isinstance(outcome, Done)
    assert (box.messages, row["warnings"][0]["code"]) == ([], "dry_run")


def test_a_server_without_encryption_is_not_trusted_with_it_off_by_mistake(send, box):
    outcome, _ = send(values={"security": "starttls"})
    assert (outcome.code, box.messages) == ("not_supported", [])
    problems = TYPES["smtp"].check({**box.values, "username": "bot"})
    assert "without encryption" in problems["security"]


def test_mail_goes_nowhere_inside_without_leave(send, box, settings):
    settings.EGRESS_ALLOW = ""
    outcome, _ = send()
    assert (outcome.code, box.messages) == ("port_refused", [])
    outcome, _ = send(values={"port": "25"})
    assert outcome.code == "address_refused"


def scripted(answers):
    """A server that answers each line it gets with the next of `answers`, and None by silence; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        line, _ = listener.accept()
        over = line.makefile("rb")
        for answer in answers:
            if answer is None:
                over.read(1)  # until the other side has had enough
            line.sendall(answer)
            over.readline()
        line.close()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_a_message_without_an_answer_is_unknown_and_not_sent_again(ask, settings):
    talk = [b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]
    with scripted(talk) as listener:  # and hangs up in the middle of the message
        port = listener.getsockname()[1]
        settings.EGRESS_ALLOW = f"127.0.0.1:{port}=127.0.0.0/8"
        values = {"host": "127.0.0.1", "port": str(port), "security": "none", "sender": "bot@example.com"}
        config = {"to": "a@example.com", "subject": "Hi", "text": "Hello"}
        outcome, _ = ask(config, EVENT, credentials(values), type="send_email")
    assert (outcome.code, outcome.retryable) == ("unknown", False)
    assert "is not sent again" in outcome.message


def test_a_server_that_says_nothing_holds_nobody(ask, settings):
    with Misbehaving() as peer:  # it waits for a request; SMTP waits for its greeting
        settings.EGRESS_ALLOW = peer.allow
        values = {"host": "127.0.0.1", "port": str(peer.port), "security": "none", "sender": "bot@example.com"}
        config = {"to": "a@example.com", "subject": "Hi", "text": "Hello"}
        outcome, _ = ask(config, EVENT, credentials(values), type="send_email", timeout_seconds=0.3)
    assert (outcome.code, outcome.retryable) == ("timeout", True)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encryption_is_checked_against_who_the_server_is(security, ask, settings, tmp_path, monkeypatch):
    authority, box, port = Authority(), Box(), free_port()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue(tmp_path, "localhost"))
    how = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    settings.EGRESS_ALLOW = f"localhost:{port}=127.0.0.0/8"
    values = {"host": "localhost", "port": str(port), "security": security, "sender": "bot@example.com"}

    def send():
        forget_lines()
        config = {"to": "a@example.com", "subject": "Hi", "text": "Hello"}
        return ask(config, EVENT, credentials(values), type="send_email")[0]

    server = Controller(box, hostname="127.0.0.1", port=port, **how)
    server.start()
    assert (send().code, box.messages) == ("tls_certificate", [])
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    assert isinstance(send(), Done)
    server.stop()
    forget_lines()
    assert [message.sender for message in box.messages] == ["bot@example.com"]
