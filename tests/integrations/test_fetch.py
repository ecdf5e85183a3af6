"""The one door: what goes out, what comes back, where credentials go, and that connections are kept."""

import gzip
import threading
import time

import pytest

from integrations.http import MEBIBYTE, fetch
from integrations.web_addresses import redirect_of
from runtime.engine.errors import StepError
from tests.peers import Answer, Peer


class Token:
    """Credentials bound to one host and port."""

    def __init__(self, host, port):
        self.place = (host, port)

    def allows(self, host, port):
        return (host, port) == self.place

    def apply(self, request):
        return request.with_header("Authorization", "Bearer s3cret-token")

    def renew(self):
        return False

    def worked(self):
        pass

    identity = None


def redirect(to, status=302):
    return Answer(status, b"elsewhere", {"Location": to})


def test_it_sends_what_it_was_told_and_reads_the_answer(peer):
    peer.answers["/tickets"] = Answer(201, {"id": 7}, {"X-Kind": "new"})
    answer = fetch("post", f"{peer.url}/tickets?a=b", headers={"X-Team": "support"}, body=b'{"x": 1}')
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (201, b'{"id": 7}', "new")
    asked = peer.requests[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/tickets?a=b", b'{"x": 1}')
    assert asked.headers["x-team"] == "support"
    assert asked.headers["content-length"] == "8"
    assert answer.seconds > 0


def test_any_status_is_an_answer(peer):
    peer.answers["/"] = Answer(503, "busy")
    assert fetch("GET", f"{peer.url}/").status == 503


def test_connections_are_kept_for_the_next_request(peer):
    peer.answers["/"] = "ok"
    for _ in range(5):
        fetch("GET", f"{peer.url}/")
    assert len({asked.peer for asked in peer.requests}) == 1


def test_a_kept_connection_that_died_is_replaced_without_a_word(peer, open_to):
    peer.answers["/"] = Answer(200, "ok", {"Connection": "close"})
    for _ in range(3):
        assert fetch("GET", f"{peer.url}/").body == b"ok"


def test_cookies_are_not_carried_from_one_request_to_the_next(peer):
    peer.answers["/"] = Answer(200, "ok", {"Set-Cookie": "session=of-somebody-else"})
    fetch("GET", f"{peer.url}/")
    fetch("GET", f"{peer.url}/")
    assert all("cookie" not in asked.headers for asked in peer.requests)


def test_packed_answers_are_unpacked(peer):
    peer.answers["/"] = Answer(200, gzip.compress(b"hello"), {"Content-Encoding": "gzip"})
    assert fetch("GET", f"{peer.url}/").body == b"hello"


@pytest.mark.parametrize(("size", "fits"), [(MEBIBYTE, True), (MEBIBYTE + 1, False)])
def test_the_body_has_a_limit_that_can_be_raised(size, fits, peer):
    peer.answers["/"] = b"x" * size
    if fits:
        assert len(fetch("GET", f"{peer.url}/").body) == size
    else:
        with pytest.raises(StepError, match="larger than 1,048,576 bytes"):
            fetch("GET", f"{peer.url}/")
        assert len(fetch("GET", f"{peer.url}/", max_bytes=2 * MEBIBYTE).body) == size


@pytest.mark.parametrize(
    ("status", "method", "asked_with", "body"),
    [(301, "POST", "GET", b""), (302, "POST", "GET", b""), (303, "PUT", "GET", b""), (307, "POST", "POST", b"x"),
     (308, "PATCH", "PATCH", b"x"), (302, "HEAD", "HEAD", b"")],
)  # fmt: skip
def test_redirects_are_followed_as_http_says(status, method, asked_with, body, peer):
    peer.answers.update({"/": redirect("/there", status), "/there": "here"})
    fetch(method, f"{peer.url}/", body=b"x" if method != "HEAD" else None, headers={"Idempotency-Key": "k"})
    there = peer.requests[1]
    assert (there.method, there.body) == (asked_with, body)
    assert ("idempotency-key" in there.headers) is (asked_with == method)


def test_redirects_can_be_left_alone(peer):
    peer.answers["/"] = redirect("/there")
    answer = fetch("GET", f"{peer.url}/", redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, "/there")


def test_three_redirects_are_followed_and_no_more(peer):
    peer.answers.update({f"/{n}": redirect(f"/{n + 1}") for n in range(4)} | {"/4": "end"})
    assert fetch("GET", f"{peer.url}/1").body == b"end"
    with pytest.raises(StepError, match="keeps redirecting"):
        fetch("GET", f"{peer.url}/0")


@pytest.mark.parametrize("status", [300, 304])
def test_a_300_or_304_is_an_answer(status, peer):
    peer.answers["/"] = Answer(status, b"", {"Location": "/there"})
    assert fetch("GET", f"{peer.url}/").status == status


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token"])
def test_credentials_in_headers_do_not_leave_their_origin(name, peer, open_to):
    with Peer({"/": "other"}) as other:
        open_to(peer, other)
        peer.answers.update({"/": redirect(f"{other.url}/"), "/same": redirect("/"), "/x": "x"})
        fetch("GET", f"{peer.url}/same", headers={name: "s3cret", "X-Team": "support"})
        assert [asked.headers.get(name.lower()) for asked in peer.requests] == ["s3cret", "s3cret"]
        assert name.lower() not in other.requests[0].headers
        assert other.requests[0].headers["x-team"] == "support"


def test_a_connection_lends_its_credentials_to_its_own_hosts_only(peer, open_to):
    with Peer({"/": "other"}) as other:
        open_to(peer, other)
        peer.answers["/"] = redirect(f"{other.url}/")
        fetch("GET", f"{peer.url}/", connection=Token("127.0.0.1", peer.port))
        assert peer.requests[0].headers["authorization"] == "Bearer s3cret-token"
        assert "authorization" not in other.requests[0].headers
        with pytest.raises(StepError, match="bound to other hosts"):
            fetch("GET", f"{other.url}/", connection=Token("127.0.0.1", peer.port))
        assert len(other.requests) == 1


def test_https_never_becomes_http():
    class Raw:
        status, headers = 302, {"Location": "http://api.example/x"}

    with pytest.raises(StepError, match="from https to http"):
        redirect_of(Raw, "https://api.example/")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("X-A", "a\r\nX-B: b", "line break"), ("X-A", "a\nb", "line break"), ("X-A", "\x00", "line break"),
     ("X A", "a", "no name"), ("X-A:", "a", "no name"), ("", "a", "no name"), ("Host", "evil.example", "itself"),
     ("content-length", "3", "itself"), ("Transfer-Encoding", "chunked", "itself"), ("Connection", "close", "itself")],
)  # fmt: skip
def test_headers_cannot_smuggle(name, value, says, peer):
    with pytest.raises(StepError, match=says):
        fetch("GET", f"{peer.url}/", headers={name: value})
    assert not peer.requests


def test_letters_beyond_latin_travel_as_utf_8(peer):
    peer.answers["/"] = "ok"
    fetch("GET", f"{peer.url}/ü?q=ü", headers={"X-Name": "Łukasz"})
    assert peer.requests[0].path == "/%C3%BC?q=%C3%BC" or peer.requests[0].path == "/%C3%BC"
    assert peer.requests[0].headers["x-name"].encode("latin-1").decode() == "Łukasz"


@pytest.mark.parametrize("method", ["GET\r\nX: 1", "G T", "", "GÉT"])
def test_a_method_is_a_word(method, peer):
    with pytest.raises(StepError, match="no HTTP method"):
        fetch(method, f"{peer.url}/")


def test_nobody_there_is_said_so(settings):
    from tests.servers import free_port

    port = free_port()
    settings.EGRESS_ALLOW = f"127.0.0.1:{port}=127.0.0.0/8"
    with pytest.raises(StepError, match="refused the connection") as caught:
        fetch("GET", f"http://127.0.0.1:{port}/")
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)


def test_many_threads_share_the_door(peer):
    peer.answers["/"] = lambda asked: {"path": asked.path}
    wrong = []

    def ask(number):
        for turn in range(10):
            if fetch("GET", f"{peer.url}/?n={number}-{turn}").body != b'{"path": "/?n=%d-%d"}' % (number, turn):
                wrong.append((number, turn))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not wrong
    assert len(peer.requests) == 160


def test_one_deadline_covers_redirects_too(peer):
    def slowly(asked):
        time.sleep(0.25)  # the peer is slow, not the test
        return redirect(f"{asked.path}1")

    peer.answers.update({"/" + "1" * n: slowly for n in range(6)})
    started = time.monotonic()
    with pytest.raises(StepError) as caught:
        fetch("GET", f"{peer.url}/", timeout=0.6)
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 1.1
