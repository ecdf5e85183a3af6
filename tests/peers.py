"""Real servers on loopback to talk to: one that behaves and remembers what it was asked, and many that do not.

`with Peer() as peer:` answers as `peer.answers[path]` says and keeps `peer.requests`. `with Misbehaving() as peer:`
does at `/<name>` what `MISCHIEF[name]` does with the open connection.
"""

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request as it arrived; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, int]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """What to answer: `body` is bytes, text or a JSON value; an Exception class as `status` is not possible here."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


class Peer:
    """An HTTP server that answers from a table: path (without query; `*` = any other) -> Answer, JSON value, or
    callable(asked).
    """

    def __init__(self, answers: dict[str, Any] | None = None):
        self.answers = answers or {}
        self.requests: list[Asked] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length), self.client_address)
                peer.requests.append(asked)
                nothing = peer.answers.get("*", Answer(404, {"message": "There is nothing here"}))
                found = peer.answers.get(self.path.partition("?")[0], nothing)
                found = found(asked) if callable(found) else found
                answer = found if isinstance(found, Answer) else Answer(body=found)
                body, kind = _encoded(answer.body)
                self.send_response(answer.status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # callers hang up on purpose

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def allow(self) -> str:
        """The entry of EGRESS_ALLOW that opens this peer."""
        return f"127.0.0.1:{self.port}=127.0.0.0/8,localhost:{self.port}=127.0.0.0/8"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def _encoded(body: Any) -> tuple[bytes, str]:
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return json.dumps(body).encode(), "application/json"


# --- Peers that misbehave

OK = b"HTTP/1.1 200 OK\r\n"
Mischief = Callable[[socket.socket, threading.Event], None]


def _says(*parts: bytes) -> Mischief:
    """Send the parts and hang up."""
    return lambda line, _: [line.sendall(part) for part in parts] and None


def _says_and_waits(*parts: bytes) -> Mischief:
    def mischief(line, over):
        for part in parts:
            line.sendall(part)
        over.wait(20)

    return mischief


def _drips(start: bytes, drop: bytes, every: float = 0.05) -> Mischief:
    """Send `start`, then `drop` again and again, slowly."""

    def mischief(line, over):
        line.sendall(start)
        while not over.wait(every):
            line.sendall(drop)

    return mischief


def _floods(start: bytes, part: bytes) -> Mischief:
    """Send `start`, then `part` without end, as fast as it is taken."""

    def mischief(line, over):
        line.sendall(start)
        while not over.is_set():
            line.sendall(part)

    return mischief


def _resets(*parts: bytes) -> Mischief:
    def mischief(line, _):
        for part in parts:
            line.sendall(part)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    return mischief


def _bomb(layers: int = 1) -> bytes:
    body = b"\0" * (64 << 20)
    for _ in range(layers):
        body = gzip.compress(body, 6)
    return body


def _with_length(head: bytes, body: bytes) -> bytes:
    return OK + head + b"Content-Length: %d\r\n\r\n" % len(body) + body


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = b"Content-Encoding: gzip\r\n"
_BIG = b"x" * 65536
# name -> (what it does, the code of the failure it must end in; None where the answer is good all the same)
MISCHIEF: dict[str, tuple[Mischief, str | None]] = {
    "hangs-up-at-once": (_says(), "connection_lost"),
    "resets-at-once": (_resets(), "connection_lost"),
    "never-answers": (_says_and_waits(), "timeout"),
    "drips-the-status-line": (_drips(b"HTTP", b"/"), "timeout"),
    "drips-headers": (_drips(OK, b"X-A: 1\r\n"), "timeout"),
    "drips-inside-a-header": (_drips(OK + b"X-A: ", b"a"), "timeout"),
    "drips-the-body": (_drips(OK + b"Content-Length: 100000\r\n\r\n", b"a"), "timeout"),
    "drips-a-body-without-length": (_drips(OK + b"\r\n", b"a"), "timeout"),
    "drips-chunks": (_drips(CHUNKED, b"1\r\na\r\n"), "timeout"),
    "drips-a-chunk-size": (_drips(CHUNKED, b"0"), "timeout"),
    "drips-trailers": (_drips(CHUNKED + b"1\r\na\r\n0\r\n", b"X-T: 1\r\n"), "timeout"),
    "drips-gzip": (_drips(OK + GZIP + b"\r\n", gzip.compress(b"")), "timeout"),
    "stops-in-the-headers": (_says_and_waits(OK + b"Content-Type: text/pl"), "timeout"),
    "stops-in-the-body": (_says_and_waits(OK + b"Content-Length: 10\r\n\r\nabc"), "timeout"),
    "says-continue-for-ever": (_drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), "timeout"),
    "floods-continue": (_floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500), "timeout"),
    "switches-protocols": (_says_and_waits(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "bad_answer"),
    "early-hints-only": (_says_and_waits(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), "bad_answer"),
    "floods-the-status-line": (_floods(b"HTTP/1.1 200 ", _BIG), "bad_answer"),
    "floods-one-header": (_floods(OK + b"X-A: ", _BIG), "bad_answer"),
    "floods-headers": (_floods(OK, b"X-A: 1\r\n" * 500), "bad_answer"),
    "floods-the-body": (_floods(OK + b"\r\n", _BIG), "too_large"),
    "floods-chunks": (_floods(CHUNKED, b"10000\r\n" + _BIG + b"\r\n"), "too_large"),
    "announces-too-much": (_says_and_waits(OK + b"Content-Length: 99999999999\r\n\r\n"), "too_large"),
    "floods-a-chunk-size": (_floods(CHUNKED, b"0" * 65536), "bad_answer"),
    "floods-trailers": (_floods(CHUNKED + b"0\r\n", b"X-T: 1\r\n" * 500), "timeout"),
    "garbage": (_says(b"\x00\x01\x02\x03 what is this\r\n\r\n"), "bad_answer"),
    "answers-like-ssh": (_says(b"SSH-2.0-OpenSSH_9.2\r\n"), "bad_answer"),
    "answers-like-redis": (_says(b"-ERR wrong number of arguments\r\n"), "bad_answer"),
    "status-without-number": (_says(b"HTTP/1.1 fine OK\r\n\r\n"), "bad_answer"),
    "status-of-five-digits": (_says(b"HTTP/1.1 20000 OK\r\n\r\n"), "bad_answer"),
    "ends-in-the-status-line": (_says(b"HTTP/1.1 2"), "bad_answer"),
    "two-lengths": (_says(OK + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"), "bad_answer"),
    "negative-length": (_says(OK + b"Content-Length: -5\r\n\r\nabc"), None),
    "length-in-words": (_says(OK + b"Content-Length: three\r\n\r\nabc"), None),
    "body-too-short": (_says(OK + b"Content-Length: 10\r\n\r\nabc"), "connection_lost"),
    "resets-in-the-body": (_resets(OK + b"Content-Length: 10\r\n\r\nabc"), "connection_lost"),
    "chunks-cut-short": (_says(CHUNKED + b"5\r\nab"), "connection_lost"),
    "chunk-size-in-words": (_says(CHUNKED + b"five\r\nabcde\r\n0\r\n\r\n"), "connection_lost"),
    "more-than-announced": (_says(OK + b"Content-Length: 3\r\n\r\nabcdefgh"), None),
    "broken-gzip": (_says(_with_length(GZIP, b"this is no gzip at all")), "bad_answer"),
    "gzip-cut-short": (_says(_with_length(GZIP, gzip.compress(b"a" * 5000)[:20])), "connection_lost"),
    "broken-deflate": (_says(_with_length(b"Content-Encoding: deflate\r\n", b"\xff\xff\xff")), "bad_answer"),
    "unknown-encoding": (_says(_with_length(b"Content-Encoding: rot13\r\n", b"uryyb")), None),
    "gzip-bomb": (_says(_with_length(GZIP, _bomb())), "too_large"),
    "gzip-bomb-in-gzip": (_says(_with_length(b"Content-Encoding: gzip, gzip\r\n", _bomb(2))), "too_large"),
    "deflate-bomb": (
        _says(_with_length(b"Content-Encoding: deflate\r\n", zlib.compress(b"\0" * (64 << 20)))), "too_large",
    ),
    "fifty-encodings": (
        _says(_with_length(b"Content-Encoding: " + b", ".join([b"gzip"] * 50) + b"\r\n", _bomb())), "bad_answer",
    ),
    "gzip-of-nothing-for-ever": (_floods(OK + GZIP + b"\r\n", gzip.compress(b"") * 2000), "timeout"),
    "redirects-to-itself": (_says(b"HTTP/1.1 302 F\r\nLocation: /redirects-to-itself\r\nContent-Length: 0\r\n\r\n"),
                            "too_many_redirects"),
    "redirects-nowhere": (_says(b"HTTP/1.1 302 F\r\nLocation: http://[::1\r\n\r\n"), "bad_redirect"),
    "redirects-inwards": (_says(b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/latest/\r\n\r\n"),
                          "address_refused"),
    "redirects-to-a-file": (_says(b"HTTP/1.1 302 F\r\nLocation: file:///etc/passwd\r\n\r\n"), "bad_url"),
    "redirects-with-an-endless-body": (_floods(b"HTTP/1.1 302 F\r\nLocation: /garbage\r\n\r\n", _BIG), "bad_answer"),
}  # fmt: skip


class Misbehaving:
    """A server that does the mischief its path names, once the request's head has come."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.allow = f"127.0.0.1:{self.port}=127.0.0.0/8"
        self.over = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.close()

    def _accept(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        with line:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    part = line.recv(65536)
                    if not part:
                        return
                    head += part
                MISCHIEF[head.split(b" ")[1].decode().strip("/")][0](line, self.over)
            except OSError:
                pass  # the other side had enough
