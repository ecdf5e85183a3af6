"""A small help desk to file tickets at, so that the demo flow does something real without the internet.

`python -m integrations.helpdesk --port 8001` serves until its standard input closes (or a signal comes). It keeps the
newest tickets in memory: POST /tickets (JSON; an Idempotency-Key makes a repetition find the first ticket),
GET /tickets, GET /tickets/<id>, and a page for people at /. It listens on this machine only.
"""

import argparse
import html
import json
import os
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TICKETS_KEPT = 500
LARGEST_BODY = 256 * 1024
SECONDS_OF_SILENCE = 15
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2.5rem auto;padding:0 1rem}
body{color:#1f2430;background:#f7f7fa}
article{background:#fff;border:1px solid #dfe1e8;border-radius:10px;padding:1rem 1.25rem;margin:0 0 1rem}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:0 0 .25rem}
p{margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
small{color:#5b6172}
@media (prefers-color-scheme:dark){body{background:#15171d;color:#e8eaf0}
article{background:#1d2028;border-color:#333845}small{color:#a4abbd}}
""".strip()
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo help desk</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/desk.css"></head>
<body><h1>Demo help desk</h1>{tickets}</body></html>"""
_TICKET = '<article id="{id}"><h2>#{id} {subject}</h2><small>{at}{more}</small><p>{text}</p></article>'


class Tickets:
    """The desk's memory: the newest tickets, and which idempotency key made which."""

    def __init__(self):
        self._lock = threading.Lock()
        self._tickets: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._made: OrderedDict[str, int] = OrderedDict()
        self._last = 0

    def file(self, given: dict[str, Any], key: str, address: str) -> tuple[dict[str, Any], bool]:
        """(the ticket, whether `key` had made it before)."""
        with self._lock:
            known = self._tickets.get(self._made.get(key, 0)) if key else None
            if known is not None:
                return known, True
            self._last += 1
            ticket = {
                **given, "id": self._last, "url": f"{address}/tickets/{self._last}", "status": "open",
                "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            }  # fmt: skip
            self._tickets[self._last] = ticket
            if key:
                self._made[key] = self._last
            for kept in (self._tickets, self._made):
                while len(kept) > TICKETS_KEPT:
                    kept.popitem(last=False)
            return ticket, False

    def newest_first(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(reversed(self._tickets.values()))

    def get(self, number: int) -> dict[str, Any] | None:
        with self._lock:
            return self._tickets.get(number)


class Desk(ThreadingHTTPServer):
    """The server; `address` is where its tickets are found."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.tickets = Tickets()
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """A caller that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS_OF_SILENCE
    wbufsize = -1  # one write per answer
    disable_nagle_algorithm = True
    server: Desk

    def do_GET(self):
        path = self.path.partition("?")[0].rstrip("/")
        for_people = "text/html" in self.headers.get("Accept", "")
        if path == "/desk.css":
            self._say(200, STYLE.encode(), "text/css; charset=utf-8")
        elif path == "" or (for_people and path == "/tickets"):
            self._say(200, _page(self.server.tickets.newest_first()), "text/html; charset=utf-8")
        elif path == "/tickets":
            self._say_json(200, {"tickets": self.server.tickets.newest_first()})
        else:
            ticket = self._ticket(path)
            if ticket is None:
                self._complain(404, "There is no such ticket.")
            elif for_people:
                self._say(200, _page([ticket]), "text/html; charset=utf-8")
            else:
                self._say_json(200, {"ticket": ticket})

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            return self._complain(411, "Send a Content-Length.", close=True)
        if int(length) > LARGEST_BODY:
            return self._complain(413, f"A ticket has at most {LARGEST_BODY:,} bytes.", close=True)
        body = self.rfile.read(int(length))
        if self.path.partition("?")[0].rstrip("/") != "/tickets":
            return self._complain(404, "Tickets are filed at /tickets.")
        try:
            given = json.loads(body)
        except ValueError:
            return self._complain(400, "The body is no JSON.")
        given = given["ticket"] if isinstance(given, dict) and isinstance(given.get("ticket"), dict) else given
        if not isinstance(given, dict) or not isinstance(given.get("subject"), str) or not given["subject"].strip():
            return self._complain(422, "A ticket needs a subject.")
        ticket, repeated = self.server.tickets.file(
            given, self.headers.get("Idempotency-Key", "")[:255], self.server.address
        )
        return self._say_json(201, {"ticket": ticket}, {"Idempotent-Replayed": "true"} if repeated else {})

    def _ticket(self, path: str) -> dict[str, Any] | None:
        number = path.removeprefix("/tickets/")
        return self.server.tickets.get(int(number)) if number.isascii() and number.isdigit() else None

    def _complain(self, status: int, message: str, close: bool = False):
        self.close_connection = self.close_connection or close
        self._say_json(status, {"error": {"code": status, "message": message}})

    def _say_json(self, status: int, value: Any, headers: dict[str, str] | None = None):
        self._say(status, json.dumps(value).encode(), "application/json", headers)

    def _say(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None):
        self.send_response(status)
        shared = {
            "Content-Type": kind, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
        }  # fmt: skip
        for name, value in {**shared, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """The desk is quiet: `up` shares its terminal with it."""


def _page(tickets: list[dict[str, Any]]) -> bytes:
    shown = "".join(map(_article, tickets)) or "<p>No tickets yet. They appear here when a flow files one.</p>"
    return _PAGE.format(tickets=shown).encode()


def _article(ticket: dict[str, Any]) -> str:
    text = next((ticket[name] for name in ("text", "body", "description", "comment") if ticket.get(name)), "")
    own = ("id", "url", "status", "created_at", "subject", "text", "body", "description", "comment")
    more = "".join(f" · {name}: {value}" for name, value in ticket.items() if name not in own)
    words = {"subject": ticket["subject"], "at": ticket["created_at"], "more": more,
             "text": text if isinstance(text, str) else json.dumps(text)}  # fmt: skip
    return _TICKET.format(id=ticket["id"], **{name: html.escape(value) for name, value in words.items()})


def _stop_with_parent(desk: Desk):
    """`up` holds the other end of standard input; when it is gone, so is the desk. Read raw, without Python's lock."""
    try:
        while os.read(0, 64):
            pass
    except OSError:
        return
    desk.shutdown()


def main(arguments: list[str] | None = None):
    parser = argparse.ArgumentParser(prog="integrations.helpdesk", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8001)
    desk = Desk(parser.parse_args(arguments).port)
    threading.Thread(target=_stop_with_parent, args=(desk,), daemon=True).start()
    try:
        desk.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        desk.server_close()


if __name__ == "__main__":
    main()
