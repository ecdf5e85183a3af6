"""Published flows without the builder, a peer on loopback that counts, and a worker's turn in this process."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runtime import tasks
from runtime.engine.graph import Graph
from runtime.models import Agent, ApiKey, Flow, FlowVersion, Trigger

# What is about PostgreSQL's own way of being asked; the same runs pass on both.
collect_ignore = (
    []
    if os.environ.get("DATABASE_URL", "").startswith("postgres")
    else [
        "test_hints_through_redis.py",
        "test_no_pipelines.py",
        "test_plans_on_postgresql.py",
        "test_round_trips.py",
    ]
)


@pytest.fixture
def publish(transactional_db):
    """publish(workspace, document, kind="post_call", name="Flow") -> a live Flow."""

    def make(workspace, document, kind="post_call", name="Flow"):
        flow = Flow.objects.create(workspace=workspace, name=name, kind=kind, enabled=True)
        version = FlowVersion.objects.create(workspace=workspace, flow=flow, number=1, document=document)
        flow.published = version
        flow.save()
        trigger = Graph.from_document(document).trigger
        Trigger.objects.create(
            workspace=workspace, flow=flow, version=version, type=trigger.type, config=dict(trigger.config),
            name=trigger.config.get("name", ""), agents=trigger.config.get("agents", []),
        )  # fmt: skip
        return flow

    return make


@pytest.fixture
def agent(workspace):
    return Agent.objects.create(workspace=workspace, slug="support", name="Support line")


@pytest.fixture
def api_key(workspace):
    return ApiKey.issue(workspace, "tests", ["events:write", "actions:invoke"])[1]


@pytest.fixture
def work():
    """Let the worker's task take all that is due, here and now."""
    return lambda: tasks.work(linger=0)


class Peer:
    """A real HTTP server that remembers what it was sent; `answers` are given in turn, the last one for ever."""

    def __init__(self):
        self.requests: list[dict] = []
        self.answers: list[tuple[int, dict]] = [(200, {"ok": True})]
        self.gate = threading.Event()
        self.gate.set()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                peer.gate.wait(30)
                status, answer = peer.answers.pop(0) if len(peer.answers) > 1 else peer.answers[0]
                peer.requests.append(
                    {"path": self.path, "headers": dict(self.headers), "body": json.loads(body or b"null")}
                )
                raw = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_POST

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def peer(settings):
    one = Peer()
    settings.EGRESS_ALLOW = f"127.0.0.1:{one.server.server_port}=127.0.0.0/8"
    yield one
    one.close()
